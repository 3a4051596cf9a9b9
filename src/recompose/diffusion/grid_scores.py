"""Scores in the plane from a grid: each network is evaluated once per step on the nodes, however many the particles."""

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d, pad

from recompose.diffusion.feynman_kac import Scores
from recompose.diffusion.schedules import VariancePreserving

DOUBLINGS = 2
"""How often the nodes of a grid are doubled at most."""
WORTH = 0.02
"""A share of poor points that is worth a finer grid: the same points come back many times."""


@dataclass(frozen=True)
class Grid:
    """The scores of all sources on a square, at one time."""

    centre: Tensor
    """(2, 1)"""
    half: Tensor
    """(), half the width"""
    field: Tensor
    """(1, 2 sources, nodes, nodes): rows follow the second coordinate"""
    poor: Tensor | None
    """(nodes - 1, nodes - 1), the cells in which the interpolation errs by more than the bound; None if none does"""


@dataclass
class GridScores:
    """Scores interpolated bilinearly between the nodes of a square grid, and exact where that is not good enough.

    The grid of a time is made for the first points that are asked for at that time, and kept; its nodes are doubled
    while many points would have to be exact. Exact are points beyond it, and points in cells where the interpolation
    error, estimated from the second differences of the nodes, exceeds the bound. It is measured in units of predicted
    noise, sigma(t) |score|, in which the output of a network is of size one where there are data; far from them, where
    it is larger, relative to it.
    """

    exact: Scores
    schedule: VariancePreserving
    nodes: int
    bound: float
    reach: float = 5.0
    """Half the width of the grid, in standard deviations of the particles along the axis where they spread most."""
    evaluated: int = 0
    """Points at which the exact scores were asked for so far."""
    asked: int = 0
    """Points at which scores were asked for so far."""
    grids: dict[float, Grid] = field(default_factory=dict, repr=False)

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """x: (2, swarms, particles), t: () -> (sources, 2, swarms, particles)."""
        points = x.reshape(2, -1)
        self.asked += points.shape[1]
        grid = self.grids.get(float(t))
        if grid is None:
            if points.shape[1] <= self.nodes**2:
                return self._exact(x, t)
            grid = self.grids[float(t)] = self._refined(points, t)
        places = (points - grid.centre) / grid.half
        found = grid_sample(grid.field, places.T[None, None], mode="bilinear", align_corners=True)
        found = found.view(-1, *points.shape)
        poor = self._poor(grid, places)
        if poor is not None:
            found.index_copy_(-1, poor, self._exact(points[:, poor].unsqueeze(1), t).squeeze(2))
        return found.view(-1, *x.shape)

    def _exact(self, x: Tensor, t: Tensor) -> Tensor:
        self.evaluated += x[0].numel()
        return self.exact(x, t)

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
        at_nodes = self._exact(centre.unsqueeze(-1) + half * square, t)
        poor = self._curvature(at_nodes * self.schedule.sigma(t)) > self.bound
        field = at_nodes.flatten(0, 1).unsqueeze(0).contiguous(memory_format=torch.channels_last)
        return Grid(centre, half, field, poor if poor.any() else None)

    @staticmethod
    def _curvature(field: Tensor) -> Tensor:
        """How far the bilinear interpolant may be off in each cell, relative to one and the field itself.

        (sources, 2, rows, columns) -> (rows - 1, columns - 1)

        A linear interpolant misses a function by at most an eighth of its second difference, along each axis.
        """
        curved = torch.zeros_like(field[:1, :1])
        for axis, margins in ((-2, (0, 0, 1, 1)), (-1, (1, 1, 0, 0))):
            bend = field.diff(n=2, dim=axis).abs().amax(dim=(0, 1), keepdim=True) / 8
            curved += pad(bend, margins, mode="replicate")  # the edge is bent like its neighbour
        large = 1 + field.abs().amax(dim=(0, 1), keepdim=True)
        return max_pool2d(curved / large, 2, stride=1)[0, 0]  # the worst of the four corners

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
