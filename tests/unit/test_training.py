"""The training loop of all papers: known answers, closed forms, and a stop that changes no byte."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from recompose.diffusion import training as module
from recompose.diffusion.training import Cosine, Halving, Training, fit, moving_average
from recompose.errors import RecomposeError
from recompose.randomness import torch_generator

PLAIN = Training(steps=60, learning_rate=0.05)
ALL = Training(
    steps=60, learning_rate=0.02, annealing=Cosine(warm_up=10), weight_decay=0.1, clip=0.3, average=0.98,
    average_warm_up=True,
)  # fmt: skip
TRUTH = torch.tensor([[1.0], [-2.0], [0.5]])


def line(step, spread=0.0):
    """A batch of points of a linear map, with noise."""
    generator = torch_generator("test", step)
    x = torch.randn((32, 3), generator=generator)
    return x, x @ TRUTH + 0.3 + spread * torch.randn((32, 1), generator=generator)


def squares(network, spread=0.0):
    def loss(step):
        x, y = line(step, spread)
        return (network(x).float() - y).square().mean()

    return loss


def linear():
    network = nn.Linear(3, 1)
    nn.init.zeros_(network.weight)
    nn.init.zeros_(network.bias)
    return network


def with_buffers():
    """A network with batch normalization, whose weights are laid out as those of images are; and a frozen part."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = nn.Sequential(
            nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.SiLU(), nn.Conv2d(4, 1, 3), nn.Conv2d(1, 1, 1)
        )
    network.to(memory_format=torch.channels_last)
    network[4].requires_grad_(False)
    return network


def pictures(network):
    def loss(step):
        x = torch.randn((4, 2, 8, 8), generator=torch_generator("picture", step)) + 1
        return (network(x.contiguous(memory_format=torch.channels_last)).float() - x[:, :1, 2:-2, 2:-2]).square().mean()

    return loss


def fitted(make=linear, loss=squares, training=PLAIN, **options):
    network = make()
    named = {"name": "test", "identity": {"data": "made up"}} | options
    return network, fit(network, loss(network), training, **named)


class Stop(Exception):
    """In the place of a kill."""


def stopped_and_resumed(path, monkeypatch, *, turns, **what):
    """The same training, stopped at every so many lines of progress until it is done; and how often it was."""
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    for stops in range(100):
        told = []

        def report(text, told=told):
            told.append(text)
            if len(told) == turns:
                raise Stop

        try:
            return *fitted(**what, checkpoint=path, report=report), stops
        except Stop:
            continue
    raise AssertionError("it never ends")


# -- What is learned


def test_a_linear_map_is_found():
    network, losses = fitted(training=replace(PLAIN, steps=400, annealing=Halving(80)))
    torch.testing.assert_close(network.weight.T, TRUTH, rtol=1e-3, atol=1e-3)
    assert network.bias.item() == pytest.approx(0.3, abs=1e-3)
    assert losses.shape == (400,) and losses[-1] < 1e-6 < 0.1 < losses[0]


def test_the_losses_are_those_of_each_step():
    network = linear()
    first = squares(network)(0).item()
    losses = fit(network, squares(network), PLAIN, name="test", identity={})
    assert losses[0].item() == first
    assert torch.isfinite(losses).all()


def test_weights_decay_apart_from_the_gradient():
    """Without a gradient AdamW shrinks weights by 1 - rate * decay a step."""
    network = linear()
    nn.init.constant_(network.weight, 2.0)
    fit(
        network,
        lambda step: 0 * network(torch.ones(1, 3)).sum(),
        replace(PLAIN, steps=7, weight_decay=0.2),
        name="test",
        identity={},
    )
    torch.testing.assert_close(network.weight, torch.full((1, 3), 2 * (1 - 0.05 * 0.2) ** 7))


def test_without_decay_it_is_adam():
    ours, _ = fitted(training=replace(PLAIN, fused=False))
    network = linear()
    optimizer = torch.optim.Adam(network.parameters(), lr=0.05)
    for step in range(60):
        optimizer.zero_grad()
        squares(network)(step).backward()
        optimizer.step()
    assert torch.equal(ours.weight, network.weight) and torch.equal(ours.bias, network.bias)


def test_soap_sees_no_turn_of_the_axes():
    """The same loss of a matrix whose rows and columns are turned: Adam goes another way, SOAP the same."""
    generator = torch_generator("turns")
    turned, wide = (torch.linalg.qr(torch.randn((6, 6), generator=generator))[0] for _ in range(2))
    aim, steep = torch.randn((6, 6), generator=generator), torch.logspace(-1, 0, 6)[:, None]
    plain = torch.eye(6)

    def found(optimizer, left, right):
        def loss(network):
            return lambda step: (steep * (left.T @ network.weight @ right.T - aim)).square().mean()

        def zero():
            network = nn.Linear(6, 6, bias=False)
            nn.init.zeros_(network.weight)
            return network

        return fitted(zero, loss, Training(steps=40, learning_rate=0.05, optimizer=optimizer))[1]

    torch.testing.assert_close(found("soap", turned, wide), found("soap", plain, plain), rtol=0.01, atol=1e-4)
    assert (found("adam", turned, wide) - found("adam", plain, plain)).abs().max() > 0.03  # of .25 in the beginning


