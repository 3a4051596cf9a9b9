"""How much samples of one condition differ among themselves."""

from collections.abc import Iterable
from typing import Literal, NamedTuple

import numpy as np

from recompose.errors import RecomposeError, require_finite

Reading = Literal["mean_square", "root_mean_square"]
"""Per pixel, of the deviation from the mean image of the condition. The paper says mean square; its printed number for
the disks is the root."""


class Variability(NamedTuple):
    """The mean over conditions, its standard error (NaN for a single one), and what the mean is over, (conditions,).

    distances: for each condition the mean square deviation per pixel of each of its samples, (samples,). Of the test
    set, a single condition, the paper's standard error can only be over these.
    """

    value: float
    standard_error: float
    each: np.ndarray
    distances: tuple[np.ndarray, ...]


def variability(samples: Iterable[np.ndarray], reading: Reading = "mean_square") -> Variability:
    """The per-pixel variability of samples, an array (samples, ...) for each condition or (conditions, samples, ...).

    An iterator may make them one by one. The mean is that of the samples themselves, so n of variance s^2 have a mean
    square of s^2 (1 - 1/n). Raises NotFinite where a pixel is not finite, RecomposeError where a condition has a
    single sample or there is no condition.
    """
    distances = tuple(squared_distances(each) for each in samples)
    if not distances:
        raise RecomposeError("without a condition there is no variability; draw samples of one or more")
    squares = np.array([each.mean() for each in distances])
    values = squares if reading == "mean_square" else squares**0.5
    error = values.std(ddof=1) / len(values) ** 0.5 if len(values) > 1 else np.nan
    return Variability(float(values.mean()), float(error), values, distances)


def squared_distances(samples: np.ndarray) -> np.ndarray:
    """The squared distance of each sample (samples, ...) from their mean, per pixel: (samples,)."""
    if len(samples) < 2:
        raise RecomposeError(f"{len(samples)} samples of a condition do not vary; draw two or more")
    require_finite(samples, f"{len(samples)} samples are not finite, and have no variability")
    flat = samples.reshape(len(samples), -1)
    deviations = flat - flat.mean(axis=0, dtype=np.float64)
    return np.einsum("np,np->n", deviations, deviations) / flat.shape[1]
