"""What a camera sees of a scene."""

import numpy as np

from recompose.datasets.rooms import paint
from recompose.datasets.rooms.geometry import Choices, Vectors, dot
from recompose.datasets.rooms.light import gloss, light_on
from recompose.datasets.rooms.scene import Scene
from recompose.datasets.rooms.window import REVEAL

BAND = 1 << 14
"""Rays that are followed at a time, so that they stay in the processor's cache."""


def seen(scene: Scene, objects: tuple[str, ...], side: int) -> tuple[Vectors, Choices]:
    """The light that comes to side x side points of the picture, (3, n), and from what: 0 the room, i object i."""
    rays = scene.camera.rays(side)
    bands = [rays[:, start : start + BAND] for start in range(0, side * side, BAND)]
    light, what = zip(*(_seen(scene, objects, band, side) for band in bands), strict=True)
    return np.concatenate(light, axis=1), np.concatenate(what)


def _seen(scene: Scene, objects: tuple[str, ...], directions: Vectors, side: int) -> tuple[Vectors, Choices]:
    """The same along some rays."""
    origin = scene.camera.place
    pieces = [scene.pieces[each] for each in objects]
    room, *others = [scene.space.hits(origin, directions), *(piece.hits(origin, directions) for piece in pieces)]
    distance, normal, what = room.distance.copy(), room.normal.copy(), np.zeros(directions.shape[1], np.intp)
    for number, hits in enumerate(others, 1):
        nearer = np.flatnonzero(hits.distance < distance)
        distance[nearer], normal[:, nearer], what[nearer] = hits.distance[nearer], hits.normal[:, nearer], number
    points = origin + distance * directions
    pixel = np.float32(2 * scene.camera.width / side) * distance

    colour = np.empty_like(points)
    ground = np.flatnonzero((what == 0) & (normal[1] > 0))
    upright = np.flatnonzero((what == 0) & (normal[1] == 0))
    colour[:, (what == 0) & (normal[1] < 0)] = 0.9
    colour[:, ground] = paint.floor(scene, points.take(ground, axis=1), pixel[ground])
    colour[:, upright] = paint.walls(scene, points.take(upright, axis=1), pixel[upright])
    for number, (name, piece, hits) in enumerate(zip(objects, pieces, others, strict=True), 1):
        some = np.flatnonzero(what == number)
        colour[:, some] = paint.PAINTS[name](scene, piece, piece.own(points.take(some, axis=1)), hits.which[some])

    light = colour * light_on(scene, pieces, points, normal)
    light[:, ground] += gloss(scene, points.take(ground, axis=1), directions.take(ground, axis=1))
    _outside(scene, light, np.flatnonzero((what == 0) & (normal[0] > 0)), directions)
    return light / np.sqrt(dot(directions, directions)), what  # darker towards the picture's corners


def _outside(scene: Scene, light: Vectors, left: Choices, directions: Vectors) -> None:
    """Where the left wall has its window, what is seen there; changes the light."""
    window, origin = scene.window, scene.camera.place
    across, up, _ = window.crossed(origin, directions.take(left, axis=1))
    left = left[window.opening(across, up, 0.01) > 0.5]
    directions = directions.take(left, axis=1)
    across, up, _ = window.crossed(origin, directions, REVEAL)
    glass = window.glass(across, up, 0.01)
    frame = 0.75 * scene.skylight
    light[:, left] = frame + glass * (paint.view(scene, directions) - frame)
