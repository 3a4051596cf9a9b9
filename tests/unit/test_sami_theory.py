"""Appendix B of paper 3 against autograd, samples and searches."""

import numpy as np
import pytest
import torch
from torch import Tensor

from recompose.papers.sami.encoders import HalfUNet
from recompose.papers.sami.theory.formulas import (
    active_dimensions,
    axis_precision,
    characteristic_noise,
    penalty,
    reward,
    roughness,
    score,
    wiener,
)
from recompose.randomness import torch_generator

BETA, VARIANCE = 0.7, 0.3


def normal(*shape: int, name: str = "test") -> Tensor:
    return torch.randn(shape, generator=torch_generator(name), dtype=torch.float64)


def covariance() -> Tensor:
    root = normal(4, 4, name="covariance")
    return root @ root.T / 4


# ---------------------------------------------------------------------------------------------------------------
# B.1


def encoded(x: Tensor) -> tuple[Tensor, Tensor]:
    first, second = normal(3, 5, name="mean"), normal(3, 5, name="variance")
    return torch.tanh(first @ x), torch.exp(torch.sin(second @ x))


def test_the_score_is_autograds_with_the_factor_one_half():
    x, z = normal(5), normal(3, name="z")

    def log_density(x: Tensor) -> Tensor:
        mean, variance = encoded(x)
        return torch.distributions.Normal(mean, variance.sqrt()).log_prob(z).sum()

    exact = torch.autograd.functional.jacobian(log_density, x)
    jacobians = torch.autograd.functional.jacobian(encoded, x)
    found = score(z, *encoded(x), *jacobians)
    torch.testing.assert_close(found, exact)
    printed = score(z, *encoded(x), *jacobians, printed=True)
    assert (printed - exact).abs().max() > 0.1
    mean, variance = encoded(x)
    missing = (1.5 * (z - mean).square() / variance.square()) @ jacobians[1]
    torch.testing.assert_close(printed, exact - missing)


def test_the_terms_of_the_linear_gaussian_case_are_those_of_samples():
    c, count = covariance(), 200_000
    weights = normal(2, 4, name="weights")
    clean = normal(count, 4, name="clean") @ torch.linalg.cholesky(c).T
    noisy = clean + BETA * normal(count, 4, name="noise")
    z = clean @ weights.T + VARIANCE**0.5 * normal(count, 2, name="latents")
    guidance = (z - noisy @ weights.T) @ weights / VARIANCE
    residual = clean - noisy @ wiener(c, BETA).T
    second = -2 * BETA**2 * (residual * guidance).sum(dim=1).mean()
    third = BETA**4 * guidance.square().sum(dim=1).mean()
    assert float(second) == pytest.approx(float(reward(weights, c, BETA, VARIANCE)), rel=0.02)
    assert float(third) == pytest.approx(float(penalty(weights, BETA, VARIANCE)), rel=0.02)
    assert reward(weights, c, BETA, VARIANCE) < 0


def best_precision(covariance: Tensor, beta: float) -> Tensor:
    """A = W'W that minimizes L_2 + L_3, from its axes: (pixels, pixels)."""
    variances, axes = torch.linalg.eigh(covariance)
    return (axes * axis_precision(variances, beta)) @ axes.T


def loss_of(precision: Tensor, c: Tensor, beta: float) -> Tensor:
    """L_2 + L_3 of A = W'W, the latents' variance being one."""
    values, axes = torch.linalg.eigh(precision)
    weights = (axes * values.clamp_min(0).sqrt()).T
    return reward(weights, c, beta, 1.0) + penalty(weights, beta, 1.0)


@pytest.mark.parametrize("beta", [0.1, 0.7, 1.5])
def test_the_best_precision_is_a_minimum(beta):
    c = covariance()
    best = best_precision(c, beta)
    least = loss_of(best, c, beta)
    for number in range(20):
        root = normal(4, 4, name=f"{number}")
        other = root @ root.T
        for size in (1e-3, 0.1, 1.0):
            assert loss_of((1 - size) * best + size * other, c, beta) >= least - 1e-12


def test_gradient_descent_finds_the_best_precision():
    c, weights = covariance(), (0.3 * normal(4, 4, name="weights")).requires_grad_()
    optimizer = torch.optim.LBFGS([weights], max_iter=500, tolerance_grad=1e-12, tolerance_change=0)

    def closure() -> Tensor:
        optimizer.zero_grad()
        loss = reward(weights, c, BETA, 1.0) + penalty(weights, BETA, 1.0)
        loss.backward()
        return loss

    optimizer.step(closure)
    torch.testing.assert_close((weights.T @ weights).detach(), best_precision(c, BETA), atol=1e-5, rtol=0)


def test_for_little_noise_the_jacobian_is_rewarded():
    c, weights = covariance() + torch.eye(4).double(), normal(2, 4, name="weights")
    beta = 1e-3
    total = reward(weights, c, beta, VARIANCE) + penalty(weights, beta, VARIANCE)
    assert float(total) == pytest.approx(-(beta**4) * float(weights.square().sum()) / VARIANCE, rel=1e-3)


