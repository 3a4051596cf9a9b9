"""Noise schedules: how much of the data is left, and how much noise there is, at each diffusion step."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Schedule:
    """A discrete Gaussian path x_t = alpha_t x_0 + beta_t noise over steps t = 0, ..., T (index 0 is the data).

    alpha: (T + 1,) the scale of the data; alpha_0 = 1
    beta: (T + 1,) the standard deviation of the noise; beta_0 = 0
    rate: (T + 1,) b_t, the share of the variance replaced in step t; rate_0 is not used and 0
    """

    alpha: np.ndarray
    beta: np.ndarray
    rate: np.ndarray

    @property
    def steps(self) -> int:
        """T, the number of diffusion steps."""
        return len(self.rate) - 1


def linear_schedule(steps: int, b_min: float = 0.1, b_max: float = 20.0) -> Schedule:
    """The variance-preserving schedule whose rate grows linearly, with `b_min` and `b_max` per unit of time.

    In T steps the rate of one step is b_t / T; Eqs. 35-37 of the coupled-inference paper print b_t itself, which
    would make a_t = 1 - b_t negative. With few steps a rate may still reach 1, and is kept just below it.

    >>> schedule = linear_schedule(50)
    >>> round(float(schedule.alpha[-1]), 4)
    0.003
    """
    times = np.linspace(0.0, 1.0, steps) if steps > 1 else np.zeros(1)
    rate = np.minimum((b_min + times * (b_max - b_min)) / steps, 0.999)
    left = np.concatenate([[1.0], np.cumprod(1.0 - rate)])
    return Schedule(alpha=np.sqrt(left), beta=np.sqrt(1.0 - left), rate=np.concatenate([[0.0], rate]))
