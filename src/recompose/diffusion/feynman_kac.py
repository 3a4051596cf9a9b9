"""Sampling from a composition of diffusion models, naively and with Feynman-Kac correctors (Skreta et al., 2025).

Times run as in the field: t = 0 is data, t = 1 noise. A sampler goes from 1 to 0; its log-weights are written for
*increasing sampling time*, so their signs are opposite to those of a formula for dt < 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import torch
from torch import Tensor

from recompose.diffusion.noising import NEAREST, VariancePreserving
from recompose.diffusion.particles import effective_sample_size, systematic_resampling
from recompose.errors import RecomposeError

Scores = Callable[[Tensor, Tensor], Tensor]
"""x: (swarms, particles, dimension), t: () -> the score of each source at x, (sources, swarms, particles, dimension)"""


@dataclass(frozen=True)
class Sampler:
    """How a composition is sampled."""

    steps: int = 500
    dynamics: Literal["sde", "ode"] = "sde"
    resampling: Literal["every_step", "threshold"] = "every_step"
    threshold: float = 0.5
    """Resample a swarm whose effective sample size is below this share of its particles; until then weights add up."""
    clip: float | None = 15.0
    """Largest log-weight rate per unit of time, applied before it is multiplied by the length of the step."""
    centring: bool = False
    """Whether the mean rate of a swarm is taken off before the clip; without a clip it changes nothing."""
    noise_on_last_step: bool = True


def log_weight_rate(scores: Tensor, weights: Tensor, rate: Tensor, drift_divergence: Tensor) -> Tensor:
    """How fast a particle gains log-weight per unit of sampling time: Eq. 11, its sign (for dt < 0) turned.

    (sum_a w_a - 1) div u + b/2 (|sum_a w_a S_a|^2 - sum_a w_a |S_a|^2)
    scores: (sources, ..., dimension), weights: (sources,), rate: b(t), drift_divergence: div u -> (...)
    """
    composed = torch.tensordot(weights, scores, dims=1)
    gap = composed.square().sum(dim=-1) - torch.tensordot(weights, scores.square().sum(dim=-1), dims=1)
    return (weights.sum() - 1) * drift_divergence + 0.5 * rate * gap


def sample_composition(
    scores: Scores,
    weights: Tensor,
    *,
    swarms: int,
    particles: int,
    dimension: int,
    sampler: Sampler,
    schedule: VariancePreserving,
    generator: torch.Generator,
) -> Tensor:
    """One draw from each of the swarms: (swarms, dimension).

    Euler(-Maruyama) on the naively composed score (Eqs. 4 and 5). After each move the log-weight rate is evaluated at
    the new place and time, and the swarm is resampled by it. With one particle this is the naive sampler.
    Raises RecomposeError where a log-weight is not finite.
    """
    if particles < 1:
        raise RecomposeError(f"particles = {particles}, expected at least 1")
    times = torch.linspace(1, 0, sampler.steps + 1, dtype=weights.dtype, device=weights.device)
    x = torch.randn((swarms, particles, dimension), generator=generator, dtype=weights.dtype, device=weights.device)
    log_weights = torch.zeros((swarms, particles), dtype=weights.dtype, device=weights.device)
    at = scores(x, times[0].clamp(NEAREST, 1 - NEAREST))
    for number, (t, following) in enumerate(pairwise(times), start=1):
        length, rate = t - following, schedule.rate(t)
        composed = torch.tensordot(weights, at, dims=1)
        if sampler.dynamics == "sde":
            x = x + rate * length * (0.5 * x + composed)
            if number < sampler.steps or sampler.noise_on_last_step:
                noise = torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device)
                x = x + (rate * length).sqrt() * noise
        else:
            x = x + 0.5 * rate * length * (x + composed)
        last = number == sampler.steps
        if particles == 1 and last:
            break
        at = scores(x, following.clamp(NEAREST, 1 - NEAREST))
        if particles > 1:
            rate = schedule.rate(following)
            gain = log_weight_rate(at, weights, rate, -0.5 * rate * dimension)
            log_weights = log_weights + length * _bounded(gain, sampler)
            _require_finite(log_weights, number, sampler.steps)
            chosen = _ancestors(log_weights, sampler, last, generator)
            if chosen is not None:
                ancestors, resampled = chosen
                x = torch.take_along_dim(x, ancestors.unsqueeze(-1), dim=1)
                at = torch.take_along_dim(at, ancestors.unsqueeze(0).unsqueeze(-1), dim=2)
                log_weights = torch.where(resampled, torch.zeros_like(log_weights), log_weights)
    return x[:, 0]


def _bounded(gain: Tensor, sampler: Sampler) -> Tensor:
    if sampler.centring:
        gain = gain - gain.mean(dim=-1, keepdim=True)
    return gain if sampler.clip is None else gain.clamp(-sampler.clip, sampler.clip)


def _ancestors(
    log_weights: Tensor, sampler: Sampler, last: bool, generator: torch.Generator
) -> tuple[Tensor, Tensor] | None:
    """Where each particle comes from, and which swarms were resampled, (swarms, 1); None if no swarm was.

    At the end all swarms are, so that the first slot is a draw from the weighted swarm.
    """
    if sampler.resampling == "every_step" or last:
        resampled = torch.ones_like(log_weights[:, :1], dtype=torch.bool)
    else:
        enough = sampler.threshold * log_weights.shape[-1]
        resampled = (effective_sample_size(log_weights) < enough).unsqueeze(-1)
        if not resampled.any():
            return None
    own = torch.arange(log_weights.shape[-1], device=log_weights.device).expand_as(log_weights)
    return torch.where(resampled, systematic_resampling(log_weights, generator), own), resampled


def _require_finite(log_weights: Tensor, number: int, steps: int) -> None:
    if not torch.isfinite(log_weights).all():
        swarm = int((~torch.isfinite(log_weights)).any(dim=-1).nonzero()[0])
        raise RecomposeError(
            f"step {number} of {steps}: the log-weights of swarm {swarm} are not finite; "
            "the scores are too large there: use more steps, or a clip"
        )