def test_what_is_frozen_keeps_its_bits():
    network = with_buffers()
    before = copy.deepcopy(network[4].state_dict())
    fit(network, pictures(network), ALL, name="test", identity={})
    assert all(torch.equal(value, before[name]) for name, value in network[4].state_dict().items())
    assert not torch.equal(network[0].weight, with_buffers()[0].weight)


@pytest.mark.parametrize("fused", [True, False])
def test_lower_precision_learns_the_same_within_its_rounding(fused):
    one, other = (fitted(training=replace(PLAIN, precision=name, fused=fused))[0] for name in ("fp32", "bf16"))
    apart = (one.weight - other.weight).abs().max().item()
    assert 0 < apart < 0.05
    assert other.weight.dtype == torch.float32


def test_a_compiled_network_learns_the_same(monkeypatch):
    """Without its compiler, which takes half a minute here: that `compile` is called, before any step."""
    called = []
    monkeypatch.setattr(nn.Module, "compile", lambda self: called.append(self))
    network, _ = fitted(training=replace(PLAIN, steps=2, compiled=True, average=0.9))
    assert called == [network]


# -- The learning rate, the clip, the average


def test_the_rate_is_halved():
    rates = [replace(PLAIN, annealing=Halving(20)).rate(step) for step in (0, 19, 20, 39, 40)]
    assert rates == [0.05, 0.05, 0.025, 0.025, 0.0125]
    assert PLAIN.rate(0) == PLAIN.rate(59) == 0.05


def test_warm_up_and_cosine_have_their_closed_form():
    how = Training(steps=110, learning_rate=2.0, annealing=Cosine(warm_up=10))
    assert [how.rate(step) for step in (0, 5, 10)] == [0, 1, 2]
    assert how.rate(60) == pytest.approx(1)  # half way down
    for step in range(10, 110):
        assert how.rate(step) == pytest.approx(2 * math.cos(math.pi / 2 * (step - 10) / 100) ** 2)
    assert Training(steps=100, learning_rate=2.0, annealing=Cosine()).rate(0) == 2


def test_each_step_has_the_rate_of_its_number(monkeypatch):
    seen = []
    plain = torch.optim.Adam.step

    def step(self):
        seen.append(self.param_groups[0]["lr"])
        return plain(self)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    fitted(training=ALL)
    assert seen == [ALL.rate(step) for step in range(60)]


def test_a_long_gradient_is_cut_to_the_clip(monkeypatch):
    """The norm of all parameters' gradients together."""
    norms = []
    plain = torch.optim.Adam.step

    def step(self):
        norms.append(math.hypot(*(p.grad.norm().item() for group in self.param_groups for p in group["params"])))
        return plain(self)

    monkeypatch.setattr(torch.optim.Adam, "step", step)
    fitted(training=replace(PLAIN, steps=200))
    free, norms = norms, []
    fitted(training=replace(PLAIN, steps=200, clip=0.5))
    assert max(free) > 2 and max(norms) == pytest.approx(0.5, rel=1e-4)
    assert min(norms) < 0.4  # short ones stay


def naive(network, loss, training, decays):
    """Adam's own loop, with the average of all that a state has."""
    optimizer = torch.optim.Adam(network.parameters(), lr=training.learning_rate, fused=True)
    average = copy.deepcopy(network.state_dict())
    for step in range(training.steps):
        optimizer.zero_grad()
        loss(step).backward()
        optimizer.step()
        decay = decays(step)
        for name, value in network.state_dict().items():
            floats = value.is_floating_point()
            average[name] = decay * average[name] + (1 - decay) * value if floats else value.clone()
    return average


@pytest.mark.parametrize(
    ("warm_up", "decays"),
    [(False, lambda step: 0.9), (True, lambda step: min(0.9, (1 + step) / (10 + step)) if step else 0.0)],
)
def test_the_average_is_that_of_a_naive_loop(warm_up, decays):
    training = Training(steps=120, learning_rate=0.01, average=0.9, average_warm_up=warm_up)
    found, _ = fitted(with_buffers, pictures, training)
    network = with_buffers()
    expected = naive(network, pictures(network), training, decays)
    for name, value in found.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    assert found[1].num_batches_tracked == 120
    assert not torch.equal(found[1].running_mean, network[1].running_mean)


