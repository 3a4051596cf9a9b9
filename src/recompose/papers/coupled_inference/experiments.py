"""The numbers behind every table and figure of paper 1: one function per artifact.

A cell draws its problems and its random numbers by its own name: neither the batch nor an interruption changes a byte.
"""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from recompose.datasets.products import Products, bound_products
from recompose.errors import named
from recompose.metrics.decomposition import decomposition_accuracy
from recompose.metrics.intervals import wilson_interval
from recompose.papers.coupled_inference.coupled import coupled_inference, variant_of
from recompose.papers.coupled_inference.hyperparameters import SYNCHRONOUS, VARIANTS, Hyperparameters, floor_steps
from recompose.papers.coupled_inference.hyperparameters import hyperparameters as chosen_hyperparameters
from recompose.papers.coupled_inference.settings import (
    Figure2,
    Figure3,
    Figure4,
    Figure5,
    Figure6,
    FixedDimension,
    Restarts,
    Search,
    Table1,
    Trials,
)
from recompose.papers.coupled_inference.sizes import SETS_AT_ONCE, codebook_size
from recompose.papers.coupled_inference.solvers import NOISE_FREE, Solver, solvers_named
from recompose.randomness import torch_generator
from recompose.sweeps import WHOLE, Batch, CellStore, Row, sweep

SLUG = "coupled_inference"
COUNTED = 10
"""Trials whose multiply-adds are counted."""


# ---------------------------------------------------------------------------------------------------------------
# The methods side by side


