"""Alternating least squares (appendix B of the paper)."""

from math import prod

import torch
from torch import Tensor

from recompose.errors import require_finite
from recompose.machine import require_memory
from recompose.papers.coupled_inference.binding import mean_estimate, others, read_out, similarity, superpose
from recompose.papers.coupled_inference.solvers import solver

RIDGE = 1e-5
"""Added to the diagonal, relative to its mean: keeps the normal equations solvable in single precision."""
SETTLED = 1e-5
"""A trial whose estimates, of mean square one, move less than this (root mean square) in an iteration is finished."""


@solver
def als(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """ALS: for one factor after another, the z_j that minimizes |x - X_1 z_1 * ... * X_K z_K|^2.

    Scale moves freely between factors, so each estimate is brought to unit mean square.
    """
    estimates = unit(mean_estimate(codebooks, bound.shape[-1]))
    for number in range(len(codebooks)):  # the products of pairs of many sets would need much memory
        estimates[number] = alternate(codebooks[number], bound[number], estimates[number], iterations)
    return read_out(codebooks, estimates)


def alternate(codebooks: Tensor, bound: Tensor, start: Tensor, iterations: int) -> Tensor:
    """At most so many rounds over the factors of one set of codebooks; trials that have settled drop out.

    codebooks: (factors, dimension, size), bound: (dimension, trials), start: (factors, dimension, trials)
    """
    pairs = pair_products(codebooks)
    final, active = start.clone(), torch.arange(bound.shape[-1], device=bound.device)
    now = start
    for number in range(1, iterations + 1):
        before, now = now, now.clone()
        for j, codebook in enumerate(codebooks):
            rest = others(now.unsqueeze(0), slice(j, j + 1))[0, 0]
            now[j] = unit(superpose(codebook, least_squares(codebook, pairs[j], rest, bound[:, active])))
        final[..., active] = now
        moved = (now - before).square().mean(dim=-2).amax(dim=0)
        require_finite(moved, f"iteration {number}: the estimates are not finite; make RIDGE larger")
        moving = moved > SETTLED**2
        active, now = active[moving], now[..., moving]
        if not len(active):
            break
    return final


def pair_products(codebooks: Tensor) -> Tensor:
    """The products of every two vectors of a codebook, each pair once: (factors, pairs, dimension)."""
    factors, dimension, size = codebooks.shape
    shape = (factors, size * (size + 1) // 2, dimension)
    require_memory(codebooks.element_size() * prod(shape), f"the products of every two of {size} vectors")
    vectors, pairs, filled = codebooks.transpose(-1, -2).contiguous(), codebooks.new_empty(shape), 0
    for first in range(size):
        count = size - first
        torch.mul(vectors[:, first:], vectors[:, first : first + 1], out=pairs[:, filled : filled + count])
        filled += count
    return pairs


def least_squares(codebook: Tensor, pairs: Tensor, rest: Tensor, bound: Tensor) -> Tensor:
    """argmin_z |x - q * X z|^2 for every trial, with q the product of the other estimates (appendix B).

    The n x n normal equations are (X^T diag(q^2) X) z = X^T (q * x). An entry of their matrix is the inner product
    of q^2 with the product of two codebook vectors, so one matrix product makes those of all trials.
    codebook: (dimension, size), pairs: its pair products, rest, bound: (dimension, trials) -> (size, trials)
    """
    size, trials = codebook.shape[-1], bound.shape[-1]
    first, second = torch.triu_indices(size, size, device=bound.device)
    normal = bound.new_zeros((trials, size, size))
    # In this order: with few trials the transposed product runs at a fifth of the speed.
    normal[:, first, second] = rest.square().T.contiguous() @ pairs.T
    diagonal = normal.diagonal(dim1=-2, dim2=-1)
    diagonal += RIDGE * diagonal.mean(dim=-1, keepdim=True) + torch.finfo(normal.dtype).tiny
    target = similarity(codebook, bound * rest).T.unsqueeze(-1)
    upper = torch.linalg.cholesky_ex(normal, upper=True).L
    return torch.cholesky_solve(target, upper, upper=True).squeeze(-1).T


def unit(estimates: Tensor) -> Tensor:
    """Estimates of unit mean square along the dimension."""
    return estimates / estimates.square().mean(dim=-2, keepdim=True).sqrt().clamp_min(1e-30)
