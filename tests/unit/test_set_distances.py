"""Frechet distance, precision and recall, cosines: sets whose distances are known."""

import numpy as np
import pytest

from recompose.errors import NotFinite
from recompose.metrics.frechet import frechet_distance
from recompose.metrics.neighbours import cosine, precision_recall

RANDOM = np.random.default_rng(0)


def test_frechet_distance_of_gaussians_in_closed_form():
    first, second = RANDOM.normal(0, 1, (200_000, 2)), RANDOM.normal([1, 0], [2, 0.5], (200_000, 2))
    assert frechet_distance(first, second) == pytest.approx(1 + (2 - 1) ** 2 + (0.5 - 1) ** 2, rel=0.02)


def test_frechet_distance_is_the_one_by_a_matrix_root():
    from scipy.linalg import sqrtm

    first, second = RANDOM.normal(size=(60, 5)), RANDOM.normal(size=(50, 5)) @ RANDOM.normal(size=(5, 5))
    covariances = [np.cov(each, rowvar=False) for each in (first, second)]
    shift = ((first.mean(0) - second.mean(0)) ** 2).sum()
    expected = shift + np.trace(covariances[0] + covariances[1] - 2 * sqrtm(covariances[0] @ covariances[1]).real)
    assert frechet_distance(first, second) == pytest.approx(expected, rel=1e-9)


def test_frechet_distance_of_a_shift_of_few_features_of_many_dimensions():
    some = RANDOM.normal(size=(10, 300))
    assert frechet_distance(some, some) == pytest.approx(0, abs=1e-9)
    assert frechet_distance(some, some + 0.1) == pytest.approx(300 * 0.01, rel=1e-9)
    rotation, _ = np.linalg.qr(RANDOM.normal(size=(300, 300)))
    other = RANDOM.normal(size=(12, 300))
    assert frechet_distance(some @ rotation, other @ rotation) == pytest.approx(frechet_distance(some, other))


def test_frechet_distance_of_what_is_not_finite():
    with pytest.raises(NotFinite):
        frechet_distance(np.array([[np.nan, 1.0]]), np.ones((2, 2)))


def by_loops(generated, reference, k):
    """The definition, point by point."""

    def on(points, manifold):
        radii = [sorted(float(np.linalg.norm(a - b)) for b in manifold)[min(k, len(manifold) - 1)] for a in manifold]
        return np.mean([any(np.linalg.norm(p - m) <= r for m, r in zip(manifold, radii, strict=True)) for p in points])

    return on(generated, reference), on(reference, generated)


def test_precision_and_recall_by_their_definition():
    generated, reference = RANDOM.normal(size=(30, 3)), RANDOM.normal(0.7, 1.2, (25, 3))
    found = precision_recall(generated, reference, k=3)
    assert found[:2] == pytest.approx(by_loops(generated, reference, 3))
    assert found.f1 == pytest.approx(2 * found.precision * found.recall / (found.precision + found.recall))


def test_precision_and_recall_at_their_ends():
    some = RANDOM.normal(size=(40, 4))
    assert precision_recall(some, some) == (1, 1, 1)
    assert precision_recall(some, some + 100) == (0, 0, 0)
    half = precision_recall(some[some[:, 0] < 0], some)
    assert half.precision == 1 and half.recall < 1
    few = precision_recall(some, some[:2])  # fewer than k neighbours: the farthest
    assert 0 <= few.precision <= 1


def test_cosines_over_all_pairs():
    first, second = RANDOM.normal(size=(7, 3)), RANDOM.normal(size=(5, 3))
    pairs = [a @ b / np.linalg.norm(a) / np.linalg.norm(b) for a in first for b in second]
    assert cosine(first, second) == pytest.approx(np.mean(pairs))
