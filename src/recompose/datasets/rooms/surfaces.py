"""What rays see of a scene: the colours of its surfaces, and the light that falls on them."""

import numpy as np

from recompose.datasets.rooms.geometry import Choices, Field, Hits, Piece, Vectors
from recompose.datasets.rooms.scene import TABLE, Scene

BASEBOARD = 0.09
"""Its height in metres."""
REVEAL = 0.14
"""The glass lies so far behind the wall, in metres."""
CORNERS = ((0.5, 0.45), (0.12, 0.3))
"""Where something is nearer than so many metres above a surface it is darker, by up to such a part."""
SOFT_SUN = 0.02
"""The edge of a shadow of the sun is so wide for each metre to what casts it."""


def seen(scene: Scene, objects: tuple[str, ...], directions: Vectors) -> tuple[Vectors, Choices]:
    """The light that comes along rays from the camera, (3, n), and what they meet: 0 the room, i the i-th object."""
    pieces = [scene.pieces[each] for each in objects]
    origin = scene.camera.place
    room = scene.space.hits(origin, directions)
    distance, normal = room.distance.copy(), room.normal.copy()
    what = np.zeros(len(distance), np.intp)
    found: list[Hits] = []
    for number, piece in enumerate(pieces, 1):
        hits = piece.hits(origin, directions)
        nearer = hits.distance < distance
        np.copyto(distance, hits.distance, where=nearer)
        np.copyto(normal, hits.normal, where=nearer)
        what[nearer] = number
        found.append(hits)
    points = origin + distance * directions
    colour = np.empty_like(points)
    pixel = 2 * scene.camera.width * distance / np.sqrt(np.float32(directions.shape[1]))
    for surface, paint in ((0, _sides), (1, _floor), (2, _sides)):
        some = np.flatnonzero((what == 0) & (room.which == surface))
        colour[:, some] = paint(scene, points[:, some], normal[:, some], pixel[some])
    for number, (name, piece, hits) in enumerate(zip(objects, pieces, found, strict=True), 1):
        some = np.flatnonzero(what == number)
        paint_of = _canvas if name == "painting" else _fabric if name == "couch" else _wooden
        colour[:, some] = paint_of(scene, piece, piece.own(points[:, some]), hits.which[some])
    light = colour * _light(scene, pieces, points, normal)
    some = np.flatnonzero((what == 0) & (room.which == 1) & (normal[1] > 0))
    light[:, some] += _gloss(scene, pieces, points[:, some], directions[:, some])
    _outside(scene, light, what, room, directions)
    return light, what


def noise(table: Field, u: Field, v: Field) -> Field:
    """Smooth random numbers in [0, 1) with a cell of size 1."""
    column, row = np.floor(u), np.floor(v)
    x, y = u - column, v - row
    x, y = x * x * (3 - 2 * x), y * y * (3 - 2 * y)
    left, top = column.astype(np.intp) % TABLE, row.astype(np.intp) % TABLE
    right, below = (left + 1) % TABLE, (top + 1) % TABLE
    flat = table.ravel()
    upper = flat.take(top * TABLE + left) * (1 - x) + flat.take(top * TABLE + right) * x
    lower = flat.take(below * TABLE + left) * (1 - x) + flat.take(below * TABLE + right) * x
    return upper + y * (lower - upper)


def _sides(scene: Scene, points: Vectors, normal: Vectors, pixel: Field) -> Vectors:
    """Walls in their colour, with a baseboard."""
    board = np.clip((BASEBOARD - points[1]) / pixel + 0.5, 0, 1)
    rim = np.clip(1 - np.abs(points[1] - BASEBOARD) / np.maximum(pixel, 0.012), 0, 1)
    return scene.wall * (1 + 0.06 * board - 0.25 * rim * np.minimum(1, 0.012 / pixel))


