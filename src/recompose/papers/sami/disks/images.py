"""Images of disks (section 3), whose factors are two places and a background."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recompose.datasets.disks import disks as rendered
from recompose.datasets.disks import sampled
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.settings import Disks


def images(name: str, *, disks: Disks) -> dict[str, Tensor]:
    """All images of a set, as tensors of a file."""
    found: dict[str, Tensor] = {}
    for part, count in (("train", disks.train), ("test", disks.test)):
        factors = sampled((SLUG, name, part), count, size=disks.size, radius=disks.radius)
        found |= {part: disk_images(factors, disks), f"{part}_factors": torch.from_numpy(factors)}
    return found


def disk_images(factors: NDArray[np.float64], disks: Disks) -> Tensor:
    """Images of disks, (images, 1, size, size) in [-1, 1], by their factors."""
    return torch.from_numpy(2 * rendered(factors, size=disks.size, radius=disks.radius) - 1)
