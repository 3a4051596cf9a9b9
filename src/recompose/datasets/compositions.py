"""Weighted compositions (paper 2, Definition 1), their exact theory for Gaussians, and the six settings of section 5.

The sources of a setting stand in the order a1, a2, 0; the base-composed distribution P^a1 P^a2 / P^0 weights them
1, 1 and -1 (section 4.2).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from recompose.diffusion.mixtures import Mixture, gaussian, product
from recompose.errors import RecomposeError

Reading = Literal["text", "code"]
"""Where the paper's text and the authors' code differ, which of the two is followed."""

BASE_COMPOSED = (1.0, 1.0, -1.0)
OVERSAMPLING = 1000
"""Candidates per sample that importance resampling draws from."""
NODES = 2000
"""Nodes along each axis of the table that other weightings of mixtures are sampled from."""


def composed_precision(covariances: Tensor, weights: Tensor) -> Tensor:
    """sum_a w_a Sigma_a^-1, refused unless it is positive definite: Theorem 1.

    covariances: (sources, dimension, dimension), weights: (sources,) -> (dimension, dimension)
    """
    if len(covariances) != len(weights):
        raise RecomposeError(f"weights {weights.tolist()}: {len(weights)} of them for {len(covariances)} sources")
    precision = torch.tensordot(weights, torch.linalg.inv(covariances), dims=1)
    smallest = float(torch.linalg.eigvalsh(precision).min())
    if smallest <= 0:
        raise RecomposeError(
            f"weights {weights.tolist()}: not a valid weighting, the sum of the weighted precisions has the "
            f"eigenvalue {smallest:.4g} and must be positive definite (Theorem 1)"
        )
    return precision


def composed_covariance(covariances: Tensor, weights: Tensor) -> Tensor:
    """The covariance of the weighted composition of N(0, Sigma_a), Eq. 6."""
    return torch.linalg.inv(composed_precision(covariances, weights))


def naive_ode_covariance(covariances: Tensor, weights: Tensor) -> Tensor:
    """Where the naive denoising ODE ends instead, prod_a Sigma_a^w_a: Theorem 2.

    It holds for covariances that commute and weights that add up to one; others are refused.
    """
    if abs(float(weights.sum()) - 1) > 1e-6:
        raise RecomposeError(f"weights {weights.tolist()}: Theorem 2 needs a sum of 1, they have {weights.sum():.4g}")
    for first in covariances:
        for second in covariances:
            if not torch.allclose(first @ second, second @ first, atol=1e-5):
                raise RecomposeError("covariances: Theorem 2 needs matrices that commute")
    values, vectors = torch.linalg.eigh(covariances)
    logarithms = (vectors * values.log().unsqueeze(-2)) @ vectors.mT
    return torch.linalg.matrix_exp(torch.tensordot(weights, logarithms, dims=1))


@dataclass(frozen=True)
class Composition:
    """A setting of section 5: its sources, and exact samples of what they compose to."""

    name: str
    sources: tuple[Mixture, ...]
    weights: Tensor
    target: Callable[[int, torch.Generator], Tensor]
    """(count, generator) -> (count, dimension) samples of the composition"""

    def log_density(self, x: Tensor) -> Tensor:
        """Of the composition, up to a constant: (..., dimension) -> (...)."""
        densities = torch.stack([source.log_density(x) for source in self.sources])
        return torch.tensordot(self.weights, densities, dims=1)


def _of_gaussians(name: str, base: float, weights: Tensor) -> Composition:
    """P^a1 = N(0, diag(10, 1)), P^a2 = N(0, diag(1, 10)) and P^0 = N(0, base I): section 5.1."""
    covariances = torch.stack([torch.diag(torch.tensor(each)) for each in ([10.0, 1.0], [1.0, 10.0], [base, base])])
    composed = gaussian(composed_covariance(covariances, weights))
    return Composition(name, tuple(map(gaussian, covariances)), weights, composed.sample)


def _round(means: Sequence[tuple[float, float]], deviation: float, weights: Sequence[float]) -> Mixture:
    """A mixture of round components of one standard deviation."""
    total = sum(weights)
    return Mixture(
        torch.tensor([weight / total for weight in weights]),
        torch.tensor(means),
        (deviation**2 * torch.eye(2)).expand(len(means), 2, 2).clone(),
    )


def _mixtures_id(reading: Reading) -> Composition:
    """Six components on a grid; a1 and a2 are uniform over four of them each (section 5.2).

    The text calls sigma = .6 the variance, the code takes it for the standard deviation.
    """
    means = [(x, y) for y in (-2.5, 2.5) for x in (-3.0, 0.0, 3.0)]
    deviation = 0.6 if reading == "code" else 0.6**0.5
    over = {"a1": (0, 1, 2, 3), "a2": (1, 2, 4, 5), "0": range(6)}
    a1, a2, base = (_round(means, deviation, [float(k in members) for k in range(6)]) for members in over.values())
    bound = float((a2.weights / base.weights).max())

    def target(count: int, generator: torch.Generator) -> Tensor:
        """Rejection from a1: a2 / P^0 is largest where one component is alone, max_k w_a2[k] / w_0[k] (F.2)."""
        kept: list[Tensor] = []
        while sum(map(len, kept)) < count:
            x = a1.sample(2 * count, generator)
            ratio = torch.exp(a2.log_density(x) - base.log_density(x)) / bound
            kept.append(x[torch.rand(len(x), generator=generator) < ratio])
        return torch.cat(kept)[:count]

    return Composition("gmm_id", (a1, a2, base), torch.tensor(BASE_COMPOSED), target)


def _mixtures_ood(reading: Reading) -> Composition:
    """Two components each, far apart; P^0 has all four (section 5.2).

    The second mean of a1 is (0, 0) in the text and (9, 0) in the code.
    """
    second = (9.0, 0.0) if reading == "code" else (0.0, 0.0)
    of_a1, of_a2 = [(-6.0, 1.5), second], [(0.0, -9.0), (-1.5, 6.0)]
    a1, a2 = _round(of_a1, 1.0, [1.0, 1.0]), _round(of_a2, 1.0, [1.0, 1.0])
    base = _round([*of_a1, *of_a2], 1.0, [1.0] * 4)
    proposal = product(a1, a2)

    def target(count: int, generator: torch.Generator) -> Tensor:
        """Importance resampling from the product of the numerators, weighted by 1 / P^0 (F.2)."""
        x = proposal.sample(OVERSAMPLING * count, generator)
        share = torch.softmax(-base.log_density(x).double(), dim=0).cumsum(dim=0)
        start = torch.rand((), generator=generator, dtype=torch.float64)
        pointers = (torch.arange(count) + start) / count
        return x[torch.searchsorted(share, pointers).clamp_max(len(x) - 1)]

    return Composition("gmm_ood", (a1, a2, base), torch.tensor(BASE_COMPOSED), target)


SETTINGS = ("f_id", "nf_id", "f_ood", "nf_ood", "gmm_id", "gmm_ood")
"""The names of the settings, in the order of the paper's tables."""


