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
    """The exact scores of noised mixtures, as `recompose.diffusion.feynman_kac.Scores`.

    A component that several sources have is looked at once: that, not the sources' shares, is most of the work.
    """
    means, covariances, shares = _distinct(sources)
    identity = torch.eye(means.shape[-1], dtype=means.dtype, device=means.device)
    alone = [int(each.argmax()) for each in shares] if bool((shares.isfinite().sum(dim=1) == 1).all()) else None

    def scores(x: Tensor, t: Tensor) -> Tensor:
        alpha, sigma = float(schedule.alpha(t)), float(schedule.sigma(t))
        precisions = torch.linalg.inv(alpha**2 * covariances + sigma**2 * identity)
        points = x.flatten(1)
        centres = (alpha * precisions @ means.unsqueeze(-1)).flatten(0, 1)
        pulls = torch.addmm(centres, precisions.flatten(0, 1), points, alpha=-1)  # precision (mean - x)
        pulls = pulls.view(len(means), *points.shape)
        if alone:
            return torch.stack([pulls[each] for each in alone]).view(len(sources), *x.shape)
        apart = alpha * means.unsqueeze(-1) - points
        volumes = 0.5 * torch.logdet(precisions).unsqueeze(-1)
        log_densities = (apart.mul_(pulls)).sum(dim=1).mul_(-0.5).add_(volumes)
        found = x.new_empty((len(sources), *points.shape))
        for source, share in zip(found, shares, strict=True):
            belongs = torch.softmax(log_densities + share.unsqueeze(-1), dim=0)  # (components, points)
            for axis, moved in enumerate(source):
                torch.sum(belongs * pulls[:, axis], dim=0, out=moved)
        return found.view(len(sources), *x.shape)

    return scores


def _distinct(sources: Sequence[Mixture]) -> tuple[Tensor, Tensor, Tensor]:
    """The means and covariances of all different components, and the logarithms of the share each source has of them.

    (components, dimension), (components, dimension, dimension), (sources, components)
    """
    means, covariances = (torch.cat([getattr(source, part) for source in sources]) for part in ("means", "covariances"))
    described = torch.cat([means, covariances.flatten(1)], dim=1)
    places: dict[tuple[float, ...], int] = {}
    numbers = [places.setdefault(tuple(row), len(places)) for row in described.tolist()]
    first = [numbers.index(place) for place in range(len(places))]
    shares = means.new_zeros((len(sources), len(places)))
    owners = torch.arange(len(sources)).repeat_interleave(torch.tensor([len(source.weights) for source in sources]))
    weights = torch.cat([source.weights for source in sources])
    shares.index_put_((owners.to(shares.device), torch.tensor(numbers, device=shares.device)), weights, accumulate=True)
    return means[first], covariances[first], shares.log()
