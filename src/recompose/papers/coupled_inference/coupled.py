"""Coupled inference: K reverse diffusions, one per codebook, guided together towards the bound vector (section 3).

Two spaces to diffuse in. *Vector*: x_j lives among the codebook vectors, scaled to unit norm (another norm is the
same as another softmax_temp). *Latent*: z_j lives among the one-hot vectors, and x_j = X_j z_j (appendix A).
Energies compare with the observation in the units of the observation: entries of size 1.

Where nothing leaves the span of the codebook (projected guidance, no noise), the vector space is kept by its
coordinates there: the same numbers from two products with the codebook in an iteration instead of six.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from recompose.diffusion.sampling import ode_step, sde_step
from recompose.diffusion.schedules import Schedule, linear_schedule
from recompose.papers.coupled_inference.binding import mean_estimate, others, read_out, similarity, superpose
from recompose.papers.coupled_inference.hyperparameters import Hyperparameters

EPSILON = 1e-30


@dataclass(frozen=True)
class Variant:
    """The paper's two design choices (section 4.1)."""

    space: Literal["vector", "latent"]
    energy: Literal["gaussian", "similarity"]


VARIANTS = {
    "gaussian": Variant("vector", "gaussian"),
    "latent_gaussian": Variant("latent", "gaussian"),
    "similarity": Variant("vector", "similarity"),
    "latent_similarity": Variant("latent", "similarity"),
}


class VectorSpace:
    """Diffusion among the codebook vectors; the components of the prior are the columns of X / sqrt(D)."""

    def __init__(self, codebooks: Tensor) -> None:
        self.codebooks, self.norm = codebooks, codebooks.shape[-2] ** 0.5

    def start(self, trials: int) -> Tensor:
        """The mean of the components: (sets, factors, dimension, trials)."""
        return mean_estimate(self.codebooks, trials) / self.norm

    def agree(self, x: Tensor, own: slice) -> Tensor:
        """Inner products of x with the components: (..., size, trials)."""
        return similarity(self.codebooks[:, own], x) / self.norm

    def mix(self, weights: Tensor, own: slice) -> Tensor:
        """Weighted sum of the components."""
        return superpose(self.codebooks[:, own], weights) / self.norm

    def observe(self, x: Tensor, own: slice) -> Tensor:
        """x in the units of the observation."""
        return x * self.norm

    def pull(self, gradient: Tensor, own: slice, project: bool) -> Tensor:
        """A gradient in the units of the observation, in those of x."""
        if project:
            gradient = superpose(self.codebooks[:, own], similarity(self.codebooks[:, own], gradient)) / self.norm**2
        return gradient / self.norm

    def length(self, x: Tensor, own: slice) -> Tensor:
        """Euclidean norms: (..., 1, trials)."""
        return torch.linalg.vector_norm(x, dim=-2, keepdim=True)

    def read_out(self, x: Tensor) -> Tensor:
        """The most similar codebook vectors, up to sign."""
        return read_out(self.codebooks, x)


class LatentSpace:
    """Diffusion among the one-hot vectors; the components of the prior are the columns of the identity."""

    def __init__(self, codebooks: Tensor) -> None:
        self.codebooks = codebooks

    def start(self, trials: int) -> Tensor:
        """The mean of the components: (sets, factors, size, trials)."""
        sets, factors, _, size = self.codebooks.shape
        return self.codebooks.new_full((sets, factors, size, trials), 1.0 / size)

    def agree(self, z: Tensor, own: slice) -> Tensor:
        """Inner products with the one-hot vectors: the entries of z."""
        return z

    def mix(self, weights: Tensor, own: slice) -> Tensor:
        """Weighted sum of the one-hot vectors: the weights."""
        return weights

    def observe(self, z: Tensor, own: slice) -> Tensor:
        """X z, in the units of the observation."""
        return superpose(self.codebooks[:, own], z)

    def pull(self, gradient: Tensor, own: slice, project: bool) -> Tensor:
        """A gradient in the units of the observation, in those of z; it is in the span of the codebook by itself."""
        return similarity(self.codebooks[:, own], gradient) / self.codebooks.shape[-2]

    def length(self, z: Tensor, own: slice) -> Tensor:
        """Euclidean norms: (..., 1, trials)."""
        return torch.linalg.vector_norm(z, dim=-2, keepdim=True)

    def read_out(self, z: Tensor) -> Tensor:
        """The largest entries, up to sign."""
        return z.abs().argmax(dim=-2)


