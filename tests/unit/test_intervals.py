"""Confidence intervals: known answers, and how often they hold the truth."""

import numpy as np
import pytest
from scipy import stats

from recompose.metrics.intervals import (
    bootstrap,
    normal_interval,
    percentiles,
    student_half_width,
    student_interval,
    wilson_interval,
)


def drawn(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def coverage(intervals, truth):
    return np.mean([low <= truth <= high for _, low, high in intervals])


def test_students_interval_is_scipys():
    values = drawn(7)
    expected = stats.t.interval(0.95, 6, values.mean(), stats.sem(values))
    found = student_interval(values)
    assert found.value == values.mean()
    np.testing.assert_allclose(found[1:], expected, rtol=1e-12)
    narrow = student_interval(values, 0.5)
    np.testing.assert_allclose(narrow[1:], stats.t.interval(0.5, 6, values.mean(), stats.sem(values)), rtol=1e-12)


def test_students_half_width_takes_arrays():
    widths = student_half_width(np.array([1.0, 1.0, 2.0]), np.array([3, 10, 10]), np.array([0.05, 0.05, 0.01]))
    expected = [stats.t.ppf(0.975, 2) / 3**0.5, stats.t.ppf(0.975, 9) / 10**0.5, 2 * stats.t.ppf(0.995, 9) / 10**0.5]
    np.testing.assert_allclose(widths, expected, rtol=1e-12)


def test_of_one_number_no_width_is_known():
    assert student_interval(np.array([2.5])) == (2.5, 2.5, 2.5)


def test_of_many_numbers_the_normal_one_is_students():
    values = drawn(5000)
    np.testing.assert_allclose(normal_interval(values)[1:], student_interval(values)[1:], atol=2e-5)
    assert normal_interval(values).high - values.mean() == pytest.approx(1.96 * values.std(ddof=1) / 5000**0.5)


def test_wilsons_interval_has_its_closed_form():
    """(p + z^2/2n +- z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n)."""
    shares, z, n = np.array([1.0] * 30 + [0.0] * 20), stats.norm.ppf(0.975), 50
    middle, half = 0.6 + z**2 / (2 * n), z * np.sqrt(0.24 / n + z**2 / (4 * n**2))
    expected = np.array([middle - half, middle + half]) / (1 + z**2 / n)
    np.testing.assert_allclose(wilson_interval(shares), [0.6, *expected], rtol=1e-9)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_wilsons_interval_stays_within_zero_and_one(value):
    found = wilson_interval(np.full(40, value))
    assert found.low >= 0 and found.high <= 1 and found.low < found.high
    assert value in (found.low, found.high)


def test_percentiles_leave_as_much_beyond_either_end():
    low, high = percentiles(np.arange(1001.0))
    assert (low, high) == (25, 975)
    low, high = percentiles(np.stack([np.arange(101.0), 2 * np.arange(101.0)]), axis=1, outside=0.2)
    np.testing.assert_allclose([low, high], [[10, 20], [90, 180]])


# -- How often they hold the truth


@pytest.mark.parametrize("n", [3, 10])
def test_students_interval_covers(n):
    found = coverage([student_interval(values) for values in drawn(4000, n)], 0)
    assert found == pytest.approx(0.95, abs=0.012)


def test_the_normal_interval_covers_where_there_are_many():
    assert coverage([normal_interval(values) for values in drawn(2000, 200)], 0) == pytest.approx(0.95, abs=0.015)
    assert coverage([normal_interval(values) for values in drawn(2000, 3)], 0) < 0.9  # and not where there are few


def mean(values):
    return values.mean(axis=0)


def test_the_bootstrap_of_a_mean_is_the_normal_interval():
    values = drawn(400)
    value, low, high = bootstrap(values, mean, generator=np.random.default_rng(1), resamples=4000)
    np.testing.assert_allclose([value, low, high], normal_interval(values), atol=0.01)


def test_a_statistic_may_be_several_numbers():
    values = np.stack([drawn(50), 5 + drawn(50, seed=2)], axis=1)
    value, low, high = bootstrap(values, mean, generator=np.random.default_rng(1), resamples=200)
    np.testing.assert_array_equal(value, values.mean(axis=0))
    assert ((low < value) & (value < high)).all()


def test_without_groups_every_row_is_one():
    values = drawn(12)
    one, other = (
        bootstrap(values, mean, generator=np.random.default_rng(1), resamples=50, groups=groups)
        for groups in (None, np.arange(12))
    )
    assert one == other


def test_units_are_drawn_with_all_their_rows():
    values, groups = np.arange(6.0), np.array([0, 0, 1, 1, 1, 2])
    seen = []

    def keep(rows):
        seen.append(rows)
        return rows.mean()

    bootstrap(values, keep, generator=np.random.default_rng(0), resamples=30, groups=groups)
    units = [{0, 1}, {2, 3, 4}, {5}]
    for rows in seen[:-1]:  # the last is of the rows themselves
        counts = [{rows.tolist().count(row) for row in unit} for unit in units]
        assert all(len(count) == 1 for count in counts) and sum(count.pop() for count in counts) == 3


def test_an_interval_may_be_made_to_hold_its_value():
    """Of a share of different rows: drawn with replacement fewer are different, of n some 63 %."""
    rows = np.arange(200.0)

    def different(values):
        return np.array([len(np.unique(values)) / len(values), values.max()])

    value, low, high = bootstrap(rows, different, generator=np.random.default_rng(1), resamples=100)
    assert value[0] == 1 and high[0] < 0.7
    held = bootstrap(rows, different, generator=np.random.default_rng(1), resamples=100, holds=True)
    np.testing.assert_array_equal(held, [value, low, [1, high[1]]])


def test_the_bootstrap_covers_over_units_and_not_over_their_rows():
    """Thirty runs of eight rows that share their run's deviation: rows are no independent measurements."""
    generator, runs = np.random.default_rng(0), np.repeat(np.arange(30), 8)
    over_runs, over_rows = [], []
    for _ in range(300):
        values = generator.standard_normal(30)[runs] + 0.3 * generator.standard_normal(240)
        over_runs.append(bootstrap(values, mean, generator=generator, resamples=200, groups=runs))
        over_rows.append(bootstrap(values, mean, generator=generator, resamples=200))
    assert coverage(over_runs, 0) > 0.9
    assert coverage(over_rows, 0) < 0.7
