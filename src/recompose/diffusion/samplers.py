"""One step back in diffusion time, for a variance-preserving schedule and any score."""

import torch
from torch import Tensor


def ode_step(x: Tensor, score: Tensor, rate: float) -> Tensor:
    """Euler step of the probability-flow ODE, x + b/2 (x + score): Eq. 6 of the coupled-inference paper.

    x, score: any equal shape; rate: b_t, the share of the variance this step replaces.
    """
    return torch.add((1 + 0.5 * rate) * x, score, alpha=0.5 * rate)


def sde_step(x: Tensor, score: Tensor, rate: float, generator: torch.Generator) -> Tensor:
    """Euler-Maruyama step of the reverse SDE, x + b (x/2 + score) + sqrt(b) noise: its Eq. 4."""
    noise = torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)
    return x + rate * (0.5 * x + score) + rate**0.5 * noise
