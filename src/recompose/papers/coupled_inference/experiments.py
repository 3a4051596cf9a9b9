"""The numbers behind every table and figure of paper 1: one function per artifact.

A function deals its cells to the shares of a batch, and keeps each finished cell: a cell draws its problems and its
random numbers by its own name, so neither the batch nor an interruption changes a byte.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch.utils.flop_counter import FlopCounterMode

from recompose.datasets.products import Products, bound_products
from recompose.metrics.decomposition import accuracy_interval, decomposition_accuracy
from recompose.papers.coupled_inference.coupled import VARIANTS, coupled_inference
from recompose.papers.coupled_inference.hyperparameters import PUBLISHED, Hyperparameters
from recompose.papers.coupled_inference.hyperparameters import hyperparameters as chosen_hyperparameters
from recompose.papers.coupled_inference.names import ordered
from recompose.papers.coupled_inference.settings import (
    Capacity,
    Figure2,
    Figure3,
    Figure4,
    Figure5,
    Figure6,
    Search,
    Table1,
    Trials,
    codebook_size,
)
from recompose.papers.coupled_inference.solvers import NOISE_FREE, Solver, solvers_named
from recompose.randomness import numpy_generator, torch_generator
from recompose.storage import WHOLE, Batch, CellStore, read_csv

Row = dict[str, Any]
SLUG = "coupled_inference"


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
        return [{"factors": factors, "superposed": superposed} | _measure(method, solvers[method], problems, table1)]

    noisy = [(k, m, name) for k, m, name in product(table1.factors, table1.superposed, solvers)
             if m == 1 or name not in NOISE_FREE]  # fmt: skip
    return _frame("table1", measure, noisy, batch, cells)


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

    return _frame("figure2", measure, product(figure2.factors, figure2.search_spaces, solvers), batch, cells)


def figure3(
    *, figure3: Figure3, methods: str | Sequence[str], hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 3: the accuracy of every method against the dimension D."""
    solvers = solvers_named(methods, chosen_hyperparameters(hyperparameters, folder))

    def measure(dimension: int, method: str) -> list[Row]:
        problems = _problems("figure3", figure3, figure3.factors, dimension, figure3.size, 1, device)
        return [{"dimension": dimension} | _measure(method, solvers[method], problems, figure3)]

    return _frame("figure3", measure, product(figure3.dimensions, solvers), batch, cells)


def capacity(figure2: pd.DataFrame, *, capacity: Capacity) -> pd.DataFrame:
    """The largest search space that each method solves, at each K, and its ratio to the resonator's.

    Interpolated in the logarithm of the space between the last point of Figure 2 at or above the threshold and the
    next one. The intervals are a parametric bootstrap: every accuracy is drawn again from the binomial distribution
    with its trials. `censored` is `above` or `below` where the capacity lies beyond the spaces that were measured.
    """
    rows = []
    for factors in sorted(map(int, figure2.factors.unique())):
        at = figure2[figure2.factors == factors]
        found = {method: _capacity(at[at.method == method], factors, method, capacity) for method in ordered(at.method)}
        for method, (value, draws, censored) in found.items():
            low, high = np.quantile(draws, [0.025, 0.975])
            row = {"method": method, "factors": factors, "capacity": value, "ci_low": low, "ci_high": high}
            if "resonator" in found:
                base, base_draws, _ = found["resonator"]
                low, high = np.quantile(draws / base_draws, [0.025, 0.975])
                row |= {"ratio_to_resonator": value / base, "ratio_ci_low": low, "ratio_ci_high": high}
            rows.append(row | {"censored": censored})
    columns = ["method", "factors", "capacity", "ci_low", "ci_high", "ratio_to_resonator"]
    return pd.DataFrame(rows).reindex(columns=[*columns, "ratio_ci_low", "ratio_ci_high", "censored"])


