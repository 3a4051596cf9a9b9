"""A Gaussian as teacher (section 3.3): its noise prediction, how much it guides, and the sampler, Eqs. 11-14."""

from collections.abc import Callable
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from recompose.diffusion.guidance import classifier_free
from recompose.diffusion.predictions import Scale
from recompose.diffusion.sampling import ddim_step, sample
from recompose.diffusion.schedules import Schedule, timesteps
from recompose.papers.concept_discovery.gaussians import Gaussians
from recompose.papers.concept_discovery.modes import Noise, Time, scales

Spread = Literal["trace", "entropy"]
Weight = Callable[[int], Tensor | float]
"""The guidance weight at step t: a number, or one for each image, (images, 1, 1, 1)."""


def noised_variance(variance: Tensor, alpha: Scale, sigma: Scale) -> Tensor:
    """Sigma_t of a Gaussian that is noised to step t: alpha^2 Sigma + sigma^2 (above Eq. 11)."""
    return alpha**2 * variance + sigma**2


def gaussian_noise(x: Tensor, teacher: Gaussians, alpha: Scale, sigma: Scale) -> Tensor:
    """The noise that the exact denoiser of N(mean, variance) sees in x, Eq. 12. x: (images, ...), a mean for each."""
    return sigma * (x - alpha * teacher.mean) / noised_variance(teacher.variance, alpha, sigma)


def variance_aware(
    variance: Tensor, alpha: float, sigma: float, *, base: float, largest: float, spread: Spread = "trace"
) -> Tensor:
    """w_*(t), Eq. 14: base times the mean variance of Sigma_t, at most `largest`: (images, 1, ..., 1).

    spread: the mean over the coordinates, tr(Sigma_t) / d, or the geometric one, exp of the mean logarithm, which is
    the entropy power of the Gaussian: a guess at the "entropy-adaptive" mode that Table 8 names and nothing explains.
    """
    noised = noised_variance(variance, alpha, sigma).flatten(1)
    mean = noised.mean(dim=1) if spread == "trace" else noised.log().mean(dim=1).exp()
    return (base * mean).clamp_max(largest).view(-1, *[1] * (variance.ndim - 1))


def guided_samples(
    noise: Noise, teacher: Noise, weight: Weight, start: Tensor, schedule: Schedule, *, steps: int, clip: float | None
) -> Tensor:
    """Samples by DDIM of eps_0 + w (eps_teacher - eps_0), Eq. 13: (images, ...), from standard normal `start`.

    clip: bound on the estimate of the image in every move; None for none.
    """

    def predict(x: Tensor, t: int) -> Tensor:
        return classifier_free(noise(x, t), teacher(x, t), weight(t))

    times = timesteps(schedule.steps, steps, "leading")
    return sample(predict, start, schedule, times, partial(ddim_step, kind="noise", clip=clip))


def of_gaussian(teacher: Gaussians, schedule: Schedule) -> Noise:
    """A Gaussian as what predicts noise."""

    def predicted(x: Tensor, t: Time) -> Tensor:
        return gaussian_noise(x, teacher, *scales(x, t, schedule))

    return predicted


def constant(weight: float) -> Weight:
    """The same weight at every step."""
    return lambda t: weight


def by_variance(teacher: Gaussians, schedule: Schedule, *, base: float, largest: float, spread: Spread) -> Weight:
    """Eq. 14 along a schedule."""

    def weight(t: int) -> Tensor:
        scales = float(schedule.alpha[t]), float(schedule.sigma[t])
        return variance_aware(teacher.variance, *scales, base=base, largest=largest, spread=spread)

    return weight


def query_gaussian(queries: Tensor, deviation: float) -> Gaussians:
    """The baseline Query-only: N(x_q, deviation^2), the same around every query. queries: (images, ...)."""
    return Gaussians(queries, torch.full_like(queries, deviation**2))
