"""DCI and modularity: codes and matrices of which they are known."""

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from recompose.errors import NotFinite, RecomposeError
from recompose.metrics.disentanglement import (
    completeness,
    dci,
    disentanglement,
    mean_modularity,
    modularity,
    mutual_information,
)


def factors_of(images, seed=0, values=(3, 4, 2)):
    """Independent factors."""
    random = np.random.default_rng(seed)
    return np.stack([random.integers(count, size=images) for count in values], axis=1).astype(float)


def rotated(codes):
    rotation, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((codes.shape[1],) * 2))
    return codes / codes.std(axis=0) @ rotation


def scores(codes, factors, seed=1, rounds=20):
    half = len(codes) // 2
    halves = codes[:half], factors[:half], codes[half:], factors[half:]
    return dci(*halves, generator=np.random.default_rng(seed), rounds=rounds)


# -- Matrices


def test_one_factor_a_code_is_disentangled_and_one_code_a_factor_complete():
    assert disentanglement(np.eye(3)) == completeness(np.eye(3)) == pytest.approx(1)
    two_codes_a_factor = np.repeat(np.eye(3), 2, axis=0)
    assert disentanglement(two_codes_a_factor) == pytest.approx(1)
    assert completeness(two_codes_a_factor) == pytest.approx(1 - np.log(2) / np.log(6))
    assert completeness(two_codes_a_factor.T) == pytest.approx(1)
    assert disentanglement(two_codes_a_factor.T) == pytest.approx(1 - np.log(2) / np.log(6))


def test_importance_spread_evenly_is_neither():
    assert disentanglement(np.ones((4, 3))) == pytest.approx(0, abs=1e-9)
    assert completeness(np.ones((4, 3))) == pytest.approx(0, abs=1e-9)
    assert disentanglement(np.zeros((4, 3))) == completeness(np.zeros((4, 3))) == 0


def test_codes_weigh_by_their_importance():
    importance = np.array([[3.0, 0.0], [0.5, 0.5], [0.0, 0.0]])  # a dead code weighs nothing
    assert disentanglement(importance) == pytest.approx(3 / 4)


def test_a_constant_factor_counts_in_the_base():
    importance = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0]])
    assert disentanglement(importance) == pytest.approx(1 - np.log(2) / np.log(3))
    assert disentanglement(importance[:, :2]) == pytest.approx(0, abs=1e-9)


def test_modularity_of_known_information():
    assert mean_modularity(np.eye(3)) == 1
    assert mean_modularity(np.ones((2, 3))) == 0
    assert mean_modularity(np.array([[2.0, 1.0, 1.0], [0.0, 0.0, 0.0]])) == (1 - (1 + 1) / (4 * 2)) / 2  # one is dead


# -- Codes


def test_a_code_of_the_factors_scores_one():
    factors = factors_of(2000)
    found = scores(5 - 2 * factors[:, ::-1], factors)
    assert found.disentanglement == pytest.approx(1, abs=1e-3)
    assert found.completeness == pytest.approx(1, abs=1e-3)
    assert found.informativeness == 1
    np.testing.assert_allclose(found.importance, np.eye(3)[::-1], atol=1e-3)
    assert modularity(5 - 2 * factors[:, ::-1], factors) == pytest.approx(1, abs=1e-3)


def test_a_rotated_code_tells_as_much_but_scores_less():
    factors = factors_of(2000)
    found = scores(rotated(factors), factors)
    assert found.informativeness > 0.95
    assert found.disentanglement < 0.7 and found.completeness < 0.7
    assert modularity(rotated(factors), factors) < 0.9


def test_noise_tells_nothing():
    factors = factors_of(2000)
    found = scores(np.random.default_rng(8).standard_normal((2000, 3)), factors)
    assert found.disentanglement < 0.1
    assert found.informativeness == pytest.approx((1 / 3 + 1 / 4 + 1 / 2) / 3, abs=0.05)


