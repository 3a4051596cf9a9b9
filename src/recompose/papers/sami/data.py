"""The images of paper 3, and what is known of each: `<set>.safetensors`.

A file holds `train` and `test`, images in [-1, 1], (images, channels, size, size), and `train_factors` and
`test_factors`, (images, factors), what each image was made from.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from torch import Tensor

from recompose.datasets.disks import disks as rendered
from recompose.datasets.disks import sampled
from recompose.errors import RecomposeError
from recompose.papers.sami.settings import Disks

SLUG = "sami"


@dataclass(frozen=True)
class Images:
    """What a file of images holds."""

    train: Tensor
    train_factors: Tensor
    test: Tensor
    test_factors: Tensor


def load_images(folder: Path, name: str) -> Images:
    """The images of a set. Raises RecomposeError where there are none."""
    path = folder / "images" / f"{name}.safetensors"
    try:
        return Images(**load_file(path))
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; make the images first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of images ({error}); delete it and run again") from error


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
