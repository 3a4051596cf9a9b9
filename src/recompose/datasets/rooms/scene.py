"""A room at random: its walls, window, sun, colours and furniture, and the camera that looks at it."""

import colorsys
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.rooms.furniture import couch, painting, table
from recompose.datasets.rooms.geometry import Camera, Field, Piece, Space, Vectors

TABLE = 64
"""The random numbers that surfaces are grained with repeat after so many cells."""


@dataclass(frozen=True)
class Draws:
    """Random numbers for a scene; variety: how much of each range is used, around its middle."""

    generator: np.random.Generator
    variety: float

    def between(self, low: float, high: float) -> float:
        """Evenly from the range."""
        return (low + high) / 2 + self.variety * (high - low) * (float(self.generator.random()) - 0.5)

    def among(self, common: int, *others: int) -> int:
        """The first, or one of the others, the more often the more variety there is."""
        other = others[int(self.generator.integers(len(others)))]
        return other if self.generator.random() < 0.6 * self.variety else common

    def colour(self, hue: tuple[float, float], saturation: tuple[float, float], value: tuple[float, float]) -> Vectors:
        """Linear red, green and blue of the ranges of hue, saturation and value (display), (3, 1)."""
        drawn = colorsys.hsv_to_rgb(self.between(*hue) % 1, self.between(*saturation), self.between(*value))
        return (np.array(drawn, np.float32)[:, None]) ** np.float32(2.2)


class Window(NamedTuple):
    """Panes of glass in a wall: in the left one (axis 0) or the back (axis 2), where that coordinate is `plane`.

    across: the range of the other horizontal coordinate; up: that of the height; columns, rows: of panes.
    """

    axis: int
    plane: float
    across: tuple[float, float]
    up: tuple[float, float]
    columns: int
    rows: int

    @property
    def middle(self) -> Vectors:
        """Its middle, (3, 1)."""
        return self.at(sum(self.across) / 2, sum(self.up) / 2)

    @property
    def area(self) -> float:
        """In square metres."""
        return (self.across[1] - self.across[0]) * (self.up[1] - self.up[0])

    @property
    def inward(self) -> Vectors:
        """The direction from outside into the room, (3, 1)."""
        return np.array([[1], [0], [0]] if self.axis == 0 else [[0], [0], [-1]], np.float32)

    def at(self, across: float, up: float) -> Vectors:
        """The place in the room of a point of the window, (3, 1)."""
        place = (self.plane, up, across) if self.axis == 0 else (across, up, self.plane)
        return np.array(place, np.float32)[:, None]

    def crossed(self, points: Vectors, directions: Vectors, behind: float = 0) -> tuple[Field, Field, Field]:
        """Where rays cross its plane, or one so far behind it: across, up, and how far that is, negative if never."""
        plane = np.float32(self.plane - behind * float(self.inward[self.axis, 0]))
        speed = directions[self.axis]
        far = (plane - points[self.axis]) / np.where(np.abs(speed) < 1e-7, np.float32(1e-7), speed)
        other = 2 - self.axis
        return points[other] + far * directions[other], points[1] + far * directions[1], far

    def opening(self, across: Field, up: Field, soft: Field | float) -> Field:
        """1 within its outline, 0 outside, over a soft edge of that width."""
        return _inside(across, self.across, 0, soft) * _inside(up, self.up, 0, soft)

    def glass(self, across: Field, up: Field, soft: Field | float) -> Field:
        """1 where there is glass, 0 on bars, frame and wall, over a soft edge of that width."""
        bar = 0.035
        return _panes(across, self.across, self.columns, bar, soft) * _panes(up, self.up, self.rows, bar, soft)


def _inside(x: Field, ends: tuple[float, float], border: float, soft: Field | float) -> Field:
    half = np.float32((ends[1] - ends[0]) / 2 - border)
    return np.clip((half - np.abs(x - np.float32(sum(ends) / 2))) / soft + 0.5, 0, 1)


def _panes(x: Field, ends: tuple[float, float], count: int, bar: float, soft: Field | float) -> Field:
    pane = np.float32((ends[1] - ends[0]) / count)
    place = x - np.float32(ends[0])
    which = np.clip(np.floor(place / pane), 0, count - 1)
    return _inside(place - which * pane, (0, float(pane)), bar, soft)


