"""Resonator networks: the paper's two baselines, and what it left out."""

import torch
from torch import Tensor

from recompose.papers.coupled_inference.binding import (
    attention_update,
    mean_estimate,
    read_out,
    select,
    similarity,
    superpose,
    unbind,
)
from recompose.papers.coupled_inference.solvers import solver

ITERATIONS_PER_RESTART = 10


@solver
def resonator(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """RESONATOR, Eq. 1: x_j <- sgn(X_j X_j^T (x * others)), all factors at once, from the mean of the codebooks."""
    estimates = mean_estimate(codebooks, bound.shape[-1])
    for _ in range(iterations):
        estimates = superpose(codebooks, similarity(codebooks, unbind(bound, estimates))).sign_()
    return read_out(codebooks, estimates)


@solver
def attention_resonator(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """ATTN. RESONATOR, Eq. 34: x_j <- X_j softmax(beta X_j^T (x * others)), with codebook vectors of unit norm."""
    estimates = mean_estimate(codebooks, bound.shape[-1])
    for _ in range(iterations):
        estimates = attention_update(codebooks, bound, estimates)
    return read_out(codebooks, estimates)


def _gauss_seidel(codebooks: Tensor, bound: Tensor, estimates: Tensor, iterations: int) -> Tensor:
    """Eq. 1 with the factors updated one after another, each from the newest estimates of the others."""
    estimates = estimates.clone()
    for _ in range(iterations):
        for j in range(codebooks.shape[1]):
            own = slice(j, j + 1)
            weights = similarity(codebooks[:, own], unbind(bound, estimates, own))
            estimates[:, own] = superpose(codebooks[:, own], weights).sign()
    return estimates


@solver
def asynchronous_resonator(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """The resonator in Gauss-Seidel order, which is how Frady et al. (2020) introduced it; not in the paper."""
    estimates = _gauss_seidel(codebooks, bound, mean_estimate(codebooks, bound.shape[-1]), iterations)
    return read_out(codebooks, estimates)


@solver
def restarted_resonator(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """The asynchronous resonator from several random starts; the product most similar to x is kept.

    Ten iterations a start, so that the budget stays the same.
    """
    sets, factors, _, size = codebooks.shape
    trials = bound.shape[-1]
    best = torch.full((sets, 1, trials), -torch.inf, device=bound.device)
    found = torch.zeros((sets, factors, trials), dtype=torch.long, device=bound.device)
    for start in range(0, iterations, ITERATIONS_PER_RESTART):
        weights = torch.randn((sets, factors, size, trials), generator=generator, device=bound.device)
        steps = min(ITERATIONS_PER_RESTART, iterations - start)
        estimates = _gauss_seidel(codebooks, bound, superpose(codebooks, weights).sign(), steps)
        candidate = read_out(codebooks, estimates)
        fit = (select(codebooks, candidate).prod(dim=1) * bound).sum(dim=1, keepdim=True)
        found = torch.where(fit > best, candidate, found)
        best = torch.maximum(fit, best)
    return found
