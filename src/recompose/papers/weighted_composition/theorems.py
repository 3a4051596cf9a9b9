"""Theorems 1, 2 and 3 of paper 2 as checks with numbers."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.datasets.compositions import Composition, composed_covariance, composition, naive_ode_covariance
from recompose.diffusion.feynman_kac import Composed, Sampler, sample_composition, sample_in_parts, square_gap
from recompose.diffusion.mixtures import gaussian, mixture_scores
from recompose.diffusion.schedules import NEAREST, VariancePreserving
from recompose.errors import named
from recompose.metrics.intervals import NORMAL, percentiles
from recompose.papers.weighted_composition.names import GAUSSIAN
from recompose.papers.weighted_composition.settings import Exact, Sampling, Theorems
from recompose.randomness import numpy_generator, torch_generator
from recompose.sweeps import finite

SCHEDULE = VariancePreserving()
PROVED_FOR = ("f_id", "f_ood")
"""The settings whose conditionals are factorized."""
CONVERGENCE = "nf_id"
MANY = 4000
"""Steps whose length hardly matters."""
USUAL = (40, 100, 200, 500, 1000)
"""Steps that are looked at in any case."""


def theorems(*, theorems: Theorems) -> pd.DataFrame:
    """A row for each check: what is measured, what the theorem says, and how far they are apart.

    `error` is relative to the expected value where that is not zero.
    """
    rows = [*_theorem_2(theorems), *_theorem_3(), *_theorem_1(theorems)]
    columns = ["theorem", "setting", "quantity", "particles", "value", "ci_low", "ci_high", "expected", "error"]
    for row in rows:
        with named(f"theorem {row['theorem']}, {row['setting']}, {row['quantity']}"):
            finite([row])
    # Of these a row has what its theorem speaks of, and room for nothing elsewhere.
    types = dict.fromkeys(["particles", "ci_low", "ci_high"], "Float64")
    return pd.DataFrame(rows).reindex(columns=columns).astype(types)


def discretisation(*, sampling: Sampling, exact: Exact) -> pd.DataFrame:
    """What steps of a finite length do to variances, with exact scores and no clip: a row for each setting and number.

    The first axis; `naive` and `corrected` are what so many steps end with, `limit_naive` what many end with, and
    `composed` what the composition has (Theorem 1).
    """
    rows = []
    for name in GAUSSIAN:
        what = composition(name)
        covariances = torch.stack([source.covariances[0].double() for source in what.sources])
        composed = float(composed_covariance(covariances, what.weights.double())[0, 0])
        limit = float(discretised_variances(what, MANY, corrected=False)[0])
        for steps in sorted({sampling.steps, exact.steps, *USUAL}):
            naive, corrected = (float(discretised_variances(what, steps, corrected=on)[0]) for on in (False, True))
            known = {"naive": naive, "limit_naive": limit, "corrected": corrected, "composed": composed}
            rows.append({"setting": name, "steps": steps} | known)
    return pd.DataFrame(finite(rows))


def _theorem_2(theorems: Theorems) -> list[dict[str, object]]:
    """Where the naive ODE ends. With linear scores it is a linear map of its start: two points tell its covariance."""
    rows: list[dict[str, object]] = []
    for name in GAUSSIAN:
        what = composition(name)
        covariances = torch.stack([source.covariances[0].double() for source in what.sources])
        place = ("weighted_composition", "theorems", name)
        end = sample_composition(
            Composed(mixture_scores([gaussian(each) for each in covariances], SCHEDULE), what.weights.double()),
            sampler=Sampler(steps=theorems.ode_steps, dynamics="ode"), generator=torch_generator(*place),
            swarms=4, particles=1, shape=(2,), schedule=SCHEDULE,
        )  # fmt: skip
        start = torch.randn((2, 4, 1), generator=torch_generator(*place), dtype=torch.double)[..., 0].T
        gain = torch.linalg.lstsq(start, end).solution
        found = gain.mT @ gain
        expected = naive_ode_covariance(covariances, what.weights.double())
        error = float((found - expected).abs().max() / expected.abs().max())
        largest = {"value": float(found.abs().max()), "expected": float(expected.abs().max()), "error": error}
        rows.append({"theorem": 2, "setting": name, "quantity": "covariance of the naive ODE"} | largest)
    return rows


def _theorem_3() -> list[dict[str, object]]:
    """g of factorized conditionals, as a share of the terms that cancel in it: the largest over places and times."""
    rows: list[dict[str, object]] = []
    for name in PROVED_FOR:
        what = composition(name)
        scores = mixture_scores([gaussian(source.covariances[0].double()) for source in what.sources], SCHEDULE)
        x = 4 * torch.randn(
            (2, 1, 500), generator=torch_generator("weighted_composition", "theorem 3"), dtype=torch.double
        )
        weights, largest = what.weights.double(), 0.0
        for t in torch.linspace(0.001, 0.999, 50, dtype=torch.double):
            at = scores(x, t)
            gained = 0.5 * square_gap(at, weights)  # beta is a factor of both
            largest = max(largest, float((gained.abs() / at.square().sum(dim=(0, 1))).max()))
        numbers = {"value": largest, "expected": 0.0, "error": largest}
        rows.append({"theorem": 3, "setting": name, "quantity": "largest g, relative to its terms"} | numbers)
    return rows


def _theorem_1(theorems: Theorems) -> list[dict[str, object]]:
    """The corrector's variance at each K, and the rate at which its error falls: K^rate. Without a clip.

    What it converges to is the limit of so many steps (`discretised_variances`), a little beside that of Theorem 1.
    """
    what = composition(CONVERGENCE)
    expected = float(discretised_variances(what, theorems.steps, corrected=True)[0])
    field = Composed(mixture_scores(what.sources, SCHEDULE), what.weights)
    rows: list[dict[str, object]] = []
    biases, spreads = [], []
    for particles in theorems.particles:
        generator = torch_generator("weighted_composition", "theorem 1", particles)
        with named(f"theorem 1, {particles} particles"):
            found = sample_in_parts(
                field, swarms=theorems.outputs, particles=particles, shape=(2,), schedule=SCHEDULE, generator=generator,
                sampler=Sampler(steps=theorems.steps, clip=None),
            )  # fmt: skip
        value = float(found.square().mean())
        spread = float(found.square().std()) / found.numel() ** 0.5
        biases.append(expected - value)
        spreads.append(spread)
        numbers = {"value": value, "ci_low": value - NORMAL * spread, "ci_high": value + NORMAL * spread}
        error = abs(value - expected) / expected
        rows.append(
            {"theorem": 1, "setting": CONVERGENCE, "quantity": "variance of the corrector", "particles": particles}
            | numbers
            | {"expected": expected, "error": error}
        )
    drawn = np.array(biases) + np.array(spreads) * numpy_generator("theorem 1", "rate").standard_normal(
        (theorems.resamples, len(biases))
    )
    rate, draws = _slope(theorems.particles, np.array([biases])), _slope(theorems.particles, drawn)
    low, high = percentiles(draws)
    numbers = {"value": float(rate[0]), "ci_low": float(low), "ci_high": float(high), "expected": -1.0}
    rows.append({"theorem": 1, "setting": CONVERGENCE, "quantity": "rate"} | numbers | {"error": abs(rate[0] + 1)})
    return rows


def discretised_variances(what: Composition, steps: int, *, corrected: bool) -> Tensor:
    """Where so many Euler-Maruyama steps end with exact scores: the variance along each axis, (dimension,).

    Of the naive sampler, or of the corrector with K without end and no clip. For Gaussians whose axes are those of the
    plane: a step maps N(0, v) to N(0, a^2 v + b), and exp(c x^2 / 2) of Eq. 11 makes the precision 1 / v - c.
    """
    covariances = torch.stack([source.covariances[0].diagonal().double() for source in what.sources])
    weights = what.weights.double()
    times = torch.linspace(1, 0, steps + 1, dtype=torch.double)
    precisions = [
        1 / (SCHEDULE.alpha(t) ** 2 * covariances + SCHEDULE.sigma(t) ** 2) for t in times.clamp(NEAREST, 1 - NEAREST)
    ]
    variance = 1 / weights.sum() * torch.ones_like(covariances[0])
    for number in range(steps):
        beta = SCHEDULE.beta(times[number]) / steps
        composed = weights @ precisions[number]
        variance = (1 + 0.5 * beta - beta * composed) ** 2 * variance + beta
        if corrected:
            at, following = precisions[number + 1], SCHEDULE.beta(times[number + 1]) / steps
            variance = 1 / (1 / variance - following * ((weights @ at) ** 2 - weights @ at**2))
    return variance


def _slope(particles: tuple[int, ...], biases: np.ndarray) -> np.ndarray:
    """The slope of log |error| against log K by least squares, each K by its error: (draws, K) -> (draws,)."""
    x = np.log(np.array(particles, dtype=float))
    y = np.log(np.abs(biases).clip(1e-9))
    weights = np.median(np.abs(biases), axis=0) ** 2  # the error of a logarithm is relative
    centred = x - np.average(x, weights=weights)
    return np.asarray((y * weights * centred).sum(axis=1) / (weights * centred**2).sum())
