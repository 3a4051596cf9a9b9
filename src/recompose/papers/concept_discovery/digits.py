"""ColorMNIST (Table 3): digits in colours, of which whole pairs are held out."""

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recompose.datasets.coloured_digits import coloured
from recompose.datasets.digits import embedded_digits, idx_digits, resized
from recompose.errors import RecomposeError
from recompose.papers.concept_discovery.data import SLUG
from recompose.papers.concept_discovery.settings import Digits
from recompose.randomness import numpy_generator

TESTED = 0.2
"""Share of the embedded digits that no training image shows."""


def images(name: str, *, digits: Digits) -> dict[str, Tensor]:
    """All images, as tensors of a file: digits that training images show are never those of queries and others."""
    of_train, of_test = gray_digits(digits)
    seen, held_out, validation = digit_classes(digits)

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
        "validation": made(validation, of_test, digits.queries, "validation"),
        "factors": torch.tensor([*seen, *held_out, *validation]),
        "judging": judging.flatten(0, 1),
        "judging_factors": torch.tensor(every).repeat_interleave(digits.judging, dim=0),
    }


Classes = list[tuple[int, ...]]


def digit_classes(digits: Digits) -> tuple[Classes, Classes, Classes]:
    """The seen classes, those held out and those for validation, as numbers of digit, digit colour and background.

    Of the held-out ones so many as are asked for, dealt over the pairs of colours; which digits, the pair's name says.
    """
    held, known = list(dict.fromkeys(digits.held_out)), digits.pairs()
    numbers = dict(zip(known, product(*map(range, _sizes(digits))), strict=True))
    seen = [(digit, *numbers[pair]) for digit in range(10) for pair in known if pair not in held]
    orders = {pair: numpy_generator(SLUG, "digits", pair).permutation(10).tolist() for pair in held}
    dealt = [(orders[pair][place], *numbers[pair]) for place in range(10) for pair in held]
    return seen, dealt[: digits.classes], dealt[digits.classes : digits.classes + digits.validation]


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
