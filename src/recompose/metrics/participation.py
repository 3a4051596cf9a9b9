"""How many of its weights a linear classifier uses."""

from typing import Literal

import numpy as np

from recompose.errors import RecomposeError, require_finite

Reading = Literal["norms", "squares"]
"""norms: |w|_1 / |w|_2; squares: sqrt((sum w^2)^2 / sum w^4), the root of the usual ratio. The paper defines neither,
but says that it is 1 for one weight and sqrt(d) for d equal ones: both are."""


def participation_ratio(weights: np.ndarray, reading: Reading = "norms") -> np.ndarray:
    """The normalised participation ratio of weights (..., d): (...,), between 1 (one of them) and sqrt(d) (all alike).

    Raises NotFinite where a weight is not finite, RecomposeError where all of a vector are 0.
    """
    require_finite(weights, f"weights of shape {weights.shape} are not finite, and have no participation ratio")
    sizes = np.abs(weights.astype(np.float64))
    largest = sizes.max(axis=-1, keepdims=True, initial=0.0)
    if not largest.all():
        raise RecomposeError(
            f"all {weights.shape[-1]} weights of a classifier are 0, and none takes part; fit it again"
        )
    sizes = sizes / largest  # so that no power of them overflows
    squares = (sizes**2).sum(axis=-1)
    ratio: np.ndarray = sizes.sum(axis=-1) / squares**0.5 if reading == "norms" else squares / (sizes**4).sum(-1) ** 0.5
    return ratio
