"""Gaussian mixtures, whose score is known at every diffusion time. One component: a Gaussian."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recompose.diffusion.schedules import VariancePreserving
from recompose.errors import RecomposeError


@dataclass(frozen=True)
class Mixture:
    """sum_k weights_k N(means_k, covariances_k).

    weights: (components,), means: (components, dimension), covariances: (components, dimension, dimension)
    """

    weights: Tensor
    means: Tensor
    covariances: Tensor

    def __post_init__(self) -> None:
        if not torch.allclose(self.covariances, self.covariances.mT):
            raise RecomposeError(f"covariance {self.covariances.tolist()}: not symmetric")
        if torch.linalg.cholesky_ex(self.covariances).info.any():
            raise RecomposeError(f"covariance {self.covariances.tolist()}: not positive definite")
        if self.weights.min() < 0 or not math.isclose(float(self.weights.sum()), 1.0, abs_tol=1e-5):
            raise RecomposeError(f"weights {self.weights.tolist()}: not a distribution")

    def to(self, device: str) -> "Mixture":
        """The same mixture on a device."""
        return Mixture(self.weights.to(device), self.means.to(device), self.covariances.to(device))

    def noised(self, alpha: float, sigma: float) -> "Mixture":
        """The distribution of alpha x + sigma noise, x from this mixture."""
        identity = torch.eye(self.means.shape[-1], dtype=self.means.dtype, device=self.means.device)
        return Mixture(self.weights, alpha * self.means, alpha**2 * self.covariances + sigma**2 * identity)

    def log_density(self, x: Tensor) -> Tensor:
        """(..., dimension) -> (...)."""
        return torch.logsumexp(self._log_joint(self._whitened(x)[1]), dim=0).view(x.shape[:-1])

    def score(self, x: Tensor) -> Tensor:
        """The gradient of the log density, sum_k p(k | x) precision_k (mean_k - x): (..., dimension), twice."""
        whitening, apart = self._whitened(x)
        shares = torch.softmax(self._log_joint(apart), dim=0)
        pulls = whitening.mT @ apart
        return -(shares.unsqueeze(1) * pulls).sum(dim=0).T.reshape(x.shape)

    def sample(self, count: int, generator: torch.Generator) -> Tensor:
        """(count, dimension)."""
        chosen = torch.multinomial(self.weights, count, replacement=True, generator=generator)
        noise = torch.randn((count, self.means.shape[-1]), generator=generator, dtype=self.means.dtype)
        factors = torch.linalg.cholesky(self.covariances)
        return self.means[chosen] + (factors[chosen] @ noise.unsqueeze(-1)).squeeze(-1)

    def _whitened(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The inverse factors of the covariances, and what they make of x - mean_k: (components, dimension, points)."""
        whitening = torch.linalg.inv(torch.linalg.cholesky(self.covariances))
        return whitening, whitening @ x.reshape(-1, x.shape[-1]).T - whitening @ self.means.unsqueeze(-1)

    def _log_joint(self, whitened: Tensor) -> Tensor:
        """log(weight_k N(x; k)): (components, dimension, points) -> (components, points)."""
        volume = torch.logdet(self.covariances) + self.means.shape[-1] * math.log(2 * math.pi)
        return (torch.log(self.weights) - 0.5 * volume).unsqueeze(-1) - 0.5 * whitened.square().sum(dim=1)


def gaussian(covariance: Tensor) -> Mixture:
    """N(0, covariance)."""
    return Mixture(covariance.new_ones(1), covariance.new_zeros(1, len(covariance)), covariance.unsqueeze(0))


def product(first: Mixture, second: Mixture) -> Mixture:
    """The normalized product of two mixtures: a mixture with a component for each pair."""
    one, two = torch.linalg.inv(first.covariances), torch.linalg.inv(second.covariances)
    covariances = torch.linalg.inv(one.unsqueeze(1) + two.unsqueeze(0))
    pulls = (one @ first.means.unsqueeze(-1)).unsqueeze(1) + (two @ second.means.unsqueeze(-1)).unsqueeze(0)
    apart = first.means.unsqueeze(1) - second.means.unsqueeze(0)
    spread = first.covariances.unsqueeze(1) + second.covariances.unsqueeze(0)
    distance = (apart.unsqueeze(-2) @ torch.linalg.inv(spread) @ apart.unsqueeze(-1)).squeeze(-1).squeeze(-1)
    logits = first.weights.log().unsqueeze(1) + second.weights.log() - 0.5 * (torch.logdet(spread) + distance)
    means = (covariances @ pulls).squeeze(-1)
    return Mixture(torch.softmax(logits.flatten(), dim=0), means.flatten(0, 1), covariances.flatten(0, 1))


def mixture_scores(sources: Sequence[Mixture], schedule: VariancePreserving) -> Callable[[Tensor, Tensor], Tensor]:
    """The exact scores of noised mixtures, as `recompose.diffusion.feynman_kac.Scores`."""

    def scores(x: Tensor, t: Tensor) -> Tensor:
        points = x.movedim(0, -1)
        alpha, sigma = float(schedule.alpha(t)), float(schedule.sigma(t))
        return torch.stack([source.noised(alpha, sigma).score(points).movedim(-1, 0) for source in sources])

    return scores
