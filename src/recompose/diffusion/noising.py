"""The noising process in continuous time."""

from dataclasses import dataclass

import torch
from torch import Tensor

NEAREST = 1e-5
"""Scores are learned and evaluated no nearer than this to the two ends of time: there they are singular, or noise."""


@dataclass(frozen=True)
class VariancePreserving:
    """The variance-preserving process whose rate grows linearly: dx = -b(t)/2 x dt + sqrt(b(t)) dW.

    x_t = alpha(t) x_0 + gamma(t) noise, from the data at t = 0 to noise at t = 1. All methods take times of any shape
    and return that shape.
    """

    b_min: float = 0.1
    b_max: float = 20.0

    def rate(self, t: Tensor) -> Tensor:
        """b(t), the squared diffusion coefficient: it grows linearly."""
        return self.b_min + t * (self.b_max - self.b_min)

    def alpha(self, t: Tensor) -> Tensor:
        """What is left of the data, exp(-1/2 integral of b)."""
        return torch.exp(-0.5 * t * (self.b_min + 0.5 * t * (self.b_max - self.b_min)))

    def gamma(self, t: Tensor) -> Tensor:
        """The standard deviation of the noise, sqrt(1 - alpha^2)."""
        return torch.sqrt(-torch.expm1(-t * (self.b_min + 0.5 * t * (self.b_max - self.b_min))))
