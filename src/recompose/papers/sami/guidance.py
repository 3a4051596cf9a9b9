"""The guidance score g = grad_x log q(z | x_t), and what it does to a prediction of noise (Eqs. 7-9, A.2, A.4)."""

from dataclasses import dataclass

import torch
from torch import Tensor

from recompose.papers.sami.posterior import Encoder, Posterior


@dataclass(frozen=True)
class Constraints:
    """How much the two terms of log q count (A.4): numbers, or one for each latent, (latents,).

    distance: of the Mahalanobis distance of z and mu(x_t); volume: of log sigma^2, which closes in on certainty. 1 and
    1 are log q itself; 0 and 0 leave the unconditional model; a distance of 0 for some latents leaves these "sloppy".
    """

    distance: float | Tensor = 1.0
    volume: float | Tensor = 1.0


EXACT = Constraints()
PRINTED = Constraints(volume=0.5)
"""Algorithms 1 and 2 print log |sigma I| for log |Sigma|, twice as much."""


def log_density(z: Tensor, posterior: Posterior, constraints: Constraints = EXACT) -> Tensor:
    """log q(z | x), Eq. 11 without its constant: (images, latents) -> (images,)."""
    distance = (z - posterior.mean).square() / posterior.variance
    terms = constraints.distance * distance + constraints.volume * posterior.variance.log()
    return -0.5 * terms.sum(dim=1)


def guidance_score(
    encoder: Encoder, x: Tensor, z: Tensor, t: Tensor | None = None, *, create_graph: bool = False,
    constraints: Constraints = EXACT,
) -> Tensor:  # fmt: skip
    """g of every image, Eq. 9 at the z given: x, (images, ...), and (images, latents) -> as x.

    x is detached, so that nothing comes back to what made it; z is not. With `create_graph` the score can be
    differentiated with respect to z and to the encoder's weights. While the encoder's norms are those of a batch, an
    image's score holds what it does to the others'.
    """
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        total = log_density(z, encoder(x, t), constraints).sum()
        (score,) = torch.autograd.grad(total, x, create_graph=create_graph)
    return score


def shifted_noise(noise: Tensor, score: Tensor, sigma: float | Tensor) -> Tensor:
    """The noise in x_t given z: eps - sqrt(1 - abar) g, Eq. 8.

    So the mean of x_{t-1} is mu + (1 - alpha) / sqrt(alpha) g, alpha that of one step: A.2, whose last two lines lose
    the sign.
    """
    return noise - sigma * score