@dataclass(frozen=True)
class Scene:
    """All that a picture of a room depends on. Colours are linear, (3, 1); sun: the direction to it, (3, 1)."""

    camera: Camera
    space: Space
    window: Window
    sun: Vectors
    sunlight: Vectors
    skylight: Vectors
    wall: Vectors
    floor: Vectors
    planks: tuple[float, float]
    """Their width and length in metres; negative widths are laid across."""
    exposure: float
    pieces: dict[str, Piece]
    mirrored: bool
    table: NDArray[np.float32]
    """(TABLE, TABLE), random numbers for grain."""


def scene(generator: np.random.Generator, variety: float) -> Scene:
    """A room with all its furniture, which need not all be shown."""
    draws = Draws(generator, variety)
    space = Space(draws.between(3.7, 4.5), draws.between(2.4, 2.8), draws.between(3.9, 4.7))
    camera = Camera(
        place=np.array([[draws.between(-0.3, 0.8)], [draws.between(1.15, 1.5)], [draws.between(-0.2, 0.3)]], np.float32),
        yaw=draws.between(-0.25, 0.05),
        pitch=draws.between(-0.14, -0.02),
        width=draws.between(0.66, 0.76),
    )
    return Scene(
        camera=camera,
        space=space,
        window=_window(draws, space),
        sun=_direction(draws.between(-0.5, 0.35), draws.between(0.5, 0.75)),
        sunlight=draws.between(2.5, 4.5) * draws.colour((0.07, 0.13), (0.1, 0.3), (1, 1)),
        skylight=draws.between(0.9, 1.3) * draws.colour((0.5, 0.65), (0, 0.1), (1, 1)),
        wall=draws.colour((0.06, 0.16), (0, 0.07), (0.88, 0.96)),
        floor=draws.colour((0.06, 0.1), (0.3, 0.6), (0.5, 0.8)),
        planks=(draws.between(0.1, 0.22) * draws.among(1, -1), draws.between(0.9, 1.8)),
        exposure=draws.between(1.5, 2.1),
        pieces=_furniture(draws, space),
        mirrored=bool(generator.random() < 0.5),
        table=generator.random((TABLE, TABLE), dtype=np.float32),
    )


def _direction(azimuth: float, elevation: float) -> Vectors:
    """From the left at azimuth 0, and from behind the back wall at a right angle."""
    flat = np.cos(elevation)
    return np.array([[-flat * np.cos(azimuth)], [np.sin(elevation)], [flat * np.sin(azimuth)]], np.float32)


def _window(draws: Draws, space: Space) -> Window:
    near = space.depth - draws.between(2.0, 2.6)
    across = (near, near + draws.between(1.5, 1.9))
    up = (draws.between(0.3, 0.8), space.height - draws.between(0.2, 0.45))
    return Window(0, -space.width / 2, across, up, draws.among(2, 1, 3), draws.among(1, 2))


def _furniture(draws: Draws, space: Space) -> dict[str, Piece]:
    """The couch along the back wall, the table before it, the painting above."""
    width, depth = draws.between(1.9, 2.5), draws.between(0.85, 1.0)
    x, gap = draws.between(-0.5, 0.7), draws.between(0.1, 0.5)
    z = space.depth - gap - depth / 2
    fabric = draws.colour((0.2, 0.95), (0.5, 0.8), (0.4, 0.7))
    pillows = draws.colour((-0.1, 0.3), (0.2, 0.6), (0.6, 0.9))
    sofa = couch(
        place=(x, 0, z),
        turn=draws.between(-0.15, 0.15),
        size=(width, draws.between(0.75, 0.9), depth),
        arm=draws.between(0.13, 0.24),
        seats=draws.among(2, 3),
        fabric=fabric,
        pillows=pillows,
    )
    long, wide = draws.between(0.9, 1.3), draws.between(0.5, 0.7)
    low = table(
        place=(x + draws.between(-0.3, 0.3), 0, z - depth / 2 - wide / 2 - draws.between(0.2, 0.4)),
        turn=draws.between(-0.15, 0.15),
        size=(long, draws.between(0.38, 0.5), wide),
        wood=draws.colour((0.04, 0.07), (0.5, 0.7), (0.15, 0.4)),
        shelf=draws.among(0, 1) == 1,
    )
    wide, high = draws.between(1.0, 1.6), draws.between(0.75, 1.0)
    picture = painting(
        place=(draws.between(-0.6, 0.8), draws.between(1.65, 1.8), space.depth),
        size=(wide, high),
        frame=draws.colour((0.04, 0.08), (0.2, 0.6), (0.05, 0.25)),
    )
    return {"couch": sofa, "table": low, "painting": picture}
