"""Artifacts made from frames: parts put together, capacities read off Figure 2. No torch here, so it is quick."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recompose.metrics.intervals import percentiles
from recompose.papers.coupled_inference.hyperparameters import PUBLISHED
from recompose.papers.coupled_inference.names import ordered
from recompose.papers.coupled_inference.settings import Capacity
from recompose.randomness import numpy_generator
from recompose.storage import read_csv


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
        "deterministic",
        "stochastic",
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
            low, high = percentiles(draws)
            row = {"method": method, "factors": factors, "capacity": value, "ci_low": low, "ci_high": high}
            if "resonator" in found:
                base, base_draws, _ = found["resonator"]
                low, high = percentiles(draws / base_draws)
                row |= {"ratio_to_resonator": value / base, "ratio_ci_low": low, "ratio_ci_high": high}
            rows.append(row | {"censored": censored})
    columns = ["method", "factors", "capacity", "ci_low", "ci_high", "ratio_to_resonator"]
    columns += ["ratio_ci_low", "ratio_ci_high", "censored"]
    return pd.DataFrame(rows).reindex(columns=columns, fill_value="")  # without a resonator there are no ratios


def _capacity(frame: pd.DataFrame, factors: int, method: str, capacity: Capacity) -> tuple[float, np.ndarray, str]:
    """The capacity of one method at one K, draws of it, and on which side of the grid it lies, if it does."""
    line = frame.sort_values("search_space")
    spaces, accuracy, trials = (
        np.log(line.search_space.to_numpy(float)),
        line.accuracy.to_numpy(),
        line.trials.to_numpy(),
    )
    generator = numpy_generator("coupled_inference", "capacity", factors, method)
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
