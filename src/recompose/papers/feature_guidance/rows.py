"""What rows of numbers are made of, where they are measured and where they are put together. No torch here."""

import numpy as np

from recompose.metrics.intervals import student_interval

SAMPLES = "samples"
REAL = "test patches"
"""Beside samples: what they are compared with."""
OUTERMOST = 0.025
"""The share of pairs of classes that may lie below A, or above B, of Eq. 6."""


def evenly(count: int, chosen: int) -> list[int]:
    """So many of the first numbers, from 0 to the last one, as evenly as can be; all of them where there are fewer."""
    places: list[int] = np.linspace(0, count - 1, min(chosen, count)).round().astype(int).tolist()
    return places


def mean_and_interval(values: np.ndarray) -> tuple[float, float, float, float, int]:
    """Mean, standard deviation, 95 % t interval of the mean, and how many."""
    mean, low, high = student_interval(values)
    std = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return mean, std, low, high, len(values)
