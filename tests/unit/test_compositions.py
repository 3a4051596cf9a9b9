"""Definition 1 and Theorems 1 and 2 against quadrature and closed forms; the settings against their densities."""

import pytest
import torch

from recompose.datasets.compositions import (
    SETTINGS,
    composed_covariance,
    composition,
    naive_ode_covariance,
)
from recompose.diffusion.mixtures import Mixture, gaussian, product
from recompose.errors import RecomposeError

DIAGONAL = torch.diag_embed(torch.tensor([[10.0, 1.0], [1.0, 10.0], [20.0, 20.0]], dtype=torch.double))
BASE = torch.tensor([1.0, 1.0, -1.0], dtype=torch.double)


def grid(low=-15.0, high=15.0, count=301):
    axis = torch.linspace(low, high, count, dtype=torch.double)
    return torch.stack(torch.meshgrid(axis, axis, indexing="ij"), dim=-1), float(axis[1] - axis[0]) ** 2


def moments(log_density, points, area):
    """Mean and covariance of an unnormalized density by quadrature."""
    density = torch.exp(log_density - log_density.max())
    density = density / (density.sum() * area)
    mean = (density.unsqueeze(-1) * points).sum(dim=(0, 1)) * area
    apart = points - mean
    return mean, torch.einsum("ij,ijk,ijl->kl", density, apart, apart) * area


def full(*eigenvalues, angle):
    turn = torch.tensor([[torch.cos(angle), -torch.sin(angle)], [torch.sin(angle), torch.cos(angle)]])
    return turn @ torch.diag(torch.tensor(eigenvalues, dtype=torch.double)) @ turn.T


def test_theorem_1_is_the_covariance_of_the_weighted_product_of_densities():
    covariances = torch.stack([full(3.0, 1.0, angle=torch.tensor(0.3).double()),
                               full(0.5, 2.0, angle=torch.tensor(1.1).double()),
                               full(6.0, 5.0, angle=torch.tensor(2.0).double())])  # fmt: skip
    weights = torch.tensor([0.7, 1.1, -0.9], dtype=torch.double)
    points, area = grid()
    log_density = sum(w * gaussian(c).log_density(points) for w, c in zip(weights, covariances, strict=True))
    mean, covariance = moments(log_density, points, area)
    torch.testing.assert_close(covariance, composed_covariance(covariances, weights), rtol=1e-6, atol=1e-8)
    torch.testing.assert_close(mean, torch.zeros(2, dtype=torch.double), rtol=0, atol=1e-8)


def test_an_invalid_weighting_is_refused_with_its_eigenvalue():
    with pytest.raises(RecomposeError, match=r"not a valid weighting.*eigenvalue -0\.9.*Theorem 1"):
        composed_covariance(DIAGONAL, torch.tensor([0.0, 0.0, -18.0], dtype=torch.double))
    with pytest.raises(RecomposeError, match="2 of them for 3 sources"):
        composed_covariance(DIAGONAL, torch.tensor([1.0, 1.0], dtype=torch.double))


def test_the_settings_compose_to_what_the_paper_prints():
    printed = {"f_id": 1.0, "nf_id": 20 / 21, "f_ood": 10.0, "nf_ood": 110 / 21}
    for name, variance in printed.items():
        setting = composition(name)
        covariances = torch.cat([source.covariances for source in setting.sources])
        torch.testing.assert_close(composed_covariance(covariances, setting.weights), variance * torch.eye(2))


def test_theorem_2_is_a_product_of_powers():
    torch.testing.assert_close(naive_ode_covariance(DIAGONAL, BASE), 0.5 * torch.eye(2, dtype=torch.double))
    half = torch.tensor([0.5, 0.5], dtype=torch.double)
    far = torch.stack([1e-3 * torch.eye(2).double(), 1e3 * torch.eye(2).double()])
    torch.testing.assert_close(naive_ode_covariance(far, half), torch.eye(2, dtype=torch.double))


def test_theorem_2_refuses_what_it_does_not_hold_for():
    with pytest.raises(RecomposeError, match="sum of 1"):
        naive_ode_covariance(DIAGONAL, torch.tensor([1.0, 1.0, 0.0], dtype=torch.double))
    turned = torch.stack([DIAGONAL[0], full(10.0, 1.0, angle=torch.tensor(0.5).double())])
    with pytest.raises(RecomposeError, match="commute"):
        naive_ode_covariance(turned, torch.tensor([0.5, 0.5], dtype=torch.double))


