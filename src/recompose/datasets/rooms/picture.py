"""A scene as a picture: one ray for each pixel, to the nearest surface, and the light there."""

import numpy as np

from recompose.datasets.rooms.scene import HEIGHT, OBJECTS, Box, Scene

PLANK = 0.22
"""Width of a plank of the floor, in metres."""
SOFT = 0.06
"""Over how many metres the sun's patch fades."""
SUNLIGHT = np.array([1.0, 0.93, 0.75], dtype=np.float32)
SHADOW = 0.25
"""How much of the sun is left in the shadow of a box; soft, for light comes from the sky as well."""
JUST_OFF = 0.02
"""Metres from a place towards the sun, so that a surface is not in its own way."""
NOTHING = len(OBJECTS)
"""Seen where no object is."""
TOWARDS = np.array([0.72, 1.0, 0.84])
"""How bright sides are that face along each axis: sideways, up, to the camera."""


def picture(scene: Scene, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Colours in [0, 1], (size, size, 3), and which object each pixel shows, by its place in OBJECTS."""
    origin, rays = _rays(scene, size)
    distance, axis = _walls(scene, origin, rays)
    seen = np.full(len(rays), -1)
    for number, box in enumerate(scene.boxes):
        near, side = _hit(box, origin, rays)
        closer = near < distance
        distance, axis = np.where(closer, near, distance), np.where(closer, side, axis)
        seen[closer] = number
    places = origin + distance[:, None] * rays
    colours = _surface(scene, places, axis)
    for number, box in enumerate(scene.boxes):
        here = seen == number
        colours[here] = _material(scene, box, places[here], axis[here])
    whose = np.array([*(box.of for box in scene.boxes), NOTHING])[seen]
    colours, whose = colours.reshape(size, size, 3), whose.reshape(size, size)
    return (colours[:, ::-1], whose[:, ::-1]) if scene.mirrored else (colours, whose)


def _rays(scene: Scene, size: int) -> tuple[np.ndarray, np.ndarray]:
    """From where, and in which directions: (3,), (pixels, 3)."""
    line = ((np.arange(size) + 0.5) / size * 2 - 1).astype(np.float32)
    across, down = np.meshgrid(line, line)
    ahead = np.full_like(across, scene.focal)
    rays = np.stack([across, -down - scene.horizon, ahead], axis=-1).reshape(-1, 3)
    return np.array([scene.aside, scene.eye, 0.0], dtype=np.float32), rays


def _walls(scene: Scene, origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far it is to the walls, the floor or the ceiling, and along which axis that surface faces."""
    low = np.array([-scene.width / 2, 0.0, -1.0], dtype=np.float32)
    high = np.array([scene.width / 2, HEIGHT, scene.depth], dtype=np.float32)
    away = np.where(np.abs(rays) < 1e-6, 1e-6, rays)
    distances = (np.where(away > 0, high, low) - origin) / away
    return distances.min(axis=1), distances.argmin(axis=1)


def _hit(box: Box, origin: np.ndarray, rays: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far it is to a box, infinity beside it, and the axis of the side that is hit: the slab method."""
    away = np.where(np.abs(rays) < 1e-6, np.float32(1e-6), rays)
    ends = [(np.array(corner, dtype=np.float32) - origin) / away for corner in (box.low, box.high)]
    enters, leaves = np.minimum(*ends), np.maximum(*ends)
    entered = np.maximum(np.maximum(enters[:, 0], enters[:, 1]), enters[:, 2])  # three times as fast as `max(axis=1)`
    left = np.minimum(np.minimum(leaves[:, 0], leaves[:, 1]), leaves[:, 2])
    return np.where((entered < left) & (entered > 0), entered, np.inf), enters.argmax(axis=1)


def _surface(scene: Scene, places: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """Walls, floor, ceiling, and the window in the left wall."""
    x, y, z = places.T
    half = scene.width / 2
    colours = np.where((axis == 1)[:, None] & (y < HEIGHT / 2)[:, None], _floor(scene, x, z), np.float32(scene.walls))
    # Corners are darker, and what is far from the window.
    to_edges = [half - np.abs(x), np.minimum(y, HEIGHT - y), scene.depth - z]
    corner = sum(
        np.where(axis == each, 0.0, np.exp(-np.maximum(distance, 0) / 0.35)) for each, distance in enumerate(to_edges)
    )
    light = (1 - 0.2 * np.minimum(corner, 1.5)) * (1.02 - 0.14 * (x + half) / scene.width)
    light = np.where((axis == 0), 0.93 * light, light)
    light = np.where((axis == 1) & (y > HEIGHT / 2), 0.97 * light, light)
    colours = colours * light[:, None]
    skirting = (axis != 1) & (y < 0.12)
    colours[skirting] *= 0.85
    below = (axis == 1) & (y < HEIGHT / 2)
    colours[below] *= _shade(scene, x[below], z[below])[:, None]
    sunny = _sunlit(scene, places)
    lit = np.where(axis == 0, 0.0, sunny)  # the window's own wall has none
    colours = colours + (scene.brightness * 0.55 * lit)[:, None] * SUNLIGHT
    out = (axis == 0) & (x < 0) & (_pane(scene, y, z, 0.0) > 0.5)
    sky = 0.80 + 0.2 * np.clip((y - scene.window[2]) / (scene.window[3] - scene.window[2]), 0, 1)
    colours[out] = np.stack([0.78 * sky, 0.92 * sky, 1.05 * sky], axis=1)[out]
    frame = (axis == 0) & (x < 0) & (_frame(scene, y, z))
    colours[frame] = 0.97
    return np.clip(colours, 0, 1)


def _floor(scene: Scene, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Planks towards the camera, each with a brightness of its own, and some grain along it."""
    plank = np.floor(x / PLANK).astype(int) % len(scene.planks)
    tone = scene.planks[plank] * (1 + 0.04 * np.sin(9 * z + 11 * scene.planks[plank] * x / PLANK))
    gap = np.abs(x / PLANK - np.round(x / PLANK)) < 0.04
    shade: np.ndarray = (tone * np.where(gap, 0.8, 1.0))[:, None] * np.array(scene.floor, dtype=np.float32)
    return shade


def _shade(scene: Scene, x: np.ndarray, z: np.ndarray) -> np.ndarray:
    """How much light is left on the floor beside and below boxes that stand near it."""
    left = np.ones_like(x)
    for box in scene.boxes:
        if box.low[1] < 0.5:
            aside = np.maximum(np.maximum(box.low[0] - x, x - box.high[0]), 0)
            along = np.maximum(np.maximum(box.low[2] - z, z - box.high[2]), 0)
            left = np.minimum(left, 1 - 0.5 * np.exp(-np.hypot(aside, along) / 0.12))
    return left


def _sunlit(scene: Scene, places: np.ndarray) -> np.ndarray:
    """How much sun comes through the window to each place, in [0, 1]: where the way to the sun meets the left wall."""
    towards, lit = np.array(scene.sun, dtype=np.float32), _through_window(scene, places)
    bright = np.flatnonzero(lit)
    rays = np.broadcast_to(towards, (len(bright), 3))
    for box in scene.boxes:
        near, _ = _hit(box, places[bright] + JUST_OFF * rays, rays)
        lit[bright[np.isfinite(near)]] *= SHADOW
    return lit


def _through_window(scene: Scene, places: np.ndarray) -> np.ndarray:
    """How much of the way to the sun leads through glass, whatever else stands in it."""
    towards = np.array(scene.sun, dtype=np.float32)
    at = places + ((-scene.width / 2 - places[:, 0]) / towards[0])[:, None] * towards
    return _pane(scene, at[:, 1], at[:, 2], SOFT)


def _pane(scene: Scene, y: np.ndarray, z: np.ndarray, soft: float) -> np.ndarray:
    """Whether places of the left wall are glass, with so soft an edge: two panes, a bar between."""
    first, last, low, high = scene.window
    middle = (first + last) / 2
    inside = np.minimum(np.minimum(z - first, last - z), np.minimum(y - low, high - y))
    inside = np.minimum(inside, np.abs(z - middle) - 0.04)
    if soft == 0:
        return (inside > 0).astype(np.float32)
    clear: np.ndarray = np.clip(inside / soft + 0.5, 0, 1)
    return clear


def _frame(scene: Scene, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Whether places of the left wall are the window's frame."""
    first, last, low, high = scene.window
    outer = (z > first - 0.08) & (z < last + 0.08) & (y > low - 0.08) & (y < high + 0.08)
    return outer & (_pane(scene, y, z, 0.0) < 0.5)


def _material(scene: Scene, box: Box, places: np.ndarray, axis: np.ndarray) -> np.ndarray:
    """A box by the side that is seen; a painting has its canvas within the frame."""
    side = TOWARDS[axis]
    light = side * (1.02 - 0.14 * (places[:, 0] + scene.width / 2) / scene.width)
    light = light * (0.75 + 0.25 * np.clip(places[:, 1] / 0.5, 0, 1))
    colours = np.broadcast_to(np.array(box.colour), (len(places), 3))
    if OBJECTS[box.of] == "painting":
        across, up = ((places[:, each] - box.low[each]) / (box.high[each] - box.low[each]) for each in (0, 1))
        inside = (np.minimum(across, 1 - across) > 0.09) & (np.minimum(up, 1 - up) > 0.13)
        wave = (0.5 + 0.5 * np.sin(7 * across + 4 * up))[:, None]
        canvas = wave * np.array(scene.canvas[0]) + (1 - wave) * np.array(scene.canvas[1])
        return np.clip(np.where(inside[:, None], canvas, colours) * 0.98, 0, 1)
    sun = 0.35 * scene.brightness * _through_window(scene, places) * (axis == 1)
    return np.clip(colours * light[:, None] * (1 + sun[:, None]), 0, 1)
