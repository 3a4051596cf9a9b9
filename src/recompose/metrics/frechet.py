"""The Frechet distance of two sets of features (Heusel et al., 2017), whatever the features: plain arrays in."""

import numpy as np

from recompose.errors import require_finite


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^(1/2)) of (n, d) and (m, d), covariances with n - 1.

    tr (S_1 S_2)^(1/2) is the sum of the singular values of A_1 A_2', where S = A'A: of the centred features themselves,
    so that it is stable where there are fewer of them than dimensions. Of few features it is biased upward. Raises
    NotFinite where a feature is not finite.
    """
    for features in (first, second):
        require_finite(features, "features are not finite, and have no Frechet distance")
    roots = [(each - each.mean(axis=0)) / max(len(each) - 1, 1) ** 0.5 for each in (first, second)]
    traces = sum(float((root**2).sum()) for root in roots)
    roots = [np.linalg.qr(root, mode="r") if len(root) > root.shape[1] else root for root in roots]  # S = A'A stays
    common = float(np.linalg.svd(roots[0] @ roots[1].T, compute_uv=False).sum())
    shift = float(((first.mean(axis=0) - second.mean(axis=0)) ** 2).sum())
    return max(shift + traces - 2 * common, 0.0)
