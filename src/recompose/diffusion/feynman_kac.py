"""Sampling from a composition of diffusion models, naively and with Feynman-Kac correctors (Skreta et al., 2025).

Times run as in the field: t = 0 is data, t = 1 noise. A sampler goes from 1 to 0; its log-weights are written for
*increasing sampling time*, so their signs are opposite to those of a formula for dt < 0.

Particles have any shape, a point (2,) or an image (3, 64, 64), and stand side by side: (*shape, swarms, particles).
Networks want their batch first, `x.flatten(-2).movedim(-1, 0)`; turning 1600 images of 16 x 16 around takes 4 ms, and
a small U-Net two seconds for them.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol

import torch
from torch import Tensor

from recompose.diffusion.particles import descended, one_of_each, resampling
from recompose.diffusion.schedules import NEAREST, VariancePreserving
from recompose.errors import NotFinite, RecomposeError

Scores = Callable[[Tensor, Tensor], Tensor]
"""x: (*shape, swarms, particles), t: () -> the score of each source at x, (sources, *shape, swarms, particles)"""

Guide = Callable[[Tensor, int], tuple[Tensor, Tensor]]
"""x and how many moves led to it -> the composed prediction there, a score or a velocity, and what log-weights gain"""
Move = Callable[[Tensor, Tensor, int], Tensor]
"""x, the composed prediction there and the number of the move, from 1 -> x after it"""
Watch = Callable[[int, Tensor, Tensor | None], None]
"""Told of each weighing: its move, the log-weights, and the ancestors if some swarms were resampled by them"""


class Field(Protocol):
    """A weighted composition, as a sampler asks for it."""

    @property
    def weights(self) -> Tensor:
        """(sources,), of the type and on the device of the particles."""

    def __call__(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """x: (*shape, swarms, particles), t: () -> the composed score, and the gap of Eq. 11, (swarms, particles)."""


AT_ONCE = {"cpu": 2**17, "cuda": 2**22}
"""Numbers, particles by their size, that move together: what a processor's cache holds, or fills a GPU."""


def sample_swarms(
    x: Tensor,
    *,
    steps: int,
    guide: Guide,
    move: Move,
    weighted: int,
    generator: torch.Generator,
    threshold: float | None = None,
    watch: Watch | None = None,
) -> Tensor:
    """One draw from each swarm, from x: (*shape, swarms, particles) -> (swarms, *shape).

    Each of the steps moves by the composed prediction and asks for a new one at the new place and time; after the first
    `weighted` moves the swarm is weighed by it, and resampled (`recompose.diffusion.particles.resampling`), but in the
    end: there one particle is drawn by its weight. A swarm of one is moved and never weighed: the naive sampler.
    Raises NotFinite where a place or a log-weight is not finite.
    """
    alone = x.shape[-1] == 1
    log_weights = torch.zeros(x.shape[-2:], dtype=x.dtype, device=x.device)
    composed, _ = guide(x, 0)
    for number in range(1, steps + 1):
        x = move(x, composed, number)
        _require_finite(x, number, steps, "particles")
        if number == steps and (alone or weighted < steps):
            break  # nobody asks what is predicted here
        composed, gained = guide(x, number)
        if alone or number > weighted:
            continue
        log_weights = log_weights + gained
        _require_finite(log_weights, number, steps, "log-weights")
        ancestors, kept = (None, log_weights) if number == steps else resampling(log_weights, threshold, generator)
        if watch:
            watch(number, log_weights, ancestors)
        if ancestors is not None:
            x, composed = descended(x, ancestors), descended(composed, ancestors)
        log_weights = kept
    return one_of_each(x, log_weights, generator)


def composed_score(scores: Tensor, weights: Tensor) -> Tensor:
    """The naively composed score, sum_a w_a S_a (section 3.2): (sources, ...) -> (...)."""
    return torch.tensordot(weights, scores, dims=1)


def square_gap(scores: Tensor, weights: Tensor) -> Tensor:
    """|sum_a w_a S_a|^2 - sum_a w_a |S_a|^2 of Eq. 11, from differences to the last source, D_a = S_a - S.

    |sum_a w_a D_a|^2 - sum_a w_a |D_a|^2 + (w - 1) <S, w S + 2 sum_a w_a D_a>, w = sum_a w_a: where w = 1, scores of
    200,000 pixels that agree cancel before they are squared and not after, which fp32 needs.
    (sources, *shape, swarms, particles), (sources,) -> (swarms, particles)
    """
    scores = scores.flatten(1, -3)
    last, apart = scores[-1], scores[:-1] - scores[-1]
    composed = composed_score(apart, weights[:-1])
    gap = composed.square().sum(dim=0) - composed_score(apart.square().sum(dim=1), weights[:-1])
    total = float(weights.sum())
    return gap if total == 1 else gap + (total - 1) * (last * (total * last + 2 * composed)).sum(dim=0)


