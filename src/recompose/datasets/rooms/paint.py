"""The colours of a room's surfaces, linear and (3, n): wood, fabric, walls, a picture, the view from the window.

pixel: how wide a pixel is on the surface, in metres; what is finer fades.
"""

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.rooms.geometry import Choices, Field, Piece, Vectors, vector
from recompose.datasets.rooms.scene import TABLE, Scene

BASEBOARD = 0.09
"""Its height in metres."""
FRAME, MAT = 0.07, 0.13
"""How far a picture's frame and mat reach inwards, in metres."""
INKS = 8
"""Colours of a picture."""


def noise(table: NDArray[np.floating], u: Field, v: Field) -> Field:
    """Smooth random numbers in [0, 1) with cells of size 1."""
    column, row = np.floor(u), np.floor(v)
    x, y = u - column, v - row
    x, y = x * x * (3 - 2 * x), y * y * (3 - 2 * y)
    first, top = column.astype(np.intp), row.astype(np.intp) * TABLE
    left, right = first & (TABLE - 1), (first + 1) & (TABLE - 1)
    below, top = (top + TABLE) & (TABLE**2 - TABLE), top & (TABLE**2 - TABLE)
    numbers = table.ravel()
    upper, lower = numbers.take(top + left), numbers.take(below + left)
    upper += x * (numbers.take(top + right) - upper)
    lower += x * (numbers.take(below + right) - lower)
    return upper + y * (lower - upper)


def walls(scene: Scene, points: Vectors, pixel: Field) -> Vectors:
    """Walls in their colour, with a baseboard."""
    height = points[1]
    rim = np.clip(1 - np.abs(height - BASEBOARD) / np.maximum(pixel, 0.012), 0, 1) * np.minimum(1, 0.012 / pixel)
    return scene.wall * (1 - 0.3 * rim)


def floor(scene: Scene, points: Vectors, pixel: Field) -> Vectors:
    """Planks, each with a tone and a grain of its own, and the seams between them."""
    width, length = scene.planks
    u, v = (points[2], points[0]) if scene.planks_across else (points[0], points[2])
    row = np.floor(u / width)
    along = v / length + row * np.float32(0.37)
    plank = np.floor(along)
    tone = scene.table.ravel().take((row * 7 + plank * 13).astype(np.intp) % TABLE**2)
    grain = noise(scene.table, 60 * u + 5 * plank, 2 * v + 9 * row)
    veins = noise(scene.table, 25 * u + 3 * row, 1.2 * v + 5 * plank)
    fine = np.minimum(0.01 / pixel, 1)
    to_seam = np.minimum(_to_edge(u / width) * width, _to_edge(along) * length)
    seam = np.clip(1.3 - to_seam / np.maximum(pixel, 0.004), 0, 1) * np.minimum(1, 0.006 / pixel)
    return scene.floor * ((0.75 + 0.5 * tone + fine * (0.35 * grain + 0.3 * veins - 0.33)) * (1 - 0.6 * seam))


def _to_edge(x: Field) -> Field:
    place = x - np.floor(x)
    return np.minimum(place, 1 - place)


def couch(scene: Scene, piece: Piece, points: Vectors, box: Choices) -> Vectors:
    """Woven fabric, somewhat worn; points in the piece's own coordinates."""
    x, y, z = points
    weave = noise(scene.table, 50 * x + 30 * z, 50 * y + 30 * z)
    worn = noise(scene.table, 5 * x + 3 * z, 5 * y)
    return piece.colours.T.take(box, axis=1) * (0.85 + 0.15 * weave + 0.15 * worn)


def table(scene: Scene, piece: Piece, points: Vectors, box: Choices) -> Vectors:
    """Wood."""
    x, y, z = points
    return piece.colours.T.take(box, axis=1) * (0.75 + 0.5 * noise(scene.table, 2 * x + 3, 40 * z + 10 * y))


def painting(scene: Scene, piece: Piece, points: Vectors, box: Choices) -> Vectors:
    """A frame, a white mat, and in it an abstract picture out of fields of colour."""
    width, height, _ = piece.halves[0]
    x, y, _ = points
    border = np.minimum(width - np.abs(x), height - np.abs(y))
    first = noise(scene.table, 1.6 * x / width + 20, 1.6 * y / height + 20)
    second = noise(scene.table, 2.5 * x / width + 40, 1.2 * y / height + 40)
    inks = scene.table[:INKS, :3].T ** 3
    inks = 0.7 * inks + 0.3 * inks.mean(axis=0)
    found = inks.take((3 * first + 2 * second).astype(np.intp) % INKS, axis=1)
    return np.where(border > MAT, found, np.where(border > FRAME, np.float32(0.75), piece.colours.T))


PAINTS = {"couch": couch, "table": table, "painting": painting}


def view(scene: Scene, directions: Vectors) -> Vectors:
    """What is outside: trees before the sky."""
    x, y, z = directions
    height = y / np.sqrt(x * x + z * z)
    bearing = np.arctan2(x, z)
    fine = noise(scene.table, 70 * bearing + 40 * height, 70 * height - 40 * bearing)
    coarse = noise(scene.table, 20 * bearing - 15 * height, 20 * height + 15 * bearing)
    leaves = (0.2 + 0.5 * fine + 0.5 * coarse) * vector(0.3, 0.5, 0.15)
    above = height + 0.05 - 0.2 * noise(scene.table, 14 * bearing, 3 * height)
    sky = vector(1.2, 1.5, 1.9) + vector(1.2, 0.8, 0.3) * np.exp(-4 * np.abs(height))
    return np.where(above > 0, sky, leaves)
