"""Where coupled inference becomes the attention resonator: Remark 1 and section 5.1 as numbers.

Each function tells how far the two sides of an identity are apart, at most, in entries of the estimates, which are of
size 1. All in double precision, among codebook vectors of unit norm. What iterates goes on from the attention
resonator's estimates: each iteration is compared by itself, so rounding does not grow.
"""

from dataclasses import replace

import pandas as pd
import torch
from torch import Tensor

from recompose.datasets.products import bound_products
from recompose.diffusion.schedules import linear_schedule
from recompose.papers.coupled_inference.binding import BETA, attention_update, mean_estimate, unbind
from recompose.papers.coupled_inference.coupled import Run, arrive, denoise, synchronous
from recompose.papers.coupled_inference.hyperparameters import VARIANTS, Hyperparameters
from recompose.papers.coupled_inference.settings import SpecialCase
from recompose.papers.coupled_inference.spaces import VectorSpace

NO_PRIOR_NOISE = 1e-12
"""sigma_0: Remark 1 sets it to zero."""
STRENGTH = 1e14
"""Of the guidance, 1 / eta^2: section 5.1 sets eta to zero."""
PART_OF_T = 7, 50
"""tau and T of the identities that hold for any."""


def special_case(*, special_case: SpecialCase, device: str) -> pd.DataFrame:
    """A row for each identity."""
    problems = bound_products("coupled_inference", "special_case", **special_case.problems, device=device)
    codebooks, bound = problems.codebooks.double(), problems.bound.double()
    return pd.DataFrame([
        {"identity": "remark_1", "difference": remark_1(codebooks, bound)},
        {"identity": "equation_26", "difference": equation_26(codebooks, bound, special_case.iterations)},
        {"identity": "single_step", "difference": single_step(codebooks, bound, special_case.iterations)},
    ])  # fmt: skip


def remark_1(codebooks: Tensor, x: Tensor) -> float:
    """Remark 1: without prior noise, Tweedie's estimate is X softmax(alpha / sigma^2 X^T x_t), for x_t = alpha x."""
    space, (alpha, sigma) = VectorSpace(codebooks), _scales()
    noisy = alpha * x.unsqueeze(1).expand(-1, codebooks.shape[1], -1, -1) / space.norm
    components = codebooks / space.norm
    hopfield = components @ torch.softmax(alpha / sigma**2 * components.transpose(-1, -2) @ noisy, dim=-2)
    return _apart(_tweedie(space, noisy, softmax_temp=1.0), space.observe(hopfield, _every(codebooks)))


def equation_26(codebooks: Tensor, bound: Tensor, iterations: int) -> float:
    """Section 5.1: Eq. 26 in the place of the reverse ODE, then the deterministic restart, against Eq. 34.

    The estimates of x_0 are x * others; the restart scales them by alpha, and Tweedie's estimates are the next others.
    """
    space, (alpha, sigma) = VectorSpace(codebooks), _scales()
    estimates, largest = mean_estimate(codebooks, bound.shape[-1]), 0.0
    for _ in range(iterations):
        clean = unbind(bound, estimates) / space.norm
        ours = _tweedie(space, alpha * clean, softmax_temp=BETA * sigma**2 / alpha**2)
        estimates = attention_update(codebooks, bound, estimates)
        largest = max(largest, _apart(ours, estimates))
    return largest


def single_step(codebooks: Tensor, bound: Tensor, iterations: int) -> float:
    """The sampler itself, nothing replaced: the similarity energy with T = 1, as strong as can be, against Eq. 34.

    A step leaves x_0 = c x_t + b/2 (guidance), c = 1 + b/2 - b / (2 sigma^2). The regularization takes c x_t
    off, and what is left is x * others, times a factor that softmax_temp takes off.
    """
    schedule, every = linear_schedule(1), _every(codebooks)
    alpha, sigma, b = float(schedule.alpha[1]), float(schedule.sigma[1]), float(schedule.beta[1])
    gain = b / 2 * STRENGTH
    chosen = Hyperparameters(
        eta=STRENGTH**-0.5,
        schedule="constant",
        cond_clip_ratio=1e30,
        sigma_0=NO_PRIOR_NOISE,
        softmax_temp=BETA * sigma**2 / (alpha**2 * gain),
        regularization=(1 + b / 2 - b / (2 * sigma**2)) / gain,
        steps=1,
        restarts=iterations,
        restart_ratio=1.0,
    )
    run = Run(VectorSpace(codebooks), bound, VARIANTS["similarity"], chosen, schedule, None)
    x, estimates, largest = run.space.start(bound.shape[-1]), mean_estimate(codebooks, bound.shape[-1]), 0.0
    state = arrive(run, alpha * x, 1, every)
    for _ in range(iterations):
        x = synchronous(run, replace(state, seen=estimates), 1).x
        state = arrive(run, alpha * x, 1, every)
        estimates = attention_update(codebooks, bound, estimates)
        largest = max(largest, _apart(state.seen, estimates))
    return largest


def _scales() -> tuple[float, float]:
    """alpha_tau and sigma_tau."""
    tau, steps = PART_OF_T
    schedule = linear_schedule(steps)
    return float(schedule.alpha[tau]), float(schedule.sigma[tau])


def _tweedie(space: VectorSpace, x: Tensor, softmax_temp: float) -> Tensor:
    """Tweedie's estimate at tau, without prior noise, in the units of the observation."""
    chosen = Hyperparameters(
        eta=1.0,
        schedule="constant",
        cond_clip_ratio=1.0,
        sigma_0=NO_PRIOR_NOISE,
        softmax_temp=softmax_temp,
        regularization=0.0,
        steps=1,
        restarts=1,
        restart_ratio=1.0,
    )
    every = _every(space.codebooks)
    return space.observe(denoise(space, x, every, *_scales(), chosen).estimate, every)


def _every(codebooks: Tensor) -> slice:
    return slice(0, codebooks.shape[1])


def _apart(ours: Tensor, theirs: Tensor) -> float:
    return float((ours - theirs).abs().max())
