"""Compositions of attributes of faces (Table 4): CelebA's, or faces that are drawn in its place."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from recompose.datasets.archives import Listing, read
from recompose.datasets.attribute_classes import COMPOSED, compositions, held_out
from recompose.datasets.celeba import attributes as celeba
from recompose.datasets.faces import ATTRIBUTES, Face, attributes, between, drawn, sampled, vector
from recompose.errors import RecomposeError
from recompose.papers.concept_discovery.data import SLUG
from recompose.papers.concept_discovery.settings import Faces
from recompose.randomness import numpy_generator

Pictures = Callable[[NDArray[np.int64]], NDArray[np.uint8]]
"""The pictures of these numbers: (n,) -> (n, 3, size, size)."""


def images(name: str, *, faces: Faces) -> dict[str, Tensor]:
    """All images, as tensors of a file: of every class some for each part, which have none in common."""
    names, have, pictures = population(faces)
    classes, labels = compositions(have, names, COMPOSED, faces.combinations)
    unseen = held_out(classes, faces.held_out, (SLUG, "faces"))
    measured = unseen[numpy_generator(SLUG, "faces", "held out").permutation(len(unseen))][: faces.classes]
    seen = np.setdiff1d(np.arange(len(classes)), unseen)
    of_class = [_shuffled(labels, number) for number in range(len(classes))]

    def part(chosen: NDArray[np.int64], first: int, count: int, least: int, keys: str) -> list[NDArray[np.int64]]:
        """So many numbers of each class, from a place on; and the least number that there has to be."""
        found = [of_class[number][first : first + count] for number in chosen]
        short = [place for place, each in enumerate(found) if len(each) < least]
        if short:
            has = len(of_class[chosen[short[0]]])
            raise RecomposeError(
                f"concept_discovery.faces: a class has {has} pictures, and {first + least} are needed; lower {keys} or"
                f" combinations{', or raise population' if faces.source == 'drawn' else ''}"
            )
        return found

    def made(numbers: list[NDArray[np.int64]]) -> Tensor:
        found = torch.from_numpy(pictures(np.concatenate(numbers)))
        return found.view(len(numbers), -1, *found.shape[1:])

    few = faces.queries
    shown = part(measured, 0, few + faces.others, few + faces.others, "queries, others")
    tested = part(seen, 0, few, few, "queries")
    every = np.arange(len(classes))
    judging = part(every, few + faces.others, faces.judging, faces.judging, "queries, others, judging")
    train = part(seen, few + faces.others + faces.judging, faces.train, 1, "queries, others, judging")
    of_measured = made(shown)
    return {
        "train": torch.from_numpy(pictures(np.concatenate(train))),
        "train_classes": torch.arange(len(seen)).repeat_interleave(torch.tensor([len(each) for each in train])),
        "test": made(tested),
        "queries": of_measured[:, :few].contiguous(),
        "others": of_measured[:, few:].contiguous(),
        "validation": torch.empty((0, few, 3, faces.size, faces.size), dtype=torch.uint8),  # nothing is searched here
        "factors": torch.from_numpy(classes[np.concatenate([seen, measured])]).long(),
        "judging": made(judging).flatten(0, 1),
        "judging_factors": torch.from_numpy(classes).long().repeat_interleave(faces.judging, dim=0),
    }


def _shuffled(labels: NDArray[np.int64], number: int) -> NDArray[np.int64]:
    """The pictures of a class in an order that its number decides."""
    found = np.flatnonzero(labels == number)
    return found[numpy_generator(SLUG, "faces", "class", number).permutation(len(found))]


def population(faces: Faces) -> tuple[list[str], NDArray[np.bool_], Pictures]:
    """The names of the attributes, what every picture has of them, (n, 40), and how to look at some of them."""
    if faces.source == "drawn":
        key = (SLUG, "faces")
        have = attributes(key, faces.population)
        return (
            list(ATTRIBUTES),
            have,
            lambda numbers: np.stack([_drawn(have[each], (*key, int(each)), faces) for each in numbers]),
        )
    found = celeba(Path("data"))

    def look(numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        listing = Listing([found.files[each] for each in numbers], np.zeros(len(numbers), np.int64), ["face"])
        return read(listing, Path("data/celeba"), faces.size, 3).pictures

    return found.names, found.attributes, look


FRAME = 1.5
"""Side of the picture that is drawn, in those of the part that is taken: faces alone, as in aligned photographs."""
ABOVE = 0.25
"""Share of its height that is left out above; at its sides the same is left out left and right."""


def _drawn(has: NDArray[np.bool_], names: tuple[str | int, ...], faces: Faces) -> NDArray[np.uint8]:
    """One picture: between a plain face and one as they are drawn, from the hairline to the neck.

    Of what no class combines it has nothing, but is young, for age draws lines over the others, and smiles with teeth.
    """
    shown = has & vector(COMPOSED) | vector(("Young",))
    shown[ATTRIBUTES.index("Mouth_Slightly_Open")] = has[ATTRIBUTES.index("Smiling")]
    side = round(FRAME * faces.size)
    above, left = round(ABOVE * side), (side - faces.size) // 2
    whole = drawn(between(Face(tuple(map(float, shown))), sampled(shown, names), faces.variety), side)
    return whole[:, above : above + faces.size, left : left + faces.size]
