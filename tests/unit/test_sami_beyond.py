"""Paper 3: a variant beside SAMI, with tiny images and networks."""

from functools import partial
from pathlib import Path

import pandas as pd
import pytest

from recompose.papers.sami import networks
from recompose.papers.sami.beyond import measures, tables
from recompose.papers.sami.comparison import networks as rivals
from recompose.papers.sami.faces.images import images as faces
from recompose.papers.sami.settings import (
    Autoencoder,
    Baselines,
    Comparison,
    Faces,
    SpriteMeasures,
    Sprites,
    Trainings,
    Variant,
)
from recompose.papers.sami.sprites import networks as trainings
from recompose.papers.sami.sprites.images import images as sprites
from recompose.storage import write_tensors

NETWORKS = Autoencoder(encoder=(4, 4), latents=3, base=4, multipliers=(1,), middle=2, steps=10, epochs=1, batch=10)
TRAININGS = Trainings(count=2, vae_epochs=1)
TOLD = {"dsprites_networks": NETWORKS, "dsprites_trainings": TRAININGS}
MEASURES = SpriteMeasures(repeats=2, fitted=30, judged=10, rounds=1)
BRIEF = Baselines(epochs=1)
ALIKE = Variant(weight=NETWORKS.weight)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """The images, SAMI's trainings on dSprites and the brief one on faces."""
    found = tmp_path_factory.mktemp("beyond")
    of_sprites, of_faces = Sprites(size=8, train=30, test=50), Faces(size=16, train=30, test=40)
    write_tensors((sprites("dsprites", dsprites=of_sprites), {}), found / "images/dsprites.safetensors")
    write_tensors((faces("faces", faces=of_faces), {}), found / "images/faces.safetensors")
    train = partial(trainings.networks, **TOLD)
    makers = {
        "dsprites_networks": partial(networks.networks, dsprites_networks=NETWORKS),
        "dsprites_trainings": train,
        "dsprites_vaes": train,
        "faces_brief": partial(rivals.networks, faces_networks=NETWORKS, faces_baselines=BRIEF),
    }
    for name, made in makers.items():
        kept, _ = made(name, folder=found, device="cpu")
        write_tensors(kept, found / "networks" / f"{name}.safetensors")
    return found


def gains(folder: Path, of_sprites: Variant, of_faces: Variant) -> pd.DataFrame:
    return measures.beyond(
        folder=folder, device="cpu", **TOLD, dsprites_measures=MEASURES,
        dsprites_variant=of_sprites, faces_networks=NETWORKS, faces_baselines=BRIEF,
        faces_comparison=Comparison(resamples=4), faces_variant=of_faces,
    )  # fmt: skip


def test_a_variant_that_changes_nothing_gains_nothing(folder):
    found = gains(folder, ALIKE, ALIKE)
    by = found.set_index(["case", "method"])[["mean", "ci_low", "ci_high"]]
    for case in ("dsprites-modularity", "dsprites-disentanglement", "faces-tad"):
        assert by.loc[case, "gain"].tolist() == [0, 0, 0]
    for images in ("dsprites", "faces"):
        assert by.loc[f"{images}-error", "gain"].tolist() == pytest.approx([1, 1, 1], abs=1e-12)
    assert tables.beyond(found).count("| dSprites |") == 3 and tables.beyond(found).count("| faces |") == 2


def test_a_gain_is_the_variant_s_less_the_paper_s(folder):
    found = gains(folder, Variant(time_input=True), Variant(weight=10.0, settled=0.5))
    for case, rows in found.groupby("case"):
        by = rows.set_index("method")["mean"]
        assert by.variant != by.paper
        if not case.endswith("error"):
            assert by.gain == pytest.approx(by.variant - by.paper)


def test_what_a_variant_has_otherwise_replaces_the_paper_s():
    changed = measures.varied(NETWORKS, Variant(time_input=True, weight=1e-9))
    assert changed.time_input and changed.weight == changed.first_weight == 1e-9
    assert (
        changed.model_copy(
            update={"time_input": False, "weight": NETWORKS.weight, "first_weight": NETWORKS.first_weight}
        )
        == NETWORKS
    )
