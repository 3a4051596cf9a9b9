"""Paper 3's data, trainings and measures, with tiny images and networks."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError
from torch import nn

from recompose.errors import RecomposeError
from recompose.papers.sami import measuring, networks
from recompose.papers.sami.data import load_images
from recompose.papers.sami.disks import collapse, figures, measures, tables
from recompose.papers.sami.disks.images import disk_images, images
from recompose.papers.sami.informativeness import collapsed, told
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.posterior import of_outputs
from recompose.papers.sami.settings import Autoencoder, Collapse, Disks, Measures, Theory
from recompose.papers.sami.theory import figures as figures_of_theory
from recompose.papers.sami.theory import measures as appendix
from recompose.papers.sami.theory import tables as tables_of_theory
from recompose.papers.sami.theory.formulas import Roughness
from recompose.storage import write_tensors

DISKS = Disks(size=8, radius=2, train=24, test=20)
NETWORKS = Autoencoder(encoder=(4, 4), base=4, middle=2, steps=10, epochs=2, batch=8)
MEASURES = Measures(grid=3, conditions=2, samples=3, sampling_steps=3)
TOLD = {"disks": DISKS, "disks_networks": NETWORKS, "disks_measures": MEASURES}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Images and networks that are hardly trained."""
    found = tmp_path_factory.mktemp("sami")
    write_tensors((images("disks", disks=DISKS), {}), found / "images/disks.safetensors")
    for name in ("disks_networks", "disks_control"):
        kept, curve = networks.networks(name, folder=found, device="cpu", disks=DISKS, disks_networks=NETWORKS)
        assert len(curve) == 1
        write_tensors(kept, found / f"networks/{name}.safetensors")
    return found


def test_images_are_those_of_their_factors(folder):
    data = load_images(folder, "disks")
    assert data.train.shape == (24, 1, 8, 8) and data.test.shape == (20, 1, 8, 8)
    assert torch.equal(data.test, disk_images(data.test_factors.numpy(), DISKS))
    assert not {tuple(each) for each in data.train_factors.tolist()} & {
        tuple(each) for each in data.test_factors.tolist()
    }


def test_a_disk_without_room_is_refused():
    with pytest.raises(ValidationError, match="a disk that moves in size = 8 has a smaller one"):
        Disks(size=8, radius=4)


def test_networks_come_back_from_their_file(folder):
    data = load_images(folder, "disks")
    pair, _ = networks.trained(data.train, NETWORKS, ("sami", "disks_networks"), device="cpu", report=lambda line: None)
    read = networks.from_file(folder, "disks_networks", data.train, NETWORKS, "cpu")
    with torch.no_grad():
        assert torch.equal(read.encoder(data.test, None).mean, pair.encoder(data.test, None).mean)
    other = NETWORKS.model_copy(update={"latents": 4})
    with pytest.raises(RecomposeError, match="networks of another architecture"):
        networks.from_file(folder, "disks_networks", data.train, other, "cpu")


def test_figure_2_has_all_panels(folder):
    found = measures.figure2(folder=folder, device="cpu", **TOLD)
    assert found.numbers.panel.value_counts().to_dict() == {"D": 9, "E": 9, "F": 125}
    assert found.images["samples"].shape == (4, 8, 1, 8, 8)
    gray = found.numbers[(found.numbers.panel == "E") & (found.numbers.background == 0.5)][["z0", "z1", "z2"]]
    assert np.ptp(gray.to_numpy(), axis=0).max() == 0  # without contrast the image is the same for all positions
    figures.figure2(found.numbers, {key: each.numpy() for key, each in found.bytes().items()})


