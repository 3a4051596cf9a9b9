"""Textures of cells around random points: Voronoi cells, cracks, stones, bubbles, grains."""

from typing import Annotated

import numpy as np

from recompose.datasets.textures.canvas import EDGE, Angle, Canvas, Cells, Drawing, Field, between, ratio, step


def _cells(
    canvas: Canvas, scale: float, jitter: float, stretch: float = 1.0, angle: float = 0.0, bend: float = 0.0
) -> Cells:
    """Cells of a mean width, stretched along an angle, their edges bent."""
    u, v = canvas.plane(angle)
    if bend:
        u, v = (axis + bend * scale * canvas.fractal(0.8 * scale, 3) for axis in (u, v))
    return canvas.cells(u / (scale * stretch), v / scale, jitter, stagger=0.5)


def voronoi(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.15, 0.34)],
    jitter: Annotated[float, between(0.25, 0.9)],
    stretch: Annotated[float, ratio(1, 2.2)],
    angle: Angle,
    line: Annotated[float, between(0.02, 0.12)],
    hollow: Annotated[float, between(-0.8, 0.8)],
) -> Drawing:
    """Voronoi cells of many grays with dark lines between them, darker or lighter to their middle."""
    cells = _cells(canvas, scale, jitter, stretch, angle)
    inside = 0.35 + 0.65 * cells.gray + hollow * (cells.distance - 0.35)
    return Drawing(inside * step(cells.border - line, EDGE / scale), tint=2 * cells.tint - 1)


def cracks(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.24, 0.42)],
    jitter: Annotated[float, between(0.5, 0.9)],
    width: Annotated[float, ratio(0.01, 0.03)],
    branches: Annotated[float, between(0, 1)],
    curl: Annotated[float, between(0, 0.6)],
    dust: Annotated[float, between(0.03, 0.15)],
) -> Drawing:
    """Dry ground: plates that curl at their edges, wide cracks, and thin ones within the plates."""
    plates = _cells(canvas, scale, jitter, bend=0.08)
    small = _cells(canvas, scale / 2.2, jitter, bend=0.08)
    wide = step(plates.border * scale - width, EDGE)
    thin = 1 - 0.7 * branches * (1 - step(small.border * scale / 2.2 - width / 4, EDGE))
    ground = 0.75 + 0.2 * plates.gray - curl * np.exp(-plates.border * 5)
    return Drawing((ground + dust * canvas.fractal(0.1, 1.6)) * wide * thin, tint=2 * plates.tint - 1)


def pebbles(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.16, 0.34)],
    jitter: Annotated[float, between(0.4, 0.9)],
    stretch: Annotated[float, ratio(1, 2)],
    angle: Angle,
    gap: Annotated[float, between(0.0, 0.1)],
    variety: Annotated[float, between(0.1, 0.6)],
    speckle: Annotated[float, between(0, 0.15)],
) -> Drawing:
    """Rounded stones of many grays, each lit from above."""
    cells = _cells(canvas, scale, jitter, stretch, angle, bend=0.05)
    height = np.sqrt(np.clip((cells.border - gap) / 0.35, 0, 1))
    gray = 1 - variety * cells.gray + speckle * canvas.fractal(0.05, 1.2)
    return Drawing(height * gray, tint=2 * cells.tint - 1)


def foam(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.24, 0.42)],
    small: Annotated[float, between(0.4, 0.6)],
    wall: Annotated[float, between(0.05, 0.16)],
    film: Annotated[float, between(0.1, 0.6)],
    gloss: Annotated[float, between(0, 1)],
) -> Drawing:
    """Bubbles of two sizes: bright walls, dark within, with a reflection each."""

    def layer(width: float) -> tuple[Field, Field, Field]:
        cells = _cells(canvas, width, 0.75)
        radius = 0.32 + 0.16 * cells.gray
        place = cells.distance / radius
        rim = np.exp(-(((place - 1 + wall) / (wall + 0.2 * EDGE / width)) ** 2))
        spot = np.exp(-((cells.along / radius + 0.4) ** 2 + (cells.across / radius + 0.4) ** 2) / 0.05)
        bubble = rim + film * place**3 * (place < 1) + gloss * spot
        return bubble, step(1 - place, EDGE / width / 0.4), cells.tint

    large, inside, tint = layer(scale)
    filling, within, _ = layer(small * scale)
    between_them = 0.3 + np.maximum(filling, 0) * within
    return Drawing(large * inside + between_them * (1 - inside), tint=2 * tint - 1)


def terrazzo(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.16, 0.34)],
    density: Annotated[float, between(0.35, 0.9)],
    chip: Annotated[float, between(0.04, 0.16)],
    matrix: Annotated[float, between(0, 1)],
    variety: Annotated[float, between(0.3, 1)],
    sand: Annotated[float, between(0, 0.2)],
) -> Drawing:
    """Chips of stone, large and small, in a cement that is darker or lighter than they."""
    value = matrix + sand * canvas.fractal(0.04, 1)
    tint = np.zeros_like(value)
    for width in (scale / 2.4, scale):
        cells = _cells(canvas, width, 0.85)
        shade = 1 - matrix + variety * (cells.gray - 0.5)
        on = step(cells.border - chip, EDGE / width) * (cells.odd < density)
        value = value + on * (shade - value)
        tint = tint + on * (2 * cells.tint - 1 - tint)
    return Drawing(value, tint)


def granite(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.07, 0.14)],
    stretch: Annotated[float, ratio(1, 2.5)],
    angle: Angle,
    skew: Annotated[float, ratio(0.35, 3.0)],
    flecks: Annotated[float, between(0.05, 0.3)],
    blur: Annotated[float, between(0, 0.5)],
) -> Drawing:
    """Grains of minerals, with larger black flecks among them."""
    grains = _cells(canvas, scale, 0.9, stretch, angle)
    large = _cells(canvas, 1.8 * scale, 0.9, stretch, angle)
    value = grains.gray**skew + blur * canvas.smooth(1.5 * scale) / 2
    fleck = (large.odd < flecks) * step(large.border - 0.1, EDGE / scale)
    return Drawing(value * (1 - fleck), tint=2 * grains.tint - 1)


def crystals(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.15, 0.3)],
    stretch: Annotated[float, ratio(1, 2.5)],
    angle: Angle,
    tilt: Annotated[float, between(0.3, 1.2)],
    ridge: Annotated[float, between(0, 0.6)],
    shards: Annotated[float, between(0.1, 0.7)],
) -> Drawing:
    """Facets: every cell is a plane with a tilt of its own, split into shards."""
    value = np.zeros((canvas.size, canvas.size), np.float32)
    for width, weight in ((scale, 1.0), (scale / 2.2, shards)):
        cells = _cells(canvas, width, 0.9, stretch, angle)
        turn = 2 * np.pi * cells.odd
        plane = np.cos(turn) * cells.along + np.sin(turn) * cells.across
        edge = np.exp(-np.maximum(cells.border, 0) * 12)
        value += weight * (cells.gray + tilt * plane + ridge * edge)
    return Drawing(value, tint=2 * cells.tint - 1)