def _capacity(frame: pd.DataFrame, factors: int, method: str, capacity: Capacity) -> tuple[float, np.ndarray, str]:
    """The capacity of one method at one K, draws of it, and on which side of the grid it lies, if it does."""
    line = frame.sort_values("search_space")
    spaces, accuracy, trials = (
        np.log(line.search_space.to_numpy(float)),
        line.accuracy.to_numpy(),
        line.trials.to_numpy(),
    )
    generator = numpy_generator(SLUG, "capacity", factors, method)
    again = generator.binomial(trials, accuracy, size=(capacity.resamples, len(line))) / trials
    draws = np.exp([crossing(spaces, draw, capacity.threshold) for draw in again])
    value = float(np.exp(crossing(spaces, accuracy, capacity.threshold)))
    if accuracy[-1] >= capacity.threshold:
        return value, draws, "above"
    return value, draws, "" if accuracy.max() >= capacity.threshold else "below"


def crossing(x: np.ndarray, y: np.ndarray, threshold: float) -> float:
    """Where the line through (x, y), x ascending, last falls below the threshold; the ends if it never or always does.

    >>> crossing(np.array([0.0, 1.0, 2.0]), np.array([1.0, 1.0, 0.9]), 0.95)
    1.5
    """
    solved = np.flatnonzero(y >= threshold)
    if len(solved) == 0:
        return float(x[0])
    last = solved[-1]
    if last == len(x) - 1:
        return float(x[-1])
    return float(x[last] + (x[last + 1] - x[last]) * (y[last] - threshold) / (y[last] - y[last + 1]))


# ---------------------------------------------------------------------------------------------------------------
# The ablations of the four variants