def table1(
    *, table1: Table1, methods: str | Sequence[str], hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Table 1: the accuracy of every method for K factors and noise sqrt(m - 1), at one search space."""
    solvers = solvers_named(methods, chosen_hyperparameters(hyperparameters, folder))

    def measure(factors: int, superposed: int, method: str) -> list[Row]:
        size = codebook_size(table1.search_space, factors)
        problems = _problems("table1", table1, factors, table1.dimension, size, superposed, device)
        noisiest = 1 if method in NOISE_FREE else max(table1.superposed)
        cost = _multiply_adds(solvers[method], factors, table1.dimension, size, noisiest, table1.iterations)  # type: ignore[arg-type]
        place = {"factors": factors, "superposed": superposed, "multiply_adds": cost}
        return [place | _measure(method, solvers[method], problems, table1)]

    noisy = [(k, m, name) for k, m, name in product(table1.factors, table1.superposed, solvers)
             if m == 1 or name not in NOISE_FREE]  # fmt: skip
    return sweep(_cells(noisy), measure, batch, cells)


def figure2(
    *, figure2: Figure2, methods: str | Sequence[str], hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 2: the accuracy of every method against the size of the search space, without noise."""
    solvers = solvers_named(methods, chosen_hyperparameters(hyperparameters, folder))

    def measure(factors: int, space: int, method: str) -> list[Row]:
        size = codebook_size(space, factors)
        problems = _problems("figure2", figure2, factors, figure2.dimension, size, 1, device)
        place = {"factors": factors, "codebook_size": size, "search_space": size**factors}
        return [place | _measure(method, solvers[method], problems, figure2)]

    return sweep(_cells(product(figure2.factors, figure2.search_spaces, solvers)), measure, batch, cells)


def figure3(
    *, figure3: Figure3, methods: str | Sequence[str], hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 3: the accuracy of every method against the dimension D."""
    solvers = solvers_named(methods, chosen_hyperparameters(hyperparameters, folder))

    def measure(dimension: int, method: str) -> list[Row]:
        problems = _problems("figure3", figure3, figure3.factors, dimension, figure3.size, 1, device)
        return [{"dimension": dimension} | _measure(method, solvers[method], problems, figure3)]

    return sweep(_cells(product(figure3.dimensions, solvers)), measure, batch, cells)


# ---------------------------------------------------------------------------------------------------------------
# The ablations of the four variants


def figure4(
    *, figure4: Figure4, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 4: restart ratio x number of restarts; the numbers of restarts are prefixes of one run.

    Ratios that come to the same number of steps are one run, and stand under the ratio that it really has.
    """
    chosen = chosen_hyperparameters(hyperparameters, folder)

    def measure(variant: str, ratio: float) -> list[Row]:
        problems = _problems("figure4", figure4, figure4.factors, figure4.dimension, figure4.size, 1, device)
        run = _changed(chosen[variant], restart_ratio=ratio, restarts=max(figure4.restarts))
        with torch.inference_mode():
            runs = [
                list(coupled_inference(some.codebooks, some.bound, VARIANTS[variant], run))
                for some in _some_sets(problems)
            ]
        place = {"method": variant, "restart_ratio": ratio}
        after = {restarts: torch.cat([found[restarts - 1] for found in runs]) for restarts in figure4.restarts}
        return [place | {"restarts": number} | _accuracy(found, problems) for number, found in after.items()]

    distinct = [(name, ratio) for name in VARIANTS for ratio in real_ratios(figure4.restart_ratios, chosen[name].steps)]
    return sweep(_cells(distinct), measure, batch, cells)


def real_ratios(ratios: Sequence[float], steps: int) -> list[float]:
    """The ratios floor(rho T) / T that these come to in so many steps, each once: a restart takes at least one step.

    >>> real_ratios([0.04, 0.1, 0.4, 1.0], steps=8)
    [0.125, 0.375, 1.0]
    """
    return sorted({max(1, floor_steps(ratio, steps)) / steps for ratio in ratios})


def figure5(
    *, figure5: Figure5, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 5: the number of diffusion steps T, everything else as chosen."""
    chosen = chosen_hyperparameters(hyperparameters, folder)

    def measure(variant: str, steps: int) -> list[Row]:
        problems = _problems("figure5", figure5, figure5.factors, figure5.dimension, figure5.size, 1, device)
        found = _final(variant, _changed(chosen[variant], steps=steps), problems)
        return [{"method": variant, "steps": steps} | _accuracy(found, problems)]

    return sweep(_cells(product(VARIANTS, figure5.steps)), measure, batch, cells)


def figure6(
    *, figure6: Figure6, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 6: accuracy with the probability-flow ODE minus that with the reverse SDE, set by set of codebooks."""
    chosen = chosen_hyperparameters(hyperparameters, folder)
    return _without_minus_with_noise("figure6", figure6, chosen, "generator", ("ode", "sde"), device, batch, cells)


def restarts(
    *, restarts: Restarts, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Appendix C: accuracy with deterministic restarts minus that with stochastic ones, set by set of codebooks."""
    chosen, columns = chosen_hyperparameters(hyperparameters, folder), ("deterministic", "stochastic")
    return _without_minus_with_noise("restarts", restarts, chosen, "restart_generator", columns, device, batch, cells)


def _without_minus_with_noise(
    artifact: str, block: FixedDimension, chosen: Mapping[str, Hyperparameters], of: str, columns: tuple[str, str],
    device: str, batch: Batch, cells: CellStore | None,
) -> pd.DataFrame:  # fmt: skip
    """The accuracies of each variant without a noise and with it, whose generator `of` names, and their difference."""

    def measure(variant: str, first: int) -> list[Row]:
        drawn = _problems(artifact, block, block.factors, block.dimension, block.size, 1, device)
        problems = _some_sets(drawn)[first // SETS_AT_ONCE]
        generator = torch_generator(SLUG, artifact, variant, first, device=device)
        means = []
        for noise in ({}, {of: generator}):
            with torch.inference_mode():
                run = coupled_inference(problems.codebooks, problems.bound, VARIANTS[variant], chosen[variant], **noise)
                *_, found = run
            means.append(_accuracies(found, problems).mean(axis=-1).tolist())
        place = {"method": variant, "trials": problems.bound.shape[-1]}
        return [
            place | {"codebook": number} | dict(zip(columns, pair, strict=True)) | {"difference": pair[0] - pair[1]}
            for number, pair in enumerate(zip(*means, strict=True), start=first)
        ]

    firsts = range(0, block.codebook_sets, SETS_AT_ONCE)
    return sweep(_cells(product(VARIANTS, firsts)), measure, batch, cells)


def table_search(*, search: Search, hyperparameters: str, device: str, folder: Path) -> pd.DataFrame:
    """Appendix C.1: the published configurations and ours, on validation problems that no search has seen."""
    problems = _problems("table_search", search, search.factors, search.dimension, search.size, 1, device)
    rows = []
    for source in dict.fromkeys(["published", "tuned", hyperparameters]):
        for variant, chosen in chosen_hyperparameters(source, folder).items():
            if source == "published" and variant in SYNCHRONOUS:
                continue  # the paper prints no other for it
            with named(f"{source} {variant}"):
                found = _final(variant, chosen, problems)
            measured = {
                "validation_" * (key == "accuracy") + key: value for key, value in _accuracy(found, problems).items()
            }
            rows.append({"method": variant, "source": source} | measured | chosen.model_dump(by_alias=True))
    return pd.DataFrame(rows).drop(columns="trials")


# ---------------------------------------------------------------------------------------------------------------
# What they share


@lru_cache(maxsize=1)  # the methods of a place follow one another
def _problems(
    artifact: str, trials: Trials, factors: int, dimension: int, size: int, superposed: int, device: str
) -> Products:
    """The problems at one place of an artifact: the same for every method."""
    return bound_products(
        SLUG,
        artifact,
        factors,
        dimension,
        size,
        superposed,
        sets=trials.codebook_sets,
        factors=factors,
        dimension=dimension,
        size=size,
        trials=trials.trials // trials.codebook_sets,
        superposed=superposed,
        device=device,
    )


def _measure(method: str, solve: Solver, problems: Products, trials: Trials) -> Row:
    """The accuracy of a method."""
    found = []
    with torch.inference_mode():
        for number, (codebooks, bound, _) in enumerate(_some_sets(problems)):
            generator = torch_generator(SLUG, method, *codebooks.shape, number, device=bound.device)
            found.append(solve(codebooks, bound, iterations=trials.iterations, generator=generator))
    return {"method": method} | _accuracy(torch.cat(found), problems)


@cache
def _multiply_adds(solve: Solver, factors: int, dimension: int, size: int, superposed: int, iterations: int) -> int:
    """The multiply-adds of a method's matrix products for one trial, the mean of a few, counted while it runs.

    Of the methods that stop when they are done, the counts at much noise are the largest.
    """
    codebooks, bound, _ = bound_products(
        SLUG, "cost", sets=1, factors=factors, dimension=dimension, size=size, trials=COUNTED, superposed=superposed
    )
    with torch.inference_mode(), FlopCounterMode(display=False) as counter:
        solve(codebooks, bound, iterations=iterations, generator=torch_generator(SLUG, "cost"))
    return int(counter.get_total_flops()) // (2 * COUNTED)


def _some_sets(problems: Products) -> list[Products]:
    """The problems of a few sets of codebooks at a time: what a solver holds then stays in the cache."""
    parts = zip(*(torch.split(tensor, SETS_AT_ONCE) for tensor in problems), strict=True)
    return [Products(*part) for part in parts]


def _final(variant: str, chosen: Hyperparameters, problems: Products) -> torch.Tensor:
    """What the last restart of a variant finds."""
    found = []
    with torch.inference_mode():
        for codebooks, bound, _ in _some_sets(problems):
            *_, last = coupled_inference(codebooks, bound, variant_of(variant), chosen)
            found.append(last)
    return torch.cat(found)


def _accuracies(found: torch.Tensor, problems: Products) -> np.ndarray:
    return decomposition_accuracy(found.cpu().numpy(), problems.chosen.cpu().numpy())


def _accuracy(found: torch.Tensor, problems: Products) -> Row:
    accuracies = _accuracies(found, problems)
    mean, low, high = wilson_interval(accuracies)
    return {"accuracy": mean, "ci_low": low, "ci_high": high, "trials": accuracies.size}


def _changed(chosen: Hyperparameters, **changes: Any) -> Hyperparameters:
    """The configuration with some values changed; a restart takes at least one step."""
    values = chosen.model_dump() | changes
    return Hyperparameters(**values | {"restart_ratio": max(values["restart_ratio"], 1 / values["steps"])})


def _cells(cells: Iterable[tuple[Any, ...]]) -> dict[str, tuple[Any, ...]]:
    """The cells of an artifact by their names."""
    return {" ".join(map(str, cell)): cell for cell in cells}
