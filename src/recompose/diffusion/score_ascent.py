"""Stochastic iterative score ascent (SISA; Kadkhodaie & Simoncelli, 2020): a diffusion that sets its own schedule."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from recompose.diffusion.sampling import noise_like
from recompose.errors import NotFinite, require_finite

Residual = Callable[[Tensor, Tensor], Tensor]
"""Of images and their numbers in the batch: what a denoiser adds to x, E[x | x_sigma] - x_sigma.

Paper 5 calls it the score s(x): it is sigma^2 times that (Eq. 2), and needs no sigma.
"""

REMEDY = "guide less, or train longer or at a lower learning rate"


@dataclass(frozen=True)
class Ascent:
    """Where images have arrived: x, (images, channels, height, width); of each its noise level and its iterations.

    A level above the final one means that the limit came first.
    """

    x: Tensor
    sigma: Tensor
    iterations: Tensor


def score_ascent(
    residual: Residual, x: Tensor, *, step: float, noise: float, final: float, limit: int, generator: torch.Generator
) -> Ascent:
    """Algorithms 1 and 3: climb until the noise that the denoiser sees in an image is below `final`.

    A step takes the share h = `step` of the noise out, and puts so much back in that the share beta h is gone, beta =
    `noise`: sigma falls by 1 - beta h a step, so that it takes ln(sigma_0 / final) / (beta h) of them. Each image
    stops by itself, and costs nothing from then on. Its level is |s(x)| / sqrt(d): with a perfect denoiser at most
    sigma, for E|s|^2 / d = sigma^2 - MMSE (the paper calls it an upper bound). Raises NotFinite where it is no number,
    which would be above no final level, and so be taken for an arrival.
    """
    kept = ((1 - noise * step) ** 2 - (1 - step) ** 2) ** 0.5
    x = x.clone()
    sigma = torch.full((len(x),), torch.inf, dtype=x.dtype, device=x.device)
    iterations = torch.zeros(len(x), dtype=torch.long, device=x.device)
    active = torch.arange(len(x), device=x.device)
    for number in range(limit + 1):
        climb = residual(x[active], active)
        level = climb.flatten(1).square().mean(dim=1).sqrt()
        lost = active[~torch.isfinite(level)]
        if len(lost):
            raise NotFinite(f"iteration {number + 1}: the score of image {int(lost[0])} is not finite; {REMEDY}")
        sigma[active] = level
        above = level >= final
        active, climb = active[above], climb[above]
        if not len(active) or iterations[active].max() >= limit:
            break
        # Drawn for all, so that an image that stops leaves the others' noise as it is.
        z = noise_like(x, generator)[active]
        x[active] += step * climb + kept * sigma[active, None, None, None] * z
        iterations[active] += 1
    return Ascent(x, sigma, iterations)


def denoised(residual: Residual, x: Tensor) -> Tensor:
    """The last full step: all of the noise that is left. Raises NotFinite where its end is not finite."""
    found = x + residual(x, torch.arange(len(x), device=x.device))
    require_finite(found, f"the last denoising of {len(x)} images is not finite; {REMEDY}")
    return found
