"""The data set of rooms as targets: candidates, embeddings, labels by hand, acceptance, and the images of paper 2."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from project import Project
from safetensors.numpy import load_file
from tiny_models import make_dino, make_flux

from recompose.papers.weighted_composition.rooms.names import CLASSES, PARTS

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

IMAGES = "weighted_composition_images"
COUNTS = {"train": 4, "judging": 2, "test": 2}
SETTINGS = {
    "rooms": {"source": "collection", "size": 16, **COUNTS},
    "rooms_collection": {
        "model": "models/flux", "embedding_model": "models/dino", "resolution": 32, "steps": 1, "batch": 12,
        "candidates": 12, "images": sum(COUNTS.values()), "limit": 60,
    },
}  # fmt: skip


def label(root: Path, name: str, accepted: int) -> None:
    """Accept the first ones, and reject four after them."""
    path = root / f"data/rooms/labels/{name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = ["accept"] * accepted + ["reject"] * 4
    path.write_text("image,label\n" + "".join(f"{number:05d}.png,{kind}\n" for number, kind in enumerate(kinds)))


def test_from_prompts_to_the_images_of_the_paper(fresh: Project) -> None:
    fresh = replace(fresh, artifacts="all")  # no probe looks at rooms
    make_flux(fresh.root / "models/flux")
    make_dino(fresh.root / "models/dino")
    told = {"weighted_composition": json.dumps(SETTINGS)}

    for name in CLASSES:
        if name != "table":
            label(fresh.root, name, 8)  # a label is of a number: the image may come later

    stopped = fresh.snakemake("--keep-going", IMAGES, **told)
    assert stopped.returncode != 0 and "recompose rooms label --class table" in stopped.stdout
    for name in CLASSES:  # all that takes no person is done
        embedded = json.loads((fresh.root / f"data/rooms/embeddings/{name}.json").read_text())
        assert embedded["images"] == 12
        assert (fresh.root / f"data/rooms/accepted/{name}.csv").exists() == (name != "table")

    label(fresh.root, "table", 8)
    fresh.finish(IMAGES, **told)
    images = load_file(fresh.tree / "weighted_composition/images/rooms.safetensors")
    for part in PARTS:
        assert images[part].shape == (len(CLASSES) * COUNTS[part], 3, 16, 16)
    assert fresh.jobs(IMAGES, **told) == {}

    label(fresh.root, "table", 7)  # another opinion of one image: of its class alone the acceptance is made again
    assert set(fresh.jobs(IMAGES, **told)) == {"rooms_table_accepted", "weighted_composition_rooms_images", IMAGES}
    more = json.dumps(SETTINGS | {"rooms_collection": SETTINGS["rooms_collection"] | {"threshold": 0.6}})
    again = fresh.jobs(IMAGES, weighted_composition=more)
    assert {f"rooms_{name}_accepted" for name in CLASSES} <= set(again)