_BASES = {"f_id": 10.0, "nf_id": 20.0, "f_ood": 1.0, "nf_ood": 1.1}
"""The variance of P^0 in the settings of Gaussians."""


def composition(name: str, reading: Reading = "code", weights: Sequence[float] = BASE_COMPOSED) -> Composition:
    """A setting by its name, base-composed or with any other valid weighting."""
    if name in _BASES:
        return _of_gaussians(name, _BASES[name], torch.tensor(weights))
    if name not in SETTINGS:
        raise RecomposeError(f"unknown setting {name}; known: {', '.join(SETTINGS)}")
    base_composed = _mixtures_id(reading) if name == "gmm_id" else _mixtures_ood(reading)
    return base_composed if tuple(weights) == BASE_COMPOSED else _tabulated(base_composed, torch.tensor(weights))


def _tabulated(setting: Composition, weights: Tensor) -> Composition:
    """Another weighting of mixtures, sampled from a table of its density: a node by its weight, then within its cell.

    Far away the widest components decide, and for each source they have one precision: Theorem 1 says which weightings
    are valid.
    """
    composed_precision(torch.stack([source.covariances[0] for source in setting.sources]), weights)
    found = Composition(setting.name, setting.sources, weights, lambda count, generator: torch.empty(0))
    half = 2 * float(torch.cat([source.means for source in setting.sources]).abs().max())
    while True:
        axis = torch.linspace(-half, half, NODES)
        square = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)
        share = torch.softmax(found.log_density(square).double().flatten(), dim=0)
        inside = (square.abs().amax(dim=-1) < 0.9 * half).flatten()
        if float(share[~inside].sum()) < 1e-6:
            break
        half *= 2  # the composition reaches the edge
    reached, places, width = share.cumsum(dim=0), square.flatten(0, 1), 2 * half / (NODES - 1)

    def target(count: int, generator: torch.Generator) -> Tensor:
        drawn = torch.rand(count, generator=generator, dtype=torch.float64) * reached[-1]
        node = torch.searchsorted(reached, drawn).clamp_max(len(places) - 1)
        return places[node] + width * (torch.rand((count, 2), generator=generator) - 0.5)

    return replace(found, target=target)
