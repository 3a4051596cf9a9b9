"""Whether samples are of their class, against brute force and textures whose statistics are plain."""

import itertools

import numpy as np
import pytest

from recompose.metrics.classes import nearest_centroid, spread
from recompose.metrics.texture_statistics import texture_statistics


@pytest.fixture
def rng():
    return np.random.default_rng(7)


def test_the_nearest_centroid_is_that_of_brute_force(rng):
    members, labels = rng.normal(size=(30, 4)), np.arange(30) % 3 * 10
    vectors = rng.normal(size=(12, 4))
    centroids = {label: members[labels == label].mean(axis=0) for label in (0, 10, 20)}
    expected = [min(centroids, key=lambda label: np.linalg.norm(each - centroids[label])) for each in vectors]
    assert nearest_centroid(vectors, members, labels).tolist() == expected


def test_scaled_components_count_alike(rng):
    """One component tells the classes apart; another is loud and says nothing."""
    labels = np.arange(200) % 2
    members = np.stack([labels + 0.1 * rng.normal(size=200), 50 * rng.normal(size=200)], axis=1)
    vectors = np.array([[0.0, 90.0], [1.0, -90.0], [0.1, -120.0]])
    assert nearest_centroid(vectors, members, labels, scaled=True).tolist() == [0, 1, 0]
    many = np.stack([labels, 50 * rng.normal(size=200)], axis=1)
    assert (nearest_centroid(many, members, labels) == labels).mean() < 0.8


def test_the_spread_is_the_root_mean_square_distance_of_pairs(rng):
    images = rng.random((5, 1, 4, 4))
    squares = [((a - b) ** 2).mean() for a, b in itertools.combinations(images, 2)]
    assert spread(images) == pytest.approx(np.sqrt(np.mean(squares)))
    assert spread(np.repeat(images[:1], 3, axis=0)) == pytest.approx(0)


def test_statistics_tell_directions_and_scales_apart(rng):
    """Stripes, the same turned, and finer ones: each noisy image has the statistics nearest to its own kind."""
    places = np.arange(32)
    kinds = [
        np.sin(places / 2)[:, None] + 0 * places,
        np.sin(places / 2)[None, :] + 0 * places[:, None],
        np.sin(places)[:, None] + 0 * places,
    ]
    images = np.stack([0.5 + 0.3 * kind + 0.05 * rng.normal(size=(8, 32, 32)) for kind in kinds])[:, :, None]
    found = texture_statistics(images.reshape(-1, 1, 32, 32))
    labels = np.repeat([0, 1, 2], 8)
    assert (nearest_centroid(found[::2], found[1::2], labels[1::2], scaled=True) == labels[::2]).all()
    assert found[0, -2] == pytest.approx(np.clip(images[0, 0], 0, 1).mean())
