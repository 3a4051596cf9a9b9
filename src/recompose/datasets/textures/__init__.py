"""Textures that are made, not photographed: the embedded data of paper 5.

A class is one draw of a family's parameters, and an image is one realization with them: the images of a class differ
in what is random about the texture, and in nothing else. Every image is stationary, so that each patch of it is a
sample of its class.
"""

from collections.abc import Callable
from functools import cache
from typing import TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from recompose.datasets.textures import cells, noise, strokes, surface, tilings
from recompose.datasets.textures.canvas import Canvas, Drawing
from recompose.errors import RecomposeError
from recompose.randomness import numpy_generator

Number = TypeVar("Number", bound=np.generic)

FAMILIES: dict[str, Callable[..., Drawing]] = {
    family.__name__: family
    for family in (
        tilings.brick,
        noise.wood,
        cells.voronoi,
        noise.gabor,
        strokes.grass,
        tilings.dots,
        noise.marble,
        tilings.weave,
        cells.cracks,
        noise.clouds,
        tilings.stripes,
        cells.foam,
        noise.reaction_diffusion,
        strokes.scratches,
        cells.terrazzo,
        tilings.knit,
        noise.plaster,
        cells.pebbles,
        noise.ripples,
        tilings.shingles,
        strokes.leaves,
        noise.bark,
        tilings.tiles,
        noise.camouflage,
        cells.crystals,
        strokes.fibres,
        tilings.tartan,
        noise.agate,
        cells.granite,
        tilings.parquet,
    )
}
"""Class i is of family i modulo their number: with one family more, the classes are others."""


def family_of(name: int) -> str:
    """The family of a class."""
    return list(FAMILIES)[name % len(FAMILIES)]


@cache
def _ranges(family: str) -> dict[tuple[str, str], Callable[[float], float]]:
    """What a class of the family draws: by function and argument, whose annotation is the range."""
    return {
        (function.__name__, argument): hint.__metadata__[0]
        for function in (FAMILIES[family], surface.gray, surface.colour)
        for argument, hint in get_type_hints(function, include_extras=True).items()
        if hasattr(hint, "__metadata__")
    }


def parameters(name: int) -> dict[str, dict[str, float]]:
    """The parameters of a class, by the function that takes them: of its family, of its tones and of its colours.

    The classes of a family are the points of a scrambled Sobol sequence: spread evenly, however many there are.
    """
    family = family_of(name)
    ranges = _ranges(family)
    sequence = qmc.Sobol(len(ranges), rng=numpy_generator("textures", family))
    (point,) = sequence.fast_forward(1 + name // len(FAMILIES)).random(1)
    drawn: dict[str, dict[str, float]] = {}
    for ((function, argument), range_), t in zip(ranges.items(), point, strict=True):
        drawn.setdefault(function, {})[argument] = range_(float(t))
    return drawn


def texture(name: int, image: int, size: int, patch: int, channels: int) -> NDArray[np.float32]:
    """One image of a class in [0, 1]: (channels, size, size), with 1 channel or 3.

    image: its number within the class. patch: the pixels of a patch's side, which all lengths go with. The colour image
    has the lightness of the gray one.
    """
    if patch > size:
        raise RecomposeError(f"patch {patch}: larger than the image of {size} pixels; take a smaller patch")
    if channels not in (1, 3):
        raise RecomposeError(f"channels {channels}: an image is gray (1) or colour (3)")
    family, drawn = family_of(name), parameters(name)
    canvas = Canvas(numpy_generator("textures", name, image), size, patch)
    value, tint = FAMILIES[family](canvas, **drawn[family])
    gray = surface.gray(canvas, value, **drawn["gray"])
    if channels == 1:
        return gray[None]
    return np.ascontiguousarray(surface.colour(gray, tint, **drawn["colour"]).transpose(2, 0, 1))


def patches(image: NDArray[Number], patch: int) -> NDArray[Number]:
    """The patches of an image that do not overlap, in reading order: (C, H, W) -> (n, C, patch, patch).

    What is left over at the right and at the bottom is cut off.
    """
    channels, height, width = image.shape
    down, across = height // patch, width // patch
    if not down * across:
        raise RecomposeError(f"patch {patch}: larger than the image of {width} x {height} pixels; take a smaller patch")
    squares = image[:, : down * patch, : across * patch].reshape(channels, down, patch, across, patch)
    return squares.transpose(1, 3, 0, 2, 4).reshape(-1, channels, patch, patch)


def split(of_class: NDArray[Number], test: int = 4) -> tuple[NDArray[Number], NDArray[Number]]:
    """The patches of a class for training, and the last ones for testing."""
    if not 0 < test < len(of_class):
        raise RecomposeError(f"a class of {len(of_class)} patches cannot keep {test} for testing: take smaller patches")
    return of_class[:-test], of_class[-test:]
