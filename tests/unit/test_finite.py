"""A number that is not finite is an error that says where it came from: never a sample, a class or an entry."""

import math
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import torch

from recompose.datasets.compositions import composition
from recompose.datasets.products import bound_products
from recompose.diffusion.feynman_kac import Composed, Sampler, sample_composition
from recompose.diffusion.mixtures import mixture_scores
from recompose.diffusion.sampling import ddim_step, ddpm_step, sample
from recompose.diffusion.schedules import VariancePreserving, ddpm_schedule, timesteps
from recompose.diffusion.score_ascent import denoised, score_ascent
from recompose.errors import NotFinite, RecomposeError, named, require_finite
from recompose.metrics.classes import nearest_centroid, spread
from recompose.metrics.mean_discrepancy import mean_discrepancy
from recompose.metrics.sliced_wasserstein import directions, sliced_wasserstein
from recompose.metrics.texture_statistics import texture_statistics
from recompose.networks.files import kept
from recompose.networks.unet import LabelledUNet
from recompose.papers.coupled_inference.binding import read_out
from recompose.papers.coupled_inference.coupled import coupled_inference
from recompose.papers.coupled_inference.hyperparameters import VARIANTS, published_hyperparameters
from recompose.papers.coupled_inference.search import accuracies_of
from recompose.papers.coupled_inference.solvers.least_squares import als
from recompose.papers.feature_guidance import guidance
from recompose.papers.feature_guidance.settings import Sampling
from recompose.storage import Measured, read_csv, write_numbers
from recompose.sweeps import WHOLE, sweep

BAD = [math.nan, math.inf, -math.inf]


def generator():
    return torch.Generator().manual_seed(0)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("of", [np.array, torch.tensor])
def test_one_number_of_many_is_found(of, value):
    require_finite(of([1.0, -2.0]), "fine")
    require_finite(of([]), "nothing")
    with pytest.raises(NotFinite, match=r"^the scores$"):
        require_finite(of([1.0, value, 0.0]), "the scores")


def test_numbers_whose_sum_is_too_large_are_finite():
    require_finite(torch.full((3,), 3e38), "large")


def test_names_are_told_from_the_outside_in():
    with pytest.raises(NotFinite, match=r"^table1: K = 3: step 7$") as caught, named("table1"), named("K = 3"):
        raise NotFinite("step 7")
    assert isinstance(caught.value, RecomposeError)
    with pytest.raises(ZeroDivisionError) as other, named("K = 3"):
        1 / 0  # noqa: B018
    assert other.value.__notes__ == ["in K = 3"]


# ---------------------------------------------------------------------------------------------------------------
# Samplers


@pytest.mark.parametrize("value", BAD)
def test_a_score_ascent_does_not_take_it_for_an_arrival(value):
    x, calls = torch.ones(3, 1, 4, 4), iter(range(9))

    def breaks(at, which):
        return torch.where((which == 1).view(-1, 1, 1, 1), value, -at) if next(calls) == 2 else -at

    with pytest.raises(NotFinite, match=r"^iteration 3: the score of image 1 is not finite; guide less"):
        score_ascent(breaks, x, step=0.1, noise=0.5, final=1e-6, limit=100, generator=generator())
    with pytest.raises(NotFinite, match="the last denoising of 3 images is not finite"):
        denoised(lambda at, which: torch.full_like(at, value), x)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("step", [ddim_step, ddpm_step])
def test_a_clip_does_not_hide_it(step, value):
    calls = iter(range(9))

    def predict(x, t):
        return torch.full_like(x, value) if next(calls) == 1 else x

    def clipped(x, predicted, schedule, t, s):
        return step(x, predicted, schedule, t, s, kind="noise", clip=1.0, generator=generator())

    with pytest.raises(NotFinite, match="a sample of 5 steps is not finite from step 2 on"):
        sample(predict, torch.ones(3), ddpm_schedule(), timesteps(1000, 5, "leading"), clipped)


@pytest.mark.parametrize("particles", [1, 3])
@pytest.mark.parametrize("value", BAD)
def test_a_swarm_is_named_also_one_that_is_never_weighed(value, particles):
    what, schedule = composition("nf_id"), VariancePreserving()

    def broken(x, t):
        at = mixture_scores(what.sources, schedule)(x, t)
        if float(t) > 0.95:  # at the first place alone
            at[0, :, 2] = value
        return at

    with pytest.raises(NotFinite, match="step 1 of 10: the particles of swarm 2 are not finite"):
        sample_composition(Composed(broken, what.weights), swarms=4, particles=particles, shape=(2,), schedule=schedule,
                           sampler=Sampler(steps=10), generator=generator())  # fmt: skip


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_coupled_diffusion_names_its_restart(variant):
    problems = bound_products("finite", sets=1, factors=2, dimension=50, size=5, trials=3)
    chosen = published_hyperparameters()[variant].model_copy(update={"amplitude": math.inf, "restarts": 2})
    with pytest.raises(NotFinite, match=r"^restart 1 of 2: what is to be read out is not finite"):
        list(coupled_inference(problems.codebooks, problems.bound, VARIANTS[variant], chosen))
    assert (accuracies_of(problems, variant, chosen) == np.zeros((1, 3))).all()  # a search goes on