class SpanSpace(LatentSpace):
    """The vector space by coordinates in the span of the codebook: x = X w / sqrt(D), w of the shape of z.

    Inner products of vectors are those of coordinates under the Gram matrix X^T X / D; all else is as among the
    one-hot vectors. Only what stays in the span has coordinates: no noise, and no guidance but the projected one.
    """

    def __init__(self, codebooks: Tensor) -> None:
        super().__init__(codebooks)
        self.gram = similarity(codebooks, codebooks) / codebooks.shape[-2]

    def agree(self, w: Tensor, own: slice) -> Tensor:
        """Inner products of x with the components: (..., size, trials)."""
        return superpose(self.gram[:, own], w)

    def length(self, w: Tensor, own: slice) -> Tensor:
        """Euclidean norms of x: (..., 1, trials)."""
        return (w * self.agree(w, own)).sum(dim=-2, keepdim=True).clamp_min(0.0).sqrt()

    def read_out(self, w: Tensor) -> Tensor:
        """The most similar codebook vectors, up to sign."""
        return read_out(self.gram, w)


Space = VectorSpace | LatentSpace


def space_of(codebooks: Tensor, variant: Variant, chosen: Hyperparameters, noise: bool) -> Space:
    """Where a variant diffuses."""
    if variant.space == "latent":
        return LatentSpace(codebooks)
    return SpanSpace(codebooks) if chosen.projection and not noise else VectorSpace(codebooks)


@dataclass
class Denoised:
    """What the prior says of x_t: the weights of its components, the score and Tweedie's estimate of x_0."""

    weights: Tensor
    score: Tensor
    estimate: Tensor

    def at(self, own: slice) -> "Denoised":
        """The part of some factors."""
        return Denoised(self.weights[:, own], self.score[:, own], self.estimate[:, own])

    def put(self, own: slice, new: "Denoised") -> None:
        """Replace the part of some factors."""
        self.weights[:, own], self.score[:, own], self.estimate[:, own] = new.weights, new.score, new.estimate


def denoise(space: Space, x: Tensor, own: slice, alpha: float, sigma: float, chosen: Hyperparameters) -> Denoised:
    """Score and Tweedie's estimate under the mixture prior: Eqs. 14-17, in the latent space Eqs. 28-29.

    All components have the same norm, so their weights, gamma of Eq. 15, are a softmax of inner products.
    """
    variance = alpha**2 * chosen.sigma_0**2 + sigma**2  # omega_t^2
    weights = torch.softmax(space.agree(x, own) * (chosen.softmax_temp * alpha / variance), dim=-2)
    mean = space.mix(weights, own)
    if chosen.centring:
        mean = mean - space.mix(torch.full_like(weights[..., :1], 1.0 / weights.shape[-2]), own)
    score = torch.add((alpha / variance) * mean, x, alpha=-1 / variance)
    estimate = torch.add((sigma**2 / variance) * mean, x, alpha=alpha * chosen.sigma_0**2 / variance)
    return Denoised(weights, score, estimate)


def through_tweedie(
    space: Space,
    gradient: Tensor,
    weights: Tensor,
    own: slice,
    alpha: float,
    sigma: float,
    chosen: Hyperparameters,
) -> Tensor:
    """The Jacobian of Tweedie's estimate, which is symmetric, times a gradient with respect to that estimate."""
    variance = alpha**2 * chosen.sigma_0**2 + sigma**2
    agree = space.agree(gradient, own)
    spread = weights * (agree - (weights * agree).sum(dim=-2, keepdim=True))
    slope = chosen.softmax_temp * alpha / variance
    pulled = space.mix((sigma**2 * slope / variance) * spread, own)
    return torch.add(pulled, gradient, alpha=alpha * chosen.sigma_0**2 / variance)