def test_latents_are_proportional_to_contrast(folder):
    """The encoder has no biases, and a disk's intensity is the zero of images: the polar form is built in."""
    data = load_images(folder, "disks")
    pair = networks.from_file(folder, "disks_networks", data.train, NETWORKS, "cpu")
    factors = data.test_factors.numpy().copy()
    factors[:, 2] = 0.0
    strong = measuring.posterior(pair, disk_images(factors, DISKS), "cpu")[0]
    factors[:, 2] = 0.4  # a fifth of the contrast
    weak = measuring.posterior(pair, disk_images(factors, DISKS), "cpu")[0]
    np.testing.assert_allclose(weak, 0.2 * strong, rtol=1e-4, atol=1e-6)


def test_what_is_read_off_latents(folder):
    found = measures.disks(folder=folder, device="cpu", **TOLD)
    by = found.set_index(["quantity", "place"])["mean"]
    assert by["spread", "0.4"] == pytest.approx(0.2 * by["spread", "0"], rel=1e-3)
    assert set(found.quantity) == {"divergence", "active", "spread", "uncertainty", "position", "angle", "variability",
                                   "error"}  # fmt: skip
    assert found[found.quantity == "angle"]["mean"].between(0, 1).all()
    assert tables.disks(found).count("\n") > len(found)


def test_positions_that_latents_hold_are_decodable():
    """A linear code of positions has an R^2 of one, noise of none one of zero or less."""
    generator = np.random.default_rng(0)
    positions = generator.uniform(size=(400, 2))
    code = positions @ generator.normal(size=(2, 3)) + 0.3
    assert measures._decodable(code, positions, "test", "0")[0] == pytest.approx(1)
    assert measures._decodable(generator.normal(size=(400, 3)), positions, "test", "0")[0] < 0.05


def made_up(threshold):
    """A training at a weight, as the search sees it: latents take .12 off up to the threshold, and nothing above."""

    def measured(weight, *others):
        value = 0.88 if weight <= threshold else 0.9994
        means = {("error", ""): value, ("divergence", ""): 5.0, ("position", "0"): 0.9, ("angle", "x-y"): 0.3}
        return [
            {"weight": weight, **measuring.row(*of, mean, mean - 0.003, mean + 0.003, 1)} for of, mean in means.items()
        ]

    return measured


@pytest.mark.parametrize(
    ("threshold", "weights"),
    [
        (3, [0.01, 1, 10**0.5, 10, 100]),  # halvings on a logarithmic scale: 1, 10, and half way between
        (300, [0.01, 100, 10**2.25, 10**2.375, 10**2.5, 1000]),  # raised once
        (1e9, [0.01, 100, 1e3, 1e4, 1e5]),  # never: raised as often as may be
        (0, [0.01, 100]),  # at the least one, too: no weight is to blame, and nothing is to be closed in on
    ],
)
def test_the_threshold_is_closed_in_on(folder, monkeypatch, threshold, weights):
    monkeypatch.setattr(collapse, "_measured", made_up(threshold))
    asked = Collapse(weights=(0.01, 100.0), halvings=3)
    found = collapse.collapse(folder=folder, device="cpu", disks_collapse=asked, **TOLD)
    assert sorted(found.weight.unique()) == pytest.approx(weights)
    assert (found.collapsed == (found.weight > (threshold or np.inf))).all()
    largest = found[found.place == "largest"]
    assert largest.quantity.tolist() == ["error"] and largest.weight.item() == pytest.approx(weights[-1])
    legends = [text.get_text() for each in figures.collapse(found).legends for text in each.get_texts()]
    assert ("collapsed" in legends) == (0 < threshold < weights[-1])


def test_latents_collapse_where_it_is_shown_that_they_tell_nothing():
    assert collapsed(0.9954)  # what a huge weight leaves on disks, whose KL is .17 nat
    assert not collapsed(0.85)  # the lower end of informative ones, whose upper one is above 1
    assert not collapsed(0.97)  # too few images to tell


