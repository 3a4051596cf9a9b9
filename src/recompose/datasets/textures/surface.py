"""From what a family draws to a photograph of it: tones, relief, grain, colour."""

import math
from functools import cache
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from skimage.color import lab2rgb, rgb2lab

from recompose.datasets.textures.canvas import Canvas, Field, among, between, ratio

GRAYS, TINTS = 256, 33
"""Entries of a palette's table."""
LENS = 0.01
"""The blur of a photograph, in patches."""


def gray(
    canvas: Canvas,
    value: Field,
    dark: Annotated[float, between(0.03, 0.3)],
    light: Annotated[float, between(0.66, 0.97)],
    gamma: Annotated[float, ratio(0.65, 1.5)],
    negative: Annotated[float, among(0, 0, 1)],
    relief: Annotated[float, between(-0.6, 0.7)],
    lamp: Annotated[float, between(0, 2 * np.pi)],
    grain: Annotated[float, between(0.004, 0.02)],
) -> Field:
    """The gray image: tones from dark to light, edges lit from the side where relief is positive, and grain."""
    image = _stretched(gaussian_filter(value, LENS * canvas.patch))
    if relief > 0:
        height = gaussian_filter(image, 2 * LENS * canvas.patch)
        down, across = np.gradient(height)
        slope = math.cos(lamp) * across + math.sin(lamp) * down
        image = _stretched((1 - relief) * image + relief * _stretched(slope))
    image = (1 - image if negative else image) ** gamma
    image = dark + (light - dark) * image + grain * canvas.fractal(0.03, 1)
    return np.clip(image, 0, 1)


def _stretched(value: Field) -> Field:
    """From 0 to 1, with most of it for most of the values, and none clipped."""
    low, high = np.quantile(value[::3, ::3], (0.03, 0.97)).tolist()
    t = (2 * value - (high + low)) / (high - low)
    return 0.5 + t / (2 * np.sqrt(np.sqrt(1 + np.square(np.square(t)))))


def colour(
    image: Field,
    tint: Field | None,
    hue: Annotated[float, between(-1, 1)],
    chroma: Annotated[float, ratio(9, 45)],
    turn: Annotated[float, between(-1.6, 1.6)],
    hues: Annotated[float, between(0, 0.9)],
) -> NDArray[np.float32]:
    """The gray image in a palette, (size, size) -> (size, size, 3), of the same lightness everywhere.

    turn: of the hue from dark to light. hues: how far the hue follows the tint. Earth's hues are the most frequent.
    """
    tints = np.linspace(-1, 1, TINTS)[:, None]
    grays = np.linspace(0, 1, GRAYS)[None, :]
    middle = 1.2 + np.pi * np.sign(hue) * abs(hue) ** 1.7
    angle = middle + turn * (grays - 0.5) + hues * tints
    strength = chroma * np.sqrt(np.sin(np.pi * grays)) * (1 + 0.3 * tints * hues)
    lab = np.stack([np.broadcast_to(_lightness(), angle.shape), strength * np.cos(angle), strength * np.sin(angle)], -1)
    palette = np.clip(lab2rgb(lab), 0, 1).astype(np.float32)
    tint = np.zeros_like(image) if tint is None else np.clip(tint, -1, 1)
    row = np.round((tint + 1) * ((TINTS - 1) / 2)).astype(np.intp)
    below = np.minimum((image * (GRAYS - 1)).astype(np.intp), GRAYS - 2)
    part = (image * (GRAYS - 1) - below.astype(np.float32))[..., None]
    first = palette[row, below]
    return first + part * (palette[row, below + 1] - first)


@cache
def _lightness() -> NDArray[np.float64]:
    """CIE L* of every gray."""
    grays = np.linspace(0, 1, GRAYS)
    return rgb2lab(np.repeat(grays[:, None], 3, axis=1)[None])[..., 0]
