"""The images of paper 3, and what is known of each: `<set>.safetensors`.

A file holds `train` and `test`, images (images, channels, size, size), bytes or numbers in [-1, 1], and `train_factors`
and `test_factors`, (images, factors), what each image was made from: of disks their places and backgrounds, of faces
which attributes they have, 0 or 1.
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from recompose.errors import RecomposeError

SLUG = "sami"
AT_ONCE = 256
"""Images that go through networks together, where there are many."""


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


def centred(images: Tensor) -> Tensor:
    """Images in [-1, 1], whether they are kept so or as bytes."""
    return images.float() / 127.5 - 1 if images.dtype == torch.uint8 else images
