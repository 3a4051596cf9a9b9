"""Distances between samples, against closed forms, brute force and POT."""

import numpy as np
import pytest
import torch

from recompose.errors import RecomposeError
from recompose.metrics import mean_discrepancy as module
from recompose.metrics.mean_discrepancy import mean_discrepancy, median_bandwidth
from recompose.metrics.sliced_wasserstein import directions, sliced_wasserstein


def samples(*counts, shift=0.0, seed=0):
    generator = torch.Generator().manual_seed(seed)
    drawn = [torch.randn((count, 2), generator=generator, dtype=torch.double) for count in counts]
    return [drawn[0].numpy(), *((each + shift).numpy() for each in drawn[1:])]


def some_directions(count=300, dimension=2):
    return directions(count, dimension, np.random.default_rng(0))


def test_the_sliced_distance_equals_pot():
    ot = pytest.importorskip("ot")
    x, y = samples(500, 500, shift=0.4)
    along = some_directions()
    expected = ot.sliced_wasserstein_distance(x, y, projections=along.T, p=2)
    assert sliced_wasserstein(x, y, along) == pytest.approx(float(expected), abs=1e-10)


def test_the_sliced_distance_of_a_shift_is_its_length_over_root_dimension():
    """Every projection moves by its inner product with the shift; the mean square of that is |shift|^2 / d."""
    x = samples(200)[0]
    shift = np.array([3.0, -4.0])
    assert sliced_wasserstein(x, x + shift, some_directions(20_000)) == pytest.approx(5 / 2**0.5, rel=0.01)
    assert sliced_wasserstein(x, x[::-1], some_directions()) == pytest.approx(0.0, abs=1e-12)


def test_directions_have_unit_length_and_no_preference():
    along = directions(50_000, 2, np.random.default_rng(1))
    np.testing.assert_allclose(np.linalg.norm(along, axis=1), 1.0)
    np.testing.assert_allclose(along.T @ along / len(along), np.eye(2) / 2, atol=0.01)


def test_samples_of_other_sizes_are_refused():
    with pytest.raises(ValueError, match="expected equal shapes"):
        sliced_wasserstein(*samples(5, 6), some_directions())


def test_the_discrepancy_is_the_unbiased_statistic_by_brute_force():
    x, y = samples(7, 9, shift=0.5)
    gamma = 0.3

    def kernel(a, b):
        return float(np.exp(-gamma * ((a - b) ** 2).sum()))

    expected = (
        sum(kernel(a, b) for i, a in enumerate(x) for j, b in enumerate(x) if i != j) / (7 * 6)
        + sum(kernel(a, b) for i, a in enumerate(y) for j, b in enumerate(y) if i != j) / (9 * 8)
        - 2 * sum(kernel(a, b) for a in x for b in y) / (7 * 9)
    )
    assert mean_discrepancy(x, y, gamma) == pytest.approx(expected, abs=1e-12)


def test_the_discrepancy_is_zero_on_average_between_samples_of_one_distribution():
    values = [mean_discrepancy(*samples(60, 60, seed=seed), 0.5) for seed in range(200)]
    assert abs(np.mean(values)) < 4 * np.std(values) / 200**0.5
    assert min(values) < 0


def test_the_discrepancy_of_two_gaussians_is_known():
    """E k(x, y) for x - y from N(m, 2 I) is (1 + 4 gamma)^(-d/2) exp(-gamma |m|^2 / (1 + 4 gamma))."""
    gamma, shift = 0.25, 1.0
    x, y = samples(3000, 3000, shift=shift)
    same = 1 / (1 + 4 * gamma)
    expected = 2 * same * (1 - np.exp(-gamma * 2 * shift**2 / (1 + 4 * gamma)))
    assert mean_discrepancy(x, y, gamma) == pytest.approx(expected, rel=0.05)


def test_the_bandwidth_is_that_of_the_median_distance():
    x, y = samples(30, 41)
    median = np.sort(np.linalg.norm(x[:, None] - y, axis=-1), axis=None)[(30 * 41 - 1) // 2]
    assert median_bandwidth(x, y) == pytest.approx(1 / (2 * median**2))


def test_blocks_change_nothing(monkeypatch):
    x, y = samples(50, 50)
    whole = mean_discrepancy(x, y, 0.4), median_bandwidth(x, y)
    monkeypatch.setattr(module, "BLOCK", 7)
    assert (mean_discrepancy(x, y, 0.4), median_bandwidth(x, y)) == pytest.approx(whole, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("value", [0.0, 3.5, -1e6])
def test_points_that_coincide_have_no_bandwidth(dtype, value):
    x = np.full((40, 2), value, dtype)
    with pytest.raises(
        RecomposeError, match="median distance between two samples of 40 and 30 points is 0, "
    ) as caught:
        median_bandwidth(x, x[:30])
    assert "\n" not in str(caught.value)


def test_a_bandwidth_needs_half_the_distances_and_no_more():
    """The lower of the two middle distances decides, and whatever the others are is no matter."""
    x, y = np.zeros((1, 2)), np.zeros((9, 2))
    y[4:] = 2.0
    assert median_bandwidth(x, y) == pytest.approx(1 / 16)
    y[4] = 0.0
    with pytest.raises(
        RecomposeError, match="is 0, and the kernel's bandwidth follows from it; take samples whose points"
    ):
        median_bandwidth(x, y)


@pytest.mark.parametrize("value, shown", [(np.nan, "nan"), (np.inf, "inf"), (1e200, "inf"), (1e-170, "0")])
def test_a_median_that_is_no_number_is_refused(value, shown):
    with pytest.raises(RecomposeError, match=f"points is {shown}, "):
        median_bandwidth(np.zeros((5, 2)), np.full((5, 2), value))


@pytest.mark.parametrize("m, n", [(0, 5), (5, 0), (0, 0)])
def test_samples_of_no_points_are_refused(m, n):
    with pytest.raises(RecomposeError, match=f"samples of {m} and {n} points have no median distance; draw some"):
        median_bandwidth(np.zeros((m, 2)), np.zeros((n, 2)))
    with pytest.raises(RecomposeError, match=f"samples of {m} and {n} points have no unbiased discrepancy"):
        mean_discrepancy(np.zeros((m, 2)), np.zeros((n, 2)), 1.0)
