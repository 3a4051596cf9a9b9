"""Textures of regular patterns: tiles, cloth, stripes and dots."""

import math
from typing import Annotated

import numpy as np

from recompose.datasets.textures.canvas import (
    EDGE,
    Angle,
    Canvas,
    Choices,
    Drawing,
    Field,
    among,
    between,
    lookup,
    ratio,
    split_cells,
    step,
)

Slant = Annotated[float, between(-0.5, 0.5)]
"""An angle near that of a wall or a cloth as it hangs."""


def _inside(place: Field, length: float, joint: float) -> Field:
    """1 on a tile and 0 on the joints between tiles; place: in the tile, from 0 to 1; lengths in patches."""
    return step((0.5 - np.abs(place - 0.5)) * length - joint / 2)


def _bulge(place: Field, roundness: float) -> Field:
    """The height of a thread across its width: place from 0 to 1."""
    return np.clip(np.sin(np.pi * place), 0, 1) ** roundness


def brick(
    canvas: Canvas,
    height: Annotated[float, ratio(0.13, 0.26)],
    aspect: Annotated[float, between(1.6, 3.2)],
    bond: Annotated[float, among(0.5, 0.33, 0.25)],
    joint: Annotated[float, between(0.03, 0.07)],
    angle: Slant,
    variety: Annotated[float, between(0.1, 0.6)],
    wear: Annotated[float, between(0.03, 0.2)],
) -> Drawing:
    """Courses of bricks, each shifted against the one below; worn, in a bond of mortar."""
    u, v = canvas.plane(angle)
    rough = canvas.fractal(0.12, 2)
    row, y = split_cells(v / height + 0.12 * wear * rough)
    column, x = split_cells(u / (height * aspect) + bond * row.astype(np.float32))
    on = _inside(x, height * aspect, joint) * _inside(y, height, joint)
    gray = 1 - variety * lookup(canvas.table(), column, row)
    value = 0.2 + on * (gray + wear * rough - 0.2)
    return Drawing(value, tint=on * lookup(canvas.table(), column, row) * 2 - 1)


def tiles(
    canvas: Canvas,
    width: Annotated[float, ratio(0.16, 0.36)],
    shape: Annotated[float, among(4, 6, 3)],
    joint: Annotated[float, between(0.03, 0.07)],
    angle: Angle,
    variety: Annotated[float, between(0.15, 1)],
    bevel: Annotated[float, between(-0.5, 0.5)],
) -> Drawing:
    """Squares, hexagons or triangles of many grays, with joints, and edges lighter or darker than the middle."""
    u, v = canvas.plane(angle)
    if shape == 4:
        (column, x), (row, y) = split_cells(u / width), split_cells(v / width)
        edge = 0.5 - np.maximum(np.abs(x - 0.5), np.abs(y - 0.5))
    elif shape == 6:
        edge, column, row = _hexagon(u / width, v / width)
    else:
        edge, column, row = _triangle(u / width, v / width)
    on = step(edge * width - joint / 2)
    gray = variety * lookup(canvas.table(), column, row)
    value = on * (1.2 - gray + bevel * np.exp(-edge * 8))
    return Drawing(value, tint=2 * lookup(canvas.table(), column, row) - 1)


def _hexagon(u: Field, v: Field) -> tuple[Field, Choices, Choices]:
    """The distance to the edge of the hexagon of width 1, and its number: the nearer of two staggered lattices."""
    tall = math.sqrt(3)
    found = []
    for shift in (0.0, 0.5):
        (column, x), (row, y) = split_cells(u + shift), split_cells(v / tall + shift)
        found.append((column, 2 * row + int(2 * shift), x - 0.5, (y - 0.5) * tall))
    first = np.hypot(found[0][2], found[0][3]) < np.hypot(found[1][2], found[1][3])
    column, row, x, y = (np.where(first, a, b) for a, b in zip(*found, strict=True))
    x, y = np.abs(x), np.abs(y)
    return 0.5 - np.maximum(x, x / 2 + y * tall / 2), column, row


