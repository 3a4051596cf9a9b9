"""From queries to their teachers: ascents at every step of the grid, Gaussians, selection, product (section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recompose.diffusion.schedules import Schedule
from recompose.errors import RecomposeError
from recompose.papers.concept_discovery.composition import Choice, composed, greedy, responsibilities
from recompose.papers.concept_discovery.gaussians import Gaussians, around_modes
from recompose.papers.concept_discovery.modes import Noise, ascended, clean_estimate, distinct, levels, starts, unrest
from recompose.papers.concept_discovery.settings import Discovery
from recompose.randomness import torch_generator

Names = tuple[str | int, ...]


@dataclass(frozen=True)
class Candidates:
    """The modes that were found for a query."""

    gaussians: Gaussians
    level: Tensor
    """the step t at which each was found: (modes,)"""
    from_noise: Tensor
    """whether its ascent began at noise: (modes,)"""
    bounded: Tensor
    """the share of its coordinates whose Jacobian was out of bounds: (modes,)"""
    found: Tensor
    """how many ascents ended at a mode, at each step of the grid: (levels,)"""


@dataclass(frozen=True)
class Teacher:
    """What a query is composed of."""

    gaussian: Gaussians
    """(1, ...)"""
    prototypes: Gaussians
    """(K, ...)"""
    share: Tensor
    """the mean weight of each over the coordinates: (K,)"""
    level: Tensor
    """the step t of each: (K,)"""
    sharpness: float
    """the product's precision over that of the surest prototype, the mean over the coordinates: at most 1"""
    bounded: float
    """the share of coordinates of all candidates whose Jacobian was out of bounds"""


def candidates(
    noise: Noise, queries: Tensor, settings: Discovery, names: Sequence[Names], schedule: Schedule
) -> list[Candidates]:
    """The modes near each query, as `modes_near` finds them. Raises RecomposeError for a query that has none at all."""
    found = modes_near(noise, queries, settings, names, schedule)
    for name, each in zip(names, found, strict=True):
        if not len(each.level):
            raise RecomposeError(
                f"{' '.join(map(str, name))}: no mode was found at any of t = {listed(grid_of(settings))}; raise"
                " iterations or unrest"
            )
    return found


def modes_near(
    noise: Noise, queries: Tensor, settings: Discovery, names: Sequence[Names], schedule: Schedule
) -> list[Candidates]:
    """The modes near each query, if any, all climbing together: (queries * levels * starts) points, each at its step t.

    queries: (queries, ...) in [-1, 1]; names: of each query, the key of its random numbers. An ascent that a mean shift
    would still move by more than `unrest` has found no mode and is left out: `Candidates.found` says how many did at
    each step. A network is asked iterations + 1 + probes times for every point.
    """
    grid, count = grid_of(settings), settings.starts
    near = count - round(settings.from_noise * count)
    drawn = [[_drawn(name, t, queries[0], count, settings.probes) for t in grid] for name in names]
    begun = [
        starts(query, t, schedule, noises, count - near)
        for query, of_query in zip(queries, drawn, strict=True)
        for t, (noises, _) in zip(grid, of_query, strict=True)
    ]
    level = torch.tensor(grid, device=queries.device).repeat_interleave(count)
    t = level.repeat(len(queries))
    x = ascended(
        noise, torch.cat(begun), t, schedule, ascent=settings.ascent, iterations=settings.iterations, step=settings.step
    )
    clean = clean_estimate(noise, x, t, schedule)
    still = unrest(clean, x, t, schedule) <= settings.unrest
    probes = torch.cat([signs for of_query in drawn for _, signs in of_query], dim=1)
    around, bounded = around_modes(
        noise, x, t, schedule, clean=clean, probes=probes, step=settings.difference, reading=settings.reading
    )
    found = []
    for number in range(len(queries)):
        first = number * len(level)
        places = torch.cat(
            [
                _distinct(
                    around.mean, first + at * count + still[first + at * count :][:count].nonzero().flatten(), settings
                )
                for at in range(len(grid))
            ]
        )
        kept = places - first
        counts = torch.bincount(kept // count, minlength=len(grid))
        found.append(Candidates(around[places], level[kept], kept % count >= near, bounded[places], counts))
    return found


def _distinct(means: Tensor, places: Tensor, settings: Discovery) -> Tensor:
    """Of the modes at these places those that count: all, or one of those that are near each other."""
    if settings.radius is None or not len(places):
        return places
    return places[distinct(means[places], settings.radius)]


def grid_of(settings: Discovery) -> tuple[int, ...]:
    """The steps t at which modes are looked for."""
    return tuple(levels(settings.first, settings.last, settings.every))


def without_modes(found: Tensor, settings: Discovery) -> str:
    """The steps t at which a query has no mode, in words, "" for none; found: how many at each, (levels,)."""
    return listed([t for t, count in zip(grid_of(settings), found.tolist(), strict=True) if not count])


def listed(steps: Sequence[int]) -> str:
    """Steps in words."""
    return ", ".join(map(str, steps))


def _drawn(name: Names, t: int, like: Tensor, count: int, probes: int) -> tuple[Tensor, Tensor]:
    """The noise that ascents of a query begin with at a step, and the signs of its probes."""
    generator = torch_generator(*name, "ascent", t)
    drawn = torch.randn((count, *like.shape), generator=generator)
    signs = 2.0 * torch.randint(2, (probes, count, *like.shape), generator=generator) - 1
    return drawn.to(like), signs.to(like)


def teacher(query: Tensor, found: Candidates, settings: Discovery, choose: Choice = greedy) -> Teacher:
    """Prototypes of a query and their product of experts, Eqs. 7-10."""
    chosen, product = composed(
        query, found.gaussians, count=settings.prototypes, temperature=settings.temperature, choose=choose
    )
    prototypes = found.gaussians[torch.tensor(chosen)]
    weights = responsibilities(prototypes.log_likelihoods(query), settings.temperature)
    sharpness = (prototypes.variance.amin(dim=0) / product.variance[0]).mean()
    return Teacher(
        product,
        prototypes,
        weights.flatten(1).mean(dim=1),
        found.level[torch.tensor(chosen)],
        float(sharpness),
        float(found.bounded.mean()),
    )


def together(teachers: Sequence[Gaussians], count: int) -> Gaussians:
    """The teachers of several queries for so many images of each: (queries * count, ...)."""
    mean, variance = (torch.cat([getattr(each, part) for each in teachers]) for part in ("mean", "variance"))
    return Gaussians(mean.repeat_interleave(count, dim=0), variance.repeat_interleave(count, dim=0))
