"""What the texture families draw with: ranges of parameters, random fields and points on a square, soft edges.

All lengths are in patches, and all frequencies in cycles per patch: a class looks alike at every patch size.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import fft

Field = NDArray[np.floating]
"""(size, size), a value at every pixel, in single precision."""
Points = NDArray[np.floating]
"""Of strokes: places (count, 2), shapes (count, corners, 2), or a number of each (count,)."""
Choices = NDArray[np.intp]
"""(size, size), a whole number at every pixel."""

EDGE = 0.04
"""The width over which an edge goes from dark to light."""
TABLE = 512
"""Random numbers of a lattice repeat after so many cells, which is more than an image has."""
BAND = 32
"""Rows whose cells are found at a time, so that they stay in the processor's cache."""
SUPERSAMPLING = 2
"""Strokes are drawn so many times larger, and averaged."""


def between(low: float, high: float) -> Callable[[float], float]:
    """The range of a parameter, evenly."""
    return lambda t: low + (high - low) * t


def ratio(low: float, high: float) -> Callable[[float], float]:
    """The range of a length or another scale, evenly in its logarithm."""
    return lambda t: low * (high / low) ** t


def among(*options: float) -> Callable[[float], float]:
    """A parameter with some values."""
    return lambda t: options[int(t * len(options))]


Angle = Annotated[float, between(0, np.pi)]
"""Of an orientation: half a turn."""


class Drawing(NamedTuple):
    """What a family draws: values on any scale, and where the hue differs, from -1 to 1."""

    value: Field
    tint: Field | None = None


class Cells(NamedTuple):
    """The Voronoi cells of random points: at every pixel, what it knows of its own.

    distance: to its point. border: to the edge of the cell. along, across: to its point. gray, tint, odd: random
    numbers of the cell in [0, 1). Distances are in cells.
    """

    distance: Field
    border: Field
    along: Field
    across: Field
    gray: Field
    tint: Field
    odd: Field


@dataclass(frozen=True)
class Canvas:
    """Where one image is drawn: size and patch in pixels, and the generator of all that differs between images."""

    generator: np.random.Generator
    size: int
    patch: int

    @property
    def extent(self) -> float:
        """The side in patches."""
        return self.size / self.patch

    def plane(self, angle: float = 0.0) -> tuple[Field, Field]:
        """Coordinates in patches, along and across the angle, from an origin that is random."""
        steps = np.arange(self.size, dtype=np.float32) / self.patch
        x, y = steps[None, :], steps[:, None]
        cos, sin = math.cos(angle), math.sin(angle)
        start = self.generator.uniform(0, 10, 2).astype(np.float32)
        return cos * x + sin * y + start[0], cos * y - sin * x + start[1]

    def table(self) -> Field:
        """Random numbers in [0, 1) for the cells of a lattice."""
        return self.generator.random((TABLE, TABLE), dtype=np.float32)

    @cached_property
    def frequencies(self) -> tuple[Field, Field]:
        """Horizontal and vertical ones of a real field, in cycles per patch."""
        horizontal = fft.rfftfreq(self.size, 1 / self.patch).astype(np.float32)
        vertical = fft.fftfreq(self.size, 1 / self.patch).astype(np.float32)
        return horizontal[None, :], vertical[:, None]

    def turned(self, angle: float) -> tuple[Field, Field]:
        """The frequencies along and across the angle."""
        horizontal, vertical = self.frequencies
        cos, sin = math.cos(angle), math.sin(angle)
        return cos * horizontal + sin * vertical, cos * vertical - sin * horizontal

    def white(self) -> Field:
        """Independent standard normal pixels."""
        return self.generator.standard_normal((self.size, self.size), dtype=np.float32)

    def gaussian(self, amplitude: Field) -> Field:
        """A stationary Gaussian field of variance 1 with this amplitude spectrum.

        Structure longer than a patch is left out: it would make the patches of one image differ.
        """
        horizontal, vertical = self.frequencies
        shaped = amplitude * -np.expm1(-(horizontal**2 + vertical**2))
        both = np.full(shaped.shape[1], 2.0)  # rfft keeps one of two conjugate columns, but for the first and the last
        both[0] = 1.0
        both[-1] = 1.0 + self.size % 2
        power = float((shaped.astype(np.float64) ** 2 @ both).sum()) / self.size**2
        spectrum = fft.rfft2(self.white()) * (shaped / math.sqrt(power))
        return fft.irfft2(spectrum, s=(self.size, self.size))

    def smooth(self, scale: float, stretch: float = 1.0, angle: float = 0.0) -> Field:
        """Soft blobs of the size of the scale, stretched along the angle."""
        along, across = self.turned(angle)
        return self.gaussian(np.exp(-2 * scale**2 * ((along * stretch) ** 2 + across**2)))

    def fractal(self, scale: float, slope: float, stretch: float = 1.0, angle: float = 0.0) -> Field:
        """Blobs of the size of the scale with detail down to the pixels; the larger the slope the smoother."""
        along, across = self.turned(angle)
        return self.gaussian((1 + scale**2 * ((along * stretch) ** 2 + across**2)) ** (-slope / 2))

    def waves(self, period: float, bandwidth: float, angle: float, spread: float) -> NDArray[np.complex64]:
        """A complex narrow-band field: its real part is Gabor noise, its phase the place within a wave."""
        horizontal = fft.fftfreq(self.size, 1 / self.patch).astype(np.float32)
        x, y = horizontal[None, :], horizontal[:, None]
        radius = np.hypot(x, y)
        off = np.angle((x + 1j * y) * np.exp(-1j * angle)).astype(np.float32)
        amplitude = np.exp(-(((radius * period - 1) / bandwidth) ** 2) / 2 - (off / spread) ** 2 / 2)
        noise = self.white() + 1j * self.white()
        field = fft.ifft2(fft.fft2(noise) * amplitude)
        return (field / np.sqrt(np.mean(np.abs(field) ** 2) / 2)).astype(np.complex64)

    def cells(self, u: Field, v: Field, jitter: float, stagger: float = 0.0) -> Cells:
        """Voronoi cells of one random point in each square of a lattice; u, v: coordinates in cells.

        jitter: how far points are from the middle of their square. stagger: by how much each row is shifted.
        """
        tables = [self.table() for _ in range(5)]
        bands = range(0, self.size, BAND)
        parts = [_cells(u[top : top + BAND], v[top : top + BAND], jitter, stagger, tables) for top in bands]
        return Cells(*(np.concatenate(fields) for fields in zip(*parts, strict=True)))

    def scattered(self, density: float, reach: float) -> Points:
        """Random places, so many in each patch's area, as far beyond the edges as something from there reaches."""
        side = self.extent + 2 * reach
        return self.generator.uniform(-reach, self.extent + reach, (int(density * side**2), 2))

    def painted(self, shapes: Points, shades: Points, widths: Points | None = None) -> Drawing:
        """Polygons (count, corners, 2) drawn one over another, or lines where they have widths; each in its shade.

        Shades go from 0 to 1, and each shape has a random tint.
        """
        unit = self.patch * SUPERSAMPLING
        sheet = Image.new("RGB", (self.size * SUPERSAMPLING,) * 2, (0, 127, 0))
        pencil = ImageDraw.Draw(sheet)
        tints = self.generator.integers(0, 256, len(shapes)).tolist()
        outlines = (unit * shapes).reshape(len(shapes), -1).tolist()
        inks = zip(np.clip(255 * shades, 0, 255).astype(int).tolist(), tints, strict=True)
        if widths is None:
            for outline, (shade, tint) in zip(outlines, inks, strict=True):
                pencil.polygon(outline, fill=(shade, tint, 0))
        else:
            pixels = np.maximum(np.round(unit * widths), 1).astype(int).tolist()
            for path, (shade, tint), width in zip(outlines, inks, pixels, strict=True):
                pencil.line(path, fill=(shade, tint, 0), width=width, joint="curve")
        value, tint, _ = sheet.resize((self.size, self.size), Image.Resampling.BOX).split()
        return Drawing(np.asarray(value, np.float32) / 255, np.asarray(tint, np.float32) / 127.5 - 1)


