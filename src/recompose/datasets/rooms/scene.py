"""What is in a room, where, in which colours: drawn at random, in metres.

x runs along the back wall from its middle, y up from the floor, z from the camera to the back wall.
"""

import colorsys
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from recompose.randomness import numpy_generator

OBJECTS = ("couch", "table", "painting")
Colour = tuple[float, float, float]
Vary = Callable[[float, float], float]
"""A middle and how far to either side at full variety -> a number"""
HEIGHT = 2.7
"""Of the ceiling."""


@dataclass(frozen=True)
class Box:
    """A block of one material, its sides along the axes."""

    low: tuple[float, float, float]
    high: tuple[float, float, float]
    colour: Colour
    of: int
    """the object that it belongs to, by its place in OBJECTS"""


@dataclass(frozen=True)
class Scene:
    """All that a picture shows."""

    width: float
    """of the back wall"""
    depth: float
    """from the camera to it"""
    eye: float
    """height of the camera"""
    aside: float
    """where the camera stands, from the middle"""
    focal: float
    """of the camera, in half widths of the picture"""
    horizon: float
    """above the middle of the picture, in half heights"""
    mirrored: bool
    """whether the window is at the right"""
    window: tuple[float, float, float, float]
    """in the left wall: z from, to; y from, to"""
    sun: tuple[float, float, float]
    """towards it"""
    brightness: float
    """of the sun's patch"""
    floor: Colour
    walls: Colour
    planks: np.ndarray
    """brightness of each, around one"""
    boxes: tuple[Box, ...]
    canvas: tuple[Colour, Colour] = field(default=((0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
    """two colours of the painting"""


def scene(objects: tuple[str, ...], names: tuple[str | int, ...], variety: float) -> Scene:
    """A room drawn by its names: whichever objects are in it, everything else is the same."""

    def varied(*of: str) -> Vary:
        generator = numpy_generator("rooms", *names, *of)
        return lambda middle, range: middle + variety * range * generator.uniform(-1, 1)

    vary = varied("room")
    width, depth = vary(5.0, 0.5), vary(5.2, 0.4)
    far = vary(depth - 2.3, 0.5)
    tan = vary(0.0, 0.08)
    white = vary(0.9, 0.05)
    side = numpy_generator("rooms", *names, "side").random()
    sun = np.array([-1.0, vary(0.85, 0.25), vary(-0.15, 0.3)])
    generator = numpy_generator("rooms", *names, "planks")
    both = "couch" in objects and "table" in objects
    boxes: list[Box] = []
    if "couch" in objects:
        boxes += _couch(varied("couch"), depth, close=both)
    if "table" in objects:
        boxes += _table(varied("table"), depth, close=both)
    of_painting = varied("painting")
    if "painting" in objects:
        boxes += _painting(of_painting, depth)
    tint = of_painting(0.08, 0.5)
    return Scene(
        width=width,
        depth=depth,
        eye=vary(1.5, 0.12),
        aside=vary(0.0, 0.4),
        focal=vary(1.6, 0.1),
        horizon=vary(0.25, 0.06),
        mirrored=bool(side < 0.5),
        window=(far, far + vary(1.5, 0.3), vary(0.8, 0.1), vary(2.2, 0.12)),
        sun=tuple(sun / np.linalg.norm(sun)),
        brightness=vary(0.75, 0.25),
        floor=(vary(0.55, 0.12), vary(0.37 + tan, 0.06), vary(0.22 + tan, 0.06)),
        walls=(white, 0.985 * white, 0.955 * white),
        planks=1 + 0.16 * variety * generator.uniform(-1, 1, 64).astype(np.float32),
        boxes=tuple(boxes),
        canvas=(colorsys.hsv_to_rgb(tint % 1, 0.75, 0.85), colorsys.hsv_to_rgb((tint + 0.45) % 1, 0.6, 0.55)),
    )


def _couch(vary: Vary, depth: float, *, close: bool) -> list[Box]:
    """Seat, back, arms and two cushions; in front of the back wall where a table is to stand before it."""
    wide, deep, tall = vary(2.3, 0.3), vary(0.95, 0.1), vary(0.88, 0.08)
    middle, back = vary(0.0, 0.7), depth - (vary(0.15, 0.1) if close else vary(0.6, 0.5))
    colour = colorsys.hsv_to_rgb(vary(0.58, 0.5) % 1, vary(0.65, 0.2), vary(0.55, 0.2))
    lighter: Colour = tuple(min(1.0, 1.25 * each) for each in colour)  # type: ignore[assignment]
    left, right, front = middle - wide / 2, middle + wide / 2, back - deep
    return [
        Box((left, 0.08, front), (right, 0.4, back), colour, 0),
        Box((left, 0.4, back - 0.25), (right, tall, back), colour, 0),
        Box((left, 0.08, front), (left + 0.24, 0.64, back), colour, 0),
        Box((right - 0.24, 0.08, front), (right, 0.64, back), colour, 0),
        Box((left + 0.26, 0.4, front + 0.03), (middle - 0.02, 0.53, back - 0.25), lighter, 0),
        Box((middle + 0.02, 0.4, front + 0.03), (right - 0.26, 0.53, back - 0.25), lighter, 0),
    ]


def _table(vary: Vary, depth: float, *, close: bool) -> list[Box]:
    """A top and four legs; nearer to the camera where a couch stands behind it."""
    wide, deep, tall = vary(1.5, 0.25), vary(0.75, 0.1), vary(0.48, 0.06)
    middle, far = vary(0.0, 0.5), depth - (vary(1.7, 0.1) if close else vary(1.4, 0.4))
    shade = vary(0.16, 0.1)
    colour = (shade + 0.06, shade + 0.02, shade)
    left, right, near = middle - wide / 2, middle + wide / 2, far - deep
    legs = [
        Box((x, 0, z), (x + 0.09, tall, z + 0.09), colour, 1)
        for x in (left + 0.03, right - 0.12)
        for z in (near + 0.03, far - 0.12)
    ]
    return [Box((left, tall - 0.1, near), (right, tall, far), colour, 1), *legs]


def _painting(vary: Vary, depth: float) -> list[Box]:
    """A dark frame on the back wall; what it frames is a matter of its material."""
    wide, tall, middle, height = vary(1.7, 0.3), vary(1.1, 0.15), vary(0.0, 0.8), vary(1.9, 0.1)
    low, high = (middle - wide / 2, height - tall / 2, depth - 0.05), (middle + wide / 2, height + tall / 2, depth)
    return [Box(low, high, (0.12, 0.08, 0.06), 2)]