# ---------------------------------------------------------------------------------------------------------------
# B.2, B.3


def test_an_axis_switches_on_at_its_deviation():
    variances = torch.tensor([4.0, 1.0, 0.25, 0.01], dtype=torch.float64)
    levels = characteristic_noise(variances)
    assert levels.tolist() == pytest.approx([2.0, 1.0, 0.5, 0.1])
    for axis, level in enumerate(levels.tolist()):
        assert axis_precision(variances, 1.001 * level)[axis] == 0
        assert axis_precision(variances, 0.999 * level)[axis] > 0


@pytest.mark.parametrize("beta", [0.3, 0.9])
def test_precisions_along_the_axes_are_the_closed_form(beta):
    variances = torch.tensor([4.0, 1.0, 0.25, 0.01], dtype=torch.float64)
    k = variances / (variances + beta**2)
    expected = torch.diag(((2 * k - 1) / (2 * beta**2)).clamp_min(0))
    torch.testing.assert_close(best_precision(torch.diag(variances), beta), expected)


def test_a_linear_vae_uses_the_dimensions_above_its_decoders_variance():
    eigenvalues = torch.tensor([4.0, 1.0, 0.25, 0.01])
    gammas = torch.tensor([10.0, 1.0, 0.5, 0.1, 1e-3])
    assert active_dimensions(eigenvalues, gammas).tolist() == [0, 1, 2, 3, 4]
    assert active_dimensions(eigenvalues, torch.tensor(0.5)).item() == 2


@pytest.mark.parametrize("gamma", [2.0, 0.5, 0.1])
def test_a_linear_vae_that_is_trained_agrees(gamma):
    """The exact negative bound of a linear VAE, its encoder and decoder found by descent."""
    eigenvalues = torch.tensor([4.0, 1.0, 0.25], dtype=torch.float64)
    decoder = (0.5 * normal(3, 3, name="decoder")).requires_grad_()
    optimizer = torch.optim.LBFGS([decoder], max_iter=300, tolerance_grad=1e-11, tolerance_change=0)

    def closure() -> Tensor:
        """With the best encoder the bound is the likelihood of N(0, D D' + gamma)."""
        optimizer.zero_grad()
        model = decoder @ decoder.T + gamma * torch.eye(3, dtype=torch.float64)
        loss = torch.logdet(model) + torch.trace(torch.linalg.solve(model, torch.diag(eigenvalues)))
        loss.backward()
        return loss

    optimizer.step(closure)
    active = (torch.linalg.svdvals(decoder.detach()) > 1e-2).sum()
    assert active == active_dimensions(eigenvalues, torch.tensor(gamma))


# ---------------------------------------------------------------------------------------------------------------
# Smoothing


def encoder(activation: str) -> HalfUNet:
    made = HalfUNet(("test",), size=8, latents=3, widths=(4, 8), activation=activation).double()
    for _ in range(20):
        made(normal(8, 1, 8, 8, name="used"))
    return made.eval()


def test_roughness_is_that_of_the_jacobian():
    made = encoder("silu")
    x, step = normal(2, 1, 8, 8), 0.1 * normal(2, 1, 8, 8, name="step")
    probes = 3**0.5 * torch.eye(3, dtype=torch.float64)  # all of them: the expectation itself
    found = roughness(lambda x: made(x).mean, x, step, probes)
    for image in range(2):
        here, there = (
            torch.autograd.functional.jacobian(lambda x: made(x[None]).mean[0], place[image]).flatten(1)
            for place in (x, x + step)
        )
        length = float(step[image].square().sum())
        assert float(found.change[image]) == pytest.approx(float((there - here).square().sum()) / length)
        assert float(found.size[image]) == pytest.approx(float(here.square().sum()))


def test_random_probes_estimate_it():
    made = encoder("silu")
    x, step = normal(4, 1, 8, 8), normal(4, 1, 8, 8, name="step")
    exact = roughness(lambda x: made(x).mean, x, step, 3**0.5 * torch.eye(3, dtype=torch.float64))
    found = roughness(lambda x: made(x).mean, x, step, normal(800, 3, name="probes"))
    np.testing.assert_allclose(found.change, exact.change, rtol=0.25)
    np.testing.assert_allclose(found.size, exact.size, rtol=0.25)


@pytest.mark.parametrize(("activation", "bends"), [("relu", False), ("silu", True)])
def test_a_relu_encoder_is_flat_from_place_to_place(activation, bends):
    made = encoder(activation)
    found = roughness(
        lambda x: made(x).mean, normal(4, 1, 8, 8), 1e-9 * normal(4, 1, 8, 8, name="step"), normal(2, 3, name="probes")
    )
    relative = found.change / found.size
    assert (relative > 1e-6).all() if bends else (relative == 0).all()
