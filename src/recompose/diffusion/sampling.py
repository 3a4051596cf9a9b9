"""From noise to data: one loop, and one step of each sampler, for any kind of prediction or any score."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, Protocol

import torch
from torch import Tensor

from recompose.diffusion.predictions import Kind, to_clean, to_noise
from recompose.diffusion.schedules import Schedule
from recompose.errors import require_finite

Predict = Callable[[Tensor, int], Tensor]
"""x_t and the step t, as `Schedule` counts, -> what the network predicts, of x's shape."""


class Step(Protocol):
    """From x_t and what is predicted there to x_s, s < t; `functools.partial` gives one its options."""

    def __call__(self, x: Tensor, predicted: Tensor, schedule: Schedule, t: int, s: int) -> Tensor:
        """x_s, of x's shape."""


def sample(predict: Predict, x: Tensor, schedule: Schedule, times: Sequence[int], step: Step) -> Tensor:
    """Go from x at the first of the times to the last, the data: those of `recompose.diffusion.schedules.timesteps`.

    With `partial(ddim_step, kind="noise", clip=1.0)` for a step, for example. Raises NotFinite where what is predicted,
    which a clip would hide, or the sample in the end is not finite.
    """
    steps = len(times) - 1
    remedy = "clip, guide less or use more steps"
    for number, (t, s) in enumerate(pairwise(times), start=1):
        predicted = predict(x, t)
        require_finite(predicted, f"a sample of {steps} steps is not finite from step {number} on; {remedy}")
        x = step(x, predicted, schedule, t, s)
    require_finite(x, f"a sample of {steps} steps is not finite in the end; {remedy}")
    return x


def ddpm_step(
    x: Tensor,
    predicted: Tensor,
    schedule: Schedule,
    t: int,
    s: int,
    *,
    kind: Kind,
    generator: torch.Generator,
    clip: float | None = None,
    variance: Literal["small", "large"] = "small",
) -> Tensor:
    """Ancestral step (Ho et al., 2020, Eqs. 6 and 7): x_s from q(x_s | x_t, x_0) at the estimate of x_0.

    clip: the estimate is kept within +-clip. variance: that of q for a known x_0, or beta for a standard normal one
    (their section 3.2). The step to the data, s = 0, is the estimate.
    """
    (alpha, sigma), (alpha_s, sigma_s) = _scales(schedule, t), _scales(schedule, s)
    clean = _clipped(to_clean(predicted, x, alpha, sigma, kind), clip)
    if s == 0:
        return clean
    kept = alpha / alpha_s
    beta = 1 - kept**2  # of all steps from s to t together
    mean = (alpha_s * beta / sigma**2) * clean + (kept * sigma_s**2 / sigma**2) * x
    spread = beta if variance == "large" else beta * sigma_s**2 / sigma**2
    return mean + spread**0.5 * noise_like(x, generator)


def ddim_step(
    x: Tensor,
    predicted: Tensor,
    schedule: Schedule,
    t: int,
    s: int,
    *,
    kind: Kind,
    clip: float | None = None,
    eta: float = 0.0,
    generator: torch.Generator | None = None,
) -> Tensor:
    """DDIM (Song et al., 2021, Eqs. 12 and 16): the estimate of x_0 with the predicted noise at the lower level.

    clip: the estimate of x_0 is kept within +-clip; the noise stays as predicted. eta: how much of the noise is drawn
    anew, from none (0, without a generator) to what an ancestral step draws (1).
    """
    (alpha, sigma), (alpha_s, sigma_s) = _scales(schedule, t), _scales(schedule, s)
    clean = _clipped(to_clean(predicted, x, alpha, sigma, kind), clip)
    spread = eta**2 * (1 - (alpha / alpha_s) ** 2) * sigma_s**2 / sigma**2
    moved = alpha_s * clean + max(sigma_s**2 - spread, 0.0) ** 0.5 * to_noise(predicted, x, alpha, sigma, kind)
    return moved + spread**0.5 * noise_like(x, generator) if spread else moved


def ode_step(x: Tensor, score: Tensor, beta: float) -> Tensor:
    """Euler step of the probability-flow ODE, x + beta/2 (x + score): Eq. 6 of the coupled-inference paper.

    x, score: any equal shape; beta: the share of the variance this step replaces.
    """
    return torch.add((1 + 0.5 * beta) * x, score, alpha=0.5 * beta)


def sde_step(x: Tensor, score: Tensor, beta: float, generator: torch.Generator) -> Tensor:
    """Euler-Maruyama step of the reverse SDE, x + beta (x/2 + score) + sqrt(beta) noise: its Eq. 4."""
    return x + beta * (0.5 * x + score) + beta**0.5 * noise_like(x, generator)


def _scales(schedule: Schedule, t: int) -> tuple[float, float]:
    return float(schedule.alpha[t]), float(schedule.sigma[t])


def _clipped(clean: Tensor, clip: float | None) -> Tensor:
    return clean if clip is None else clean.clamp(-clip, clip)


def noise_like(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """Standard normal noise of x's shape, type and device, drawn where the generator is: a processor's are the same for
    every device."""
    device = generator.device if generator else x.device
    return torch.randn(x.shape, generator=generator, device=device, dtype=x.dtype).to(x.device)