def _triangle(u: Field, v: Field) -> tuple[Field, Choices, Choices]:
    """The same for the triangles of a lattice sheared by a half."""
    tall = math.sqrt(3) / 2
    row, y = split_cells(v / tall)
    column, x = split_cells(u - v / tall / 2)
    lower = (x + y < 1).astype(np.intp)
    third = np.where(lower == 1, 1 - x - y, x + y - 1)
    edge = np.minimum(np.minimum(np.where(lower == 1, x, 1 - x), np.where(lower == 1, y, 1 - y)), third)
    return edge * tall, 2 * column + lower, row


def parquet(
    canvas: Canvas,
    strip: Annotated[float, ratio(0.08, 0.15)],
    strips: Annotated[float, among(2, 3, 4)],
    angle: Angle,
    joint: Annotated[float, between(0.012, 0.03)],
    variety: Annotated[float, between(0.2, 0.9)],
    fibre: Annotated[float, between(0.03, 0.18)],
) -> Drawing:
    """Blocks of wooden strips, laid along and across in turn."""
    side = strip * strips
    u, v = canvas.plane(angle)
    (column, x), (row, y) = split_cells(u / side), split_cells(v / side)
    turned = (column + row) % 2 == 0
    number, place = split_cells(np.where(turned, x, y) * strips)
    on = _inside(place, strip, joint) * _inside(np.where(turned, y, x), side, joint)
    tone = lookup(canvas.table(), 4 * column + number, row)
    fibres = np.where(turned, canvas.fractal(0.03, 1.5, 8, angle + np.pi / 2), canvas.fractal(0.03, 1.5, 8, angle))
    return Drawing(on * (1.2 - variety * tone + fibre * fibres), tint=2 * tone - 1)


def shingles(
    canvas: Canvas,
    width: Annotated[float, ratio(0.14, 0.32)],
    rows: Annotated[float, between(0.4, 0.7)],
    angle: Annotated[float, between(0, 2 * np.pi)],
    roundness: Annotated[float, ratio(1, 3.2)],
    shade: Annotated[float, between(0.2, 0.9)],
    variety: Annotated[float, between(0, 0.35)],
) -> Drawing:
    """Scales in rows, each over the one below, like those of a fish or a roof: pointed, round or square."""
    u, v = canvas.plane(angle)
    row, y = split_cells(v / (width * rows))
    tones, tints = canvas.table(), canvas.table()

    def scale_of(row: Choices, depth: Field) -> tuple[Field, Field, Field]:
        column, x = split_cells(u / width + 0.5 * (row % 2).astype(np.float32))
        beyond = (2 - np.abs(2 * x - 1) ** roundness - depth) * (width * rows)
        tone = 1 - variety * lookup(tones, column, row) - shade / 2 * depth
        return tone * (1 - 0.6 * np.exp(-np.abs(beyond) * 30)), lookup(tints, column, row), step(beyond)

    upper, upper_tint, over = scale_of(row - 1, y + 1)
    lower, lower_tint, _ = scale_of(row, y)
    return Drawing(lower + over * (upper - lower), tint=2 * (lower_tint + over * (upper_tint - lower_tint)) - 1)


def weave(
    canvas: Canvas,
    thread: Annotated[float, ratio(0.1, 0.18)],
    over: Annotated[float, among(1, 2, 3)],
    shift: Annotated[float, among(1, 3)],
    angle: Slant,
    contrast: Annotated[float, between(0, 0.5)],
    roundness: Annotated[float, between(0.3, 1.2)],
    slub: Annotated[float, between(0.03, 0.25)],
) -> Drawing:
    """Cloth: each thread goes over some others and under as many, shifted from row to row: plain, twill or rib."""
    u, v = canvas.plane(angle)
    u, v = (axis + 0.006 * canvas.smooth(0.3) for axis in (u, v))
    (column, x), (row, y) = split_cells(u / thread), split_cells(v / thread)
    warp = _bulge(x, roundness) * (0.65 + 0.35 * _bulge(y, 1)) + slub * canvas.fractal(0.04, 1.5, 6, angle + np.pi / 2)
    weft = _bulge(y, roundness) * (0.65 + 0.35 * _bulge(x, 1)) + slub * canvas.fractal(0.04, 1.5, 6, angle)
    above = (column + int(shift) * row) % (2 * over) < over
    return Drawing(np.where(above, warp, (1 - contrast) * weft), tint=2 * above.astype(np.float32) - 1)


