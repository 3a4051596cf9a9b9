"""Compositions from a grid against the compositions themselves."""

import numpy as np
import pytest
import torch

from recompose.datasets.compositions import composition
from recompose.diffusion.feynman_kac import Composed, Sampler, sample_composition
from recompose.diffusion.grid_field import GridField
from recompose.diffusion.mixtures import mixture_scores
from recompose.diffusion.schedules import VariancePreserving
from recompose.metrics.sliced_wasserstein import sliced_wasserstein

VP = VariancePreserving()


def analytic(name):
    what = composition(name)
    return Composed(mixture_scores(what.sources, VP), what.weights)


def grid_of(name, **options):
    return GridField(analytic(name), VP, **options)


def cloud(swarms=300, particles=40, spread=3.0):
    return spread * torch.randn((2, swarms, particles), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["nf_id", "gmm_id", "gmm_ood"])
@pytest.mark.parametrize("time", [0.05, 0.3, 0.8])
def test_neither_the_score_nor_the_gap_is_further_off_than_the_bound(name, time):
    """In what they do to particles, relative to one and themselves; where mixtures have edges the field stands in."""
    t = torch.tensor(time)
    grid = grid_of(name, nodes=64, bound=0.01)
    units = VP.sigma(t), 0.5 * VP.beta(t)
    for found, exact, unit in zip(grid(cloud(), t), analytic(name)(cloud(), t), units, strict=True):
        error = unit * (found - exact).abs() / (1 + unit * exact.abs())
        assert float(error.quantile(0.999)) < grid.bound and float(error.max()) < 3 * grid.bound
    assert grid.asked == 300 * 40


def test_linear_scores_and_quadratic_gaps_cost_the_nodes_alone():
    t = torch.tensor(0.4)
    grid = grid_of("nf_ood", nodes=20, bound=1e-4, reach=20.0)
    (score, gap), (exact_score, exact_gap) = grid(cloud(), t), analytic("nf_ood")(cloud(), t)
    torch.testing.assert_close(score, exact_score, rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(gap, exact_gap, rtol=0.02, atol=0.1)
    assert grid.evaluated == 400


def test_points_beyond_the_grid_are_evaluated_themselves():
    t = torch.tensor(0.4)
    x = cloud()
    x[:, 7, 3] = torch.tensor([80.0, -90.0])
    grid = grid_of("gmm_id", nodes=32, bound=1.0, reach=5.0)
    for found, exact in zip(grid(x, t), analytic("gmm_id")(x, t), strict=True):
        torch.testing.assert_close(found[..., 7, 3], exact[..., 7, 3], rtol=1e-4, atol=1e-4)
    assert 32**2 < grid.evaluated < 32**2 + 50


def test_few_points_need_no_grid():
    t = torch.tensor(0.4)
    x = cloud(5, 4)
    for found, exact in zip(grid_of("gmm_id", nodes=32, bound=1.0)(x, t), analytic("gmm_id")(x, t), strict=True):
        assert torch.equal(found, exact)


def test_samples_from_the_grid_are_those_of_the_exact_scores():
    """The same random numbers: nearly the same paths, until a resampling decides otherwise."""
    setting = composition("gmm_id")

    def run(field):
        parts = [
            sample_composition(
                field, swarms=500, particles=16, shape=(2,), sampler=Sampler(steps=50),
                schedule=VP, generator=torch.Generator().manual_seed(part),
            )
            for part in range(6)
        ]  # fmt: skip
        return torch.cat(parts)

    grid = grid_of("gmm_id", nodes=40, bound=0.05)
    angles = np.linspace(0, np.pi, 50)
    along = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    distance = sliced_wasserstein(run(grid).numpy(), run(analytic("gmm_id")).numpy(), along)
    true = [setting.target(3000, torch.Generator().manual_seed(seed)).numpy() for seed in (1, 2)]
    floor = sliced_wasserstein(*true, along)
    assert distance < 1.5 * floor
    assert grid.evaluated < 0.6 * grid.asked
