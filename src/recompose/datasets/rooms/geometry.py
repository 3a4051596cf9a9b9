"""Where rays of light meet a room and what stands in it.

Lengths are in metres: x to the right, y up from the floor, z into the picture, and the camera near the origin. Vectors
are (3, n), in single precision, or (3, 1) where all are the same.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.floating]
"""(n,), a value for each ray or point; of bodies (bodies, n)."""
Vectors = NDArray[np.floating]
"""(3, n), a vector for each."""
Choices = NDArray[np.intp]
"""(n,), a whole number for each."""

SLABS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, -1, 0], [0, 1, 1], [0, 1, -1], [1, 0, 1], [1, 0, -1]], np.float32
)
"""A box with bevelled edges lies between nine pairs of planes, and a plain one between the first three."""
BEVEL = 2 - math.sqrt(2)
"""A plane that touches an edge of radius 1 cuts so much off the corner, along the diagonal (1, 1)."""
SMALL = np.float32(1e-3)
"""The radius of the edges of a plain box."""
TINY = np.float32(1e-7)
"""In place of a direction's component that is 0."""


def vector(x: float, y: float, z: float) -> Vectors:
    """One for all, (3, 1)."""
    return np.array([[x], [y], [z]], np.float32)


def dot(first: Vectors, second: Vectors) -> Field:
    """The inner products of vectors, (n,)."""
    return first[0] * second[0] + first[1] * second[1] + first[2] * second[2]


class Camera(NamedTuple):
    """A pinhole camera without roll; yaw to the right and pitch upwards in radians; width: half the picture's side at
    distance 1.
    """

    place: Vectors
    yaw: float
    pitch: float
    width: float

    @property
    def axes(self) -> NDArray[np.floating]:
        """The picture's right, up and forward as rows, (3, 3)."""
        sin, cos = math.sin(self.yaw), math.cos(self.yaw)
        rise, level = math.sin(self.pitch), math.cos(self.pitch)
        return np.array(
            [(cos, 0, -sin), (-rise * sin, level, -rise * cos), (level * sin, rise, level * cos)], np.float32
        )

    def rays(self, side: int) -> Vectors:
        """The directions through the middles of side x side points, row by row, of length 1 along the view."""
        steps = self.width * ((2 * np.arange(side, dtype=np.float32) + 1) / side - 1)
        across, down = np.meshgrid(steps, steps)
        return self.axes.T @ np.stack([across.ravel(), -down.ravel(), np.ones(side * side, np.float32)])

    def projected(self, points: Vectors) -> NDArray[np.floating]:
        """Where the picture shows the points: (2, n), from (0, 0) at the upper left to (1, 1) at the lower right."""
        across, up, forward = self.axes @ (points - self.place)
        return 0.5 + np.stack([across, -up]) / (2 * self.width * forward)


class Hits(NamedTuple):
    """Of each ray: how far it goes, in its own lengths, or infinity; the surface's normal; what was hit."""

    distance: Field
    normal: Vectors
    which: Choices


class Space(NamedTuple):
    """An empty room, open towards the camera: |x| < width / 2, 0 < y < height, z < depth."""

    width: float
    height: float
    depth: float

    def hits(self, origin: Vectors, directions: Vectors) -> Hits:
        """Where rays into the picture leave the room; which: through 0 a side wall, 1 floor or ceiling, 2 the back."""
        ends = ((self.width / 2, -self.width / 2), (self.height, 0.0), (self.depth, -math.inf))
        x, y, z = (
            (np.where(each > 0, np.float32(above), np.float32(below)) - start) / each
            for each, (above, below), start in zip(
                np.where(directions == 0, TINY, directions), ends, origin, strict=True
            )
        )
        distance = np.minimum(np.minimum(x, y), z)
        which = np.where(distance == z, 2, np.where(distance == y, 1, 0))
        normal = np.stack([-np.sign(each) * (which == axis) for axis, each in enumerate(directions)])
        return Hits(distance, normal, which)

    def distance(self, points: Vectors) -> Field:
        """How far points within the room are from its nearest surface."""
        x, y, z = points
        nearest = np.minimum(np.float32(self.width / 2) - np.abs(x), np.float32(self.depth) - z)
        return np.minimum(nearest, np.minimum(y, np.float32(self.height) - y))


