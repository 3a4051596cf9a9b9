"""TAD and captured attributes: codes of which it is known what they detect."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score, roc_auc_score
from sklearn.model_selection import KFold
from sklearn.preprocessing import StandardScaler

from recompose.errors import NotFinite, RecomposeError
from recompose.metrics.attribute_capture import (
    attribute_capture,
    aurocs,
    shared_information,
    threshold_aurocs,
)

NAMES = ("smiling", "hat", "male")


def independent_attributes(images=3000, count=3, seed=0):
    return np.random.default_rng(seed).random((images, count)) < 0.4


def codes_of(labels, strength, latents=6, seed=1):
    """Latents of noise, of which the first ones follow one attribute each."""
    codes = np.random.default_rng(seed).standard_normal((len(labels), latents))
    codes[:, : labels.shape[1]] += strength * labels
    return codes


# -- Areas and information


def test_areas_are_those_of_scikit_learn_with_ties_and_in_both_directions():
    labels = independent_attributes(400)
    codes = codes_of(labels, -1.5)
    codes[:, 3], codes[:, 4] = np.round(codes[:, 3]), 7
    found = aurocs(codes, labels)
    expected = [[roc_auc_score(label, code) for code in codes.T] for label in labels.T]
    np.testing.assert_allclose(found, np.maximum(expected, 1 - np.array(expected)), rtol=1e-12)
    assert (found[:, 4] == 0.5).all()


def by_thresholds(code, label):
    """The definition, threshold by threshold and image by image."""
    areas = []
    for yes in (np.greater_equal, np.less):
        rates = []
        for threshold in np.linspace(code.min(), code.max(), 101):
            said = [bool(yes(value, threshold)) for value in code]
            rates.append([np.mean([s for s, real in zip(said, label, strict=True) if real == kind]) for kind in (0, 1)])
        rates = sorted(rates)
        areas.append(sum(new[1] * (new[0] - old[0]) for old, new in itertools.pairwise(rates)))
    return max(areas)


def test_areas_by_thresholds_are_those_of_their_definition():
    labels = independent_attributes(60)
    codes = codes_of(labels, 1.5, latents=4)
    codes[:, 3] *= 0.02
    found = threshold_aurocs(codes, labels)
    for attribute in range(3):
        for latent in range(3):
            expected = by_thresholds(codes[:, latent], labels[:, attribute])
            assert found[attribute, latent] == pytest.approx(expected)
    assert (found[:, 3] == 0.5).all()  # a range of less than .2


def test_areas_by_thresholds_are_nearly_the_exact_ones():
    labels = independent_attributes(3000)
    codes = codes_of(labels, 2)
    np.testing.assert_allclose(threshold_aurocs(codes, labels), aurocs(codes, labels), atol=0.03)


def test_areas_by_thresholds_overrate_a_latent_of_two_clusters():
    label = np.repeat([True, False], [400, 600])[:, None]
    unrelated = np.tile(np.repeat([1.0, 0.0], [4, 6]), 100)[:, None]
    unrelated += np.random.default_rng(0).uniform(0, 1e-3, unrelated.shape)
    assert aurocs(unrelated, label) == pytest.approx(0.5, abs=0.03)
    assert threshold_aurocs(unrelated, label) == pytest.approx(0.4 * 0.4 + 0.6, abs=0.01)


def test_shared_information_is_that_of_scikit_learn():
    labels = independent_attributes(500)
    labels[:, 2] = labels[:, 0] ^ (np.arange(500) % 9 == 0)
    found = shared_information(labels)
    for i in range(3):
        most = max(mutual_info_score(labels[:, i], labels[:, j]) for j in range(3) if j != i)
        assert found[i] == pytest.approx(most / mutual_info_score(labels[:, i], labels[:, i]))


def test_a_copy_tells_all_and_a_stranger_nothing():
    first = np.tile([True, True, False, False], 5)
    second = np.tile([True, False, True, False], 5)
    np.testing.assert_allclose(shared_information(np.stack([first, ~first, second], axis=1)), [1, 1, 0], atol=1e-12)


# -- What is captured


@pytest.mark.parametrize("protocol", ["infodiffusion", "nashae"])
def test_a_code_of_the_attributes_captures_each_with_its_own_latent(protocol):
    labels = independent_attributes()
    found = attribute_capture(codes_of(labels, 1000), labels, NAMES, protocol)
    assert (found.captured, found.captured_std, found.names) == (3, 0, NAMES)
    assert found.kept.all() and (found.best_latent == np.arange(3)).all()
    np.testing.assert_allclose(found.best_auroc, 1, atol=1e-6)
    np.testing.assert_allclose(found.tad, (found.best_auroc - found.second_auroc).sum(axis=1).mean())


def test_what_is_captured_perfectly_is_half_an_area_ahead_of_guesses():
    labels = independent_attributes(10_000)
    assert attribute_capture(codes_of(labels, 1000), labels, NAMES).tad == pytest.approx(3 * 0.5, abs=0.1)


def test_noise_captures_nothing():
    found = attribute_capture(codes_of(independent_attributes(), 0), independent_attributes(), NAMES)
    assert (found.tad, found.captured, found.names) == (0, 0, ())


def test_a_second_latent_that_knows_as_much_leaves_no_difference():
    labels = independent_attributes()
    codes = codes_of(labels, 1000)
    found = attribute_capture(np.concatenate([codes, -3 * codes], axis=1), labels, NAMES)
    assert (found.tad, found.captured) == (0, 3)
    assert (found.second_latent == found.best_latent + codes.shape[1]).all()


def test_a_rotated_code_differs_less():
    labels = independent_attributes()
    codes = codes_of(labels, 3, latents=3)
    rotation, _ = np.linalg.qr(np.random.default_rng(5).standard_normal((3, 3)))
    turned = attribute_capture(codes @ rotation, labels, NAMES)
    assert turned.tad < attribute_capture(codes, labels, NAMES).tad - 0.3


def test_an_attribute_that_another_one_tells_is_not_captured():
    labels = independent_attributes()
    labels[:, 2] = labels[:, 0] ^ (np.arange(len(labels)) % 20 == 0)
    assert attribute_capture(codes_of(labels, 5), labels, NAMES).names == ("hat",)


def test_order_scale_and_direction_of_latents_change_nothing():
    labels = independent_attributes()
    codes = codes_of(labels, 2)
    order = np.array([3, 0, 5, 1, 4, 2])
    plain, other = (attribute_capture(each, labels, NAMES) for each in (codes, -7 * codes[:, order] + 3))
    assert plain.tad == pytest.approx(other.tad)
    np.testing.assert_array_equal(order[other.best_latent], plain.best_latent)
    assert plain.captured == other.captured > 0


def test_infodiffusion_measures_on_four_fifths_of_ten_thousand_standardised_codes():
    labels = independent_attributes(10_500, 2)
    codes = codes_of(labels, 1.2, latents=3)
    found = attribute_capture(codes, labels, NAMES[:2])
    tads, counts = [], []
    for train, _ in KFold(5, shuffle=True, random_state=0).split(codes[:10_000]):
        scaled = StandardScaler().fit_transform(codes[train])
        areas = np.array([[roc_auc_score(label[train], code) for code in scaled.T] for label in labels.T])
        areas = np.sort(np.maximum(areas, 1 - areas), axis=1)
        kept = areas[:, -1] >= 0.75
        tads.append((areas[:, -1] - areas[:, -2])[kept].sum())
        counts.append(kept.sum())
    assert found[:4] == pytest.approx((np.mean(tads), np.std(tads), np.mean(counts), np.std(counts)))


def test_nashae_measures_the_first_thousand():
    labels = independent_attributes(1500)
    codes = codes_of(labels, 2)
    found = attribute_capture(codes, labels, NAMES, "nashae")
    np.testing.assert_array_equal(found.best_auroc[0], threshold_aurocs(codes[:1000], labels[:1000]).max(axis=1))
    assert found.kept.shape == (1, 3)


# -- What has no number


def test_an_attribute_of_one_class_is_left_out():
    labels = independent_attributes()
    codes = codes_of(labels, 3)
    constant = labels.copy()
    constant[:, 1] = True
    found = attribute_capture(codes, constant, NAMES)
    assert found.names == ("smiling", "male") and np.isnan(found.best_auroc[:, 1]).all()
    assert found.tad == pytest.approx(attribute_capture(codes, labels[:, [0, 2]], NAMES[::2]).tad)
    assert attribute_capture(codes, constant, NAMES, "nashae").names == found.names


def test_what_cannot_be_measured_is_said():
    labels = independent_attributes(50)
    codes = codes_of(labels, 1)
    with pytest.raises(RecomposeError, match="none has both classes"):
        attribute_capture(codes, np.ones_like(labels), NAMES)
    with pytest.raises(RecomposeError, match="second best"):
        attribute_capture(codes[:, :1], labels, NAMES)
    with pytest.raises(RecomposeError, match="neither 0 nor 1"):
        attribute_capture(codes, np.where(labels, 1, -1), NAMES)
    with pytest.raises(RecomposeError, match="cannot be split"):
        attribute_capture(codes[:4], np.eye(4, 3), NAMES)
    with pytest.raises(NotFinite):
        attribute_capture(np.where(labels[:, :2], np.inf, codes[:, :2]), labels, NAMES)
    with pytest.raises(ValueError, match="3 names"):
        attribute_capture(codes, labels[:, :2], NAMES)