def _cells(u: Field, v: Field, jitter: float, stagger: float, tables: list[Field]) -> Cells:
    """The nearest point and the second nearest among those of the nine squares around each pixel."""
    right_of, below_of, grays, tints, odds = (table.ravel() for table in tables)
    row, y = split_cells(v)
    best = np.full(u.shape, np.inf, np.float32)
    second = best.copy()
    x1, y1, x2, y2 = (np.zeros_like(best) for _ in range(4))
    which = np.zeros(u.shape, np.intp)
    for down in (-1, 0, 1):
        column, x = split_cells(u - stagger * (row + down).astype(np.float32))
        for right in (-1, 0, 1):
            cell = ((row + down) % TABLE) * TABLE + (column + right) % TABLE
            to_x = right + 0.5 + jitter * (right_of.take(cell) - 0.5) - x
            to_y = down + 0.5 + jitter * (below_of.take(cell) - 0.5) - y
            distance = to_x * to_x + to_y * to_y
            nearest, near = distance < best, distance < second
            for first, other, mine in ((best, second, distance), (x1, x2, to_x), (y1, y2, to_y)):
                np.copyto(other, mine, where=near)
                np.copyto(other, first, where=nearest)
                np.copyto(first, mine, where=nearest)
            np.copyto(which, cell, where=nearest)
    border = (second - best) / np.maximum(2 * np.hypot(x2 - x1, y2 - y1), 1e-6)
    return Cells(np.sqrt(best), border, -x1, -y1, grays.take(which), tints.take(which), odds.take(which))


def step(x: Field, width: float = EDGE) -> Field:
    """From 0 to 1 where x crosses 0, over a width."""
    t = np.clip(x / width + 0.5, 0, 1)
    return t * t * (3 - 2 * t)


def lookup(table: Field, column: Choices, row: Choices | int = 0) -> Field:
    """The random number of a cell of a lattice."""
    return table.ravel().take((row % TABLE) * TABLE + column % TABLE)


def split_cells(x: Field) -> tuple[Choices, Field]:
    """The number of the cell and the place in it, from 0 to 1."""
    whole = np.floor(x)
    return whole.astype(np.intp), x - whole
