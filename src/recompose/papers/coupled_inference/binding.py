"""The algebra of bound vectors that all solvers share.

Shapes, throughout: codebooks (sets, factors, dimension, size); bound (sets, dimension, trials); estimates of the
factors (sets, factors, dimension, trials); weights on the codebook vectors (sets, factors, size, trials).
A slice of the factors may stand wherever all of them may.
"""

import torch
from torch import Tensor


def similarity(codebooks: Tensor, estimates: Tensor) -> Tensor:
    """X^T v, the inner product of every codebook vector with the estimates: (..., size, trials)."""
    return codebooks.transpose(-1, -2) @ estimates


def superpose(codebooks: Tensor, weights: Tensor) -> Tensor:
    """X w, the weighted sums of codebook vectors: (..., dimension, trials)."""
    return codebooks @ weights


def others(estimates: Tensor, factors: slice = slice(None)) -> Tensor:
    """For each factor in the slice, the product of the estimates of all *other* factors.

    Products of what stands before and after: no division, so estimates may be zero.
    """
    count = estimates.shape[1]
    before = [torch.ones_like(estimates[:, 0])]
    after = [torch.ones_like(estimates[:, 0])]
    for place in range(count - 1):
        before.append(before[-1] * estimates[:, place])
        after.append(after[-1] * estimates[:, count - 1 - place])
    return torch.stack([before[j] * after[count - 1 - j] for j in range(*factors.indices(count))], dim=1)


def mean_estimate(codebooks: Tensor, trials: int) -> Tensor:
    """The plain mean of each codebook, the same for every trial: where the paper's methods start."""
    return codebooks.mean(dim=-1, keepdim=True).expand(-1, -1, -1, trials)


def read_out(codebooks: Tensor, estimates: Tensor) -> Tensor:
    """The codebook vector most similar to each estimate *up to its sign*: (sets, factors, trials) indices.

    The signs of the factors cannot be known: flipping two of them leaves the product as it was.
    """
    return similarity(codebooks, estimates).abs().argmax(dim=-2)


def select(codebooks: Tensor, indices: Tensor) -> Tensor:
    """The codebook vectors of these indices.

    codebooks: (..., dimension, size), indices: (..., count) -> (..., dimension, count)
    """
    return torch.gather(codebooks, -1, indices.unsqueeze(-2).expand(*indices.shape[:-1], codebooks.shape[-2], -1))
