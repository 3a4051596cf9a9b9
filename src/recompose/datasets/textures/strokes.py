"""Textures of many strokes drawn over one another: scratches, blades of grass, fibres, leaves."""

from typing import Annotated

import numpy as np

from recompose.datasets.textures.canvas import Angle, Canvas, Drawing, Points, among, between, ratio


def _towards(angle: Points, distance: Points | float) -> Points:
    """Steps of a distance at an angle: (...) -> (..., 2)."""
    return np.stack([np.cos(angle) * distance, np.sin(angle) * distance], axis=-1)


def scratches(
    canvas: Canvas,
    length: Annotated[float, ratio(0.25, 0.9)],
    angle: Angle,
    spread: Annotated[float, ratio(0.03, 1.5)],
    density: Annotated[float, ratio(30, 110)],
    hatching: Annotated[float, among(0, 0, 0.35, 0.5)],
    brushed: Annotated[float, between(0.1, 0.5)],
) -> Drawing:
    """Metal: straight scratches about one angle, or hatching at two, on a brushed ground."""
    places = canvas.scattered(density, length / 2)
    many = len(places)
    turn = angle + spread / 2 * canvas.generator.standard_normal(many)
    turn += hatching * np.pi * canvas.generator.integers(0, 2, many)
    half = _towards(turn, length / 2 * canvas.generator.uniform(0.3, 1, many))
    lines = canvas.painted(
        np.stack([places - half, places + half], axis=1),
        canvas.generator.uniform(0.3, 1, many),
        canvas.generator.uniform(0.008, 0.025, many),
    )
    return lines._replace(value=lines.value + (brushed / 2) * canvas.fractal(0.03, 1.4, 8, angle))


def grass(
    canvas: Canvas,
    length: Annotated[float, ratio(0.2, 0.5)],
    width: Annotated[float, ratio(0.035, 0.09)],
    angle: Annotated[float, between(0, 2 * np.pi)],
    spread: Annotated[float, ratio(0.12, 1.0)],
    bend: Annotated[float, between(0, 0.8)],
    shade: Annotated[float, between(0.3, 0.9)],
) -> Drawing:
    """Blades or hair that grow about one direction, taper and bend, the deeper the darker."""
    places = canvas.scattered(4 / (length * width), length)
    many = len(places)
    turn = angle + spread * canvas.generator.standard_normal(many)
    half = length / 2 * canvas.generator.uniform(0.5, 1, many)
    side = _towards(turn + np.pi / 2, width / 2 * canvas.generator.uniform(0.6, 1, many))
    middle = places + _towards(turn, half)
    tip = middle + _towards(turn + bend * canvas.generator.standard_normal(many), half)
    blades = np.stack([places - side, middle - 0.8 * side, tip, middle + 0.8 * side, places + side], axis=1)
    light = 1 - shade * np.linspace(1, 0, many) - 0.35 * canvas.generator.uniform(0, 1, many)
    return canvas.painted(blades, light)


def fibres(
    canvas: Canvas,
    length: Annotated[float, ratio(0.4, 1.1)],
    width: Annotated[float, ratio(0.016, 0.045)],
    angle: Angle,
    spread: Annotated[float, ratio(0.3, 3)],
    curl: Annotated[float, ratio(0.1, 0.7)],
    density: Annotated[float, ratio(25, 80)],
) -> Drawing:
    """Felt or paper: long thin fibres that wind their way."""
    parts = 12
    places = canvas.scattered(density, length)
    many = len(places)
    turn = angle + spread / 2 * canvas.generator.standard_normal((many, 1))
    turn = turn + np.cumsum(curl * canvas.generator.standard_normal((many, parts)), axis=1)
    paths = places[:, None] + np.cumsum(_towards(turn, length / parts), axis=1)
    return canvas.painted(paths, canvas.generator.uniform(0.15, 1, many), np.full(many, width))


def leaves(
    canvas: Canvas,
    radius: Annotated[float, ratio(0.055, 0.1)],
    variety: Annotated[float, ratio(1.1, 1.9)],
    aspect: Annotated[float, ratio(1, 2.6)],
    angle: Angle,
    spread: Annotated[float, ratio(0.1, 3)],
    corners: Annotated[float, among(3, 4, 5, 16)],
) -> Drawing:
    """Dead leaves: triangles, rectangles, pentagons or ovals that fall over one another until no ground is seen."""
    places = canvas.scattered(4 / (np.pi * radius**2), radius * variety * aspect**0.5)
    many = len(places)
    size = radius * variety ** canvas.generator.uniform(-1, 1, many)
    turn = (angle + spread / 2 * canvas.generator.standard_normal(many))[:, None]
    corner = np.arange(corners) * 2 * np.pi / corners
    along, across = aspect**0.5 * np.cos(corner), aspect**-0.5 * np.sin(corner)
    outlines = _towards(turn, along) + _towards(turn + np.pi / 2, across)
    return canvas.painted(places[:, None] + size[:, None, None] * outlines, canvas.generator.uniform(0, 1, many))
