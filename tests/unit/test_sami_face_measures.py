"""What paper 3 measures on faces: on cases with a known answer, and with tiny images and networks."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from recompose.datasets.faces import ATTRIBUTES
from recompose.papers.sami import names, networks
from recompose.papers.sami.data import Images
from recompose.papers.sami.faces import axes, figures, judge, measures, tables
from recompose.papers.sami.faces.images import images
from recompose.papers.sami.faces.sampling import ENDS, TrainedFaces, faces_of
from recompose.papers.sami.guidance import Constraints
from recompose.papers.sami.objective import Pair, settling
from recompose.papers.sami.posterior import Posterior
from recompose.papers.sami.settings import Autoencoder, Faces, FacesMeasures, Judge
from recompose.storage import write_tensors

FACES = Faces(size=16, train=24, test=24)
NETWORKS = Autoencoder(
    encoder=(4, 4), latents=4, base=4, multipliers=(1, 2), middle=2, steps=10, epochs=2, batch=8, learning_rate=0.01
)
JUDGE = Judge(width=2, features=4, iterations=4, batch=8)
MEASURES = FacesMeasures(
    conditions=4, samples=2, sampling_steps=3, shown_steps=3, pairs=2, levels=3, noisy=4, moved=4, spread_conditions=2,
    spread_samples=3,
)  # fmt: skip
TOLD = {"faces_networks": NETWORKS, "faces_measures": MEASURES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Images, networks that are hardly trained, and a judge that knows little."""
    found = tmp_path_factory.mktemp("faces")
    write_tensors((images("faces", faces=FACES), {}), found / "images/faces.safetensors")
    told = {"folder": found, "device": "cpu", "faces": FACES, "faces_networks": NETWORKS, "faces_judge": JUDGE}
    for name, module in (("faces_networks", networks), ("faces_judge", judge)):
        kept, _ = module.networks(name, **told)
        write_tensors(kept, found / f"networks/{name}.safetensors")
    return found


@pytest.fixture(scope="module")
def asked(folder) -> TrainedFaces:
    return faces_of(folder, NETWORKS, MEASURES, "cpu")


def test_without_constraints_samples_are_those_of_the_denoiser(asked):
    z = torch.randn(3, 4, generator=torch.Generator().manual_seed(0))
    free = asked.samples(z, ("test", "noise"), Constraints(distance=0.0, volume=0.0))
    assert torch.equal(free, asked.unconditional(3, ("test", "noise")))
    assert not torch.equal(asked.samples(z, ("test", "noise")), free)


def test_interpolations_end_at_the_images_of_both_ends(asked):
    between = asked.interpolations(2, ("test", "between"))
    means = asked.posterior(asked.data.test[:4]).mean
    assert between.shape == (2, ENDS, 1, 16, 16)
    for place, part in ((0, means[0::2]), (-1, means[1::2])):
        torch.testing.assert_close(between[:, place], asked.samples(part, ("test", "between")))


def test_what_samples_keep_of_their_condition():
    """The agreement with the own condition less that with the others, by counting."""
    generator = np.random.default_rng(0)
    said, samples = generator.random(12) < 0.4, generator.random((12, 5)) < 0.6
    agree = [[(samples[one] == other).mean() for other in said] for one in range(12)]
    own, others = np.trace(agree) / 12, (np.sum(agree) - np.trace(agree)) / (12 * 11)
    assert measures.kept(said, samples).mean() == pytest.approx(own - others)
    assert measures.kept(said, np.repeat(said[:, None], 3, axis=1)).mean() > 0.4
    assert not measures.kept(said, np.ones((12, 3), bool)).any()  # what all samples have is not kept


def test_few_samples_vary_as_many_would():
    generator = torch.Generator().manual_seed(0)
    found = measures._unbiased(2 * torch.randn(500, 3, 1, 4, 4, generator=generator))
    assert found.mean() == pytest.approx(4, rel=0.05)


def test_variances_at_both_ends_of_the_noise():
    clean, noisy = np.array([0.1, 0.2, 0.3, 0.4]), np.array([0.5, 0.6, 0.7, 0.3])
    ends = np.stack([np.tile(clean, (3, 1)), np.tile(noisy, (3, 1))], axis=1)
    assert measures._growing(ends) == 0.75
    assert measures._order(ends[:, :, :3]) == pytest.approx(1)
    assert measures._order(ends[:, :, [0, 3]]) == pytest.approx(-1)
    noise = np.array([-3.0, -1.0, 0.0])
    assert measures._correlation(np.tile(2 * noise + 1, (5, 1)), noise) == pytest.approx(1)


@pytest.mark.parametrize(("across", "down"), [(1, 0), (0, 3), (2, 2)])
def test_the_frequency_of_a_wave(across, down):
    places = torch.arange(16) * 2 * torch.pi / 16
    wave = torch.cos(across * places[None, :] + down * places[:, None])
    assert axes.frequency(5 + wave[None, None]) == pytest.approx((across**2 + down**2) ** 0.5 / 16)


