"""Images of one disk on a plain background: three numbers say all of each image (section 3 of the SAMI paper).

The paper says that the disk's intensity is 0.5 and that position and background are uniform; its authors' code adds
that a disk has radius 6 at 32 x 32, lies wholly inside, and fades over the outer third of its radius along a cosine.
"""

import numpy as np
from numpy.typing import NDArray

from recompose.errors import RecomposeError
from recompose.randomness import numpy_generator

FACTORS = ("x", "y", "background")
"""The columns of an image's parameters: the disk's centre in pixels from the upper left corner, and an intensity."""
DISK = 0.5
"""The intensity of every disk."""
EDGE = 1 / 3
"""How much of the radius the disk fades over."""


def sampled(names: tuple[str | int, ...], count: int, *, size: int, radius: float) -> NDArray[np.float64]:
    """Parameters of so many images, (count, 3): centres uniform where the whole disk is inside, backgrounds in [0, 1).

    The names alone decide; a larger count only adds images. Raises RecomposeError where the disk is larger than the
    image.
    """
    if not 0 < 2 * radius <= size:
        raise RecomposeError(f"radius {radius}: a disk in an image of {size} pixels has one up to {size / 2:g}")
    uniform = numpy_generator("disks", *names).uniform(size=(count, len(FACTORS)))
    low, high = np.array([radius, radius, 0.0]), np.array([size - radius, size - radius, 1.0])
    return low + (high - low) * uniform


def disks(parameters: NDArray[np.float64], *, size: int, radius: float) -> NDArray[np.float32]:
    """The images of parameters, (n, 3), at the middles of their pixels: (n, 1, size, size), in [0, 1]."""
    middles = np.arange(size) + 0.5
    x, y, background = parameters.T[:, :, None, None]
    distance = np.hypot(middles - x, middles[:, None] - y)
    faded = np.clip((distance - (1 - EDGE) * radius) / (EDGE * radius), 0, 1)
    mask = 0.5 + 0.5 * np.cos(np.pi * faded)
    return (background + (DISK - background) * mask).astype(np.float32)[:, None]
