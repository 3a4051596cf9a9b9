"""The algebra of bound vectors that all solvers share.

Shapes, throughout: codebooks (sets, factors, dimension, size); bound (sets, dimension, trials); estimates of the
factors (sets, factors, dimension, trials); weights on the codebook vectors (sets, factors, size, trials).
A slice of the factors may stand wherever all of them may.
"""

from functools import reduce

import torch
from torch import Tensor

from recompose.errors import require_finite

BETA = 250.0
"""The paper's inverse temperature of the attention resonator, for codebook vectors of unit norm."""


def similarity(codebooks: Tensor, estimates: Tensor) -> Tensor:
    """X^T v, the inner product of every codebook vector with the estimates: (..., size, trials)."""
    return codebooks.transpose(-1, -2) @ estimates


def superpose(codebooks: Tensor, weights: Tensor) -> Tensor:
    """X w, the weighted sums of codebook vectors: (..., dimension, trials)."""
    return codebooks @ weights


def others(estimates: Tensor, factors: slice = slice(None)) -> Tensor:
    """For each factor in the slice, the product of the estimates of all *other* factors.

    For all factors from the products of what stands before and after: no division, so estimates may be zero.
    """
    count = estimates.shape[1]
    wanted = range(*factors.indices(count))
    if len(wanted) == 1:
        rest = [estimates[:, place] for place in range(count) if place != wanted[0]]
        return (reduce(torch.mul, rest) if rest else torch.ones_like(estimates[:, 0])).unsqueeze(1)
    before, after = [estimates[:, 0]], [estimates[:, -1]]  # products of the first and of the last factors
    for place in range(1, count - 1):
        before.append(before[-1] * estimates[:, place])
        after.append(after[-1] * estimates[:, -1 - place])
    rest = [after[count - 2]]
    rest += [before[j - 1] * after[count - 2 - j] for j in range(1, count - 1)]
    return torch.stack([*rest, before[count - 2]], dim=1)[:, factors]


def unbind(bound: Tensor, estimates: Tensor, factors: slice = slice(None)) -> Tensor:
    """x * others: what the bound vector says of each factor in the slice, if the estimates of the others are right."""
    return bound.unsqueeze(1) * others(estimates, factors)


def attention_update(codebooks: Tensor, bound: Tensor, estimates: Tensor) -> Tensor:
    """Eq. 34, for all factors at once: X softmax(beta X^T (x * others)), of codebook vectors of unit norm."""
    cosine = similarity(codebooks, unbind(bound, estimates)) / codebooks.shape[-2]
    return superpose(codebooks, torch.softmax(BETA * cosine, dim=-2))


def mean_estimate(codebooks: Tensor, trials: int) -> Tensor:
    """The plain mean of each codebook, the same for every trial: where the paper's methods start."""
    return codebooks.mean(dim=-1, keepdim=True).expand(-1, -1, -1, trials)


def read_out(codebooks: Tensor, estimates: Tensor) -> Tensor:
    """The codebook vector most similar to each estimate *up to its sign*: (sets, factors, trials) indices.

    The signs of the factors cannot be known: flipping two of them leaves the product as it was.
    """
    return largest(similarity(codebooks, estimates))


def largest(agreement: Tensor) -> Tensor:
    """Where the largest entries are, up to their sign: (..., size, trials) -> (..., trials) indices.

    Raises NotFinite where one is not finite: NaN would count as the largest of all.
    """
    require_finite(agreement, "what is to be read out is not finite; guide less, or clip more (cond_clip_ratio)")
    return agreement.abs().argmax(dim=-2)


def select(codebooks: Tensor, indices: Tensor) -> Tensor:
    """The codebook vectors of these indices.

    codebooks: (..., dimension, size), indices: (..., count) -> (..., dimension, count)
    """
    return torch.gather(codebooks, -1, indices.unsqueeze(-2).expand(*indices.shape[:-1], codebooks.shape[-2], -1))