class Known(nn.Module):
    """Means w . x, and variances (w . x)^2 + 1, whose gradients are known."""

    size, channels, latents = 8, 1, 2

    def __init__(self) -> None:
        super().__init__()
        self.w = torch.randn(2, 64, generator=torch.Generator().manual_seed(0))

    def forward(self, x: torch.Tensor, t: torch.Tensor | None = None) -> Posterior:
        along = x.flatten(1) @ self.w.T
        return Posterior(along, along**2 + 1)


def test_sensitivity_and_coherence_of_a_known_encoder():
    x = torch.randn(30, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    known = Known()
    asked = TrainedFaces(Pair(known, Known()), Images(x, x, x, x), NETWORKS, 3, "cpu")
    found = axes.geometry(asked, MEASURES)
    assert found.spread == pytest.approx(known(x).mean.var(dim=0).numpy(), rel=1e-5)
    # |d sigma^2 / dx| = 2 |w . x| |w|, and sigma^2 - 1 = (w . x)^2 at the same noisy images.
    sizes = known.w.norm(dim=1).numpy()
    assert ((found.sensitivity / (2 * sizes)) ** 2 <= (found.noisy - 1) * (1 + 1e-5)).all()  # Jensen
    one = axes.geometry(asked, MEASURES.model_copy(update={"noisy": 1}))
    assert one.sensitivity == pytest.approx(2 * sizes * (one.noisy - 1) ** 0.5, rel=1e-4)
    assert one.coherence == pytest.approx(one.noisy**2 / (one.sensitivity * one.spread**0.5))


def test_an_attribute_that_moves_alike_in_all_images_agrees():
    logits = np.random.default_rng(0).normal(size=(8, 5))
    logits[:, 3] = -4 + 0.1 * logits[:, 3]
    moves = axes.Moves(torch.zeros(8, 1, 2, 2), logits)
    assert axes._attribute(moves) == (3, -1.0)
    assert axes._agreeing(moves).tolist() == [1] * 4
    assert not axes._agreeing(moves, axes.Moves(moves.change, -logits)).any()


def test_faces_as_numbers(folder):
    found = measures.faces(folder=folder, device="cpu", faces_judge=JUDGE, **TOLD)
    assert set(found.quantity) == set(names.ON_FACES)
    kept = found[found.quantity == "kept"]
    assert list(kept.place) == list(ATTRIBUTES)
    assert found[found.quantity == "attributes"]["mean"].item() == (kept.ci_low > 0).sum()
    by = found.set_index(["quantity", "place"])["mean"]
    assert by["relaxed", "distances"] > 0 and 1 <= by["jump", ""] <= ENDS - 1
    assert by["relaxed", "all"] == pytest.approx(by["variability", "unconditional"] / by["variability", "samples"])
    assert tables.faces(found).count("\n") > len(found)


def test_figure_3_has_its_panels(folder):
    found = axes.figure3(folder=folder, device="cpu", faces_judge=JUDGE, **TOLD)
    counts = found.numbers.panel.value_counts().to_dict()
    assert counts == {"C": 4, "D": 12, "E": 7, "F": 16, "G": 6}
    spectrum = found.numbers[found.numbers.panel == "C"]["mean"]
    assert spectrum.is_monotonic_decreasing
    assert found.images["axes"].shape == (4, 5, 1, 16, 16)
    figures.figure3(found.numbers, {key: each.numpy() for key, each in found.bytes().items()})


def test_figure_5_has_the_distances_of_both(folder):
    found = measures.figure5(folder=folder, device="cpu", **TOLD)
    assert found.kind.value_counts().to_dict() == {"images": 24, "samples": 6}
    figures.figure5(found)


def test_figure_7_has_every_step(folder):
    found = measures.figure7(folder=folder, device="cpu", **TOLD)
    assert len(found) == MEASURES.sampling_steps and found.t.is_monotonic_increasing
    assert (found.apart_ci_low <= found.apart).all() and (found.apart <= found.apart_ci_high).all()
    assert found.apart.to_numpy() == pytest.approx(np.abs(np.log10(found.ratio.to_numpy())))
    figures.figure7(found)


def test_the_last_steps_have_the_norms_of_evaluation():
    """Settled once, before the first of them; what came before is as without."""
    asked = NETWORKS.model_copy(update={"settled": 0.5})
    x = images("faces", faces=FACES)["train"]
    pair, losses = networks.trained(x, asked, ("sami", "test"), device="cpu", report=lambda line: None)
    _, others = networks.trained(x, NETWORKS, ("sami", "test"), device="cpu", report=lambda line: None)
    half = len(losses) // 2
    assert torch.equal(losses[:half], others[:half]) and not torch.equal(losses[half:], others[half:])
    seen: list[object] = []

    def loss(step: int) -> torch.Tensor:
        seen.append(pair.training)
        return torch.zeros(())

    told = settling(pair, loss, 2, lambda: seen.append("settled"))
    for step in range(4):
        told(step)
    assert seen == [True, True, "settled", False, False]
