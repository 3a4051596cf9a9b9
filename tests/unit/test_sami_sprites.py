"""Paper 3 on dSprites, and the noise level as input, with tiny images and networks."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from pydantic import ValidationError

from recompose.errors import RecomposeError
from recompose.papers.sami import networks
from recompose.papers.sami.data import load_images
from recompose.papers.sami.disks import figures as figures_of_disks
from recompose.papers.sami.disks import time_input
from recompose.papers.sami.disks.images import images as disk_set
from recompose.papers.sami.settings import (
    Autoencoder,
    Disks,
    Measures,
    Scores,
    SpriteMeasures,
    Sprites,
    TimeInput,
    Trainings,
)
from recompose.papers.sami.sprites import figures, measures, scores, tables
from recompose.papers.sami.sprites import networks as trainings
from recompose.papers.sami.sprites.images import images
from recompose.storage import write_tensors

SPRITES = Sprites(size=8, train=40, test=60)
NETWORKS = Autoencoder(of="dsprites", encoder=(4, 4), latents=3, base=4, multipliers=(1,), middle=2, noise="cosine",
                       steps=10, epochs=2, batch=8)  # fmt: skip
TRAININGS = Trainings(count=2, vae_epochs=1)
TOLD = {"dsprites_networks": NETWORKS, "dsprites_trainings": TRAININGS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Sprites and networks that are hardly trained."""
    found = tmp_path_factory.mktemp("sprites")
    write_tensors((images("dsprites", dsprites=SPRITES), {}), found / "images/dsprites.safetensors")
    for name in ("dsprites_networks", "dsprites_trainings", "dsprites_vaes"):
        train = networks.networks if name == "dsprites_networks" else trainings.networks
        kept, _ = train(name, folder=found, device="cpu", checkpoint=found / f"{name}.checkpoint", **TOLD)
        write_tensors(kept, found / f"networks/{name}.safetensors")
    return found


def test_sprites_of_the_test_are_not_trained_on(folder):
    data = load_images(folder, "dsprites")
    assert data.train.shape == (40, 1, 8, 8) and data.train.dtype == torch.uint8 and data.test_factors.shape == (60, 6)
    assert len(torch.cat([data.train_factors, data.test_factors]).unique(dim=0)) == 100


def test_there_are_only_so_many_sprites():
    with pytest.raises(ValidationError, match="there are 737280 sprites"):
        Sprites(train=737_280, test=1)


def test_further_trainings_come_back_by_method_and_number(folder):
    data = load_images(folder, "dsprites")
    made = trainings.all_trained(folder, data.train, NETWORKS, TRAININGS, "cpu")
    assert list(made) == [(method, number) for method in ("SAMI", "VAE", "beta-VAE") for number in (1, 2)]
    x = data.test[:4].float() / 127.5 - 1
    means = [pair.encoder(x, None).mean for pair in made.values()]
    assert all(not torch.allclose(one, other) for at, one in enumerate(means) for other in means[:at])
    again, _ = networks.trained(
        data.train, NETWORKS, ("sami", "dsprites", "SAMI 2"), device="cpu", report=lambda line: None
    )
    torch.testing.assert_close(means[1], again.encoder(x, None).mean)


def test_vaes_differ_in_their_weight_alone():
    of = {method: trainings.of_method(method, NETWORKS, TRAININGS) for method in trainings.METHODS}
    assert of["SAMI"] == NETWORKS and (of["VAE"].weight, of["beta-VAE"].weight) == (1, TRAININGS.beta)
    assert of["VAE"].model_copy(update={"weight": TRAININGS.beta}) == of["beta-VAE"]


@pytest.mark.filterwarnings("ignore:The number of unique classes")
def test_scores_of_all_trainings(folder):
    asked = SpriteMeasures(repeats=2, fitted=40, judged=20, rounds=1)
    found = measures.dsprites(folder=folder, device="cpu", dsprites_measures=asked, **TOLD)
    assert len(found) == 3 * 5 * (2 + 2) and np.isfinite(found.select_dtypes("number")).all(axis=None)
    assert found[found.quantity != "divergence"]["mean"].between(0, 1).all()
    assert "SAMI" in tables.dsprites(found) and "2 trainings" in tables.dsprites(found)
    figures.dsprites(found)
    with pytest.raises(RecomposeError, match=r"fitted \+ judged = 61 of 60"):
        measures.dsprites(
            folder=folder, device="cpu", dsprites_measures=asked.model_copy(update={"judged": 21}), **TOLD
        )