@dataclass(frozen=True)
class Composed:
    """The `Field` of some sources."""

    scores: Scores
    weights: Tensor

    def __call__(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """See `Field`."""
        at = self.scores(x, t)
        return composed_score(at, self.weights), square_gap(at, self.weights)


# ---------------------------------------------------------------------------------------------------------------
# In continuous time


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


def sample_composition(
    field: Field,
    *,
    swarms: int,
    particles: int,
    shape: tuple[int, ...],
    sampler: Sampler,
    schedule: VariancePreserving,
    generator: torch.Generator,
    watch: Watch | None = None,
) -> Tensor:
    """One draw from each of the swarms of particles of a shape: (swarms, *shape).

    Euler(-Maruyama) on the naively composed score (Eqs. 4 and 5), from the composition of the noise,
    N(0, I / sum_a w_a). After each move the log-weight rate is evaluated at the new place and time, and the swarm is
    resampled by it; at the end one particle is drawn by its weight. With one particle this is the naive sampler. The
    rate is Eq. 11, its sign (for dt < 0) turned, without (sum_a w_a - 1) div u: all particles share that, and a clip
    should not act on it. Raises NotFinite where a place or a log-weight is not finite.
    """
    if particles < 1:
        raise RecomposeError(f"particles = {particles}, expected at least 1")
    total = float(field.weights.sum())
    if total <= 0:
        raise RecomposeError(f"weights {field.weights.tolist()}: they add up to {total:g}, expected more than 0")
    options: dict[str, Any] = {"dtype": field.weights.dtype, "device": field.weights.device}
    times = torch.linspace(1, 0, sampler.steps + 1, **options)
    betas = schedule.beta(times).tolist()

    def guide(x: Tensor, number: int) -> tuple[Tensor, Tensor]:
        composed, gap = field(x, times[number].clamp(NEAREST, 1 - NEAREST))
        return composed, bounded(0.5 * betas[number] * gap, sampler) / sampler.steps

    def move(x: Tensor, composed: Tensor, number: int) -> Tensor:
        noisy = sampler.dynamics == "sde" and (number < sampler.steps or sampler.noise_on_last_step)
        return euler(x, composed, betas[number - 1] / sampler.steps, sampler.dynamics, generator if noisy else None)

    return sample_swarms(
        torch.randn((*shape, swarms, particles), generator=generator, **options) / total**0.5,
        steps=sampler.steps,
        guide=guide,
        move=move,
        weighted=sampler.steps,
        generator=generator,
        threshold=sampler.threshold if sampler.resampling == "threshold" else None,
        watch=watch,
    )


def euler(
    x: Tensor, score: Tensor, beta: float, dynamics: Literal["sde", "ode"], generator: torch.Generator | None
) -> Tensor:
    """A step of the denoising SDE, x + beta (x/2 + score) + sqrt(beta) noise, or ODE, x + beta/2 (x + score).

    Without a generator the SDE's adds no noise. beta: the share of the variance this step replaces. As the steps of
    `recompose.diffusion.sampling`, in place: here the time goes into such sums, and they round in another order.
    """
    if dynamics == "ode":
        return x * (1 + 0.5 * beta) + 0.5 * beta * score
    x = x * (1 + 0.5 * beta) + beta * score
    if generator is not None:
        x.add_(torch.randn(x.shape, generator=generator, dtype=x.dtype, device=x.device), alpha=beta**0.5)
    return x


def bounded(rate: Tensor, sampler: Sampler) -> Tensor:
    """The log-weight rate as it is used: (swarms, particles)."""
    if sampler.centring:
        rate = rate - rate.mean(dim=-1, keepdim=True)
    return rate if sampler.clip is None else rate.clamp_(-sampler.clip, sampler.clip)


def sample_in_parts(
    field: Field, *, swarms: int, particles: int, shape: tuple[int, ...], generator: torch.Generator, **options: Any
) -> Tensor:
    """`sample_composition`, some swarms at a time."""

    def draw(some: int) -> Tensor:
        return sample_composition(field, swarms=some, particles=particles, shape=shape, generator=generator, **options)

    return in_parts(draw, swarms, particles, shape, generator.device.type)


def in_parts(draw: Callable[[int], Tensor], swarms: int, particles: int, shape: tuple[int, ...], device: str) -> Tensor:
    """What is drawn from some swarms at a time, all of it: as many as fit `AT_ONCE`, at least one."""
    some = max(1, AT_ONCE[device] // (math.prod(shape) * particles))
    with torch.inference_mode():
        return torch.cat([draw(min(some, swarms - done)) for done in range(0, swarms, some)])


def _require_finite(numbers: Tensor, number: int, steps: int, what: str) -> None:
    """Refuse the first swarm of which a number, (..., swarms, particles), is not finite; their sum tells."""
    if math.isfinite(float(numbers.sum())):
        return
    wrong = (~torch.isfinite(numbers)).movedim(-2, 0).flatten(1).any(dim=1)
    if wrong.any():
        swarm = int(wrong.nonzero()[0])
        raise NotFinite(
            f"step {number} of {steps}: the {what} of swarm {swarm} are not finite; "
            "the scores are too large there: use more steps, or a clip"
        )
