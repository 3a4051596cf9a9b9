"""The window: what it looks like from within, what light comes through."""

from typing import NamedTuple

import numpy as np

from recompose.datasets.rooms.geometry import TINY, Field, Vectors, vector

Ends = tuple[float, float]

BAR = 0.035
"""Half the width of the bars between panes, in metres."""
REVEAL = 0.14
"""The glass lies so far behind the wall, in metres."""


class Window(NamedTuple):
    """Panes of glass in the left wall, which is at x = plane; across and up: the ranges of z and of y.

    columns, rows: of panes.
    """

    plane: float
    across: Ends
    up: Ends
    columns: int
    rows: int

    @property
    def middle(self) -> Vectors:
        """Its middle, (3, 1)."""
        return vector(self.plane, sum(self.up) / 2, sum(self.across) / 2)

    @property
    def area(self) -> float:
        """In square metres."""
        return (self.across[1] - self.across[0]) * (self.up[1] - self.up[0])

    def crossed(self, points: Vectors, directions: Vectors, behind: float = 0) -> tuple[Field, Field, Field]:
        """Where rays cross its plane, or one so far behind it: z, y, and how far that is, negative if never."""
        x, y, z = directions
        far = (np.float32(self.plane - behind) - points[0]) / np.where(np.abs(x) < TINY, TINY, x)
        return points[2] + far * z, points[1] + far * y, far

    def opening(self, across: Field, up: Field, soft: Field | float) -> Field:
        """1 within its outline, 0 outside, over a soft edge of that width."""
        return _inside(across, self.across, 0, soft) * _inside(up, self.up, 0, soft)

    def glass(self, across: Field, up: Field, soft: Field | float) -> Field:
        """1 where there is glass, 0 on bars and frame, over a soft edge of that width."""
        return _panes(across, self.across, self.columns, soft) * _panes(up, self.up, self.rows, soft)


def _inside(x: Field, ends: Ends, border: float, soft: Field | float) -> Field:
    half = np.float32((ends[1] - ends[0]) / 2 - border)
    return np.clip((half - np.abs(x - np.float32(sum(ends) / 2))) / soft + 0.5, 0, 1)


def _panes(x: Field, ends: Ends, count: int, soft: Field | float) -> Field:
    pane = np.float32((ends[1] - ends[0]) / count)
    place = x - np.float32(ends[0])
    which = np.clip(np.floor(place / pane), 0, count - 1)
    return _inside(place - which * pane, (0, float(pane)), BAR, soft)
