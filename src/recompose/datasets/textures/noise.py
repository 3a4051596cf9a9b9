"""Textures of random fields: Gabor, gradient and value noise, and the materials made of them."""

from typing import Annotated

import numpy as np
from scipy import fft

from recompose.datasets.textures.canvas import (
    Angle,
    Canvas,
    Drawing,
    Field,
    among,
    between,
    lookup,
    ratio,
    split_cells,
    step,
)


def gabor(
    canvas: Canvas,
    period: Annotated[float, ratio(0.11, 0.32)],
    bandwidth: Annotated[float, between(0.12, 0.4)],
    angle: Angle,
    spread: Annotated[float, ratio(0.12, 0.7)],
    crossing: Annotated[float, among(0, 0, 0.4, 0.5)],
) -> Drawing:
    """Gabor noise: waves of one orientation, or of two that cross."""
    value = canvas.waves(period, bandwidth, angle, spread).real
    if crossing:
        value = value + canvas.waves(period, bandwidth, angle + crossing * np.pi, spread).real
    return Drawing(value)


def ripples(
    canvas: Canvas,
    period: Annotated[float, ratio(0.14, 0.34)],
    angle: Annotated[float, between(0, 2 * np.pi)],
    spread: Annotated[float, ratio(0.12, 0.32)],
    steepness: Annotated[float, between(0.2, 0.5)],
    sharpness: Annotated[float, ratio(0.6, 2.5)],
) -> Drawing:
    """Sand ripples: the phase of a narrow band, with forks where waves end and slopes of unequal steepness."""
    place = np.angle(canvas.waves(period, 0.2, angle, spread)) / (2 * np.pi) + 0.5
    rise = np.where(place < steepness, place / steepness, (1 - place) / (1 - steepness))
    return Drawing(np.sin(rise.astype(np.float32) * (np.pi / 2)) ** (2 * sharpness))


def _gradient_noise(canvas: Canvas, u: Field, v: Field) -> Field:
    """Perlin's: between the lattice's points, whose gradients point anywhere."""
    table = canvas.table() * (2 * np.pi)
    cosines, sines = np.cos(table), np.sin(table)
    (column, x), (row, y) = split_cells(u), split_cells(v)
    at = [
        [lookup(cosines, column + i, row + j) * (x - i) + lookup(sines, column + i, row + j) * (y - j) for i in (0, 1)]
        for j in (0, 1)
    ]
    ease_x, ease_y = (t * t * t * (t * (t * 6 - 15) + 10) for t in (x, y))
    upper, lower = (left + ease_x * (right - left) for left, right in at)
    return upper + ease_y * (lower - upper)


def clouds(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.16, 0.34)],
    persistence: Annotated[float, between(0.35, 0.7)],
    fold: Annotated[float, among(0, 1, -1)],
    warp: Annotated[float, between(0, 0.9)],
    stretch: Annotated[float, ratio(1, 2.2)],
    angle: Angle,
) -> Drawing:
    """Octaves of Perlin noise: billows where fold is 1, ridges where it is -1, warped by themselves."""
    u, v = canvas.plane(angle)
    u, v = u / (scale * stretch), v / scale
    bend = [_gradient_noise(canvas, u, v) for _ in range(2)]
    u, v = u + warp * bend[0], v + warp * bend[1]
    total = np.zeros_like(u)
    for octave in range(4):
        layer = _gradient_noise(canvas, u * 2**octave, v * 2**octave)
        total += persistence**octave * (2 * fold * np.abs(layer) if fold else layer)
    return Drawing(total)


def _value_noise(canvas: Canvas, u: Field, v: Field, sharpness: float) -> Field:
    """Between random values of a lattice; the sharper the more like a mosaic."""
    table = canvas.table()
    (column, x), (row, y) = split_cells(u), split_cells(v)
    ease_x, ease_y = (step(t - 0.5, 1 / sharpness) for t in (x, y))
    upper, lower = (
        (left := lookup(table, column, row + j)) + ease_x * (lookup(table, column + 1, row + j) - left) for j in (0, 1)
    )
    return upper + ease_y * (lower - upper) - 0.5


def plaster(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.1, 0.24)],
    persistence: Annotated[float, between(0.2, 0.75)],
    sharpness: Annotated[float, ratio(1, 6)],
    stretch: Annotated[float, ratio(1, 2.4)],
    angle: Angle,
) -> Drawing:
    """Octaves of value noise, from trowelled plaster to a mosaic of blocks."""
    u, v = canvas.plane(angle)
    u, v = u / (scale * stretch), v / scale
    octaves = [persistence**o * _value_noise(canvas, u * 2**o, v * 2**o, sharpness) for o in range(3)]
    return Drawing(np.sum(octaves, axis=0, dtype=np.float32))


