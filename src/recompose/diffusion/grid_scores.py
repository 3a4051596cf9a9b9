"""Scores in the plane from a grid: each network is evaluated once per step on the nodes, however many the particles."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import grid_sample, max_pool2d, pad

from recompose.diffusion.feynman_kac import Scores
from recompose.diffusion.noising import VariancePreserving


@dataclass
class GridScores:
    """Scores interpolated bilinearly between the nodes of a square grid, and exact where that is not good enough.

    Exact are points beyond the grid, and points in cells where the interpolation error, estimated from the second
    differences of the nodes, exceeds the bound. It is measured in units of predicted noise, gamma(t) |score|, in which
    a network's output has size one at all times.
    """

    exact: Scores
    schedule: VariancePreserving
    nodes: int
    bound: float
    reach: float = 4.5
    """Half the width of the grid, in standard deviations of the particles along the axis where they spread most."""
    evaluated: int = 0
    """Points at which the exact scores were asked for so far."""
    asked: int = 0
    """Points at which scores were asked for so far."""

    def __call__(self, x: Tensor, t: Tensor) -> Tensor:
        """x: (swarms, particles, 2), t: () -> (sources, swarms, particles, 2)."""
        points = x.reshape(-1, 2)
        self.asked += len(points)
        if len(points) <= self.nodes**2:
            return self._exact(x, t)
        centre, half = points.mean(dim=0), self.reach * points.std(dim=0).max()
        axis = torch.linspace(-1, 1, self.nodes, dtype=x.dtype, device=x.device)
        square = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), dim=-1)  # (row, column, (x, y))
        at_nodes = self._exact((centre + half * square).flatten(0, 1).unsqueeze(0), t)
        field = at_nodes[:, 0].mT.reshape(-1, 2, self.nodes, self.nodes)  # (sources, 2, rows, columns)
        places = (points - centre) / half
        sampled = grid_sample(field.flatten(0, 1).unsqueeze(0), places[None, None], mode="bilinear", align_corners=True)
        found = sampled.reshape(len(field), 2, len(points)).mT.contiguous()  # (sources, points, 2)
        poor = self._poor(field * self.schedule.gamma(t), places)
        if poor.any():
            found[:, poor] = self._exact(points[poor].unsqueeze(0), t)[:, 0]
        return found.view(len(field), *x.shape)

    def _exact(self, x: Tensor, t: Tensor) -> Tensor:
        self.evaluated += x.shape[0] * x.shape[1]
        return self.exact(x, t)

    def _poor(self, field: Tensor, places: Tensor) -> Tensor:
        """Which points lie beyond the grid, or in a cell where the bilinear error exceeds the bound.

        A linear interpolant misses a function by at most an eighth of its second difference, along each axis.
        """
        curved = torch.zeros_like(field[:1, :1])
        for axis, margins in ((-2, (0, 0, 1, 1)), (-1, (1, 1, 0, 0))):
            bend = field.diff(n=2, dim=axis).abs().amax(dim=(0, 1), keepdim=True) / 8
            curved += pad(bend, margins, mode="replicate")  # the edge is bent like its neighbour
        worst = max_pool2d(curved, 2, stride=1)[0, 0]  # of the four corners of a cell
        cell = ((places + 1) / 2 * (self.nodes - 1)).floor().long()
        beyond = ((places < -1) | (places > 1)).any(dim=-1)
        column, row = cell.clamp(0, self.nodes - 2).unbind(dim=-1)
        return beyond | (worst[row, column] > self.bound)
