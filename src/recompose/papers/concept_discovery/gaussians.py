"""A Gaussian around every mode in the space of clean images (end of section 3.1), its covariance diagonal."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from recompose.diffusion.predictions import Scale
from recompose.diffusion.schedules import Schedule
from recompose.papers.concept_discovery.modes import Noise, Time, clean_estimate, scales

Reading = Literal["laplace", "noise_free", "posterior"]
SMALLEST = 1e-4
"""The least variance of a coordinate, of images in [-1, 1]: a tenth of the variance of rounding to a hundred levels."""
STRICT = 0.999
"""How near alpha J may come to 1, where a mode stops being strict and its Laplace variance is infinite."""


@dataclass(frozen=True)
class Gaussians:
    """mean, variance: (modes, ...); their coordinates are independent."""

    mean: Tensor
    variance: Tensor

    def __getitem__(self, chosen: Tensor | slice) -> "Gaussians":
        return Gaussians(self.mean[chosen], self.variance[chosen])

    def log_likelihoods(self, query: Tensor) -> Tensor:
        """l_jr = log N(x_q,r; m_jr, sigma_jr^2) of every coordinate (above Eq. 8): (modes, ...)."""
        return -0.5 * ((query - self.mean).square() / self.variance + torch.log(2 * torch.pi * self.variance))


def jacobian_diagonal(
    noise: Noise, x: Tensor, t: Time, schedule: Schedule, *, clean: Tensor, probes: Tensor, step: float
) -> Tensor:
    """The diagonal of J = d x0_hat / dx by Hutchinson's estimator, E[z * Jz]: (points, ...).

    clean: x0_hat(x); probes: (probes, points, ...) of signs, all asked at once; step: of the finite difference
    Jz = (x0_hat(x + step z) - x0_hat(x)) / step. The variance of coordinate r is sum_{s != r} J_rs^2 / probes, so with
    few it may come out negative.
    """
    many = t if isinstance(t, int) else t.repeat(len(probes))
    moved = clean_estimate(noise, (x + step * probes).flatten(0, 1), many, schedule).view_as(probes)
    return (probes * (moved - clean) / step).mean(dim=0)


def jacobian_estimates(
    noise: Noise, x: Tensor, t: int, schedule: Schedule, probes: int, step: float, generator: torch.Generator
) -> Tensor:
    """The same with so many signs of its own: (points, ...)."""
    signs = 2.0 * torch.randint(2, (probes, *x.shape), generator=generator) - 1
    clean = clean_estimate(noise, x, t, schedule)
    return jacobian_diagonal(noise, x, t, schedule, clean=clean, probes=signs.to(x), step=step)


def variance(jacobian: Tensor, alpha: Scale, sigma: Scale, reading: Reading) -> tuple[Tensor, Tensor]:
    """The variance of every coordinate around a mode, and whether its estimate had to be put within bounds.

    With H = (alpha J - 1) / sigma^2, the Hessian of log p_t:
    laplace: -1 / (alpha^2 H), Laplace's covariance in x_t, rescaled; the closest to the paper's words. It holds the
    noise of p_t: s^2 + sigma^2/alpha^2 for data N(m, s^2).
    noise_free: that less sigma^2/alpha^2, (sigma^2/alpha) J / (1 - alpha J): s^2.
    posterior: Cov[x_0 | x_t] = (sigma^2/alpha) J (Tweedie), the least: sigma^2 s^2/(alpha^2 s^2 + sigma^2).
    Posterior^-1 = noise_free^-1 + alpha^2/sigma^2. J is put into [0, STRICT / alpha], the result above SMALLEST.
    """
    bounded = jacobian.clamp_min(0.0).minimum(torch.as_tensor(STRICT / alpha).to(jacobian))
    spread = sigma**2 / alpha
    match reading:
        case "laplace":
            found = spread / alpha / (1 - alpha * bounded)
        case "noise_free":
            found = spread * bounded / (1 - alpha * bounded)
        case "posterior":
            found = spread * bounded
    return found.clamp_min(SMALLEST), bounded != jacobian


def around_modes(
    noise: Noise,
    x: Tensor,
    t: Time,
    schedule: Schedule,
    *,
    clean: Tensor,
    probes: Tensor,
    step: float,
    reading: Reading,
) -> tuple[Gaussians, Tensor]:
    """The clean Gaussian of each mode x of p_t, mean x / alpha, and the share of its coordinates that were bounded."""
    alpha, sigma = scales(x, t, schedule)
    jacobian = jacobian_diagonal(noise, x, t, schedule, clean=clean, probes=probes, step=step)
    spread, outside = variance(jacobian, alpha, sigma, reading)
    return Gaussians(x / alpha, spread), outside.flatten(1).float().mean(dim=1)