def test_other_solvers_read_out_no_such_number():
    codebooks, bound, _ = bound_products("finite", sets=1, factors=2, dimension=50, size=5, trials=3)
    with pytest.raises(NotFinite, match="what is to be read out"):
        read_out(codebooks, torch.full((1, 2, 50, 3), math.nan))
    bound[0, 0, 0] = math.nan
    with pytest.raises(NotFinite, match=r"^iteration 1: the estimates are not finite"):
        als(codebooks, bound, iterations=5, generator=generator())


def test_too_large_a_weight_of_classifier_free_guidance_is_told_with_what_it_was_for():
    network = LabelledUNet(("finite",), classes=2, channels=1, width=2, levels=1, encoder=1, middle=1, decoder=2)
    for weight in network.requires_grad_(False).parameters():  # one without training tells no labels apart
        torch.nn.init.normal_(weight, generator=generator())
    residual = guidance.free_residual(network.eval(), torch.tensor([0, 1]), 1e38)
    with pytest.raises(NotFinite, match=r"^0 w = 1e\+38: iteration 1: the score of image 0 is not finite; guide less"):
        guidance.sample(residual, torch.randn(2, 1, 8, 8, generator=generator()), Sampling(), "figure6", 0, "w = 1e+38")


# ---------------------------------------------------------------------------------------------------------------
# Networks, features and measures


@pytest.mark.parametrize("value", BAD)
def test_weights_that_are_not_finite_are_not_kept(value):
    network = torch.nn.Linear(2, 1)
    kept(network, {})
    torch.nn.init.constant_(network.bias, value)
    with pytest.raises(NotFinite, match="the trained weights bias are not finite; lower learning_rate"):
        kept(network, {})


def test_neither_are_features_and_estimates():
    network = SimpleNamespace(features=lambda images: images.mean(dim=(1, 2, 3)).unsqueeze(-1))
    images = torch.full((2, 1, 4, 4), math.nan)
    with pytest.raises(NotFinite, match="the features of 2 images are not finite"):
        guidance.features(network, images)
    with pytest.raises(NotFinite, match="the estimates of 2 clean images are not finite"):
        guidance.denoise(lambda noisy, condition: noisy, images)


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize(
    "measure",
    [
        lambda good, bad, image: nearest_centroid(bad, good, np.array([0, 0, 1, 1])),
        lambda good, bad, image: nearest_centroid(good, bad, np.array([0, 0, 1, 1])),
        lambda good, bad, image: spread(image),
        lambda good, bad, image: texture_statistics(image),
        lambda good, bad, image: mean_discrepancy(bad, good, 1.0),
        lambda good, bad, image: sliced_wasserstein(good, bad, directions(3, 2, np.random.default_rng(0))),
        lambda good, bad, image: Measured(pd.DataFrame(), {"samples": torch.from_numpy(image)}).bytes(),
    ],
    ids=["nearest", "centroids", "spread", "statistics", "discrepancy", "wasserstein", "pictures"],
)
def test_no_measure_takes_it_for_a_number(measure, value):
    good, bad = np.ones((4, 2)), np.array([[0.0, value], [1.0, 1.0], [2.0, 2.0], [3.0, 1.0]])
    with pytest.raises(NotFinite, match="not finite"):
        measure(good, bad, np.full((1, 1, 8, 8), value))


# ---------------------------------------------------------------------------------------------------------------
# Rows and files


@pytest.mark.parametrize("value", [*BAD, np.float32("nan")])
def test_a_row_of_a_sweep_names_cell_and_column(value):
    with pytest.raises(NotFinite, match=f"^cell 1: accuracy came out as {value}; "):
        sweep({"cell 1": (value,)}, lambda value: [{"n": 10**400, "accuracy": value}], WHOLE, None)


def table(**columns):
    rows = {"method": ["a", "b", "a", "b"], "kind": ["pair", "pair", "point", "point"], "value": [1.0, 2.0, 3.0, 4.0]}
    return pd.DataFrame(rows | columns)


@pytest.mark.parametrize(
    "columns",
    [
        {"published": [1.0, None, None, None]},
        {"distance": [1.0, 2.0, None, None]},
        {"particles": pd.array([1, None, None, 2], dtype="Float64")},
        {"censored": ["", "above", None, ""]},
    ],
    ids=["not printed", "not of this kind", "made for it", "a text"],
)
def test_what_was_not_measured_may_be_empty(tmp_path, columns):
    write_numbers(table(**columns), tmp_path / "x.csv")
    assert read_csv(tmp_path / "x.csv").value.tolist() == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"value": [1.0, 2.0, math.nan, 4.0]}, "value came out as nan where method = a, kind = point"),
        ({"value": [1.0, -math.inf, 3.0, 4.0]}, "value came out as -inf where method = b, kind = pair"),
        ({"distance": [1.0, None, None, None]}, "distance came out as nan where method = b, kind = pair"),
        ({"distance": [math.inf, math.inf, None, None]}, "distance came out as inf where method = a, kind = pair"),
        ({"published": [math.inf, 1.0, 1.0, 1.0]}, "published came out as inf"),
        ({"value": [math.nan] * 4}, "value came out as nan"),
    ],
)
def test_what_was_measured_may_not(tmp_path, columns, told):
    with pytest.raises(NotFinite) as caught:
        write_numbers(table(**columns), tmp_path / "x.csv", index=("method", "kind"))
    assert str(caught.value).startswith(f"{tmp_path}/x.csv: {told}") and "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())
