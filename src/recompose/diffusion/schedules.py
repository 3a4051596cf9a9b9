"""Noise schedules, and the one vocabulary for them: x_t = alpha_t x_0 + sigma_t noise, lost at the rate beta_t.

Every paper has its own letters; here they are the same everywhere, in discrete steps (`alpha[t]`) as in continuous
time (`alpha(t)`):

|       |                          | 1 coupled | 2 weighted          | 3 SAMI         | 4 concepts     | 5 guided |
|-------|--------------------------|-----------|---------------------|----------------|----------------|----------|
| alpha | scale of the data        | alpha_t   | alpha_t             | sqrt(abar_t)   | sqrt(abar_t)   | 1        |
| sigma | deviation of the noise   | beta_t    | gamma_t (F: sigma)  | sqrt(1-abar_t) | sqrt(1-abar_t) | sigma    |
| beta  | rate, of DDPM and VP-SDE | b_t / T   | sigma_t^2 (F: beta) | 1 - alpha_t    | beta_t         | none     |

(SAMI's appendix B.1 calls sigma beta_t; paper 5's beta is no rate: it says how much noise a step of its ascent keeps.)
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from recompose.errors import RecomposeError

NEAREST = 1e-5
"""Scores are learned and evaluated no nearer than this to the two ends of time: there they are singular, or noise."""
LARGEST_BETA = 0.999
"""A step that replaced everything would leave no way back."""

Spacing = Literal["leading", "trailing"]


@dataclass(frozen=True)
class VariancePreserving:
    """The variance-preserving process whose rate grows linearly: dx = -beta(t)/2 x dt + sqrt(beta(t)) dW.

    From the data at t = 0 to noise at t = 1. All methods take times of any shape and return that shape.
    """

    beta_min: float = 0.1
    beta_max: float = 20.0

    def beta(self, t: Tensor) -> Tensor:
        """The rate, the squared diffusion coefficient: it grows linearly."""
        return self.beta_min + t * (self.beta_max - self.beta_min)

    def alpha(self, t: Tensor) -> Tensor:
        """What is left of the data, exp(-1/2 integral of beta)."""
        return torch.exp(-0.5 * t * (self.beta_min + 0.5 * t * (self.beta_max - self.beta_min)))

    def sigma(self, t: Tensor) -> Tensor:
        """The standard deviation of the noise, sqrt(1 - alpha^2)."""
        return torch.sqrt(-torch.expm1(-t * (self.beta_min + 0.5 * t * (self.beta_max - self.beta_min))))


@dataclass(frozen=True)
class Schedule:
    """The same in steps t = 0, ..., T: index 0 is the data, as papers count.

    Networks made with diffusers count 0, ..., T - 1: they are told t - 1.

    alpha: (T + 1,) the scale of the data; alpha_0 = 1
    sigma: (T + 1,) the standard deviation of the noise; sigma_0 = 0
    beta: (T + 1,) the share of the variance replaced in step t; beta_0 is not used and 0
    """

    alpha: np.ndarray
    sigma: np.ndarray
    beta: np.ndarray

    @property
    def steps(self) -> int:
        """T, the number of diffusion steps."""
        return len(self.beta) - 1

    def at(self, t: Tensor) -> tuple[Tensor, Tensor]:
        """alpha and sigma at the step of each image, as training draws them: of t's shape, on its device, fp32."""
        scales = torch.from_numpy(np.stack([self.alpha, self.sigma])).float().to(t.device)
        alpha, sigma = scales[:, t]
        return alpha, sigma


def linear_schedule(steps: int, beta_min: float = 0.1, beta_max: float = 20.0) -> Schedule:
    """The variance-preserving schedule whose rate grows linearly, with `beta_min` and `beta_max` per unit of time.

    In T steps the rate of one step is beta_t / T; Eqs. 35-37 of the coupled-inference paper print beta_t itself, which
    would make a_t = 1 - b_t negative. With few steps a rate may still reach 1, and is kept just below it.

    >>> schedule = linear_schedule(50)
    >>> round(float(schedule.alpha[-1]), 4)
    0.0028
    """
    times = np.linspace(0.0, 1.0, steps) if steps > 1 else np.zeros(1)
    return _of_betas(np.minimum((beta_min + times * (beta_max - beta_min)) / steps, LARGEST_BETA))


def ddpm_schedule(steps: int = 1000) -> Schedule:
    """DDPM's own (Ho et al., 2020): beta grows linearly from 1e-4 to 0.02, however many the steps.

    With far fewer than 1000 data are left at the end (SAMI's disks: T = 400, alpha_T = .13); `linear_schedule` grows
    faster instead, and is the same for T = 1000.
    """
    return _of_betas(np.linspace(1e-4, 0.02, steps))


def cosine_schedule(steps: int) -> Schedule:
    """alpha_t^2 falls like cos^2((t/T + s) / (1 + s) pi/2), s = .008 (Nichol & Dhariwal, 2021, Eq. 17); beta < .999."""
    times = np.arange(steps + 1) / steps
    left = np.cos((times + 0.008) / 1.008 * np.pi / 2) ** 2
    return _of_betas(np.minimum(1 - left[1:] / left[:-1], LARGEST_BETA))


def zero_terminal_snr(schedule: Schedule) -> Schedule:
    """Shift and stretch alpha_1, ..., alpha_T so that nothing is left of the data at T (Lin et al., 2024, Algorithm 1).

    There a noise prediction says nothing of the data: `recompose.diffusion.predictions` asks for another one.
    """
    first, last = schedule.alpha[1], schedule.alpha[-1]
    alpha = np.concatenate([[1.0], (schedule.alpha[1:] - last) * (first / (first - last))])
    beta = 1 - (alpha[1:] / alpha[:-1]) ** 2
    return Schedule(alpha=alpha, sigma=np.sqrt(1 - alpha**2), beta=np.concatenate([[0.0], beta]))


def timesteps(total: int, count: int, spacing: Spacing) -> list[int]:
    """The steps that a sampler of `count` moves visits of `total`, and the data at the end: from large to small.

    `leading` stands at the beginning of each interval, and never at `total`; `trailing` at the end, and begins there.
    Both as diffusers and Table 2 of Lin et al. (2024) define them, whose numbers are lower by one.

    >>> timesteps(1000, 5, "leading")
    [801, 601, 401, 201, 1, 0]
    >>> timesteps(1000, 5, "trailing")
    [1000, 800, 600, 400, 200, 0]
    """
    if not 1 <= count <= total:
        raise RecomposeError(f"{count} sampling steps of {total}: expected 1 to {total}")
    places = np.arange(count, 0, -1)
    visited = (places - 1) * (total // count) + 1 if spacing == "leading" else np.round(places * (total / count))
    return [*map(int, visited), 0]


def _of_betas(beta: np.ndarray) -> Schedule:
    left = np.concatenate([[1.0], np.cumprod(1.0 - beta)])
    return Schedule(alpha=np.sqrt(left), sigma=np.sqrt(1.0 - left), beta=np.concatenate([[0.0], beta]))