def test_the_order_of_codes_and_factors_changes_nothing():
    factors = factors_of(1500)
    codes = np.concatenate([rotated(factors), factors[:, :1]], axis=1)
    plain, other = scores(codes, factors), scores(codes[:, [2, 0, 3, 1]], factors[:, [1, 2, 0]])
    assert plain[:3] == pytest.approx(other[:3], abs=0.02)
    assert modularity(codes, factors) == pytest.approx(modularity(codes[:, [2, 0, 3, 1]], factors[:, [1, 2, 0]]))


def test_more_rounds_spread_the_importance():
    factors = factors_of(800)
    assert (
        scores(rotated(factors), factors, rounds=2).disentanglement > scores(rotated(factors), factors).disentanglement
    )


def test_factors_may_be_words_of_truth():
    factors = factors_of(400, values=(2, 2))
    one, other = (scores(rotated(factors), each) for each in (factors, factors.astype(bool)))
    np.testing.assert_array_equal(one.importance, other.importance)


def test_the_same_seed_gives_the_same_numbers():
    factors = factors_of(400)
    codes = rotated(factors)
    np.testing.assert_array_equal(scores(codes, factors).importance, scores(codes, factors).importance)


def test_dead_codes_and_constant_factors():
    factors = factors_of(1000)
    constant = np.concatenate([factors, np.ones((1000, 1))], axis=1)
    dead = np.concatenate([factors, np.zeros((1000, 1))], axis=1)
    found = scores(dead, constant)
    np.testing.assert_array_equal(found.importance[:, 3], 0)
    np.testing.assert_array_equal(found.importance[3], 0)
    assert found.disentanglement == pytest.approx(1, abs=1e-3) and found.informativeness == 1
    assert modularity(dead, constant) == pytest.approx(3 / 4, abs=1e-3)  # a dead code counts 0


def test_mutual_information_is_that_of_equally_wide_bins():
    factors = factors_of(500)
    codes = rotated(factors)
    found = mutual_information(codes, factors)
    for code in range(3):
        places = (codes[:, code] - codes[:, code].min()) / np.ptp(codes[:, code]) * 20
        bins = np.minimum(np.floor(places), 19)
        for factor in range(3):
            assert found[code, factor] == pytest.approx(mutual_info_score(bins, factors[:, factor]), abs=1e-9)


def test_what_cannot_be_measured_is_said():
    factors = factors_of(20)
    with pytest.raises(RecomposeError, match="1 factors cannot be told apart"):
        modularity(factors, factors[:, :1])
    with pytest.raises(RecomposeError, match="1 codes cannot be told apart"):
        scores(factors[:, :1], factors)
    with pytest.raises(RecomposeError, match="none of 3 factors varies"):
        scores(factors, np.ones_like(factors))
    with pytest.raises(NotFinite):
        modularity(np.where(factors > 1, np.nan, factors), factors)
    with pytest.raises(ValueError, match="expected as many"):
        modularity(factors[:5], factors)


def test_numbers_are_those_of_disentanglement_lib():
    """What its release 1.5 says of the same numbers: its functions alone, for as a whole it asks for TensorFlow 1.

    The same to the last digit, but for the trees of DCI, which there begin with another random number.
    """
    generator = np.random.default_rng(0)
    factors = np.stack([generator.integers(values, size=400) for values in (3, 4, 5)], axis=1)
    mixing = np.array([[1, 0.5, 0, 0], [0, 1, 0, 0.2], [0, 0, 1, 0]])
    codes = factors @ mixing + 0.5 * generator.normal(size=(400, 4))
    importance = generator.random((4, 3)) ** 3
    assert disentanglement(importance) == pytest.approx(0.33105578125268587, rel=1e-12)
    assert completeness(importance) == pytest.approx(0.22574676578263392, rel=1e-12)
    assert modularity(codes, factors) == pytest.approx(0.9325741722493056, rel=1e-12)
    found = dci(codes[:300], factors[:300], codes[300:], factors[300:], generator=np.random.default_rng(0))
    assert found.disentanglement == pytest.approx(0.40236577801462337, abs=5e-3)
    assert found.completeness == pytest.approx(0.3944098136988721, abs=5e-3)
    assert found.informativeness == pytest.approx(0.7, abs=1e-2)
