"""The benchmarks' images: seen classes to train on, and queries and others of classes that no network ever sees.

A file holds, all bytes: `train`, (images, 3, size, size), with `train_classes`; `test`, (seen, n, 3, size, size), of
the seen classes; `queries` and `others`, (held out, n, 3, size, size); `factors`, (classes, factors), what each class
combines, the seen ones first: a class's number is its place there; and `judging`, (images, 3, size, size), of all
combinations, with `judging_factors`: a judge that was trained on seen classes alone takes a held-out combination for
the seen one that is nearest (it told the digit's colour in 71 % of their images, against 100 % of seen ones).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recompose.datasets.coloured_digits import coloured
from recompose.datasets.digits import embedded_digits, idx_digits, resized
from recompose.errors import RecomposeError
from recompose.papers.concept_discovery.settings import Digits
from recompose.randomness import numpy_generator

SLUG = "concept_discovery"
TESTED = 0.2
"""Share of the embedded digits that no training image shows."""


@dataclass(frozen=True)
class Images:
    """What a file of images holds."""

    train: Tensor
    train_classes: Tensor
    test: Tensor
    queries: Tensor
    others: Tensor
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


def images(name: str, *, digits: Digits) -> dict[str, Tensor]:
    """All images of a benchmark, as tensors of a file."""
    return coloured_digits(digits)


# ---------------------------------------------------------------------------------------------------------------
# ColorMNIST


def coloured_digits(digits: Digits) -> dict[str, Tensor]:
    """ColorMNIST: digits that training images show and digits that only queries and others show are apart as well."""
    of_train, of_test = gray_digits(digits)
    seen, held_out = digit_classes(digits)

    def made(classes: Sequence[tuple[int, ...]], pools: list[np.ndarray], count: int, part: str) -> Tensor:
        found = [_of_class(digits, each, pools[each[0]], count, part) for each in classes]
        return torch.from_numpy(np.stack(found))

    train = made(seen, of_train, digits.train, "train")
    unseen = made(held_out, of_test, digits.queries + digits.others, "test")
    every = [(digit, *pair) for digit, pair in product(range(10), product(*map(range, _sizes(digits))))]
    judging = made(every, of_train, digits.judging, "judging")
    queries, others = unseen[:, : digits.queries], unseen[:, digits.queries :]
    return {
        "train": train.flatten(0, 1),
        "train_classes": torch.arange(len(seen)).repeat_interleave(digits.train),
        "test": made(seen, of_test, digits.queries, "test"),
        "queries": queries.contiguous(),
        "others": others.contiguous(),
        "factors": torch.tensor([*seen, *held_out]),
        "judging": judging.flatten(0, 1),
        "judging_factors": torch.tensor(every).repeat_interleave(digits.judging, dim=0),
    }


def digit_classes(digits: Digits) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The seen classes and those held out, as numbers of digit, digit colour and background.

    Of the held-out ones so many as are asked for, dealt over the pairs of colours; which digits, the pair's name says.
    """
    held, known = list(dict.fromkeys(digits.held_out)), digits.pairs()
    numbers = dict(zip(known, product(*map(range, _sizes(digits))), strict=True))
    seen = [(digit, *numbers[pair]) for digit in range(10) for pair in known if pair not in held]
    orders = {pair: numpy_generator(SLUG, "digits", pair).permutation(10).tolist() for pair in held}
    dealt = [(orders[pair][place], *numbers[pair]) for place in range(10) for pair in held]
    return seen, dealt[: digits.classes]


def _sizes(digits: Digits) -> tuple[int, int]:
    return len(digits.digit_colours), len(digits.backgrounds)


def gray_digits(digits: Digits) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Gray digits for training and for testing, those of each digit: (n, size, size) bytes."""
    if digits.source == "embedded":
        gray, labels = embedded_digits()
        order = numpy_generator(SLUG, "digits", "split").permutation(len(gray))
        gray, labels = resized(gray, digits.size)[order], labels[order]
        of_digit = [gray[labels == digit] for digit in range(10)]
        ends = [round(TESTED * len(each)) for each in of_digit]
        pairs = list(zip(of_digit, ends, strict=True))
        return [each[end:] for each, end in pairs], [each[:end] for each, end in pairs]
    parts = []
    for part in ("train", "test"):
        gray, labels = idx_digits(Path("data", digits.source), part)
        gray = resized(gray, digits.size)
        parts.append([gray[labels == digit] for digit in range(10)])
    return parts[0], parts[1]


def _of_class(digits: Digits, kind: tuple[int, ...], pool: np.ndarray, count: int, part: str) -> np.ndarray:
    """So many images of a class: (count, 3, size, size)."""
    if count > len(pool):
        key = "queries and others" if part == "test" else part
        raise RecomposeError(
            f"concept_discovery.digits: {count} images of digit {kind[0]}, and {digits.source} has {len(pool)} for"
            f" {key}; lower that"
        )
    chosen = numpy_generator(SLUG, "digits", part, *kind).permutation(len(pool))[:count]
    return coloured(pool[chosen], rgb(digits.digit_colours[kind[1]]), rgb(digits.backgrounds[kind[2]]))


def rgb(colour: str) -> np.ndarray:
    """The value of a named colour.

    >>> rgb("yellow #decb58").tolist()
    [222, 203, 88]
    """
    return np.array(list(bytes.fromhex(colour.partition("#")[2])))
