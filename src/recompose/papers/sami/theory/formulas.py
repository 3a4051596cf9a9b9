"""What appendix B says of the guidance score, as numbers: B.1 corrected, B.2 in closed form, B.3 as a count.

B.1 and B.2 write x_t = x_0 + beta eps. Their linear-Gaussian case is x_0 ~ N(0, C), mu(x) = W x, variance s^2 of every
latent; with K = C (C + beta^2)^-1 the best denoiser is K x_t. Matrices may be of any precision.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor


def score(
    z: Tensor,
    mean: Tensor,
    variance: Tensor,
    mean_jacobian: Tensor,
    variance_jacobian: Tensor,
    *,
    printed: bool = False,
) -> Tensor:
    """The gradient of log q(z | x) with respect to x by the derivatives of the encoder (B.1): (pixels,).

    z, mean, variance: (latents,); the Jacobians: (latents, pixels). printed: with the middle term as it stands there,
    without its factor 1/2 and of the other sign.
    """
    error = z - mean
    middle = -1.0 if printed else 0.5
    by_variance = middle * error.square() / variance.square() - 0.5 / variance
    return (error / variance) @ mean_jacobian + by_variance @ variance_jacobian


def wiener(covariance: Tensor, beta: float) -> Tensor:
    """K = C (C + beta^2)^-1, the best denoiser of N(0, C): (pixels, pixels)."""
    identity = torch.eye(len(covariance), dtype=covariance.dtype)
    return torch.linalg.solve(covariance + beta**2 * identity, covariance)


def reward(weights: Tensor, covariance: Tensor, beta: float, variance: float) -> Tensor:
    """L_2 = -2 beta^4 tr(W K W') / s^2 of the linear-Gaussian case: a negative number, where B.1 has 0 "at all orders".

    The score is no function of x_t alone: z knows x_0, and so what the denoiser misses. weights: W, (latents, pixels).
    """
    return -2 * beta**4 / variance * torch.trace(weights @ wiener(covariance, beta) @ weights.T)


def penalty(weights: Tensor, beta: float, variance: float) -> Tensor:
    """L_3 = beta^4 (beta^2 |W'W|^2 / s^4 + |W|^2 / s^2) of the same case: a scalar, B.1 without its Hessian."""
    precision = weights.T @ weights / variance
    return beta**4 * (beta**2 * precision.square().sum() + torch.trace(precision))


def axis_precision(variances: Tensor, beta: float) -> Tensor:
    """Along axes of C, of variances c, the A = W'W / s^2 that minimizes L_2 + L_3, without a limit to the latents.

    a = max(0, (2 k - 1) / (2 beta^2)) with k = c / (c + beta^2), of equal shape: positive exactly where c > beta^2. For
    little noise the Jacobian is rewarded, not penalized.
    """
    gains = variances / (variances + beta**2)
    return ((2 * gains - 1) / (2 * beta**2)).clamp_min(0)


def characteristic_noise(variances: Tensor) -> Tensor:
    """The noise level beta at which an axis switches on, sqrt(c), of equal shape: B.2's tau_k, in closed form.

    In x_t = alpha x_0 + sigma eps it is that of sigma / alpha. (B.2 has it both above and below tau_k that a feature is
    there; noise hides what is weaker, so below.)
    """
    return variances.sqrt()


def active_dimensions(eigenvalues: Tensor, decoder_variance: Tensor) -> Tensor:
    """How many latents the best linear VAE uses, by the variance gamma of its decoder (B.3): of gamma's shape.

    One is active if and only if the data's variance along its axis, lambda_i, is above gamma; (axes,) eigenvalues.
    """
    return (eigenvalues > decoder_variance[..., None]).sum(dim=-1)


class Roughness(NamedTuple):
    """How fast the Jacobian J of an encoder's mean changes, and its size, both (images,), squared Frobenius norms."""

    change: Tensor
    """|J(x + d) - J(x)|^2 / |d|^2, which for small d is the Hessian's along d"""
    size: Tensor
    """|J(x)|^2, to compare encoders whose latents are scaled otherwise"""


def roughness(mean: Callable[[Tensor], Tensor], x: Tensor, step: Tensor, probes: Tensor) -> Roughness:
    """What B.1 says is smoothed, by finite steps: a ReLU encoder's Hessian is zero almost everywhere.

    mean: images, (images, ...), none of which sees another, -> (images, latents); step: d, as x; probes: (probes,
    latents), standard normal: the mean over probes u of |J'u|^2 is |J|^2 in expectation (Hutchinson, 1990).
    """
    changes, sizes = [], []
    for probe in probes:
        here, there = (_pulled(mean, place, probe) for place in (x, x + step))
        changes.append((there - here).flatten(1).square().sum(dim=1))
        sizes.append(here.flatten(1).square().sum(dim=1))
    length = step.flatten(1).square().sum(dim=1)
    return Roughness(torch.stack(changes).mean(dim=0) / length, torch.stack(sizes).mean(dim=0))


def _pulled(mean: Callable[[Tensor], Tensor], x: Tensor, probe: Tensor) -> Tensor:
    """J'u of every image."""
    with torch.enable_grad():
        x = x.detach().requires_grad_()
        (found,) = torch.autograd.grad((mean(x) @ probe).sum(), x)
    return found
