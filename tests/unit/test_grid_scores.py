"""Scores from a grid against the exact ones."""

import numpy as np
import pytest
import torch

from recompose.datasets.compositions import composition
from recompose.diffusion.feynman_kac import Sampler, sample_composition
from recompose.diffusion.grid_scores import GridScores
from recompose.diffusion.mixtures import mixture_scores
from recompose.diffusion.schedules import VariancePreserving
from recompose.metrics.sliced_wasserstein import sliced_wasserstein

VP = VariancePreserving()


def analytic(name):
    return mixture_scores(composition(name).sources, VP)


def cloud(swarms=300, particles=40, spread=3.0):
    return spread * torch.randn((2, swarms, particles), generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("name", ["nf_id", "gmm_id", "gmm_ood"])
@pytest.mark.parametrize("time", [0.05, 0.3, 0.8])
def test_no_score_is_further_off_than_the_bound(name, time):
    """Relative to one and the scores; also where the mixtures have edges: there the exact scores stand in."""
    t = torch.tensor(time)
    grid = GridScores(analytic(name), VP, nodes=64, bound=0.01)
    exact = analytic(name)(cloud(), t) * VP.sigma(t)
    error = (grid(cloud(), t) * VP.sigma(t) - exact).abs() / (1 + exact.abs().amax(dim=(0, 1)))
    assert float(error.max()) < 1.5 * grid.bound  # the estimate leaves out higher derivatives
    assert grid.asked == 300 * 40


def test_linear_scores_are_exact_and_cost_the_nodes_alone():
    t = torch.tensor(0.4)
    grid = GridScores(analytic("nf_ood"), VP, nodes=20, bound=1e-4, reach=100.0)
    torch.testing.assert_close(grid(cloud(), t), analytic("nf_ood")(cloud(), t), rtol=1e-4, atol=1e-3)
    assert grid.evaluated == 400


def test_points_beyond_the_grid_are_evaluated_themselves():
    t = torch.tensor(0.4)
    x = cloud()
    x[:, 7, 3] = torch.tensor([80.0, -90.0])
    grid = GridScores(analytic("gmm_id"), VP, nodes=32, bound=1.0)
    torch.testing.assert_close(grid(x, t)[..., 7, 3], analytic("gmm_id")(x, t)[..., 7, 3], rtol=1e-4, atol=1e-4)
    assert 32**2 < grid.evaluated < 32**2 + 50


def test_few_points_need_no_grid():
    t = torch.tensor(0.4)
    x = cloud(5, 4)
    assert torch.equal(GridScores(analytic("gmm_id"), VP, nodes=32, bound=1.0)(x, t), analytic("gmm_id")(x, t))


def test_samples_from_the_grid_are_those_of_the_exact_scores():
    """The same random numbers: nearly the same paths, until a resampling decides otherwise."""
    setting = composition("gmm_id")

    def run(scores):
        parts = [
            sample_composition(
                scores, setting.weights, swarms=500, particles=16, shape=(2,), sampler=Sampler(steps=50),
                schedule=VP, generator=torch.Generator().manual_seed(part),
            )
            for part in range(6)
        ]  # fmt: skip
        return torch.cat(parts)

    grid = GridScores(analytic("gmm_id"), VP, nodes=40, bound=0.05)
    angles = np.linspace(0, np.pi, 50)
    along = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    distance = sliced_wasserstein(run(grid).numpy(), run(analytic("gmm_id")).numpy(), along)
    true = [setting.target(3000, torch.Generator().manual_seed(seed)).numpy() for seed in (1, 2)]
    floor = sliced_wasserstein(*true, along)
    assert distance < 1.5 * floor
    assert grid.evaluated < 0.6 * grid.asked
