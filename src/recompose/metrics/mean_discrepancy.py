"""The maximum mean discrepancy between two samples."""

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from recompose.errors import RecomposeError, require_finite

BLOCK = 500
"""Rows of a matrix of distances held at a time: 5000 columns of doubles are then 20 MB."""


def median_bandwidth(x: np.ndarray, y: np.ndarray) -> float:
    """gamma = 1 / (2 med^2), med the median distance between points of the two samples (the lower one of two).

    Raises RecomposeError where that is no width of a kernel: the points coincide, or are too far apart for a number.
    """
    if not len(x) or not len(y):
        raise RecomposeError(f"samples of {len(x)} and {len(y)} points have no median distance; draw some of each")
    distances = torch.cat([block.flatten() for block in _squared_distances(x, y)]).numpy()
    middle = (len(distances) - 1) // 2
    squared = float(np.partition(distances, middle)[middle])  # ten times as fast as PyTorch's kthvalue
    gamma = 0.5 / squared if squared else math.inf
    if not 0 < gamma < math.inf:
        raise RecomposeError(
            f"the median distance between two samples of {len(x)} and {len(y)} points is {squared**0.5:.4g}, and the "
            "kernel's bandwidth follows from it; take samples whose points are finite and do not coincide"
        )
    return gamma


def mean_discrepancy(x: np.ndarray, y: np.ndarray, gamma: float) -> float:
    """The unbiased U-statistic of MMD^2 with the kernel exp(-gamma |a - b|^2); it may be negative.

    x: (m, dimension), y: (n, dimension)
    """
    m, n = len(x), len(y)
    if min(m, n) < 2:
        raise RecomposeError(f"samples of {m} and {n} points have no unbiased discrepancy; draw two or more of each")
    for points in (x, y):
        require_finite(points, f"a sample of {len(points)} points is not finite, and has no discrepancy")
    within_x, within_y, between = (
        sum(float(torch.exp(-gamma * block).sum()) for block in _squared_distances(a, b))
        for a, b in ((x, x), (y, y), (x, y))
    )
    # The diagonals, kernel(a, a) = 1, do not count.
    return (within_x - m) / (m * (m - 1)) + (within_y - n) / (n * (n - 1)) - 2 * between / (m * n)


def _squared_distances(x: np.ndarray, y: np.ndarray) -> Iterator[Tensor]:
    """|a - b|^2 of some rows of x with all rows of y at a time."""
    others = torch.from_numpy(y)
    for block in torch.split(torch.from_numpy(x), BLOCK):
        yield torch.cdist(block, others, compute_mode="donot_use_mm_for_euclid_dist").square()