def test_spreads_of_repeats_and_of_trainings():
    """Two trainings, 1 and 5 in the mean, each with repeats one above and one below."""
    values = {1: (0.0, 2.0), 2: (4.0, 6.0)}
    rows = [
        {"method": "SAMI", "quantity": "modularity", "training": training, "repeat": repeat, "value": value}
        for training, both in values.items()
        for repeat, value in enumerate(both)
    ]
    found = pd.DataFrame(measures._summed(pd.DataFrame(rows))).set_index("training")
    assert found["mean"].tolist() == [1, 5, 3, 3] and list(found.index) == ["1", "2", "repeats", "all"]
    assert found["std"].tolist() == pytest.approx([2**0.5, 2**0.5, 2**0.5, 8**0.5])
    # Chi square with one degree of freedom: the standard normal squared, between .0313^2 and 2.2414^2.
    assert found.loc["all", ["std_ci_low", "std_ci_high"]].tolist() == pytest.approx(
        [8**0.5 / 2.2414, 8**0.5 / 0.031338], rel=1e-3
    )


def test_bumps_are_maxima_that_stand_out():
    t = np.linspace(0, 1, 400)

    def hills(*places: float) -> np.ndarray:
        return 1e-3 + sum(np.exp(-0.5 * ((t - place) / 0.04) ** 2) for place in places)

    assert len(scores.bumps(hills(0.3, 0.7))) == 2
    assert scores.bumps(hills(0.5)) == pytest.approx([200], abs=2)
    assert len(scores.bumps(t + 0.1)) == 0  # what only grows has no bump inside
    assert len(scores.bumps(1 + 0.1 * hills(0.3, 0.7))) == 0  # a tenth is no quarter
    assert len(scores.bumps(1e4 * hills(0.3, 0.7) * np.exp(-5 * t))) == 2  # a slope hides none
    ripples = hills(0.3, 0.7) * (1 + 0.3 * np.sin(400 * t))
    assert len(scores.bumps(ripples)) == 2


def test_norms_along_a_run_obey_the_triangle(folder):
    asked = Scores(runs=3, moves=5, clip=None)
    found = scores.figure6(folder=folder, device="cpu", dsprites_networks=NETWORKS, dsprites_scores=asked)
    magnitudes = found[(found.quantity == "magnitude") & (found.run == "one")].pivot(
        index="t", columns="of", values="mean"
    )
    assert list(magnitudes.index) == [2, 4, 6, 8, 10]
    np.testing.assert_allclose(
        magnitudes.difference, (magnitudes.posterior - magnitudes.prior).abs(), rtol=1e-5, atol=1e-9
    )
    assert (magnitudes.guidance >= magnitudes.difference - 1e-9).all() and (magnitudes.guidance > 0).all()
    assert set(found[found.quantity == "two"].of) == {"difference", "guidance"}
    figures.figure6(found)


def test_encoders_differ_in_what_they_are_told_alone(tmp_path, monkeypatch):
    disks = Disks(size=8, radius=2, train=16, test=12)
    write_tensors((disk_set("disks", disks=disks), {}), tmp_path / "images/disks.safetensors")
    asked = []

    def seen(images, settings, names, **others):
        asked.append((names, settings.time_input, settings.model_copy(update={"time_input": False})))
        return networks.trained(images, settings, names, **others)

    monkeypatch.setattr(time_input, "trained", seen)
    found = time_input.time_input(
        folder=tmp_path, device="cpu", disks=disks, disks_measures=Measures(grid=3, backgrounds=(0.0, 1.0)),
        disks_networks=Autoencoder(encoder=(4, 4), base=4, middle=2, steps=10, batch=8),
        disks_time_input=TimeInput(trainings=2, epochs=1),
    )  # fmt: skip
    (first, *_), told, (alike, *others) = zip(*asked, strict=True)
    assert told == (False, False, True, True) and all(other == alike for other in others)
    assert asked[0][0] == asked[2][0] != asked[1][0] == asked[3][0] and first[0] == "sami"
    by = found.set_index(["encoder", "training", "quantity", "place"])["mean"]
    assert by["with", 1, "divergence", ""] != by["without", 1, "divergence", ""] != by["without", 2, "divergence", ""]
    figures_of_disks.time_input(found)