def some_mixture():
    generator = torch.Generator().manual_seed(0)
    covariances = torch.stack([full(1.0, 0.3, angle=torch.tensor(a).double()) for a in (0.1, 0.8, 2.0)])
    weights = torch.tensor([0.2, 0.5, 0.3], dtype=torch.double)
    return Mixture(weights, 2 * torch.randn((3, 2), generator=generator, dtype=torch.double), covariances)


def test_the_score_of_a_mixture_is_the_gradient_of_its_log_density():
    mixture = some_mixture().noised(0.8, 0.6)
    x = torch.randn((7, 4, 2), generator=torch.Generator().manual_seed(1), dtype=torch.double, requires_grad=True)
    mixture.log_density(x).sum().backward()
    torch.testing.assert_close(mixture.score(x.detach()), x.grad)


def test_the_density_of_a_mixture_integrates_to_one_and_its_samples_have_its_moments():
    mixture = some_mixture()
    points, area = grid(-12, 12)
    log_density = mixture.log_density(points)
    assert float(log_density.exp().sum() * area) == pytest.approx(1.0, abs=1e-6)
    mean, covariance = moments(log_density, points, area)
    x = mixture.sample(1_000_000, torch.Generator().manual_seed(2))
    torch.testing.assert_close(x.mean(dim=0), mean, rtol=0, atol=0.02)
    torch.testing.assert_close(x.T.cov(), covariance, rtol=0, atol=0.05)


def test_noise_convolves_a_mixture():
    mixture, alpha, sigma = some_mixture(), 0.7, 0.5
    generator = torch.Generator().manual_seed(3)
    x = alpha * mixture.sample(200_000, generator)
    x = x + sigma * torch.randn(x.shape, generator=generator, dtype=x.dtype)
    points, area = grid(-12, 12)
    mean, covariance = moments(mixture.noised(alpha, sigma).log_density(points), points, area)
    torch.testing.assert_close(x.mean(dim=0), mean, rtol=0, atol=0.02)
    torch.testing.assert_close(x.T.cov(), covariance, rtol=0, atol=0.04)


def test_the_product_of_mixtures_is_that_of_their_densities():
    first = some_mixture()
    second = gaussian(torch.tensor([[2.0, 0.5], [0.5, 1.0]], dtype=torch.double))
    both = product(first, second)
    x = torch.randn((50, 2), generator=torch.Generator().manual_seed(4), dtype=torch.double)
    gap = first.log_density(x) + second.log_density(x) - both.log_density(x)
    torch.testing.assert_close(gap, gap[:1].expand_as(gap))


@pytest.mark.parametrize(
    ("covariance", "message"),
    [([[1.0, 0.5], [0.0, 1.0]], "not symmetric"), ([[1.0, 1.0], [1.0, 1.0]], "not positive definite")],
)
def test_an_impossible_covariance_is_refused(covariance, message):
    with pytest.raises(RecomposeError, match=message):
        gaussian(torch.tensor(covariance))


@pytest.mark.parametrize("name", SETTINGS)
@pytest.mark.parametrize("reading", ["text", "code"])
def test_the_samples_of_a_target_have_the_moments_of_its_density(name, reading):
    """Rejection and importance resampling against quadrature of the composed density."""
    setting = composition(name, reading)
    points, area = grid(-14, 14, 401)
    mean, covariance = moments(setting.log_density(points.float()).double(), points, area)
    x = setting.target(4000, torch.Generator().manual_seed(5)).double()
    assert x.shape == (4000, 2)
    deviation = covariance.diagonal().sqrt()
    assert ((x.mean(dim=0) - mean).abs() < 4.5 * deviation / 4000**0.5).all()
    torch.testing.assert_close(x.T.cov(), covariance, rtol=0.12, atol=0.12 * float(deviation.max()) ** 2)


def test_text_and_code_differ_where_they_conflict():
    one, two = composition("gmm_id", "text").sources[0], composition("gmm_id", "code").sources[0]
    assert float(one.covariances[0, 0, 0]) == pytest.approx(0.6)
    assert float(two.covariances[0, 0, 0]) == pytest.approx(0.36)
    assert composition("gmm_ood", "text").sources[0].means[1].tolist() == [0.0, 0.0]
    assert composition("gmm_ood", "code").sources[0].means[1].tolist() == [9.0, 0.0]


def test_an_unknown_setting_is_named():
    with pytest.raises(RecomposeError, match="unknown setting nfid"):
        composition("nfid")
