"""What a patch of texture looks like in numbers that no network made: co-occurrence and local binary patterns."""

import numpy as np
from skimage.feature import graycomatrix, graycoprops, local_binary_pattern

from recompose.errors import require_finite

GRAYS = 16
DISTANCES = (1, 2, 4)
ANGLES = (0, np.pi / 4, np.pi / 2, 3 * np.pi / 4)
PROPERTIES = ("contrast", "dissimilarity", "homogeneity", "energy", "correlation")
CIRCLES = ((8, 1), (16, 2))
"""Points on a circle and its radius, of the binary patterns (Ojala et al., 2002)."""


def texture_statistics(images: np.ndarray) -> np.ndarray:
    """Haralick's properties of the co-occurrence matrix, uniform binary patterns, mean and deviation.

    images: (images, channels, height, width), in [0, 1]; colours count by their mean. Returns (images, statistics).
    """
    require_finite(images, f"{len(images)} images are not finite, and have no statistics")
    return np.stack([_statistics(image) for image in np.clip(images, 0, 1).mean(axis=1)])


def _statistics(image: np.ndarray) -> np.ndarray:
    grays = np.minimum(image * GRAYS, GRAYS - 1).astype(np.uint8)
    matrix = graycomatrix(grays, DISTANCES, ANGLES, levels=GRAYS, symmetric=True, normed=True)
    parts = [graycoprops(matrix, each).ravel() for each in PROPERTIES]
    shades = np.round(image * 255).astype(np.uint8)
    for points, radius in CIRCLES:
        patterns = local_binary_pattern(shades, points, radius, method="uniform")
        parts.append(np.bincount(patterns.astype(int).ravel(), minlength=points + 2) / patterns.size)
    return np.concatenate([*parts, [image.mean(), image.std()]])