def energy_gradient(variant: Variant, bound: Tensor, seen: Tensor, own: slice) -> Tensor:
    """Gradient of the energy with respect to the estimates, without the regularization: Eqs. 22, 24, 31 and 33.

    seen: the estimates of all factors in the units of the observation.
    """
    target = bound.unsqueeze(1)
    if variant.energy == "gaussian":
        target = target - seen.prod(dim=1, keepdim=True)
    return target * others(seen, own)


def guidance_strength(schedule: Schedule, t: int, kind: str) -> float:
    """How the guidance is scaled at step t (appendix C); `linear` grows from T to 1."""
    match kind:
        case "linear":
            return (schedule.steps - t + 1) / schedule.steps
        case "sigma":
            return float(schedule.sigma[t])
        case "snr":
            return float(schedule.sigma[t] / schedule.alpha[t])
        case _:
            return 1.0


def clip(space: Space, pull: Tensor, strength: float, score: Tensor, ratio: float, own: slice) -> Tensor:
    """`strength` times the pull, no longer than `ratio` times the unconditional score of its factor."""
    longest = ratio * space.length(score, own)
    return pull * (longest / space.length(pull, own).clamp_min(EPSILON)).clamp_max(strength)


def coupled_inference(
    codebooks: Tensor,
    bound: Tensor,
    variant: Variant,
    chosen: Hyperparameters,
    generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Iterative sampling (section 3.4); yields after each restart what would be read out: (sets, factors, trials).

    Restarts go to the mean of p(x_tau | x_0), the paper's deterministic variant. With a generator the reverse SDE
    is simulated (Eq. 4), without one the probability-flow ODE (Eq. 6).
    """
    space = space_of(codebooks, variant, chosen, noise=generator is not None)
    schedule = linear_schedule(chosen.steps)
    every = slice(0, codebooks.shape[1])
    groups = [every] if chosen.update == "synchronous" else [slice(j, j + 1) for j in range(codebooks.shape[1])]
    step: Callable[[Tensor, Tensor, float], Tensor] = ode_step
    if generator is not None:
        step = lambda x, score, beta: sde_step(x, score, beta, generator)  # noqa: E731

    x = chosen.amplitude * space.start(bound.shape[-1])
    for _ in range(chosen.restarts):
        tau = chosen.restart_steps
        x = schedule.alpha[tau].item() * x
        now = denoise(space, x, every, *_scales(schedule, tau), chosen)
        seen = space.observe(now.estimate, every)
        for t in range(tau, 0, -1):
            for own in groups:
                part, here = now.at(own), x[:, own]
                pull = space.pull(energy_gradient(variant, bound, seen, own), own, chosen.projection)
                if chosen.jacobian:
                    pull = through_tweedie(space, pull, part.weights, own, *_scales(schedule, t), chosen)
                if variant.energy == "similarity":
                    pull = torch.sub(pull, here, alpha=chosen.regularization)  # it looks at the noisy x_t
                strength = guidance_strength(schedule, t, chosen.schedule) / chosen.eta**2
                guided = part.score + clip(space, pull, strength, part.score, chosen.cond_clip_ratio, own)
                moved = step(here, guided, float(schedule.beta[t]))
                if t > 1:
                    new = denoise(space, moved, own, *_scales(schedule, t - 1), chosen)
                    estimate = new.estimate
                else:  # at the data nothing is left to denoise: the estimate is x_0 itself
                    new, estimate = part, moved
                looked_at = t > 1 or own != groups[-1]
                if own == every:
                    x, now, seen = moved, new, space.observe(estimate, every) if looked_at else seen
                else:
                    x[:, own] = moved
                    if looked_at:
                        seen[:, own] = space.observe(estimate, own)
                    if t > 1:
                        now.put(own, new)
        yield space.read_out(x)


def _scales(schedule: Schedule, t: int) -> tuple[float, float]:
    return float(schedule.alpha[t]), float(schedule.sigma[t])


def variant_solver(name: str, chosen: Hyperparameters) -> Callable[..., Tensor]:
    """A variant at one configuration, as a solver: with as many restarts as the budget of iterations allows."""

    def solve(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
        restarts = min(chosen.restarts, max(1, iterations // chosen.restart_steps))
        *_, found = coupled_inference(
            codebooks, bound, VARIANTS[name], chosen.model_copy(update={"restarts": restarts})
        )
        return found

    return solve
