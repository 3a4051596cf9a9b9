"""Where rays of light meet a room and what stands in it.

Lengths are in metres: x to the right, y up from the floor, z into the picture, and the camera near the origin. Vectors
are (3, n), in single precision.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Field = NDArray[np.float32]
"""(n,), a value for each ray or point."""
Vectors = NDArray[np.float32]
"""(3, n), a vector for each; (3, 1) where all have the same."""
Choices = NDArray[np.intp]
"""(n,), a whole number for each."""

SLABS = np.array(
    [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, -1, 0], [0, 1, 1], [0, 1, -1], [1, 0, 1], [1, 0, -1]], np.float32
)
"""A box with bevelled edges lies between nine pairs of planes, and a plain one between the first three."""
BEVEL = 2 - np.sqrt(2)
"""A plane that touches an edge of radius 1 cuts so much off the corner, along the diagonal (1, 1)."""
SHARPEST = 1e-3
"""The radius of the edges of a plain box."""


class Camera(NamedTuple):
    """A pinhole camera without roll; width: half the picture's side at distance 1."""

    place: Vectors
    yaw: float
    pitch: float
    width: float

    @property
    def axes(self) -> NDArray[np.float32]:
        """The picture's right, up and forward as rows, (3, 3)."""
        (sin_yaw, sin), (cos_yaw, cos) = (wave((self.yaw, self.pitch)) for wave in (np.sin, np.cos))
        right = (cos_yaw, 0, -sin_yaw)
        up = (-sin * sin_yaw, cos, -sin * cos_yaw)
        return np.array([right, up, (cos * sin_yaw, sin, cos * cos_yaw)], np.float32)

    def rays(self, size: int) -> Vectors:
        """The directions through the middles of size x size pixels, row by row, of length 1 along the view."""
        steps = (2 * np.arange(size, dtype=np.float32) + 1) / size - 1
        across, down = np.meshgrid(self.width * steps, self.width * steps)
        seen = np.stack([across.ravel(), -down.ravel(), np.ones(size * size, np.float32)])
        return self.axes.T @ seen

    def projected(self, points: Vectors) -> NDArray[np.float32]:
        """Where the picture shows the points: (2, n), from (0, 0) at the upper left to (1, 1) at the lower right."""
        across, up, forward = self.axes @ (points - self.place)
        return np.stack([0.5 + across / forward / (2 * self.width), 0.5 - up / forward / (2 * self.width)])


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
        far = np.where(directions > 0, *(np.array(ends, np.float32)[:, None] for ends in zip(*self._ends, strict=True)))
        distances = (far - origin) / np.where(directions == 0, np.float32(1e-9), directions)
        which = distances.argmin(axis=0)
        normal = np.zeros_like(directions)
        every = np.arange(directions.shape[1])
        normal[which, every] = -np.sign(directions[which, every])
        return Hits(distances[which, every], normal, which)

    @property
    def _ends(self) -> tuple[tuple[float, float], ...]:
        return (self.width / 2, -self.width / 2), (self.height, 0.0), (self.depth, -np.inf)

    def distance(self, points: Vectors) -> Field:
        """How far points within the room are from its nearest surface."""
        x, y, z = points
        nearest = np.minimum(self.width / 2 - np.abs(x), self.depth - z)
        return np.minimum(nearest, np.minimum(y, self.height - y))