def _floor(scene: Scene, points: Vectors, normal: Vectors, pixel: Field) -> Vectors:
    """Planks of wood below, the white ceiling above."""
    width, length = scene.planks
    u, v = (points[0], points[2]) if width > 0 else (points[2], points[0])
    row = np.floor(u / abs(width))
    along = v / length + row * np.float32(0.37)
    plank = np.floor(along)
    table = scene.table.ravel()
    tone = table.take(((row * 7 + plank * 13).astype(np.intp)) % table.size)
    grain = noise(scene.table, u * 60 + 5 * plank, v * 2 + 9 * row) - 0.5
    veins = noise(scene.table, u * 25 + 3 * row, v * 1.2 + 5 * plank) - 0.5
    fine = np.clip(0.01 / pixel, 0, 1)
    to_seam = np.minimum(_to_edge(u / abs(width)) * abs(width), _to_edge(along) * length)
    seam = np.clip(1.3 - to_seam / np.maximum(pixel, 0.004), 0, 1) * np.minimum(1, 0.006 / pixel)
    value = (0.75 + 0.5 * tone + fine * (0.35 * grain + 0.3 * veins)) * (1 - 0.6 * seam)
    return np.where(normal[1] > 0, scene.floor * value, np.float32(0.9))


def _to_edge(x: Field) -> Field:
    place = x - np.floor(x)
    return np.minimum(place, 1 - place)


def _fabric(scene: Scene, piece: Piece, points: Vectors, which: Choices) -> Vectors:
    weave = noise(scene.table, points[0] * 50 + points[2] * 30, points[1] * 50 + points[2] * 30)
    worn = noise(scene.table, points[0] * 5 + points[2] * 3, points[1] * 5)
    return piece.colours[which].T * (0.85 + 0.15 * weave + 0.15 * worn)


def _wooden(scene: Scene, piece: Piece, points: Vectors, which: Choices) -> Vectors:
    grain = noise(scene.table, points[0] * 2 + 3, points[2] * 40 + points[1] * 10)
    return piece.colours[which].T * (0.75 + 0.5 * grain)


def _canvas(scene: Scene, piece: Piece, points: Vectors, which: Choices) -> Vectors:
    """A frame, a white mat, and an abstract picture out of fields of colour."""
    half = piece.halves[0]
    border = np.minimum(half[0] - np.abs(points[0]), half[1] - np.abs(points[1]))
    u, v = points[0] / half[0], points[1] / half[1]
    first = noise(scene.table, 1.6 * u + 20, 1.6 * v + 20)
    second = noise(scene.table, 2.5 * u + 40, 1.2 * v + 40)
    bands = np.floor(3 * first + 2 * second).astype(np.intp)
    palette = scene.table[:8, :3] ** 2
    inks = palette[bands % 8].T
    flat = np.where(border > 0.13, inks, np.float32(0.75))
    return np.where(border > 0.055, flat, piece.colours[0][:, None])


def _light(scene: Scene, pieces: list[Piece], points: Vectors, normal: Vectors) -> Vectors:
    """What falls on points of surfaces: from the sky through the window, from the sun, and from all around."""
    open_to = np.ones(points.shape[1], np.float32)
    for reach, dark in CORNERS:
        above = points + np.float32(reach) * normal
        nearest = np.clip(scene.space.distance(above), 0, reach)
        for piece in pieces:
            nearest = np.minimum(nearest, piece.distance(above, reach))
        closed = 1 - np.maximum(nearest, 0) / np.float32(reach)
        open_to *= 1 - np.float32(dark) * closed * closed
    window = scene.window
    sky = _from_patch(points, normal, window.middle, window.inward, window.area)
    patch, area = sun_patch(scene)
    up = np.array([[0], [1], [0]], np.float32)
    bounce = _from_patch(points, normal, patch, up, area)
    around = 0.34 + 0.05 * normal[1] + 1.3 * sky
    light = scene.skylight * (around * open_to) + scene.floor * scene.sunlight * (0.5 * bounce * open_to)
    light += scene.sunlight * _sun(scene, pieces, points, normal)
    return light


