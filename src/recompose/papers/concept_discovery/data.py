"""The benchmarks' images: seen classes to train on, and queries and others of classes that no network ever sees.

A file holds, all bytes: `train`, (images, 3, size, size), with `train_classes`; `test`, (seen, n, 3, size, size), of
the seen classes; `queries` and `others`, (held out, n, 3, size, size), and `validation`, (others held out, n, 3, size,
size), queries of further ones that settings are searched on; `factors`, (classes, factors), what each class combines,
in the order seen, held out, validation: a class's number is its place there; and `judging`, (images, 3, size, size),
of all combinations, with `judging_factors`: a judge that was trained on seen classes alone takes a held-out
combination for the seen one that is nearest (it told the digit's colour in 71 % of their images, against 100 % of seen
ones).
"""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from recompose.errors import RecomposeError

SLUG = "concept_discovery"


@dataclass(frozen=True)
class Images:
    """What a file of images holds."""

    train: Tensor
    train_classes: Tensor
    test: Tensor
    queries: Tensor
    others: Tensor
    validation: Tensor
    factors: Tensor
    judging: Tensor
    judging_factors: Tensor

    @property
    def seen(self) -> int:
        """How many classes a network is told of; the next number is the null token."""
        return len(self.test)


def load_images(folder: Path, benchmark: str) -> Images:
    """The images of a benchmark. Raises RecomposeError where there are none."""
    path = folder / "images" / f"{benchmark}.safetensors"
    try:
        return Images(**load_file(path))
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; make the images first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of images ({error}); delete it and run again") from error


def centred(images: Tensor, device: str | torch.device = "cpu") -> Tensor:
    """Bytes as numbers in [-1, 1]."""
    return images.to(device).float() / 127.5 - 1
