"""Images of dSprites, whose factors are the six classes of each sprite (appendix A.7)."""

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from recompose.datasets.dsprites import FILE, shuffled, sprites
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.settings import Sprites


def images(name: str, **blocks: Any) -> dict[str, Tensor]:
    """All images of a set, as tensors of a file; blocks: that of the set, by its name.

    Slices of one order of all sprites: none of the test is among those of the training.
    """
    settings: Sprites = blocks[name]
    order = shuffled((SLUG, name))
    archive = Path("data/dsprites") / FILE if settings.source == "archive" else None
    found: dict[str, Tensor] = {}
    start = 0
    for part, count in (("train", settings.train), ("test", settings.test)):
        read = sprites(order[start : start + count], size=settings.size, archive=archive)
        found |= {part: torch.from_numpy(read.images), f"{part}_factors": torch.from_numpy(read.classes)}
        start += count
    return found
