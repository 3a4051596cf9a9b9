"""The sliced Wasserstein-2 distance between two samples."""

import numpy as np
import torch
from torch import Tensor

CHUNK = 100
"""Directions sorted at a time."""


def directions(count: int, dimension: int, generator: np.random.Generator) -> np.ndarray:
    """Uniformly random unit vectors, (count, dimension)."""
    vectors = generator.standard_normal((count, dimension))
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def sliced_wasserstein(x: Tensor, y: Tensor, directions: Tensor) -> float:
    """The square root of the mean over the directions of the squared Wasserstein-2 distance between the projections.

    In one dimension the optimal plan between samples of one size pairs them by rank.
    x, y: (count, dimension), directions: (directions, dimension)
    """
    if x.shape != y.shape:
        raise ValueError(f"samples of shape {tuple(x.shape)} and {tuple(y.shape)}; expected equal shapes")
    squares = [
        ((part @ x.T).sort(dim=-1).values - (part @ y.T).sort(dim=-1).values).square().mean(dim=-1)
        for part in torch.split(directions, CHUNK)
    ]
    return float(torch.cat(squares).mean().sqrt())
