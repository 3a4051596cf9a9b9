"""Confidence intervals of 95 %, unless another share may lie outside: plain arrays in, numbers out.

What repeats decides which one is right: runs, classes or sets are few and vary, so their mean has Student's interval or
a bootstrap over them; pixels, samples and trials are many, and within one run they say nothing about the next. Two
methods that share data or runs are compared by the interval of their differences.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

OUTSIDE = 0.05
"""The share of the cases in which an interval may miss, as much above as below."""
NORMAL = 1.96
"""Standard errors from a mean to the ends of its interval where many were measured."""


class Interval(NamedTuple):
    """A number and the ends of its confidence interval."""

    value: float
    low: float
    high: float

    def columns(self, n: int, value: str = "mean") -> dict[str, float]:
        """What a row says of it; n: how many were measured; value: what the number is called there."""
        return {value: self.value, "ci_low": self.low, "ci_high": self.high, "n": n}


def normal_interval(values: np.ndarray) -> Interval:
    """The mean of many independent numbers, (n,)."""
    half = NORMAL * values.std(ddof=1) / len(values) ** 0.5
    mean = values.mean()
    return Interval(float(mean), float(mean - half), float(mean + half))


def student_interval(values: np.ndarray, outside: float = OUTSIDE) -> Interval:
    """The mean of a few numbers, (n,), that are normal or nearly so. Of a single one nothing is known: no width.

    >>> [round(end, 3) for end in student_interval(np.array([1.0, 2.0, 3.0]))]
    [2.0, -0.484, 4.484]
    """
    mean, std = float(values.mean()), float(values.std(ddof=1)) if len(values) > 1 else 0.0
    half = float(student_half_width(std, len(values), outside))
    return Interval(mean, mean - half, mean + half)


def student_half_width(
    std: float | np.ndarray, n: int | np.ndarray, outside: float | np.ndarray = OUTSIDE
) -> np.float64 | np.ndarray:
    """Half of Student's interval of the mean of n numbers with this standard deviation (ddof = 1); any shape."""
    from scipy.special import stdtrit  # scipy.stats takes seconds to import

    return stdtrit(np.maximum(n - 1, 1), 1 - outside / 2) * std / np.sqrt(n)


def wilson_interval(shares: np.ndarray) -> Interval:
    """The mean of many shares in [0, 1], trials that succeed or not among them, by Wilson's interval.

    It is meant for trials that are 0 or 1; of all distributions on [0, 1] with that mean these vary most, so for other
    shares it is a little too wide, never too narrow, and it holds at 0 and 1.

    >>> mean, low, high = wilson_interval(np.ones(200))
    >>> mean, round(low, 3), high
    (1.0, 0.981, 1.0)
    """
    from statsmodels.stats.proportion import proportion_confint  # takes as long to import as torch

    mean = float(np.mean(shares))
    low, high = proportion_confint(mean * shares.size, shares.size, method="wilson")
    return Interval(mean, float(min(low, mean)), float(max(high, mean)))


def percentiles(draws: np.ndarray, axis: int = 0, outside: float = OUTSIDE) -> tuple[np.ndarray, np.ndarray]:
    """Between which values draws lie, but for the share that is outside, half of it beyond either end."""
    low, high = np.quantile(draws, [outside / 2, 1 - outside / 2], axis=axis)
    return low, high


def bootstrap(
    values: np.ndarray,
    statistic: Callable[[np.ndarray], np.ndarray],
    *,
    generator: np.random.Generator,
    resamples: int = 2000,
    groups: np.ndarray | None = None,
    outside: float = OUTSIDE,
    holds: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A statistic of some rows, and the ends of its percentile interval; each of the statistic's shape.

    values: (rows, ...), of which the statistic takes any number. groups: (rows,), the unit that each row belongs to (a
    class, a set, a run): units are drawn with replacement, each with all of its rows, for these vary together; or
    (rows, 2), the two units that each row is about (`unit_counts`). None: every row is a unit. holds: whether the
    interval is made to hold the value, where a row that is drawn twice moves the statistic one way.
    """
    value = np.asarray(statistic(values))
    draws = [statistic(values[rows]) for rows in _resampled(values, groups, generator, resamples)]
    low, high = percentiles(np.array(draws or [np.full_like(value, np.nan)]), outside=outside)
    return (value, np.minimum(low, value), np.maximum(high, value)) if holds else (value, low, high)


def unit_counts(units: np.ndarray, generator: np.random.Generator, resamples: int) -> np.ndarray:
    """How often each row is drawn where the units that it is about are resampled, (resamples, rows).

    units: (rows, 1), or (rows, 2) of pairs, which count as often as both are drawn: 496 pairs come from 32 classes.
    """
    names, places = np.unique(units, return_inverse=True)
    drawn = generator.multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    counts: np.ndarray = drawn[:, places.reshape(units.shape)].prod(axis=2)
    return counts


def _resampled(
    values: np.ndarray, groups: np.ndarray | None, generator: np.random.Generator, resamples: int
) -> Iterator[np.ndarray]:
    """The rows of each resample."""
    if groups is None:
        for _ in range(resamples):
            yield generator.integers(len(values), size=len(values))
        return
    if groups.ndim == 2:
        for counts in unit_counts(groups, generator, resamples):
            if (counts > 0).sum() > 2:  # of fewer pairs there is no line, and no correlation
                yield np.repeat(np.arange(len(values)), counts)
        return
    units = [np.flatnonzero(groups == unit) for unit in np.unique(groups)]
    for _ in range(resamples):
        yield np.concatenate([units[unit] for unit in generator.integers(len(units), size=len(units))])