def test_no_start_is_left_in_an_average_with_a_warm_up():
    """After the first step it is that step's weights; the plain one still hangs on to the start."""
    network = linear()
    plain, warm = (moving_average(network, 0.999, warm_up=warm_up) for warm_up in (False, True))
    nn.init.ones_(network.weight)
    for each in (plain, warm):
        each.update_parameters(network)
    assert torch.equal(warm.module.weight, network.weight)
    torch.testing.assert_close(plain.module.weight, torch.full((1, 3), 0.001))


# -- Stops


@pytest.mark.parametrize("turns", [2, 7])
@pytest.mark.parametrize(
    "training",
    [
        ALL,
        replace(ALL, fused=False, precision="bf16"),
        replace(PLAIN, average=0.9),
        replace(ALL, optimizer="soap"),
    ],
    ids=["all", "bf16", "plain", "soap"],
)
def test_a_stop_changes_no_byte(tmp_path, monkeypatch, training, turns):
    """Weights, running statistics, losses; the moments, the average and the rate that they follow from."""
    whole, expected = fitted(with_buffers, pictures, training)
    resumed, losses, stops = stopped_and_resumed(
        tmp_path / "checkpoint.safetensors",
        monkeypatch,
        turns=turns,
        make=with_buffers,
        loss=pictures,
        training=training,
    )
    assert stops >= 60 / turns - 1
    assert torch.equal(losses, expected)
    assert whole.state_dict().keys() == resumed.state_dict().keys()
    for name, value in whole.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[name]), name
    assert whole[1].num_batches_tracked == 60 and resumed[0].weight.is_contiguous(memory_format=torch.channels_last)


def test_progress_stands_between_the_steps_that_are_asked_for(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "CHECKPOINT_SECONDS", 0.0)
    lines = []
    fitted(every=25, checkpoint=tmp_path / "checkpoint.safetensors", report=lines.append)
    assert [text.split()[0] for text in lines] == ["25/60", "50/60", "60/60"]
    assert lines[0].startswith("25/60 iterations, mean loss ") and lines[0].endswith(" s left")


def test_a_short_training_tells_how_it_ended_and_nothing_more():
    lines = []
    _, losses = fitted(report=lines.append)
    assert lines == [f"60/60 iterations, mean loss {losses.mean():.4g}, 0 s left"]


def test_its_lines_begin_with_its_name_unless_its_caller_takes_them(capsys):
    _, losses = fitted(name="faces_judge")
    assert capsys.readouterr().out == f"faces_judge: 60/60 iterations, mean loss {losses.mean():.4g}, 0 s left\n"


def test_one_that_is_done_stays_in_its_checkpoint(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    first, losses = fitted(with_buffers, pictures, ALL, checkpoint=path)
    lines = []
    again, same = fitted(with_buffers, lambda network: None, ALL, checkpoint=path, report=lines.append)
    assert lines == ["goes on after step 60 of 60"]
    assert torch.equal(losses, same)
    assert all(torch.equal(value, again.state_dict()[name]) for name, value in first.state_dict().items())


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"training": replace(PLAIN, learning_rate=0.01)}, "training"),
        ({"identity": {"data": "others"}}, "data"),
        ({"make": lambda: nn.Sequential(linear())}, "networks"),
    ],
)
def test_a_checkpoint_of_something_else_is_refused(tmp_path, changed, named):
    path = tmp_path / "checkpoint.safetensors"
    fitted(checkpoint=path)
    with pytest.raises(RecomposeError, match=f"^{path}: a checkpoint of other {named}; delete it and run again$"):
        fitted(**changed, checkpoint=path)


def test_a_checkpoint_that_is_cut_short_is_refused(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    fitted(checkpoint=path)
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(RecomposeError, match="not a readable checkpoint"):
        fitted(checkpoint=path)


def test_a_loss_that_is_no_number_is_said_with_its_step(tmp_path):
    def spoilt(network):
        return lambda step: squares(network)(step) * (math.nan if step == 20 else 1)

    path = tmp_path / "checkpoint.safetensors"
    with pytest.raises(RecomposeError, match=r"^test: the loss of step 21 is no number; lower learning_rate$"):
        fitted(loss=spoilt, checkpoint=path)
    assert not path.exists()


def test_of_several_networks_one_may_fail(tmp_path):
    """Their losses are added: each learns what it would learn alone."""

    def two(network):
        weight = torch.tensor([1.0, math.nan])
        return lambda step: weight * torch.stack([part(line(step)[0]).square().mean() for part in network])

    network, losses = fitted(lambda: nn.ModuleList([with_bias(), with_bias()]), two)
    alone, _ = fitted(with_bias, lambda network: lambda step: network(line(step)[0]).square().mean())
    assert torch.equal(network[0].weight, alone.weight) and network[1].weight.isnan().all()
    assert losses.isnan().all()


def with_bias():
    network = linear()
    nn.init.ones_(network.bias)
    return network
