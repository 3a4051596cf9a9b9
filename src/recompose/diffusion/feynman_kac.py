"""Sampling from a composition of diffusion models, naively and with Feynman-Kac correctors (Skreta et al., 2025).

Times run as in the field: t = 0 is data, t = 1 noise. A sampler goes from 1 to 0; its log-weights are written for
*increasing sampling time*, so their signs are opposite to those of a formula for dt < 0.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from recompose.diffusion.noising import NEAREST, VariancePreserving
from recompose.diffusion.particles import effective_sample_size, systematic_resampling
from recompose.errors import RecomposeError

Scores = Callable[[Tensor, Tensor], Tensor]
"""x: (dimension, swarms, particles), t: () -> the score of each source at x, (sources, dimension, swarms, particles)"""

AT_ONCE = {"cpu": 2**15, "cuda": 2**21}
"""Particles that `sample_in_parts` moves together."""


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


def composed_score(scores: Tensor, weights: Tensor) -> Tensor:
    """The naively composed score, sum_a w_a S_a (section 3.2): (sources, ...) -> (...)."""
    return torch.tensordot(weights, scores, dims=1)


def log_weight_rate(
    scores: Tensor, composed: Tensor, weights: Tensor, rate: float | Tensor, drift_divergence: float | Tensor
) -> Tensor:
    """How fast a particle gains log-weight per unit of sampling time: Eq. 11, its sign (for dt < 0) turned.

    (sum_a w_a - 1) div u + b/2 (|sum_a w_a S_a|^2 - sum_a w_a |S_a|^2)
    scores: (sources, dimension, ...), composed: their `composed_score`, weights: (sources,), rate: b(t),
    drift_divergence: div u -> (...)
    """
    squares = scores.square().flatten(0, 1)
    gap = composed.square().sum(dim=0) - torch.tensordot(weights.repeat_interleave(scores.shape[1]), squares, dims=1)
    return gap.mul_(0.5 * rate).add_((weights.sum() - 1) * drift_divergence)


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
    the new place and time, and the swarm is resampled by it; at the end one particle is drawn by its weight. With one
    particle this is the naive sampler. Raises RecomposeError where a log-weight is not finite.
    """
    if particles < 1:
        raise RecomposeError(f"particles = {particles}, expected at least 1")
    options: dict[str, Any] = {"generator": generator, "dtype": weights.dtype, "device": weights.device}
    times = torch.linspace(1, 0, sampler.steps + 1, dtype=weights.dtype, device=weights.device)
    rates = schedule.rate(times).tolist()
    x = torch.randn((dimension, swarms, particles), **options)
    log_weights = torch.zeros((swarms, particles), dtype=weights.dtype, device=weights.device)
    first = particles * torch.arange(swarms, device=x.device).unsqueeze(-1)
    at = scores(x, times[0].clamp(NEAREST, 1 - NEAREST))
    composed = composed_score(at, weights)
    for number in range(1, sampler.steps + 1):
        last, spent = number == sampler.steps, rates[number - 1] / sampler.steps
        if sampler.dynamics == "sde":
            x = x * (1 + 0.5 * spent) + spent * composed
            if not last or sampler.noise_on_last_step:
                x.add_(torch.randn(x.shape, **options), alpha=spent**0.5)
        else:
            x = x * (1 + 0.5 * spent) + 0.5 * spent * composed
        if particles == 1 and last:
            break
        at = scores(x, times[number].clamp(NEAREST, 1 - NEAREST))
        composed = composed_score(at, weights)
        if particles == 1:
            continue
        gain = log_weight_rate(at, composed, weights, rates[number], -0.5 * rates[number] * dimension)
        log_weights += _bounded(gain, sampler) / sampler.steps
        _require_finite(log_weights, number, sampler.steps)
        resampled = None if last else _resampled(log_weights, sampler)
        if resampled is not None:
            ancestors = systematic_resampling(log_weights, generator)
            if not resampled.all():
                ancestors = torch.where(resampled, ancestors, torch.arange(particles, device=x.device))
            flat = (ancestors + first).flatten()
            x = x.flatten(1).index_select(1, flat).view_as(x)
            composed = composed.flatten(1).index_select(1, flat).view_as(x)
            log_weights.masked_fill_(resampled, 0)
    drawn = torch.multinomial(torch.softmax(log_weights, dim=-1), 1, generator=generator)
    return torch.take_along_dim(x, drawn.unsqueeze(0), dim=-1).squeeze(-1).T


def sample_in_parts(
    scores: Scores, weights: Tensor, *, swarms: int, particles: int, generator: torch.Generator, **options: Any
) -> Tensor:
    """`sample_composition`, some swarms at a time: as many particles as a processor's cache holds, or fill a GPU."""
    some = max(1, AT_ONCE[generator.device.type] // particles)
    parts = [min(some, swarms - done) for done in range(0, swarms, some)]
    with torch.inference_mode():
        drawn = [
            sample_composition(scores, weights, swarms=part, particles=particles, generator=generator, **options)
            for part in parts
        ]
        return torch.cat(drawn)


def _bounded(gain: Tensor, sampler: Sampler) -> Tensor:
    if sampler.centring:
        gain = gain - gain.mean(dim=-1, keepdim=True)
    return gain if sampler.clip is None else gain.clamp_(-sampler.clip, sampler.clip)


def _resampled(log_weights: Tensor, sampler: Sampler) -> Tensor | None:
    """Which swarms are resampled now, (swarms, 1); None if none is."""
    if sampler.resampling == "every_step":
        return torch.ones_like(log_weights[:, :1], dtype=torch.bool)
    enough = sampler.threshold * log_weights.shape[-1]
    resampled = (effective_sample_size(log_weights) < enough).unsqueeze(-1)
    return resampled if resampled.any() else None


def _require_finite(log_weights: Tensor, number: int, steps: int) -> None:
    if not torch.isfinite(log_weights.sum()):
        swarm = int((~torch.isfinite(log_weights)).any(dim=-1).nonzero()[0])
        raise RecomposeError(
            f"step {number} of {steps}: the log-weights of swarm {swarm} are not finite; "
            "the scores are too large there: use more steps, or a clip"
        )
