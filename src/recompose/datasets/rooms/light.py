"""The light in a room: from the sky and the sun through the window, from the sunny floor, and from all around."""

import numpy as np

from recompose.datasets.rooms.geometry import Field, Piece, Vectors, dot, vector
from recompose.datasets.rooms.scene import Scene

CORNERS = ((0.5, 0.4), (0.12, 0.2))
"""Where something is nearer than so many metres above a surface it is darker, by up to such a part."""
SOFT_SUN = 0.02
"""The edge of a window's shadow is so wide for each metre to the window."""


def light_on(scene: Scene, pieces: list[Piece], points: Vectors, normal: Vectors) -> Vectors:
    """What falls on points of surfaces, (3, n)."""
    window = scene.window
    sky = _from_patch(points, normal, window.middle, vector(1, 0, 0), window.area)
    sunny = _from_patch(points, normal, *sun_patch(scene))
    around = 0.27 + 0.05 * normal[1] + 1.7 * sky
    uncovered = _uncovered(scene, pieces, points, normal)
    diffuse = scene.skylight * (around * uncovered) + scene.floor * scene.sunlight * (0.5 * sunny * uncovered)
    return diffuse + scene.sunlight * sun_on(scene, pieces, points, normal)


def _uncovered(scene: Scene, pieces: list[Piece], points: Vectors, normal: Vectors) -> Field:
    """How much of the light from all around arrives: 1 in the open, less in corners, under furniture and where it
    stands between a point and the window.
    """
    found = np.ones(points.shape[1], np.float32)
    to_window = scene.window.middle - points
    to_window /= np.sqrt(dot(to_window, to_window))
    for reach, dark in CORNERS:
        above = points + np.float32(reach) * normal
        nearest = np.clip(scene.space.distance(above), 0, reach)
        for piece in pieces:
            nearest = np.minimum(nearest, piece.distance(above + np.float32(0.6 * reach) * to_window, reach))
        found *= 1 - dark * np.square(1 - nearest / reach)
    return found


def _from_patch(points: Vectors, normal: Vectors, middle: Vectors, facing: Vectors, area: float) -> Field:
    """How much of its light a surface gets from a bright patch; one turned away a little still gets some of it."""
    to_patch = middle - points
    square = dot(to_patch, to_patch) + np.float32(0.05)
    far = np.sqrt(square)
    here = np.maximum(dot(to_patch, normal) / far + 0.3, 0) / 1.3
    there = np.maximum(0.15 - dot(to_patch, facing) / far, 0) / 1.15
    return here * there * np.float32(area) / (np.pi * square + np.float32(area))


def sun_patch(scene: Scene) -> tuple[Vectors, Vectors, float]:
    """Where the sun falls on the floor: the middle, the normal, (3, 1), and the area in square metres."""
    middle, sun = scene.window.middle, scene.sun
    slant = float(-sun[0, 0] / sun[1, 0])
    return middle - sun * (middle[1] / sun[1]), vector(0, 1, 0), scene.window.area * slant


def sun_on(scene: Scene, pieces: list[Piece], points: Vectors, normal: Vectors) -> Field:
    """How much of the sun falls on each point through the glass, past the furniture."""
    across, up, far = scene.window.crossed(points, scene.sun)
    found = scene.window.glass(across, up, SOFT_SUN * np.maximum(far, 0.1)) * np.maximum(dot(scene.sun, normal), 0)
    some = np.flatnonzero(found > 0)
    origins = points.take(some, axis=1) + np.float32(0.01) * normal.take(some, axis=1)
    for piece in pieces:
        found[some] *= ~piece.hides(origins, scene.sun)
    return found


def gloss(scene: Scene, points: Vectors, directions: Vectors) -> Vectors:
    """The bright window in the varnish of the floor, blurred: what is seen along directions besides wood."""
    x, y, z = directions
    across, up, far = scene.window.crossed(points, np.stack([x, -y, z]))
    grazing = 1 - np.abs(y) / np.sqrt(dot(directions, directions))
    seen = scene.window.opening(across, up, 0.15 + 0.12 * np.maximum(far, 0)) * (far > 0)
    return scene.skylight * (seen * (0.03 + 0.5 * np.square(np.square(grazing))))
