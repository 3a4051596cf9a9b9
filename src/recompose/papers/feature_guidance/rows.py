"""What rows of numbers are made of, where they are measured and where they are put together. No torch here."""

import numpy as np

from recompose.metrics.intervals import student_interval

SAMPLES = "samples"
REAL = "test patches"
"""Beside samples: what they are compared with."""


def mean_and_interval(values: np.ndarray) -> tuple[float, float, float, float, int]:
    """Mean, standard deviation, 95 % t interval of the mean, and how many."""
    mean, low, high = student_interval(values)
    std = float(values.std(ddof=1)) if len(values) > 1 else 0.0
    return mean, std, low, high, len(values)
