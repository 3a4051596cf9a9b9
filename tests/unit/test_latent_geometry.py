"""Participation, straightness and variability: vectors, sequences and noise of which they are known."""

import numpy as np
import pytest

from recompose.errors import NotFinite, RecomposeError
from recompose.metrics.participation import participation_ratio
from recompose.metrics.straightness import straightness
from recompose.metrics.variability import squared_distances, variability

READINGS = ("norms", "squares")

# -- Participation


@pytest.mark.parametrize("reading", READINGS)
def test_participation_of_one_weight_and_of_equal_ones(reading):
    weights = np.stack([7 * np.eye(9)[4], np.full(9, -0.3), np.repeat([2.0, 0.0], [4, 5])])
    np.testing.assert_allclose(participation_ratio(weights, reading), [1, 3, 2])


def test_the_two_readings_differ_in_between():
    weights = np.array([3.0, -4.0])
    assert participation_ratio(weights, "norms") == pytest.approx(7 / 5)
    assert participation_ratio(weights, "squares") == pytest.approx(25 / (81 + 256) ** 0.5)


@pytest.mark.parametrize("reading", READINGS)
def test_participation_stays_within_its_bounds_whatever_order_sign_and_scale(reading):
    weights = np.random.default_rng(0).standard_normal((40, 256))
    found = participation_ratio(weights, reading)
    assert ((found > 1) & (found < 16)).all()
    for other in (-weights, weights[:, ::-1], 1e-200 * weights, 1e200 * weights):
        np.testing.assert_allclose(participation_ratio(other, reading), found)


def test_no_weights_at_all_are_said():
    with pytest.raises(RecomposeError, match="all 3 weights"):
        participation_ratio(np.array([[1.0, 0, 0], [0, 0, 0]]))
    with pytest.raises(NotFinite):
        participation_ratio(np.array([1.0, np.nan]))


# -- Straightness


def test_a_line_is_straight_at_any_speed_and_a_reversal_is_not():
    times = np.array([0.0, 1, 3, 4, 10])[:, None]
    np.testing.assert_allclose(straightness(times * np.array([1.0, -2, 0.5])).cosines, 1)
    assert straightness(np.array([[0.0, 0], [1, 1], [-3, -3]])).mean == pytest.approx(-1)
    assert straightness(np.array([[0.0, 0], [1, 0], [1, 5]])).mean == pytest.approx(0)


def test_a_circle_turns_by_the_same_angle():
    angles = 2 * np.pi * np.arange(30) / 12
    found = straightness(np.stack([np.cos(angles), np.sin(angles)], axis=1))
    np.testing.assert_allclose(found.cosines, np.cos(2 * np.pi / 12))


def test_independent_frames_turn_back_by_half():
    found = straightness(np.random.default_rng(0).standard_normal((200, 400)))
    assert found.mean == pytest.approx(-0.5, abs=0.01)


def test_straightness_by_loops_of_many_sequences_at_once():
    sequences = np.random.default_rng(0).standard_normal((2, 3, 6, 4))
    found = straightness(sequences)
    assert found.cosines.shape == (2, 3, 4) and found.mean.shape == found.excluded.shape == (2, 3)
    for place in np.ndindex(2, 3):
        f = sequences[place]
        for t in range(4):
            first, second = f[t + 1] - f[t], f[t + 2] - f[t + 1]
            expected = first @ second / (np.linalg.norm(first) * np.linalg.norm(second))
            assert found.cosines[place][t] == pytest.approx(expected)
    np.testing.assert_allclose(found.mean, found.cosines.mean(axis=-1))


def test_rotation_shift_and_scale_change_no_straightness():
    sequence = np.random.default_rng(0).standard_normal((8, 5))
    rotation, _ = np.linalg.qr(np.random.default_rng(1).standard_normal((5, 5)))
    np.testing.assert_allclose(straightness(3 * sequence @ rotation + 2).cosines, straightness(sequence).cosines)


def test_frames_that_stand_still_do_not_count():
    found = straightness(np.array([0.0, 1, 2, 2, 3, 4])[:, None])
    np.testing.assert_array_equal(found.cosines, [1, np.nan, np.nan, 1])
    assert (found.mean, found.excluded) == (1, 2)


def test_too_short_or_still_sequences_are_said():
    with pytest.raises(RecomposeError, match="sequences of 2 frames"):
        straightness(np.zeros((2, 4)))
    with pytest.raises(RecomposeError, match="never moves twice in a row"):
        straightness(np.stack([np.arange(5.0), [0, 1, 1, 2, 2]])[..., None])
    with pytest.raises(NotFinite):
        straightness(np.array([[0.0], [np.inf], [1]]))


# -- Variability


def test_variability_of_noise_of_a_known_deviation():
    random = np.random.default_rng(0)
    samples = random.uniform(size=(6, 1, 8, 8))[:, None] + 0.3 * random.standard_normal((6, 400, 1, 8, 8))
    found = variability(samples)
    assert found.value == pytest.approx(0.09 * (1 - 1 / 400), abs=4 * found.standard_error)
    # A mean square over 400 * 64 pixels of variance s^2 has the deviation s^2 sqrt(2 / (400 * 64)).
    assert found.each.std(ddof=1) == pytest.approx(0.09 * (2 / (400 * 64)) ** 0.5, rel=0.8)
    root = variability(samples, "root_mean_square")
    assert root.value == pytest.approx(0.3, abs=0.002)
    np.testing.assert_allclose(root.each**2, found.each)


def test_variability_by_its_definition():
    samples = np.random.default_rng(0).uniform(size=(3, 5, 2, 4)).astype(np.float32)
    found = variability(iter(samples))  # one condition at a time
    each = []
    for condition in samples.astype(np.float64):
        mean = sum(condition) / 5
        each.append([float(((sample - mean) ** 2).sum()) / 8 for sample in condition])
    np.testing.assert_allclose(found.distances, each)
    np.testing.assert_allclose(found.value, np.mean(each))
    np.testing.assert_allclose(found.standard_error, np.mean(each, axis=1).std(ddof=1) / 3**0.5)


def test_a_root_is_taken_in_each_condition():
    """Two conditions of black and white samples, and of half as much contrast."""
    samples = np.array([[-1.0, 1.0], [-0.5, 0.5]])[..., None]
    assert variability(samples).value == (1 + 0.25) / 2
    assert variability(samples, "root_mean_square").value == (1 + 0.5) / 2


def test_conditions_may_have_different_numbers_of_samples_and_one_has_no_standard_error():
    found = variability([np.array([[0.0], [2.0]]), np.array([[1.0], [1.0], [1.0]])])
    np.testing.assert_array_equal(found.each, [1, 0])
    assert np.isnan(variability([np.array([[0.0], [2.0]])]).standard_error)


def test_brighter_samples_vary_as_much():
    samples = np.random.default_rng(0).uniform(size=(30, 16)).astype(np.float32)
    np.testing.assert_allclose(squared_distances(samples + 1000), squared_distances(samples), rtol=2e-3)


def test_what_does_not_vary_is_said():
    with pytest.raises(RecomposeError, match="1 samples of a condition"):
        variability(np.zeros((2, 1, 4)))
    with pytest.raises(RecomposeError, match="without a condition"):
        variability([])
    with pytest.raises(NotFinite):
        variability([np.array([[0.0], [np.nan]])])
