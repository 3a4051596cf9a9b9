"""Measured numbers with their uncertainty, and what is read off a line of them.

An estimate carries draws of itself, so that what is computed from estimates has a confidence interval too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recompose.metrics.intervals import NORMAL, percentiles, student_half_width, unit_counts
from recompose.randomness import numpy_generator

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

    @property
    def error(self) -> float:
        """The standard error."""
        return float(self.draws.std())


def _flip(beyond: frozenset[str]) -> frozenset[str]:
    return frozenset({"above": "below", "below": "above"}[way] for way in beyond)


def from_interval(
    values: np.ndarray, low: np.ndarray, high: np.ndarray, *, generator: np.random.Generator, shared: bool = False
) -> Estimate:
    """The mean of numbers with 95 % intervals, each a normal distribution in two pieces.

    They are independent, or, `shared`, all of the same problems: then what draws one of them up draws all.
    """
    normal = generator.standard_normal((DRAWS, 1 if shared else len(values)))
    spread = np.where(normal < 0, values - low, high - values) / NORMAL
    return Estimate(float(values.mean()), (values + normal * spread).mean(axis=1))


def from_units(values: np.ndarray, units: np.ndarray) -> Estimate:
    """The mean of rows about things that vary (runs, sets, classes), or about pairs of them: these are resampled.

    values: (rows,), units: (rows, 1 or 2), their names. The draws follow from the names alone, so what is measured of
    the same things is paired. A bootstrap of n things spreads by sqrt((n - 1) / n) too little, and a normal one less
    than Student's: the draws are widened by both. A row about a pair counts as often as both are drawn.
    """
    units = units.astype(str)
    names = np.unique(units)
    n = len(names)
    if n < 2:
        raise LookupError(f"one {names[0]} alone: nothing is known of how others would differ")
    weights = unit_counts(units, numpy_generator("scorecard", "units", *names), DRAWS).astype(float)
    value, total = float(values.mean()), weights.sum(axis=1)
    means = np.divide(weights @ values, total, out=np.full(DRAWS, value), where=total > 0)
    wider = float(student_half_width((n / (n - 1)) ** 0.5, n)) * n**0.5 / NORMAL
    return Estimate(value, value + wider * (means - value))


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
    """The share of the axis' length on which the line, drawn from point to point, is above nine tenths of its peak."""

    lengths = np.diff(axis) / (axis[-1] - axis[0])
    return _apply(line, lambda values: _above(values, 0.9 * values.max(axis=1, keepdims=True)) @ lengths)


def _above(values: np.ndarray, level: float | np.ndarray) -> np.ndarray:
    """The share of each step along which a line drawn from point to point is at or above a level.

    (draws, axis) -> (draws, axis - 1)
    """
    left, right = values[:, :-1] - level, values[:, 1:] - level
    over, spread = np.clip(np.maximum(left, right), 0, None), np.abs(right - left)
    crossing = np.divide(over, spread, out=np.zeros_like(spread), where=spread > 0)
    return np.where((left >= 0) & (right >= 0), 1.0, crossing)


def _rise(axis: np.ndarray, line: Line) -> Estimate:
    """The value at the end of the axis minus the value at its start."""
    return line[-1] - line[0]


def _fitted_rise(axis: np.ndarray, line: Line) -> Estimate:
    """What the least-squares line through the values rises from one end of the axis to the other."""
    centred = axis - axis.mean()
    return _apply(line, lambda values: values @ centred / (centred @ centred) * (axis[-1] - axis[0]))


def _departure(axis: np.ndarray, line: Line) -> Estimate:
    """The root mean square by which the values depart from the nearest ones that only rise along the axis."""
    from scipy.optimize import isotonic_regression

    def apart(values: np.ndarray) -> np.ndarray:
        nearest = np.array([isotonic_regression(each).x for each in values])
        return np.asarray(np.sqrt(np.square(values - nearest).mean(axis=1)))

    return _apply(line, apart)


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
    """How fast the line rises where it is below .9 minus how fast where it is not, for the length of the whole axis."""
    lengths = np.diff(axis) / (axis[-1] - axis[0])

    def speed(steps: np.ndarray, shares: np.ndarray) -> np.ndarray:
        with np.errstate(invalid="ignore"):
            return np.asarray((steps * shares).sum(axis=1) / (lengths * shares).sum(axis=1))

    def difference(values: np.ndarray) -> np.ndarray:
        steps, high = np.diff(values, axis=1), _above(values, 0.9)
        return np.asarray(speed(steps, 1 - high) - speed(steps, high))

    return _apply(line, difference)


LINES: dict[str, Callable[[np.ndarray, Line], Estimate]] = {
    "peak": _peak,
    "breadth": _breadth,
    "rise": _rise,
    "fitted_rise": _fitted_rise,
    "departure": _departure,
    "rank_correlation": _rank_correlation,
    "slowdown": _slowdown,
}
