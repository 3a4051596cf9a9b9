"""From queries to their teachers: ascents at every step of the grid, Gaussians, selection, product (section 3)."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from recompose.diffusion.schedules import Schedule
from recompose.errors import RecomposeError
from recompose.papers.concept_discovery.composition import composed, responsibilities
from recompose.papers.concept_discovery.gaussians import Gaussians, around_modes
from recompose.papers.concept_discovery.modes import Noise, ascended, distinct, levels, starts, unrest
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
    """The modes near each query, all climbing together: ascents of (queries * starts) points at every step t.

    queries: (queries, ...) in [-1, 1]; names: of each query, the key of its random numbers. An ascent that a mean shift
    would still move by more than `unrest` has found no mode and is left out. Raises RecomposeError for a query that has
    none at any step.
    """
    found: list[list[tuple[Tensor, ...]]] = [[] for _ in queries]
    grid = grid_of(settings)
    count, from_noise = settings.starts, round(settings.from_noise * settings.starts)
    for t in grid:
        drawn = [_drawn(name, t, queries[0], count, settings.probes) for name in names]
        x = torch.cat([starts(q, t, schedule, d, from_noise) for q, (d, _) in zip(queries, drawn, strict=True)])
        x = ascended(noise, x, t, schedule, ascent=settings.ascent, iterations=settings.iterations, step=settings.step)
        still = unrest(noise, x, t, schedule) <= settings.unrest
        probes = torch.cat([signs for _, signs in drawn], dim=1)
        around, bounded = around_modes(
            noise, x, t, schedule, probes=probes, step=settings.difference, reading=settings.reading
        )
        for number, of_query in enumerate(found):
            place = slice(number * count, (number + 1) * count)
            kept = still[place].nonzero().flatten()
            if settings.radius is not None and len(kept):
                kept = kept[distinct(around.mean[place][kept], settings.radius)]
            of_query.append((around.mean[place][kept], around.variance[place][kept], kept, bounded[place][kept]))
    return [_gathered(each, grid, count - from_noise, names[number]) for number, each in enumerate(found)]


def grid_of(settings: Discovery) -> tuple[int, ...]:
    """The steps t at which modes are looked for."""
    return tuple(levels(settings.first, settings.last, settings.every))


def _drawn(name: Names, t: int, like: Tensor, count: int, probes: int) -> tuple[Tensor, Tensor]:
    """The noise that ascents of a query begin with at a step, and the signs of its probes."""
    generator = torch_generator(*name, "ascent", t)
    drawn = torch.randn((count, *like.shape), generator=generator)
    signs = 2.0 * torch.randint(2, (probes, count, *like.shape), generator=generator) - 1
    return drawn.to(like), signs.to(like)


def _gathered(found: list[tuple[Tensor, ...]], grid: tuple[int, ...], near: int, name: Names) -> Candidates:
    means, variances, kept, bounded = (torch.cat(part) for part in zip(*found, strict=True))
    if not len(means):
        raise RecomposeError(
            f"{' '.join(map(str, name))}: no mode was found at any of t = {', '.join(map(str, grid))}; raise iterations"
            " or unrest"
        )
    counts = torch.tensor([len(each[2]) for each in found])
    level = torch.tensor(grid).repeat_interleave(counts)
    return Candidates(Gaussians(means, variances), level, kept >= near, bounded, counts)


def teacher(query: Tensor, found: Candidates, settings: Discovery) -> Teacher:
    """Prototypes of a query and their product of experts, Eqs. 7-10."""
    chosen, product = composed(query, found.gaussians, count=settings.prototypes, temperature=settings.temperature)
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