@dataclass(frozen=True)
class Piece:
    """A piece of furniture: boxes with rounded edges, in coordinates of its own, turned about the vertical.

    place: (3, 1), of its origin. centres, halves (of the sides), colours: (boxes, 3). rounds: (boxes,), of the edges.
    """

    place: Vectors
    turn: float
    centres: NDArray[np.float32]
    halves: NDArray[np.float32]
    rounds: NDArray[np.float32]
    colours: NDArray[np.float32]

    @cached_property
    def axes(self) -> NDArray[np.float32]:
        """From the room's coordinates to its own, (3, 3)."""
        sin, cos = np.sin(self.turn), np.cos(self.turn)
        return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], np.float32)

    @cached_property
    def bounds(self) -> tuple[Vectors, Vectors]:
        """The box around all boxes: its middle and half its sides, (3, 1)."""
        low, high = (self.centres - self.halves).min(axis=0), (self.centres + self.halves).max(axis=0)
        return ((low + high) / 2)[:, None], ((high - low) / 2)[:, None]

    def own(self, points: Vectors) -> Vectors:
        """Points of the room in the piece's coordinates."""
        return self.axes @ (points - self.place)

    def hits(self, origins: Vectors, directions: Vectors) -> Hits:
        """Where rays meet the piece first, from outside; which: the box."""
        origins, directions = self.own(origins), self.axes @ directions
        count = max(origins.shape[1], directions.shape[1])
        distance, normal = np.full(count, np.inf, np.float32), np.zeros((3, count), np.float32)
        which = np.zeros(count, np.intp)
        middle, half = self.bounds
        near, far = between_planes(origins - middle, directions, half[None, :, 0], SLABS[:3])
        some = np.flatnonzero((near < far)[0] & (far > 0)[0])
        if len(some):
            origins, directions = (each if each.shape[1] == 1 else each[:, some] for each in (origins, directions))
            distance[some], normal[:, some], which[some] = self._first(origins, directions)
        return Hits(distance, self.axes.T @ normal, which)

    def _first(self, origins: Vectors, directions: Vectors) -> Hits:
        slabs = SLABS if self.rounds.any() else SLABS[:3]
        offsets = self.halves @ np.abs(slabs.T)
        offsets[:, 3:] -= np.float32(BEVEL) * self.rounds[:, None]
        near, far = between_planes(origins[None] - self.centres[:, :, None], directions, offsets, slabs)
        near[(near >= far) | (near <= 0)] = np.inf
        which = near.argmin(axis=0)
        distance = near[which, np.arange(near.shape[1])]
        reached = np.where(np.isfinite(distance), distance, 0)
        from_middle = origins + reached * directions - self.centres[which].T
        radius = np.maximum(self.rounds, SHARPEST)[which]
        beyond = np.maximum(np.abs(from_middle) - (self.halves[which].T - radius), 0) * np.sign(from_middle)
        return Hits(distance, beyond / np.maximum(np.linalg.norm(beyond, axis=0), SHARPEST), which)

    def distance(self, points: Vectors, reach: float) -> Field:
        """How far points are from the piece, at most reach; negative within it."""
        points = self.own(points)
        found = np.full(points.shape[1], reach, np.float32)
        middle, half = self.bounds
        some = np.flatnonzero((np.abs(points - middle) < half + np.float32(reach)).all(axis=0))
        if len(some):
            core = (self.halves - self.rounds[:, None])[:, :, None]
            beyond = np.abs(points[None, :, some] - self.centres[:, :, None]) - core
            outside = np.sqrt(np.square(np.maximum(beyond, 0)).sum(axis=1)) + np.minimum(beyond.max(axis=1), 0)
            found[some] = np.minimum((outside - self.rounds[:, None]).min(axis=0), reach)
        return found


def between_planes(
    origins: NDArray[np.float32], directions: Vectors, offsets: NDArray[np.float32], slabs: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Where rays enter and leave bodies: (bodies, n) each; they miss where they would leave before they enter.

    origins: (bodies, 3, n) or (3, n), from the bodies' middles. offsets: (bodies, slabs), of each pair of planes.
    """
    along = slabs @ directions
    inverse = 1 / np.where(np.abs(along) < 1e-7, np.float32(1e-7), along)
    place = slabs @ origins
    near, far = np.float32(-np.inf), np.float32(np.inf)
    for slab in range(len(slabs)):
        middle = -place[..., slab, :] * inverse[slab]
        half = offsets[:, slab, None] * np.abs(inverse[slab])
        near, far = np.maximum(near, middle - half), np.minimum(far, middle + half)
    return near, far