def knit(
    canvas: Canvas,
    stitch: Annotated[float, ratio(0.17, 0.32)],
    flat: Annotated[float, between(0.5, 0.9)],
    lean: Annotated[float, between(0.5, 1.3)],
    angle: Slant,
    fuzz: Annotated[float, between(0.03, 0.15)],
    stripes: Annotated[float, among(0, 0, 2, 3)],
) -> Drawing:
    """Stockinette: columns of V-shaped stitches, in one yarn or in stripes of two."""
    u, v = canvas.plane(angle)
    u = u + 0.008 * canvas.smooth(0.25)
    _, x = split_cells(u / stitch)
    side = np.abs(x - 0.5) * 2
    row, y = split_cells(v / (stitch * flat) + lean * side)
    yarn = _bulge(side, 0.6) * _bulge(y, 0.7)
    value = yarn + fuzz * canvas.fractal(0.05, 1.5)
    second = (row // max(int(stripes), 1)) % 2 if stripes else np.zeros_like(row)
    return Drawing(value * (1 - 0.45 * second.astype(np.float32)), tint=1 - 2 * second.astype(np.float32))


def tartan(
    canvas: Canvas,
    repeat: Annotated[float, ratio(0.35, 0.6)],
    broad: Annotated[float, between(0.25, 0.6)],
    fine: Annotated[float, between(0.06, 0.16)],
    gray: Annotated[float, between(0.3, 0.7)],
    twill: Annotated[float, ratio(0.07, 0.13)],
    angle: Slant,
) -> Drawing:
    """Bands of three grays across each other, woven in a twill that shows both."""
    u, v = canvas.plane(angle)

    def sett(axis: Field) -> Field:
        _, place = split_cells(axis / repeat)
        off = np.abs(place - 0.5) * repeat
        band = step(broad * repeat / 2 - off)
        line = step(fine * repeat / 2 - np.abs(off - (0.5 - fine) * repeat))
        return gray * (1 - band) + line * (1 - gray)

    _, place = split_cells((u + v) / twill)
    over = step(np.abs(place - 0.5) - 0.25, 0.5)
    warp, weft = sett(u), sett(v)
    return Drawing(weft + over * (warp - weft) * 0.8 + 0.1 * (warp + weft), tint=warp - weft)


def stripes(
    canvas: Canvas,
    period: Annotated[float, ratio(0.1, 0.32)],
    angle: Angle,
    duty: Annotated[float, between(0.25, 0.75)],
    soft: Annotated[float, ratio(1, 4)],
    wobble: Annotated[float, between(0, 0.06)],
    uneven: Annotated[float, between(0, 0.8)],
) -> Drawing:
    """Stripes, sharp or soft, straight or wobbly, of one gray or of many."""
    _, v = canvas.plane(angle)
    row, y = split_cells((v + wobble * canvas.smooth(0.25, 2, angle)) / period)
    tone = 1 - uneven * lookup(canvas.table(), row)
    on = step((duty / 2 - np.abs(y - 0.5)) * period, EDGE * soft)
    return Drawing(on * tone, tint=2 * lookup(canvas.table(), row) - 1)


def dots(
    canvas: Canvas,
    spacing: Annotated[float, ratio(0.13, 0.3)],
    radius: Annotated[float, between(0.2, 0.42)],
    jitter: Annotated[float, among(0, 0, 0.3, 0.6)],
    stagger: Annotated[float, among(0, 0.5)],
    angle: Angle,
    ring: Annotated[float, among(0, 0, 0.4, 0.6)],
    variety: Annotated[float, between(0, 0.6)],
) -> Drawing:
    """Dots or rings on a square or staggered lattice, in order or out of it."""
    u, v = canvas.plane(angle)
    cells = canvas.cells(u / spacing, v / spacing, jitter, stagger)
    size = radius * (1 - 0.4 * variety * cells.odd)
    on = step(size - cells.distance, EDGE / spacing)
    hole = step(size * ring - cells.distance, EDGE / spacing) if ring else 0
    return Drawing((on - hole) * (1 - variety * cells.gray), tint=on * (2 * cells.tint - 1))
