"""How straight a sequence runs, of frames or of their codes (Henaff et al., 2019)."""

from typing import NamedTuple

import numpy as np

from recompose.errors import RecomposeError, require_finite


class Straightness(NamedTuple):
    """The cosines of successive differences, (..., time - 2), and of each sequence their mean, (...,).

    A difference of zero has no direction: its cosines are NaN, do not count in the mean, and `excluded` says how many
    of each sequence there are, (...,).
    """

    cosines: np.ndarray
    mean: np.ndarray
    excluded: np.ndarray


def straightness(sequences: np.ndarray) -> Straightness:
    """d_t . d_(t+1) / (|d_t| |d_(t+1)|) with d_t = f_(t+1) - f_t, of sequences f (..., time, dimension).

    1 along a line at any speed, -1 where it turns back, -1/2 on average for independent frames. Raises NotFinite where
    a number is not finite, RecomposeError where there are fewer than three frames or a sequence has no cosine at all.
    """
    frames = sequences.shape[-2]
    if frames < 3:
        raise RecomposeError(f"sequences of {frames} frames have no two successive differences; take three or more")
    require_finite(sequences, f"sequences of {frames} frames are not finite, and have no straightness")
    steps = np.diff(sequences.astype(np.float64), axis=-2)
    lengths = np.linalg.norm(steps, axis=-1)
    products = (steps[..., 1:, :] * steps[..., :-1, :]).sum(axis=-1)
    scale = lengths[..., 1:] * lengths[..., :-1]
    moving = scale > 0
    if not moving.any(axis=-1).all():
        raise RecomposeError(f"a sequence of {frames} frames never moves twice in a row; leave it out")
    cosines = np.divide(products, scale, where=moving, out=np.full_like(scale, np.nan))
    return Straightness(cosines, np.nanmean(cosines, axis=-1), (~moving).sum(axis=-1))