@dataclass(frozen=True)
class Piece:
    """A piece of furniture: boxes with rounded edges, in coordinates of its own, turned about the vertical.

    place: (3, 1), of its origin. centres, halves (of the sides), colours (linear): (boxes, 3). rounds: (boxes,), the
    radii of the edges.
    """

    place: Vectors
    turn: float
    centres: NDArray[np.floating]
    halves: NDArray[np.floating]
    rounds: NDArray[np.floating]
    colours: NDArray[np.floating]

    @cached_property
    def axes(self) -> NDArray[np.floating]:
        """From the room's directions to its own, (3, 3)."""
        sin, cos = math.sin(self.turn), math.cos(self.turn)
        return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], np.float32)

    @cached_property
    def bounds(self) -> tuple[Vectors, Vectors]:
        """The box around all boxes: its middle and half its sides, (3, 1)."""
        low, high = (self.centres - self.halves).min(axis=0), (self.centres + self.halves).max(axis=0)
        return ((low + high) / 2)[:, None], ((high - low) / 2)[:, None]

    def own(self, points: Vectors) -> Vectors:
        """Points of the room in the piece's coordinates."""
        return self.axes @ (points - self.place)

    def hits(self, origin: Vectors, directions: Vectors) -> Hits:
        """Where rays from a point outside meet the piece first; which: the box."""
        count = directions.shape[1]
        distance, normal = np.full(count, np.inf, np.float32), np.zeros((3, count), np.float32)
        which = np.zeros(count, np.intp)
        some, near = self._met(origin, directions)
        first = near.min(axis=0)
        some, near, first = some[first < np.inf], near[:, first < np.inf], first[first < np.inf]
        box = near.argmin(axis=0)
        place = self.own(origin + first * directions.take(some, axis=1)) - self.centres.T.take(box, axis=1)
        radius = np.maximum(self.rounds, SMALL)
        flat = (self.halves - radius[:, None]).T.take(box, axis=1)
        beyond = np.maximum(np.abs(place) - flat, 0) * np.sign(place)  # from the nearest point that no edge rounds off
        beyond /= np.maximum(np.sqrt(dot(beyond, beyond)), SMALL)
        distance[some], normal[:, some], which[some] = first, self.axes.T @ beyond, box
        return Hits(distance, normal, which)

    def hides(self, points: Vectors, direction: Vectors) -> NDArray[np.bool_]:
        """From which points, (n,), the piece hides what is far away in a direction, (3, 1)."""
        some, near = self._met(points, direction)
        found = np.zeros(points.shape[1], np.bool_)
        found[some] = near.min(axis=0) < np.inf
        return found

    def _met(self, origins: Vectors, directions: Vectors) -> tuple[Choices, Field]:
        """The rays that come near the piece, and how far they go to each box, (boxes, rays), or infinity."""
        origins, directions = self.own(origins), self.axes @ directions
        middle, half = self.bounds
        near, far = between_planes(origins[:, None] - middle[:, None], directions, half.T, SLABS[:3])
        some = np.flatnonzero((near < far)[0] & (far > 0)[0])
        origins, directions = (
            each if each.shape[1] == 1 else each.take(some, axis=1) for each in (origins, directions)
        )
        slabs = SLABS if self.rounds.any() else SLABS[:3]
        offsets = self.halves @ np.abs(slabs.T)
        offsets[:, 3:] -= np.float32(BEVEL) * self.rounds[:, None]
        near, far = between_planes(origins[:, None] - self.centres.T[:, :, None], directions, offsets, slabs)
        return some, np.where((near < far) & (near > 0), near, np.float32(np.inf))

    def distance(self, points: Vectors, reach: float) -> Field:
        """How far points are from the piece, at most reach, and 0 within it."""
        points = self.own(points)
        found = np.full(points.shape[1], reach, np.float32)
        middle, half = self.bounds
        some = np.flatnonzero((np.abs(points - middle) < half + np.float32(reach)).all(axis=0))
        core = (self.halves - self.rounds[:, None]).T[:, :, None]
        beyond = np.abs(points.take(some, axis=1)[:, None] - self.centres.T[:, :, None])
        beyond -= core
        np.maximum(beyond, 0, out=beyond)
        outside = np.sqrt(dot(beyond, beyond)) - self.rounds[:, None]
        found[some] = np.clip(outside.min(axis=0), 0, reach)
        return found


def between_planes(
    origins: NDArray[np.floating], directions: Vectors, offsets: NDArray[np.floating], slabs: NDArray[np.floating]
) -> tuple[Field, Field]:
    """Where rays enter and leave bodies, (bodies, n) each; they miss where they would leave before they enter.

    origins: (3, bodies, n), from the bodies' middles. offsets: (bodies, slabs), of the planes of each pair.
    """
    along = slabs @ directions
    inverse = 1 / np.where(np.abs(along) < TINY, TINY, along)
    shape = np.broadcast_shapes(origins.shape[1:], directions.shape[1:])
    near, far = np.full(shape, -np.inf, np.float32), np.full(shape, np.inf, np.float32)
    for slab, forward, half in zip(slabs, inverse, offsets.T, strict=True):
        middle = -sum(sign * each for sign, each in zip(slab, origins, strict=True) if sign) * forward
        thick = half[:, None] * np.abs(forward)
        np.maximum(near, middle - thick, out=near)
        np.minimum(far, middle + thick, out=far)
    return near, far
