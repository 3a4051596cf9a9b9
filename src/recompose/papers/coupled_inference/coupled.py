"""Coupled inference: K reverse diffusions, one per codebook, guided together towards the bound vector (section 3).

Shapes, throughout: x, scores and pulls (sets, factors, dimension or, in the latent space, size, trials); seen, the
estimates of the factors in the units of the observation (entries of size 1), in which the energies compare,
(sets, factors, dimension, trials). `own`, a slice of the factors, says whose part of x it is.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from recompose.diffusion.sampling import ode_step, sde_step
from recompose.diffusion.schedules import Schedule, linear_schedule
from recompose.errors import NotFinite, named
from recompose.papers.coupled_inference.binding import others
from recompose.papers.coupled_inference.hyperparameters import SYNCHRONOUS, VARIANTS, Hyperparameters, Variant
from recompose.papers.coupled_inference.spaces import LatentSpace, Space, SpanSpace, VectorSpace

EPSILON = 1e-30


def variant_of(method: str) -> Variant:
    """The variant that a diffusion method is a configuration of."""
    return VARIANTS[SYNCHRONOUS.get(method, method)]


def coupled_inference(
    codebooks: Tensor,
    bound: Tensor,
    variant: Variant,
    chosen: Hyperparameters,
    generator: torch.Generator | None = None,
    restart_generator: torch.Generator | None = None,
) -> Iterator[Tensor]:
    """Iterative sampling (section 3.4); yields after each restart what would be read out: (sets, factors, trials).

    With a generator the reverse SDE is simulated (Eq. 4), without one the probability-flow ODE (Eq. 6). Restarts go to
    the mean of p(x_tau | x_0), the paper's deterministic variant; with a generator of their own to a sample of it
    (appendix C). Raises NotFinite where a diffusion runs away.
    """
    space = space_of(codebooks, variant, chosen, noise=bool(generator or restart_generator))
    run = Run(space, bound, variant, chosen, linear_schedule(chosen.steps), generator)
    tau, every = chosen.restart_steps, slice(0, codebooks.shape[1])
    step_back = UPDATES[chosen.update]

    x = chosen.amplitude * space.start(bound.shape[-1])
    for restart in range(1, chosen.restarts + 1):
        alpha, sigma = run.scales(tau)
        x = alpha * x
        if restart_generator:
            x = x + sigma * torch.randn(x.shape, generator=restart_generator, device=x.device, dtype=x.dtype)
        state = arrive(run, x, tau, every)
        for t in range(tau, 0, -1):
            state = step_back(run, state, t)
        x = state.x
        with named(f"restart {restart} of {chosen.restarts}"):
            found = space.read_out(x)
        yield found


# ---------------------------------------------------------------------------------------------------------------
# One step back in diffusion time


@dataclass(frozen=True)
class Run:
    """What stays as it is from the first step to the last."""

    space: Space
    bound: Tensor
    """(sets, dimension, trials)"""
    variant: Variant
    chosen: Hyperparameters
    schedule: Schedule
    generator: torch.Generator | None
    """of the noise of the reverse SDE"""

    def scales(self, t: int) -> tuple[float, float]:
        """alpha_t and sigma_t."""
        return float(self.schedule.alpha[t]), float(self.schedule.sigma[t])


@dataclass(frozen=True)
class State:
    """The diffusions at one step: x_t, what the prior says of it, and the estimates that the energies compare."""

    x: Tensor
    weights: Tensor
    score: Tensor
    seen: Tensor

    def put(self, own: slice, part: "State") -> None:
        """Replace the part of some factors in place."""
        self.x[:, own], self.weights[:, own] = part.x, part.weights
        self.score[:, own], self.seen[:, own] = part.score, part.seen


def arrive(run: Run, x: Tensor, t: int, own: slice) -> State:
    """The state of some factors that are at x in step t > 0."""
    prior = denoise(run.space, x, own, *run.scales(t), run.chosen)
    return State(x, prior.weights, prior.score, run.space.observe(prior.estimate, own))


def synchronous(run: Run, state: State, t: int) -> State:
    """All factors at once, each guided by the estimates that the others had."""
    every = slice(0, state.x.shape[1])
    moved = move(run, state, t, every)
    # At the data nothing is left to denoise, and after the last step nobody looks.
    return arrive(run, moved, t - 1, every) if t > 1 else replace(state, x=moved)


def asynchronous(run: Run, state: State, t: int) -> State:
    """One factor after another, each guided by the newest estimates of the others."""
    factors = state.x.shape[1]
    for place in range(factors):
        own = slice(place, place + 1)
        moved = move(run, state, t, own)
        if t > 1:
            state.put(own, arrive(run, moved, t - 1, own))
            continue
        state.x[:, own] = moved  # at the data nothing is left to denoise: the estimate is x_0 itself
        if place < factors - 1:
            state.seen[:, own] = run.space.observe(moved, own)
    return state


UPDATES: dict[str, Callable[[Run, State, int], State]] = {"synchronous": synchronous, "asynchronous": asynchronous}


def move(run: Run, state: State, t: int, own: slice) -> Tensor:
    """x_{t-1} of some factors, along their guided scores."""
    x, score, beta = state.x[:, own], state.score[:, own], float(run.schedule.beta[t])
    guided = score + guidance(run, state, t, own)
    return ode_step(x, guided, beta) if run.generator is None else sde_step(x, guided, beta, run.generator)


def guidance(run: Run, state: State, t: int, own: slice) -> Tensor:
    """How the energy pulls some factors: its gradient times the strength of the step, clipped (section 3.3)."""
    chosen, score = run.chosen, state.score[:, own]
    gradient = energy_gradient(run.variant, run.bound, state.seen, own)
    pull = run.space.pull(gradient, own, chosen.projection)
    if chosen.jacobian:
        pull = through_tweedie(run.space, pull, state.weights[:, own], own, *run.scales(t), chosen)
    if run.variant.energy == "similarity":
        pull = torch.sub(pull, state.x[:, own], alpha=chosen.regularization)  # it looks at the noisy x_t
    strength = guidance_strength(run.schedule, t, chosen.schedule) / chosen.eta**2
    return clip(run.space, pull, strength, score, chosen.cond_clip_ratio, own)


# ---------------------------------------------------------------------------------------------------------------
# What it is made of


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


def variant_solver(name: str, chosen: Hyperparameters) -> Callable[..., Tensor]:
    """A variant at one configuration, as a solver: with as many restarts as the budget of iterations allows.

    A configuration is tuned at one K, and at another its estimates may grow with every restart until they are no
    numbers any more. The run ends there, with what it found last; one that finds nothing before raises NotFinite.
    """

    def solve(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
        restarts = min(chosen.restarts, max(1, iterations // chosen.restart_steps))
        budgeted = chosen.model_copy(update={"restarts": restarts})
        found: list[Tensor] = []
        try:
            for each in coupled_inference(codebooks, bound, variant_of(name), budgeted):
                found = [each]
        except NotFinite:
            if not found:
                raise
        return found[0]

    return solve
