"""Images of faces, CelebA's or drawn ones in their place, with 40 attributes each."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recompose.datasets.celeba import photographs
from recompose.datasets.faces import ATTRIBUTES, attributes, faces
from recompose.errors import RecomposeError
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.settings import Faces


def images(name: str, *, processes: int = 1, **blocks: Any) -> dict[str, Tensor]:
    """All images of a set, as tensors of a file; blocks: that of the set, by its name.

    Photographs are in the order of their files, those of the test after the others. Raises RecomposeError where they
    have no table of attributes, or are too few.
    """
    settings: Faces = blocks[name]
    found: dict[str, Tensor] = {}
    start = 0
    for part, count in (("train", settings.train), ("test", settings.test)):
        pictures, has = _part((SLUG, name, part), settings, start, count, processes)
        found |= {part: torch.from_numpy(pictures), f"{part}_factors": torch.from_numpy(has.astype(np.float32))}
        start += count
    return found


def _part(
    names: tuple[str | int, ...], settings: Faces, start: int, count: int, processes: int
) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """So many pictures, and which attributes they have, (count, 40) in the order of `ATTRIBUTES`."""
    if settings.source == "drawn":
        has = attributes(names, count)
        return faces(has, names, size=settings.size, gray=settings.channels == 1, processes=processes), has
    read = photographs(
        settings.source, Path("data"), size=settings.size, channels=settings.channels, start=start, count=count,
        crop=settings.crop,
    )  # fmt: skip
    if read.attributes is None:
        raise RecomposeError(f"data/{settings.source}: no table of attributes; put it beside the pictures")
    return read.pictures, read.attributes[:, [read.names.index(name) for name in ATTRIBUTES]]