def _from_patch(points: Vectors, normal: Vectors, middle: Vectors, facing: Vectors, area: float) -> Field:
    """How much of a bright patch a surface sees, from 0 to 1; one that is turned away a little still sees some of it."""
    to_patch = middle - points
    square = (to_patch * to_patch).sum(axis=0) + np.float32(0.05)
    far = np.sqrt(square)
    here = np.maximum((to_patch * normal).sum(axis=0) / far + np.float32(0.3), 0) / np.float32(1.3)
    there = np.maximum(-(to_patch * facing).sum(axis=0) / far + np.float32(0.15), 0) / np.float32(1.15)
    return here * there * np.float32(area) / (np.float32(np.pi) * square + np.float32(area))


def sun_patch(scene: Scene) -> tuple[Vectors, float]:
    """The middle of where the sun falls on the floor, (3, 1), and its area in square metres."""
    middle, sun = scene.window.middle, scene.sun
    on_floor = middle - sun * (middle[1] / sun[1])
    slant = -float((scene.window.inward * sun).sum()) / float(sun[1, 0])
    return on_floor, scene.window.area * slant


def _sun(scene: Scene, pieces: list[Piece], points: Vectors, normal: Vectors) -> Field:
    """How much of the sun falls on each point through the glass, past the furniture."""
    facing = np.maximum((scene.sun * normal).sum(axis=0), 0)
    across, up, far = scene.window.crossed(points, scene.sun)
    through = scene.window.glass(across, up, SOFT_SUN * np.maximum(far, 0.1)) * (far > 0) * facing
    some = np.flatnonzero(through > 0)
    origins = points[:, some] + np.float32(0.01) * normal[:, some]
    for piece in pieces:
        through[some] *= ~np.isfinite(piece.hits(origins, scene.sun).distance)
    return through


def _gloss(scene: Scene, pieces: list[Piece], points: Vectors, directions: Vectors) -> Vectors:
    """The bright window in the varnish of the floor, blurred."""
    mirrored = directions * np.array([[1], [-1], [1]], np.float32)
    across, up, far = scene.window.crossed(points, mirrored)
    soft = 0.15 + 0.12 * np.maximum(far, 0)
    length = np.sqrt((directions * directions).sum(axis=0))
    grazing = (1 - np.abs(directions[1]) / length) ** 4
    strength = scene.window.opening(across, up, soft) * (far > 0) * (0.03 + 0.5 * grazing)
    return scene.skylight * strength


def _outside(scene: Scene, light: Vectors, what: Choices, room: Hits, directions: Vectors) -> None:
    """Put frame, sky and trees where the window is; changes the light."""
    window, origin = scene.window, scene.camera.place
    some = np.flatnonzero((what == 0) & (room.which == window.axis))
    directions = directions[:, some]
    across, up, far = window.crossed(origin, directions)
    inside = window.opening(across, up, 0.01) * (far > 0)
    some, directions = some[inside > 0], directions[:, inside > 0]
    across, up, far = window.crossed(origin, directions, REVEAL)
    glass = window.glass(across, up, 0.01)
    height = directions[1] / np.sqrt((directions * directions).sum(axis=0))
    bearing = np.arctan2(directions[0], directions[2])
    trees = 0.16 * noise(scene.table, bearing * 14, height * 3) - 0.04 - height
    leaf = np.array([[0.5], [0.75], [0.3]], np.float32) * (0.5 + noise(scene.table, bearing * 50, height * 50))
    sky = np.array([[1.6], [1.9], [2.3]], np.float32) + np.array([[0.9], [0.5], [0.1]], np.float32) * np.exp(-4 * np.abs(height))
    view = np.where(trees > 0, leaf, sky)
    frame = scene.skylight * np.float32(0.75)
    light[:, some] = frame + glass * (view - frame)