def figure4(
    *, figure4: Figure4, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 4: restart ratio x number of restarts; the numbers of restarts are prefixes of one run."""
    chosen = chosen_hyperparameters(hyperparameters, folder)

    def measure(variant: str, ratio: float) -> list[Row]:
        problems = _problems("figure4", figure4, figure4.factors, figure4.dimension, figure4.size, 1, device)
        run = _changed(chosen[variant], restart_ratio=ratio, restarts=max(figure4.restarts))
        rows = []
        for restarts, found in enumerate(_run(variant, run, problems), start=1):
            if restarts in figure4.restarts:
                place = {"method": variant, "restart_ratio": ratio, "restarts": restarts}
                rows.append(place | _accuracy(found, problems))
        return rows

    return _frame("figure4", measure, product(VARIANTS, figure4.restart_ratios), batch, cells)


def figure5(
    *, figure5: Figure5, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 5: the number of diffusion steps T, everything else as chosen."""
    chosen = chosen_hyperparameters(hyperparameters, folder)

    def measure(variant: str, steps: int) -> list[Row]:
        problems = _problems("figure5", figure5, figure5.factors, figure5.dimension, figure5.size, 1, device)
        *_, found = _run(variant, _changed(chosen[variant], steps=steps), problems)
        return [{"method": variant, "steps": steps} | _accuracy(found, problems)]

    return _frame("figure5", measure, product(VARIANTS, figure5.steps), batch, cells)


def figure6(
    *, figure6: Figure6, hyperparameters: str, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Figure 6: accuracy with the probability-flow ODE minus that with the reverse SDE, set by set of codebooks."""
    chosen = chosen_hyperparameters(hyperparameters, folder)

    def measure(variant: str, number: int) -> list[Row]:
        drawn = _problems("figure6", figure6, figure6.factors, figure6.dimension, figure6.size, 1, device)
        problems = Products(*(tensor[number : number + 1] for tensor in drawn))
        noise = torch_generator(SLUG, "figure6", variant, number, device=device)
        *_, ode = _run(variant, chosen[variant], problems)
        *_, sde = _run(variant, chosen[variant], problems, noise)
        row = {"method": variant, "codebook": number, "trials": problems.bound.shape[-1]}
        means = {"ode": _accuracy(ode, problems)["accuracy"], "sde": _accuracy(sde, problems)["accuracy"]}
        return [row | means | {"difference": means["ode"] - means["sde"]}]

    return _frame("figure6", measure, product(VARIANTS, range(figure6.codebook_sets)), batch, cells)


def table_search(*, search: Search, hyperparameters: str, device: str, folder: Path) -> pd.DataFrame:
    """Appendix C.1: the published configurations and ours, on validation problems that no search has seen."""
    problems = _problems("table_search", search, search.factors, search.dimension, search.size, 1, device)
    rows = []
    for source in dict.fromkeys(["published", "tuned", hyperparameters]):
        for variant, chosen in chosen_hyperparameters(source, folder).items():
            *_, found = _run(variant, chosen, problems)
            measured = {
                "validation_" * (key == "accuracy") + key: value for key, value in _accuracy(found, problems).items()
            }
            rows.append({"method": variant, "source": source} | measured | chosen.model_dump(by_alias=True))
    return pd.DataFrame(rows).drop(columns="trials")


# ---------------------------------------------------------------------------------------------------------------
# What they share


def gather(artifact: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of an artifact as one frame, ordered by method and place, with the published numbers of Table 1."""
    frame = pd.concat(frames, ignore_index=True)
    order = {method: place for place, method in enumerate(ordered(frame.method))}
    places = [column for column in _PLACES if column in frame]
    frame = frame.sort_values(
        ["method", *places], key=lambda column: column.map(order) if column.name == "method" else column
    )
    if artifact == "table1":
        printed = read_csv(PUBLISHED, ["artifact", "method", "factors", "superposed", "quantity", "value"])
        printed = printed[(printed.artifact == artifact) & (printed.quantity == "accuracy")]
        printed = printed[["method", "factors", "superposed", "value"]].rename(columns={"value": "published"})
        frame = frame.merge(printed, how="left", on=["method", "factors", "superposed"])
    measured = [
        "accuracy",
        "ci_low",
        "ci_high",
        "trials",
        "ode",
        "sde",
        "difference",
        "published",
        "multiply_adds",
    ]
    return frame[["method", *places, *(column for column in measured if column in frame)]].reset_index(drop=True)


_PLACES = [
    "factors",
    "superposed",
    "codebook_size",
    "search_space",
    "dimension",
    "restart_ratio",
    "restarts",
    "steps",
    "codebook",
]


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
    """The accuracy of a method, and the multiply-adds of its matrix products per trial."""
    codebooks, bound, _ = problems
    generator = torch_generator(SLUG, method, *bound.shape, *codebooks.shape, device=bound.device)
    with torch.inference_mode():
        found = solve(codebooks, bound, iterations=trials.iterations, generator=generator)
        with FlopCounterMode(display=False) as counter:
            solve(codebooks[:1], bound[:1, :, :1], iterations=trials.iterations, generator=generator)
    return {"method": method} | _accuracy(found, problems) | {"multiply_adds": counter.get_total_flops() // 2}


def _run(
    variant: str, chosen: Hyperparameters, problems: Products, noise: torch.Generator | None = None
) -> Iterable[torch.Tensor]:
    with torch.inference_mode():
        yield from coupled_inference(problems.codebooks, problems.bound, VARIANTS[variant], chosen, noise)


def _accuracy(found: torch.Tensor, problems: Products) -> Row:
    accuracies = decomposition_accuracy(found.cpu().numpy(), problems.chosen.cpu().numpy())
    mean, low, high = accuracy_interval(accuracies)
    return {"accuracy": mean, "ci_low": low, "ci_high": high, "trials": accuracies.size}


def _changed(chosen: Hyperparameters, **changes: Any) -> Hyperparameters:
    """The configuration with some values changed; a restart takes at least one step."""
    values = chosen.model_dump() | changes
    return Hyperparameters(**values | {"restart_ratio": max(values["restart_ratio"], 1 / values["steps"])})


def _frame(
    artifact: str,
    measure: Callable[..., list[Row]],
    cells: Iterable[tuple[Any, ...]],
    batch: Batch,
    store: CellStore | None,
) -> pd.DataFrame:
    """Measure this batch's share of the cells, or take them from the store where they are finished."""
    rows: list[Row] = []
    share = batch.deal(list(cells))
    for number, cell in enumerate(share, start=1):
        key, start = f"{artifact} {' '.join(map(str, cell))}", time.perf_counter()
        kept = store.get(key) if store else None
        if kept is None:
            kept = measure(*cell)
            kept = store.put(key, kept) if store else kept
            print(f"{number}/{len(share)} {key}: {time.perf_counter() - start:.1f} s", flush=True)
        rows += kept
    return pd.DataFrame(rows)
