"""A room at random: its walls, window, sun, colours and furniture, and the camera that looks at it."""

import colorsys
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.rooms.furniture import couch, painting, table
from recompose.datasets.rooms.geometry import Camera, Piece, Space, Vectors, vector
from recompose.datasets.rooms.window import Window

TABLE = 64
"""The random numbers that surfaces are grained with repeat after so many cells, a power of two."""
Range = tuple[float, float]


@dataclass(frozen=True)
class Draws:
    """Random numbers for a scene; variety: how much of each range is used, around its middle."""

    generator: np.random.Generator
    variety: float

    def between(self, low: float, high: float) -> float:
        """Evenly from the range."""
        return (low + high) / 2 + self.variety * (high - low) * (float(self.generator.random()) - 0.5)

    def among(self, common: int, *others: int) -> int:
        """The first, or else one of the others, the more often the more variety there is."""
        other = others[int(self.generator.integers(len(others)))]
        return other if self.generator.random() < 0.6 * self.variety else common

    def colour(self, hue: Range, saturation: Range, value: Range) -> Vectors:
        """A linear colour, (3, 1), out of the ranges of its hue, saturation and value as displayed."""
        shown = colorsys.hsv_to_rgb(self.between(*hue) % 1, self.between(*saturation), self.between(*value))
        return vector(*(each**2 for each in shown))


@dataclass(frozen=True)
class Scene:
    """All that a picture of a room depends on. Colours are linear, (3, 1)."""

    camera: Camera
    space: Space
    window: Window
    sun: Vectors
    """The direction to it, (3, 1), of length 1."""
    sunlight: Vectors
    skylight: Vectors
    wall: Vectors
    floor: Vectors
    planks: tuple[float, float]
    """Their width and length in metres."""
    planks_across: bool
    exposure: float
    pieces: dict[str, Piece]
    """All furniture by its name, which need not all be shown."""
    mirrored: bool
    """Whether left is right in the picture."""
    table: NDArray[np.floating]
    """(TABLE, TABLE), random numbers in [0, 1) for grain."""


def scene(generator: np.random.Generator, variety: float) -> Scene:
    """A room with all its furniture."""
    draws = Draws(generator, variety)
    space = Space(draws.between(3.8, 4.4), draws.between(2.4, 2.75), draws.between(3.6, 4.3))
    camera = Camera(
        place=vector(draws.between(0.1, 0.9), draws.between(1.2, 1.45), draws.between(-0.2, 0.2)),
        yaw=draws.between(-0.27, -0.03),
        pitch=draws.between(-0.12, -0.04),
        width=draws.between(0.66, 0.76),
    )
    return Scene(
        camera=camera,
        space=space,
        window=_window(draws, space),
        sun=_direction(draws.between(-0.15, 0.6), draws.between(0.5, 0.8)),
        sunlight=draws.between(3, 5) * draws.colour((0.07, 0.13), (0.1, 0.3), (1, 1)),
        skylight=draws.between(0.9, 1.3) * draws.colour((0.5, 0.65), (0, 0.08), (1, 1)),
        wall=draws.colour((0.06, 0.16), (0, 0.07), (0.9, 0.97)),
        floor=draws.colour((0.055, 0.1), (0.3, 0.6), (0.5, 0.8)),
        planks=(draws.between(0.1, 0.22), draws.between(0.9, 1.8)),
        planks_across=draws.among(0, 1) == 1,
        exposure=draws.between(2.1, 2.8),
        pieces=_furniture(draws, space),
        mirrored=bool(generator.random() < 0.5),
        table=generator.random((TABLE, TABLE), dtype=np.float32),
    )


def _direction(azimuth: float, elevation: float) -> Vectors:
    """From the left at azimuth 0, and from behind the back wall at a right angle."""
    flat = math.cos(elevation)
    return vector(-flat * math.cos(azimuth), math.sin(elevation), flat * math.sin(azimuth))


def _window(draws: Draws, space: Space) -> Window:
    near = space.depth - draws.between(2.1, 2.7)
    across = (near, near + draws.between(1.6, 2.0))
    up = (draws.between(0.2, 0.8), space.height - draws.between(0.2, 0.4))
    return Window(-space.width / 2, across, up, draws.among(2, 1, 3), draws.among(2, 1))


def _furniture(draws: Draws, space: Space) -> dict[str, Piece]:
    """The couch along the back wall, the table before it, the painting above."""

    def beside(width: float, margin: float) -> float:
        """A place along the back wall for something of this width."""
        return (space.width / 2 - width / 2 - margin) * draws.between(-1, 1)

    width, height, depth = draws.between(2.1, 2.7), draws.between(0.76, 0.9), draws.between(0.85, 1.0)
    x, back = beside(width, 0.25), space.depth - draws.between(0.1, 0.4)
    sofa = couch(
        place=(x, 0, back - depth / 2),
        turn=draws.between(-0.12, 0.12),
        size=(width, height, depth),
        arm=draws.between(0.13, 0.24),
        seats=draws.among(2, 3),
        fabric=draws.colour((0.25, 1.0), (0.45, 0.75), (0.35, 0.65)),
        pillows=draws.colour((-0.1, 0.3), (0.1, 0.5), (0.6, 0.9)),
    )
    width, height, wide = draws.between(1.0, 1.4), draws.between(0.38, 0.5), draws.between(0.5, 0.7)
    low = table(
        place=(x + draws.between(-0.3, 0.3), 0, back - depth - wide / 2 - draws.between(0.25, 0.4)),
        turn=draws.between(-0.15, 0.15),
        size=(width, height, wide),
        wood=draws.colour((0.04, 0.07), (0.5, 0.7), (0.15, 0.4)),
        shelf=draws.among(0, 1) == 1,
    )
    width, height = draws.between(1.2, 1.8), draws.between(0.8, 1.0)
    picture = painting(
        place=(beside(width, 0.35), draws.between(1.68, 1.78), space.depth),
        size=(width, height),
        frame=draws.colour((0.04, 0.08), (0.2, 0.6), (0.05, 0.25)),
    )
    return {"couch": sofa, "table": low, "painting": picture}