def test_a_training_ends_with_a_line_on_its_latents(folder, monkeypatch):
    """It draws numbers of its own, and names the weight to lower where latents have collapsed."""
    images_of, names = load_images(folder, "disks").train, ("sami", "disks_networks")
    lines: list[str] = []
    pair, _ = networks.trained(images_of, NETWORKS, names, device="cpu", report=lines.append)
    monkeypatch.setattr(networks, "tell", lambda *others: None)
    silent, _ = networks.trained(images_of, NETWORKS, names, device="cpu", report=lambda line: None)
    alike = zip(pair.state_dict().values(), silent.state_dict().values(), strict=True)
    assert not pair.training and all(torch.equal(one, other) for one, other in alike)
    assert re.fullmatch(
        r"latents: KL \S+ nats, [0-3] of 3 active, error guided over unguided \S+ \[\S+, \S+\], 0 with a variance at"
        r" the clamp of 1e-06(; collapsed: lower `disks_networks.weight`, .*)?",
        lines[-1],
    )


def nothing_told(latents: int, spread: float) -> Pair:
    """Latents that are alike for all images."""

    class Alike(nn.Module):
        channels, size = 1, 8

        def forward(self, x, t=None):
            ends = (x.flatten(1)[:, :1] * 0).expand(-1, latents)
            return of_outputs(ends, ends + spread)

    encoder = Alike()
    encoder.latents = latents
    return Pair(encoder, networks.untrained(torch.zeros(1, 1, 8, 8), NETWORKS, ("test",)).decoder).eval()


def test_collapsed_latents_are_told_with_the_weight_to_lower(folder):
    """Also of a training whose name says more than its images; 0 and softplus(.54)^2, about 1, are the prior."""
    data = load_images(folder, "disks")
    asked = {"batch": 8, "names": ("sami", "disks_brief"), "device": "cpu"}
    line = told(nothing_told(2, 0.5413), data.train, networks.schedule_of(NETWORKS), **asked)
    assert "0 of 2 active, error guided over unguided 1.0000 [1.0000, 1.0000], 0 with" in line
    assert "; collapsed: lower `disks_networks.weight`, or" in line
    assert "2 with a variance at the clamp" in told(
        nothing_told(2, -20.0), data.train, networks.schedule_of(NETWORKS), **asked
    )


def test_a_training_of_each_weight_is_measured(folder):
    asked = Collapse(weights=(0.001, 1.0), halvings=0, epochs=1)
    found = collapse.collapse(folder=folder, device="cpu", disks_collapse=asked, **TOLD)
    assert {0.001, 1} <= set(found.weight) and np.isfinite(found["mean"]).all()


def test_appendix_b_by_its_formulas_and_without_them(folder):
    found = appendix.theory(folder=folder, device="cpu", disks_networks=NETWORKS, theory=Theory(probes=2, images=6))
    apart = (found.value - found.expected).abs().groupby([found["check"], found["case"]]).max()
    assert apart["score", "corrected"] < 1e-12 < 0.1 < apart["score", "printed"]
    assert apart["precision"].max() < 1e-5 and apart["switch"].max() < 1e-4 and apart["count"].max() == 0
    assert found[found["check"] == "reward"].value.item() < 0
    assert (found[found["check"].isin(["roughness", "pooled"])].value > 0).all()
    assert "B.1's score" in tables_of_theory.theory(found)
    figures_of_theory.theory(found)
    assert isinstance(found, pd.DataFrame)


def test_an_image_whose_jacobian_is_small_outweighs_others_in_one_mean_of_two(folder, monkeypatch):
    known = Roughness(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 4.0, 0.01]))
    monkeypatch.setattr(appendix.formulas, "roughness", lambda *told: known)
    found = appendix.theory(folder=folder, device="cpu", disks_networks=NETWORKS, theory=Theory(probes=2, images=3))
    values = found[found.case == "SAMI"].set_index("check").value
    assert values["roughness"] == pytest.approx((0.5 + 0.5 + 300) / 3)
    assert values["pooled"] == pytest.approx(6 / 6.01)
