"""Predictions in each other's terms: round trips, a Gaussian with a known answer, and what is refused."""

import itertools

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from recompose.diffusion.predictions import target, to_clean, to_noise, to_score
from recompose.errors import RecomposeError


def to_velocity(predicted, x, alpha, sigma, kind):
    """What a network that predicts the velocity should say where another one says this."""
    told = predicted, x, alpha, sigma, kind
    return target(to_clean(*told), to_noise(*told), alpha, sigma, "velocity")


TO = {"noise": to_noise, "clean": to_clean, "velocity": to_velocity, "score": to_score}


def draws(seed=0, shape=(4, 3, 8, 8)):
    generator = torch.Generator().manual_seed(seed)
    return (torch.randn(shape, generator=generator, dtype=torch.double) for _ in range(2))


@given(sigma=some.floats(0.01, 0.999), seed=some.integers(0, 100))
def test_every_prediction_says_the_same(sigma, seed):
    """From the clean image and the noise, each kind; from each kind, each other one, and back."""
    alpha = (1 - sigma**2) ** 0.5
    clean, noise = draws(seed, (5,))
    x = alpha * clean + sigma * noise
    known = {"noise": noise, "clean": clean, "velocity": alpha * noise - sigma * clean, "score": -noise / sigma}
    for given_kind, wanted in itertools.product(TO, TO):
        found = TO[wanted](known[given_kind], x, alpha, sigma, given_kind)
        torch.testing.assert_close(found, known[wanted], rtol=1e-6, atol=1e-6)
        back = TO[given_kind](found, x, alpha, sigma, wanted)
        torch.testing.assert_close(back, known[given_kind], rtol=1e-6, atol=1e-6)
    assert torch.equal(target(clean, noise, alpha, sigma, "velocity"), known["velocity"])
    assert torch.equal(target(clean, noise, alpha, sigma, "noise"), noise)


def test_the_levels_may_differ_by_image():
    clean, noise = draws()
    sigma = torch.tensor([0.1, 0.5, 0.9, 1.0], dtype=torch.double).view(4, 1, 1, 1)
    alpha = (1 - sigma**2).sqrt()
    x, velocity = alpha * clean + sigma * noise, alpha * noise - sigma * clean
    torch.testing.assert_close(to_clean(velocity, x, alpha, sigma, "velocity"), clean)
    torch.testing.assert_close(to_noise(velocity, x, alpha, sigma, "velocity"), noise)


@pytest.mark.parametrize("kind", ["noise", "velocity", "clean"])
def test_the_best_predictions_for_a_gaussian_have_its_score(kind):
    """x_0 from N(m, s^2): E[x_0 | x_t] in closed form (Bayes), and the score of N(alpha m, alpha^2 s^2 + sigma^2)."""
    mean, deviation, alpha, sigma = 0.7, 0.5, 0.8, 0.6
    x = torch.linspace(-3, 3, 50, dtype=torch.double)
    variance = alpha**2 * deviation**2 + sigma**2
    clean = (sigma**2 * mean + alpha * deviation**2 * x) / variance
    predicted = TO[kind](clean, x, alpha, sigma, "clean")
    torch.testing.assert_close(to_score(predicted, x, alpha, sigma, kind), (alpha * mean - x) / variance)


@pytest.mark.parametrize("wanted", ["clean", "velocity"])
@pytest.mark.parametrize("alpha", [0.0, torch.tensor([0.3, 0.0]).view(2, 1, 1, 1)])
def test_noise_says_nothing_where_no_data_are_left(wanted, alpha):
    x, predicted = torch.randn(2, 2, 1, 4, 4)
    with pytest.raises(RecomposeError, match=r"alpha = 0, .* predict the velocity, or do not start there"):
        TO[wanted](predicted, x, alpha, 1.0, "noise")
    with pytest.raises(RecomposeError, match="alpha = 0"):
        TO[wanted](predicted, x, alpha, 1.0, "score")
    assert torch.equal(to_score(predicted, x, 0.0, 1.0, "noise"), -predicted)  # the score is known there


def test_the_velocity_knows_the_data_where_none_are_left():
    x, predicted = torch.randn(2, 1, 1, 4, 4)
    assert torch.equal(to_clean(predicted, x, 0.0, 1.0, "velocity"), -predicted)
    assert torch.equal(to_noise(predicted, x, 0.0, 1.0, "velocity"), x)


@pytest.mark.parametrize("kind", ["noise", "velocity", "clean"])
def test_the_data_themselves_have_no_score(kind):
    x, predicted = torch.randn(2, 1, 1, 4, 4)
    with pytest.raises(RecomposeError, match=r"sigma = 0, .* stop one step earlier"):
        to_score(predicted, x, 1.0, 0.0, kind)
