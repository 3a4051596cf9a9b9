"""Measured numbers with their uncertainty, and what is read off a line of them.

An estimate carries draws of itself, so that what is computed from estimates has a confidence interval too.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recompose.metrics.intervals import NORMAL, percentiles

DRAWS = 4000


@dataclass(frozen=True)
class Estimate:
    """A measured number with draws; `beyond`: its true value may lie above or below, it is a mere bound."""

    value: float
    draws: np.ndarray
    beyond: frozenset[str] = frozenset()

    def __sub__(self, other: "Estimate") -> "Estimate":
        return Estimate(self.value - other.value, self.draws - other.draws, self.beyond | _flip(other.beyond))

    def __truediv__(self, other: "Estimate") -> "Estimate":
        with np.errstate(divide="ignore", invalid="ignore"):
            value = np.float64(self.value) / other.value
            return Estimate(float(value), self.draws / other.draws, self.beyond | _flip(other.beyond))

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval, which always holds the value itself."""
        low, high = percentiles(self.draws)
        return min(float(low), self.value), max(float(high), self.value)


def _flip(beyond: frozenset[str]) -> frozenset[str]:
    return frozenset({"above": "below", "below": "above"}[way] for way in beyond)


def from_interval(values: np.ndarray, low: np.ndarray, high: np.ndarray, *, generator: np.random.Generator) -> Estimate:
    """The mean of independent numbers with 95 % intervals, each a normal distribution in two pieces."""
    normal = generator.standard_normal((DRAWS, len(values)))
    spread = np.where(normal < 0, values - low, high - values) / NORMAL
    return Estimate(float(values.mean()), (values + normal * spread).mean(axis=1))


def from_replicates(values: np.ndarray, generator: np.random.Generator) -> Estimate:
    """The mean of numbers that repeat one observation: they are resampled."""
    return Estimate(float(values.mean()), generator.choice(values, size=(DRAWS, len(values))).mean(axis=1))


def exact(values: np.ndarray) -> Estimate:
    """The mean of numbers without uncertainty."""
    return Estimate(float(values.mean()), np.full(DRAWS, values.mean()))


Line = Sequence[Estimate]


def _apply(line: Line, statistic: Callable[[np.ndarray], np.ndarray]) -> Estimate:
    """A statistic of the values and of every draw; it maps (draws, axis) to (draws,)."""
    value = statistic(np.array([[point.value for point in line]]))[0]
    draws = statistic(np.stack([point.draws for point in line], axis=1))
    return Estimate(float(value), draws[~np.isnan(draws)] if np.isfinite(value) else draws)


def _peak(axis: np.ndarray, line: Line) -> Estimate:
    """The axis value of the largest value (the middle of them, if several share it)."""

    def where(values: np.ndarray) -> np.ndarray:
        top = values == values.max(axis=1, keepdims=True)
        middle: np.ndarray = (top * axis).sum(axis=1) / top.sum(axis=1)
        return middle

    return _apply(line, where)


def _breadth(axis: np.ndarray, line: Line) -> Estimate:
    """The share of the axis values at which the value is at least nine tenths of the largest."""
    return _apply(line, lambda values: (values >= 0.9 * values.max(axis=1, keepdims=True)).mean(axis=1))


def _rise(axis: np.ndarray, line: Line) -> Estimate:
    """The value at the end of the axis minus the value at its start."""
    return line[-1] - line[0]


def _worst_step(axis: np.ndarray, line: Line) -> Estimate:
    """The smallest difference between neighbours on the axis: negative where the line falls."""
    return min((b - a for a, b in itertools.pairwise(line)), key=lambda step: step.value)


def _rank_correlation(axis: np.ndarray, line: Line) -> Estimate:
    """Spearman's rank correlation with the axis: 1 for a line that only rises, and 0 for a flat one."""

    def spearman(values: np.ndarray) -> np.ndarray:
        ranks = pd.DataFrame(values).rank(axis=1).to_numpy() - (len(axis) + 1) / 2
        places = np.arange(len(axis)) - (len(axis) - 1) / 2
        scale = np.sqrt((ranks**2).sum(axis=1) * (places**2).sum())
        correlation: np.ndarray = np.divide(ranks @ places, scale, out=np.zeros(len(values)), where=scale > 0)
        return correlation

    return _apply(line, spearman)


def _slowdown(axis: np.ndarray, line: Line) -> Estimate:
    """The mean step that starts below .9 minus the mean step that starts at or above it."""

    def mean(steps: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.asarray((steps * chosen).sum(axis=1) / chosen.sum(axis=1))

    def difference(values: np.ndarray) -> np.ndarray:
        steps, high = np.diff(values, axis=1), values[:, :-1] >= 0.9
        return np.asarray(mean(steps, ~high) - mean(steps, high))

    return _apply(line, difference)


LINES: dict[str, Callable[[np.ndarray, Line], Estimate]] = {
    "peak": _peak,
    "breadth": _breadth,
    "rise": _rise,
    "worst_step": _worst_step,
    "rank_correlation": _rank_correlation,
    "slowdown": _slowdown,
}
