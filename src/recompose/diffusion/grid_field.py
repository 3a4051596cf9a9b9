"""Compositions in the plane from a grid: networks are asked once per step at its nodes, however many the particles."""

from dataclasses import dataclass, field
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d

from recompose.diffusion.feynman_kac import Field
from recompose.diffusion.schedules import VariancePreserving

FINER = 3
"""The table that particles look up is so many times as fine as the nodes, by a cubic spline through them."""
DOUBLINGS = 1
"""How often the nodes are doubled at most; memory is asked for by it (`weighted_composition.work`)."""
WORTH = 0.02
"""A share of poor points that is worth more nodes: the same points come back many times."""


@dataclass(frozen=True)
class Grid:
    """A composition on a square, at one time."""

    centre: Tensor
    """(2, 1)"""
    half: Tensor
    """(), half the width"""
    table: Tensor
    """(1, 3, rows, rows), the composed score and the gap: rows follow the second coordinate"""
    poor: Tensor | None
    """(nodes - 1, nodes - 1), the cells in which the interpolation errs by more than the bound; None if none does"""


@dataclass
class GridField:
    """A `Field` interpolated between the nodes of a square grid, and itself where that is not good enough.

    What the sampler uses is interpolated, the composed score and the gap of squares, not the sources' scores that they
    are made of: where two sources change over from one mode to another these nearly cancel in the one and multiply in
    the other, and errors of each, small beside it, turn distances of samples by a tenth.

    The grid of a time is made for the first points that are asked for at that time, and kept. A cubic spline through
    the nodes fills a finer table, which is looked up bilinearly. Its error is that with which a spline through every
    second node misses the others, or less: a quarter of it is held against the bound, in units of what it does to a
    particle, the predicted noise, sigma(t) |score|, and the log-weight rate, beta(t) / 2 gap; relative to them where
    they are larger than one. Points in cells beyond the bound, and beyond the grid, are given to the field itself.
    """

    exact: Field
    schedule: VariancePreserving
    nodes: int
    bound: float
    reach: float = 3.5
    """Half the width of the grid, in standard deviations of the particles along the axis where they spread most."""
    evaluated: int = 0
    """Points at which the field itself was asked so far."""
    asked: int = 0
    """Points that were asked for so far."""
    grids: dict[float, Grid] = field(default_factory=dict, repr=False)

    @property
    def weights(self) -> Tensor:
        """(sources,)."""
        return self.exact.weights

    def __call__(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """x: (2, swarms, particles), t: () -> (2, swarms, particles), (swarms, particles)."""
        points = x.reshape(2, -1)
        self.asked += points.shape[1]
        grid = self.grids.get(float(t))
        if grid is None:
            if points.shape[1] <= self.nodes**2:
                return self._itself(x, t)
            grid = self.grids[float(t)] = self._refined(points, t)
        places = (points - grid.centre) / grid.half
        found = grid_sample(grid.table, places.T[None, None], mode="bilinear", align_corners=True).view(3, -1)
        poor = self._poor(grid, places)
        if poor is not None:
            found.index_copy_(-1, poor, self._stacked(points[:, poor].unsqueeze(1), t).squeeze(1))
        found = found.view(3, *x.shape[1:])
        return found[:2], found[2]

    def _itself(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        self.evaluated += x[0].numel()
        return self.exact(x, t)

    def _stacked(self, x: Tensor, t: Tensor) -> Tensor:
        """(2, rows, columns) -> (3, rows, columns)."""
        composed, gap = self._itself(x, t)
        return torch.cat([composed, gap.unsqueeze(0)])

    def _refined(self, points: Tensor, t: Tensor) -> Grid:
        for doublings in range(DOUBLINGS + 1):
            grid = self._grid(points, t, self.nodes * 2**doublings)
            if grid.poor is None:
                break
            poor = self._poor(grid, (points - grid.centre) / grid.half)
            if poor is None or len(poor) < WORTH * points.shape[1]:
                break
        return grid

    def _grid(self, points: Tensor, t: Tensor, nodes: int) -> Grid:
        centre, half = points.mean(dim=1, keepdim=True), self.reach * points.std(dim=1).max()
        axis = torch.linspace(-1, 1, nodes, dtype=points.dtype, device=points.device)
        square = torch.stack(torch.meshgrid(axis, axis, indexing="xy"))  # (x and y, row, column)
        at_nodes = self._stacked(centre.unsqueeze(-1) + half * square, t)
        finer, from_half = (each.to(points) for each in _splines(nodes))
        units = torch.stack([self.schedule.sigma(t), self.schedule.sigma(t), 0.5 * self.schedule.beta(t)]).view(3, 1, 1)
        missed = (at_nodes - from_half @ at_nodes @ from_half.T) * units
        large = 1 + (at_nodes * units).abs()
        error = max_pool2d((missed.abs() / large).amax(dim=0, keepdim=True), 2, stride=1)[0]  # the worst of the corners
        poor = 0.25 * error > self.bound
        return Grid(centre, half, (finer @ at_nodes @ finer.T).unsqueeze(0), poor if poor.any() else None)

    def _poor(self, grid: Grid, places: Tensor) -> Tensor | None:
        """The points that lie beyond the grid or in a poor cell, their indices; None if none does."""
        if grid.poor is None and bool(places.abs().amax() <= 1):
            return None
        poor = (places.abs() > 1).any(dim=0)
        if grid.poor is not None:
            cells = len(grid.poor)
            column, row = ((places + 1) * (0.5 * cells)).long().clamp_(0, cells - 1)
            poor |= grid.poor.view(-1).index_select(0, row * cells + column)
        return poor.nonzero().squeeze(-1) if poor.any() else None


@lru_cache(maxsize=4)
def _splines(nodes: int) -> tuple[Tensor, Tensor]:
    """What takes values at equidistant nodes to the finer table, and to themselves from every second one alone."""
    import numpy as np
    from scipy.interpolate import make_interp_spline

    places = np.arange(nodes)
    kept = np.union1d(places[::2], places[-1:])
    finer = np.linspace(0, nodes - 1, FINER * (nodes - 1) + 1)
    chosen = np.eye(nodes)[kept]
    return (
        torch.from_numpy(make_interp_spline(places, np.eye(nodes))(finer)),
        torch.from_numpy(make_interp_spline(kept, np.eye(len(kept)))(places) @ chosen),
    )
