"""Low-rank adapters on a frozen U-Net, and a class more."""

import pytest
import torch
from torch import nn

from recompose.diffusion.training import Training, fit
from recompose.errors import RecomposeError
from recompose.networks.adapters import Adapted, from_file, kept
from recompose.networks.diffusers_unet import ClassUNet, Shape
from recompose.papers.concept_discovery.distillation import distilled, null_drift
from recompose.papers.concept_discovery.settings import Distillation
from recompose.randomness import torch_generator
from recompose.storage import write_tensors

SHAPE = Shape(size=8, widths=(8, 8), attention=None, layers=1, classes=4)
NULL, NEW = 3, 4


@pytest.fixture(scope="module")
def base():
    return ClassUNet(("adapters",), SHAPE).eval().requires_grad_(False)


def images(count: int = 8):
    return torch.randint(256, (count, 3, 8, 8), generator=torch_generator("adapters", "images")).byte()


def asked(network, label: int):
    x = torch.randn((5, 3, 8, 8), generator=torch_generator("adapters", "x"))
    with torch.no_grad():
        return network(x, torch.tensor(300), torch.full((5,), label))


def test_it_starts_as_its_base_and_leaves_that_alone(base):
    before = {name: value.clone() for name, value in base.state_dict().items()}
    adapted = Adapted(base, 2, ("query", 1)).eval()
    for label in range(4):
        assert torch.equal(asked(adapted, label), asked(base, label))
    assert not torch.equal(asked(adapted, NEW), asked(base, NULL))
    assert all(torch.equal(value, before[name]) for name, value in base.state_dict().items())
    assert null_drift(base, adapted, images(), ("query", 1)) == 0


def test_the_new_class_begins_near_zero(base):
    rows = torch.cat([Adapted(base, 2, ("query", number)).row.detach() for number in range(8)])
    assert float(rows.std()) == pytest.approx(0.01, rel=0.2)


def test_training_moves_the_adapter_and_the_row_and_no_other_bit(base):
    settings = Distillation(rank=2, pool=8, epochs=4, batch=4)
    adapted, drift = distilled(base, images(), "velocity", settings, ("query", 1))
    fresh = Adapted(base, 2, ("query", 1))
    begun = dict(fresh.named_parameters())
    moved = {name for name, each in adapted.named_parameters() if not torch.equal(each, begun[name])}
    assert moved == set(fresh.learned())
    assert all("lora_" in name or name == "row" for name in moved)
    assert drift > 0  # the null class passes through the adapter, too
    assert not torch.equal(asked(adapted, NULL), asked(base, NULL))


def test_the_same_names_give_the_same_bytes(base):
    settings = Distillation(rank=2, pool=8, epochs=2, batch=4)
    first, second = (distilled(base, images(), "noise", settings, ("query", 1))[0] for _ in range(2))
    other, _ = distilled(base, images(), "noise", settings, ("query", 2))
    assert torch.equal(asked(first, NEW), asked(second, NEW))
    assert not torch.equal(asked(first, NEW), asked(other, NEW))


@pytest.mark.parametrize("rank", [1, 2])
def test_a_rank_reaches_the_best_loss_or_not(rank):
    """A linear denoiser of N(0, C) learns N(0, C'), which differs from it in two directions: rank 2 suffices.

    At noise sigma the best denoiser of C is C (C + sigma^2)^-1, whose loss is sigma^2 tr(C (C + sigma^2)^-1).
    """
    from peft import LoraConfig, inject_adapter_in_model

    d, sigma = 6, 0.8
    old, new = torch.ones(d, dtype=torch.float64), torch.tensor([4.0, 0.1, 1, 1, 1, 1], dtype=torch.float64)
    gains = [each / (each + sigma**2) for each in (old, new)]
    best = float(sigma**2 * gains[1].sum())
    network = nn.Sequential(nn.Linear(d, d, bias=False, dtype=torch.float64))
    with torch.no_grad():
        network[0].weight.copy_(torch.diag(gains[0]))
    torch.manual_seed(0)
    config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=["0"])
    network = inject_adapter_in_model(config, network.requires_grad_(False)).double()

    def matrix():
        return network(torch.eye(d, dtype=torch.float64)).T

    def expected(step):  # of |W (x + sigma n) - x|^2, x from N(0, new)
        w = matrix()
        return (((w - torch.eye(d)) ** 2) @ new).sum() + sigma**2 * (w**2).sum()

    fit(network, expected, Training(1500, 0.02), name="linear", identity={}, report=lambda line: None)
    reached = float(expected(0))
    missing = float(((gains[0] - gains[1]) ** 2 * (new + sigma**2)).sort(descending=True).values[rank:].sum())
    assert reached == pytest.approx(best + missing, rel=1e-3)
    assert (missing < 1e-12) == (rank == 2)


def test_an_adapter_comes_back_from_its_file_and_only_on_its_base(base, tmp_path):
    settings = Distillation(rank=2, epochs=1, batch=4)
    learned, _ = distilled(base, images(), "noise", settings, ("kept", 1))
    path = tmp_path / "adapter.safetensors"
    write_tensors(kept(learned.learned(), base, 2), path)
    assert path.stat().st_size < 0.8 * sum(4 * each.numel() for each in base.parameters())
    assert torch.equal(asked(from_file(path, base, 2), NEW), asked(learned, NEW))
    with pytest.raises(RecomposeError, match="networks of another rank"):
        from_file(path, base, 4)
    other = ClassUNet(("another",), SHAPE)
    with pytest.raises(RecomposeError, match="networks of another base"):
        from_file(path, other, 2)
