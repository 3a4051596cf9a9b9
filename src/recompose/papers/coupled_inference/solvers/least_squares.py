"""Alternating least squares (appendix B of the paper)."""

import torch
from torch import Tensor

from recompose.papers.coupled_inference.binding import mean_estimate, others, read_out, similarity, superpose
from recompose.papers.coupled_inference.solvers import solver

RIDGE = 1e-5
"""Added to the diagonal, relative to its mean: keeps the normal equations solvable in single precision."""


@solver
def als(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """ALS: for one factor after another, the z_j that minimizes |x - X_1 z_1 * ... * X_K z_K|^2.

    With q the product of the other estimates, A = diag(q) X_j and the normal equations are n x n,
    (X_j^T diag(q^2) X_j) z_j = X_j^T (q * x). Scale moves freely between factors, so each estimate is brought to
    unit mean square.
    """
    estimates = mean_estimate(codebooks, bound.shape[-1]).clone()
    estimates = _unit(estimates)
    for _ in range(iterations):
        for j in range(codebooks.shape[1]):
            own, codebook = slice(j, j + 1), codebooks[:, j]
            rest = others(estimates, own)
            target = similarity(codebook, bound * rest[:, 0])
            scaled = codebook.unsqueeze(1) * rest[:, 0].square().transpose(-1, -2).unsqueeze(-1)
            normal = codebook.transpose(-1, -2).unsqueeze(1) @ scaled  # (sets, trials, size, size)
            diagonal = normal.diagonal(dim1=-2, dim2=-1)
            diagonal += RIDGE * diagonal.mean(dim=-1, keepdim=True) + torch.finfo(normal.dtype).tiny
            weights = torch.cholesky_solve(target.transpose(-1, -2).unsqueeze(-1), torch.linalg.cholesky_ex(normal).L)
            estimates[:, own] = _unit(superpose(codebook, weights.squeeze(-1).transpose(-1, -2))).unsqueeze(1)
    return read_out(codebooks, estimates)


def _unit(estimates: Tensor) -> Tensor:
    """Estimates of unit mean square along the dimension."""
    return estimates / estimates.square().mean(dim=-2, keepdim=True).sqrt().clamp_min(1e-30)
