"""Sets of features compared by nearest neighbours, and by angles: plain arrays in, numbers out."""

from typing import NamedTuple

import numpy as np
from scipy.spatial.distance import cdist

from recompose.errors import require_finite


class PrecisionRecall(NamedTuple):
    """Shares in [0, 1], and their harmonic mean."""

    precision: float
    recall: float
    f1: float


def precision_recall(generated: np.ndarray, reference: np.ndarray, k: int = 3) -> PrecisionRecall:
    """Precision and recall of Kynkaanniemi et al. (2019) for features (n, d) and (m, d).

    A set's manifold is the union of balls around its points, each reaching to the point's k-th nearest neighbour in its
    own set, or to the farthest one where it has fewer. Precision: the share of generated points on the manifold of the
    reference; recall: the share of the reference on that of the generated. F1 is 0 where both are. Raises NotFinite
    where a feature is not finite: compared, it would count as far away.
    """
    for features in (generated, reference):
        require_finite(features, "features are not finite, and have no neighbours")
    across = cdist(generated, reference)
    precision = float((across <= _radii(reference, k)[None, :]).any(axis=1).mean())
    recall = float((across <= _radii(generated, k)[:, None]).any(axis=0).mean())
    both = precision + recall
    return PrecisionRecall(precision, recall, 2 * precision * recall / both if both else 0.0)


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """The distance of every point to its k-th nearest neighbour: (n,)."""
    within = np.sort(cdist(points, points), axis=1)  # the first is the point itself
    radii: np.ndarray = within[:, min(k, len(points) - 1)]
    return radii


def cosine(first: np.ndarray, second: np.ndarray) -> float:
    """The mean cosine over all pairs of a feature of the one set and one of the other, (n, d) and (m, d).

    A feature of zeros has no direction: its cosines count as 0. Raises NotFinite where one is not finite.
    """
    for features in (first, second):
        require_finite(features, "features are not finite, and have no cosine")
    lengths = [np.linalg.norm(each, axis=1, keepdims=True) for each in (first, second)]
    units = [each / np.where(length, length, 1) for each, length in zip((first, second), lengths, strict=True)]
    return float(units[0].mean(axis=0) @ units[1].mean(axis=0))