def marble(
    canvas: Canvas,
    period: Annotated[float, ratio(0.2, 0.45)],
    angle: Angle,
    turbulence: Annotated[float, between(0.03, 0.15)],
    slope: Annotated[float, between(2.8, 4)],
    width: Annotated[float, ratio(0.06, 0.8)],
    mottle: Annotated[float, between(0.02, 0.2)],
) -> Drawing:
    """Veins: the zeros of waves that turbulence bends, on mottled ground."""
    u, _ = canvas.plane(angle)
    bend = canvas.fractal(0.6, slope)
    veins = np.abs(np.sin(np.pi * u / period + (np.pi * turbulence / period) * bend))
    return Drawing(veins / (veins + width) + mottle * canvas.fractal(0.2, 2), tint=np.tanh(bend))


def wood(
    canvas: Canvas,
    ring: Annotated[float, ratio(0.1, 0.28)],
    angle: Angle,
    wander: Annotated[float, between(0.15, 0.8)],
    steepness: Annotated[float, between(0.08, 0.4)],
    fibre: Annotated[float, between(0.15, 0.7)],
    pores: Annotated[float, between(0, 0.8)],
) -> Drawing:
    """Growth rings along the angle: light wood that darkens to the end of its year, with fibres and pores."""
    _, across = canvas.plane(angle)
    place = across / ring + wander * canvas.smooth(0.3, 3, angle)
    _, year = split_cells(place)
    rings = np.where(year < 1 - steepness, year / (1 - steepness), (1 - year) / steepness).astype(np.float32)
    fibres = canvas.fractal(0.05, 1.5, 14, angle)
    dashes = step(canvas.smooth(0.035, 9, angle) - 1.3, 0.6)
    return Drawing(-(rings**2) + 0.3 * fibre * fibres - pores * dashes)


def bark(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.12, 0.28)],
    stretch: Annotated[float, ratio(2, 6)],
    angle: Angle,
    slope: Annotated[float, between(2.2, 3.4)],
    depth: Annotated[float, ratio(0.4, 1.1)],
    roughness: Annotated[float, between(0.05, 0.35)],
) -> Drawing:
    """Ridges along the angle and furrows between them, where a stretched field crosses zero."""
    ridges = np.abs(canvas.fractal(scale, slope, stretch, angle)) ** depth
    return Drawing(ridges + roughness * canvas.fractal(0.06, 1.6, 2, angle))


def agate(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.18, 0.32)],
    bands: Annotated[float, ratio(1.0, 2.6)],
    stretch: Annotated[float, ratio(1, 2.5)],
    angle: Angle,
    second: Annotated[float, between(0, 0.7)],
) -> Drawing:
    """Bands along the contours of a smooth field."""
    field = canvas.smooth(scale, stretch, angle) * (np.pi * bands)
    return Drawing(np.sin(field) + second * np.sin(field * 2.7 + 1), tint=np.sin(field / 3))


def camouflage(
    canvas: Canvas,
    scale: Annotated[float, ratio(0.12, 0.26)],
    stretch: Annotated[float, ratio(1, 2.5)],
    angle: Angle,
    cover: Annotated[float, between(-0.5, 0.5)],
    middle: Annotated[float, between(0.25, 0.75)],
    raggedness: Annotated[float, between(0, 0.35)],
) -> Drawing:
    """Three colours in patches that lie over one another."""
    ragged = raggedness * canvas.fractal(0.1, 3)
    first, last = (canvas.smooth(scale, stretch, angle) + ragged for _ in range(2))
    width = 0.05 / scale
    value = middle * step(first - cover, width)
    over = step(last - 0.6, width)
    return Drawing(value + over * (1 - value), tint=2 * over - 1)


def reaction_diffusion(
    canvas: Canvas,
    period: Annotated[float, ratio(0.13, 0.27)],
    spots: Annotated[float, between(-1.3, 1.3)],
    angle: Angle,
    direction: Annotated[float, between(-0.4, 0.4)],
    edge: Annotated[float, ratio(0.8, 3.5)],
) -> Drawing:
    """A pigment that furthers itself nearby and hinders itself further off: a labyrinth, or spots of either colour.

    Young's reading of Turing's equations: each round filters the pigment and saturates it, until the pattern stands.
    direction: how much weaker waves along the angle are, if positive.
    """
    along, across = canvas.turned(angle)
    square = along**2 + across**2
    ring = np.exp(-(((np.sqrt(square) * period - 1) / 0.3) ** 2) / 2)
    kernel = ring * (1 - max(direction, 0) * along**2 / (square + (1e-6)))
    u = canvas.gaussian(kernel)
    for _ in range(14):
        filtered = fft.irfft2(fft.rfft2(u) * kernel, s=u.shape)
        u = np.tanh(3 * filtered + spots)
    return Drawing(np.tanh(edge * (filtered + (spots / 3))))
