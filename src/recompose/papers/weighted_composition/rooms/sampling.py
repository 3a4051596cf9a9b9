"""Composed rooms: ancestral sampling on composed velocities with the Feynman-Kac corrector (section 3.2, appendix F.3).

One corrector for points and images, `recompose.diffusion.feynman_kac.sample_swarms`; what is of images is the move, in
discrete steps, and what a swarm is weighed by. The weights of Definition 1 are 1, 1 and -1 for a1, a2 and the base:
they add up to one, so composing velocities, noises or scores is the same.
"""

from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
from torch import Tensor

from recompose.diffusion.feynman_kac import composed_score, sample_swarms, square_gap
from recompose.diffusion.particles import effective_sample_size
from recompose.diffusion.predictions import to_noise
from recompose.diffusion.sampling import ddpm_step, sample
from recompose.diffusion.schedules import Schedule, VariancePreserving, timesteps
from recompose.papers.weighted_composition.rooms.networks import Velocities
from recompose.papers.weighted_composition.rooms.settings import RoomsSampling

BASE_COMPOSED = (1.0, 1.0, -1.0)


@dataclass
class Course:
    """What happens to swarms on their way, weighing by weighing."""

    ess: list[Tensor]
    """effective sample sizes before resampling, (swarms,)"""
    distinct: list[Tensor]
    """how many of the first particles have descendants, (swarms,)"""
    variance: list[Tensor]
    """of the log-weights that were gained, within a swarm, (swarms,)"""


def composed_swarms(
    velocities: Velocities, shape: tuple[int, ...], *, swarms: int, particles: int, schedule: Schedule,
    sampling: RoomsSampling, generator: torch.Generator, device: str = "cpu",
) -> tuple[Tensor, Course]:  # fmt: skip
    """All particles of each swarm, (swarms, particles, *shape), and their course.

    A move is an ancestral step of DDPM with small variance on the composed velocity, the estimate of the image kept
    within the clip. After each, at the new place and time, log-weights gain beta dt / (2 sigma^2) times the gap of
    Eq. 11 in terms of the noise (`noise_gap`), and every swarm is resampled, after the last weighing too: its particles
    then count alike, and each is a sample. The last move, to the image, is not weighed: there is no noise to predict.
    """
    times = timesteps(schedule.steps, sampling.steps, sampling.spacing)
    weights = torch.tensor(BASE_COMPOSED, device=device)
    share = [weight_factor(schedule, t, s, sampling) for t, s in pairwise(times[:-1])]
    last: list[Tensor] = []

    def guide(x: Tensor, number: int) -> tuple[Tensor, Tensor]:
        t = times[number]
        at = velocities(x.flatten(-2).movedim(-1, 0), t).movedim(1, -1).unflatten(-1, x.shape[-2:])  # type: ignore[no-untyped-call]
        gained = share[number - 1] * noise_gap(at, x, schedule, t, weights) if number else torch.zeros(())
        return composed_score(at, weights), gained

    def move(x: Tensor, velocity: Tensor, number: int) -> Tensor:
        t, s = times[number - 1], times[number]
        moved = ddpm_step(x, velocity, schedule, t, s, kind="velocity", generator=generator, clip=sampling.clip)
        if number == sampling.steps:
            last.append(moved)
        return moved

    course, first = Course([], [], []), torch.arange(particles, device=device).repeat(swarms, 1)

    def watch(number: int, log_weights: Tensor, ancestors: Tensor | None) -> None:
        nonlocal first
        course.ess.append(effective_sample_size(log_weights).cpu())
        course.variance.append(log_weights.var(dim=-1).cpu())
        if ancestors is not None:
            first = first.flatten()[ancestors]
        course.distinct.append(torch.tensor([len(each.unique()) for each in first]))

    sample_swarms(
        torch.randn((*shape, swarms, particles), generator=generator, device=device),
        steps=sampling.steps,
        guide=guide,
        move=move,
        weighted=sampling.weighted or sampling.steps - 1,
        generator=generator,
        watch=watch,
    )
    (found,) = last
    return found.movedim((-2, -1), (0, 1)), course


def noise_gap(velocities: Tensor, x: Tensor, schedule: Schedule, t: int, weights: Tensor) -> Tensor:
    """|sum w eps|^2 - sum w |eps|^2, from velocities: 2 <eps_1 - eps_0, eps_2 - eps_0> for the weights 1, 1, -1.

    velocities: (sources, *shape, swarms, particles) -> (swarms, particles)
    """
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    return square_gap(to_noise(velocities, x, alpha, sigma, "velocity"), weights)


def weight_factor(schedule: Schedule, t: int, s: int, sampling: RoomsSampling) -> float:
    """beta dt / (2 sigma^2) after the move from t to s, by which a gap of noises becomes a gain of log-weight.

    By the schedule's table: so many steps of the beta of s, and its sigma. In closed form, as the authors' code has it:
    beta and sigma of the process in continuous time, shifted and stretched as the table is, at (s - 1) / 999, the move
    being a share of 999. The two agree but at the data: there the one's sigma is .001 and the other's .01, and the
    factor of the last weighing a hundred times as large.
    """
    if sampling.weights_from == "table":
        return float(schedule.beta[s]) * (t - s) / (2 * float(schedule.sigma[s]) ** 2)
    process, most = VariancePreserving(0.1, 20.0), schedule.steps - 1
    time, end = torch.tensor([(s - 1) / most, 1.0], dtype=torch.float64).clamp_min(CLOSED_FORM_NEAREST)
    lost = process.alpha(end)
    alpha = (process.alpha(time) - lost) / (1 - lost)
    beta = process.beta(time) * process.alpha(time) / (process.alpha(time) - lost)
    return float(beta * (t - s) / most / (2 * (1 - alpha**2)))


CLOSED_FORM_NEAREST = 1e-5
"""The earliest time of the closed form, where its sigma is .001."""


def sampled_alone(
    velocities: Velocities, shape: tuple[int, ...], count: int, *, schedule: Schedule,
    sampling: RoomsSampling, generator: torch.Generator, device: str = "cpu",
) -> Tensor:  # fmt: skip
    """Samples of one condition, all that these velocities are of, by the same steps: (count, *shape)."""
    step = partial(ddpm_step, kind="velocity", generator=generator, clip=sampling.clip)
    times = timesteps(schedule.steps, sampling.steps, sampling.spacing)
    start = torch.randn((count, *shape), generator=generator, device=device)
    return sample(lambda x, t: velocities(x, t)[0], start, schedule, times, step)
