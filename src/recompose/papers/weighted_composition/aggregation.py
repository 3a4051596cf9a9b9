"""The tables of paper 2 made from the distances. No torch here, so it is quick."""

import gc
from collections.abc import Sequence

import numpy as np
import pandas as pd

from recompose.metrics.intervals import student_half_width
from recompose.papers.weighted_composition.names import ANALYTIC, METRICS, MODELS, SETTINGS, TABLES, Table

PLACE = ["setting", "model", "metric", "samples", "particles"]
EVERY = "all"
"""Instead of a number of training samples: the mean over all of them; K is 0 then."""
LEVEL = 0.05
"""Of the tests within a family, all together."""
FAMILY = ["setting", "model", "metric"]
"""One table of appendix H."""


def gather(artifact: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of an artifact as one frame, in the order of the paper."""
    frame = _ordered(pd.concat(frames, ignore_index=True))
    place = [column for column in PLACE if column in frame]
    return frame[[*place, *frame.columns.difference(place, sort=False)]]


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """By setting, model, metric, N (exact scores last), K and run."""
    orders = {"setting": list(SETTINGS), "model": [*MODELS, ANALYTIC], "metric": list(METRICS)}
    if "samples" in frame:
        numbers = sorted(int(n) for n in frame.samples.unique() if str(n).isdecimal())
        orders["samples"] = [*map(str, numbers), ANALYTIC, EVERY]
    columns = [column for column in (*PLACE, "run") if column in frame]
    return frame.sort_values(
        columns,
        key=lambda column: column.astype(str).map(orders[str(column.name)].index) if column.name in orders else column,
        ignore_index=True,
    )


def table(name: str, distances: pd.DataFrame) -> pd.DataFrame:
    """One of Tables 1-27, run by run."""
    rows = rows_of(TABLES[name], distances)
    return rows.assign(table=name)[["table", *rows.columns]]


def table_summary(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """One of Tables 1-27 over its runs."""
    return summary(table)


def particles(distances: pd.DataFrame) -> pd.DataFrame:
    """SW2 in every cell: the geometric mean over the runs."""
    both = _both_models(distances)
    return _geometric(both[both.metric == "sw2"])


def excess(distances: pd.DataFrame) -> pd.DataFrame:
    """SW2 beyond its floor, sqrt(mean SW2^2 - mean floor^2) over the runs; negative where the floor is larger.

    Squares of distances add up, those of two sets of samples to that of their distributions: so far apart are these,
    whatever the number of samples.
    """
    both = _both_models(distances)
    squares = summary(both[both.metric == "sw2"].assign(value=lambda each: each.value**2 - each.floor**2))
    ends = ["mean", "ci_low", "ci_high"]
    return squares.drop(columns="std").assign(**{end: _signed_root(squares[end]) for end in ends})


def _signed_root(squares: pd.Series) -> pd.Series:
    return np.sign(squares) * np.sqrt(squares.abs())


def rows_of(table: Table, distances: pd.DataFrame) -> pd.DataFrame:
    """The rows of one table; exact scores stand beside either model, under its name."""
    here = distances[(distances.metric == table.metric) & distances.setting.isin(table.settings)]
    both = here[here.model.isin([table.model, ANALYTIC])]
    return _ordered(both.assign(model=table.model))


def _both_models(distances: pd.DataFrame) -> pd.DataFrame:
    parts = [distances[distances.model.isin([model, ANALYTIC])].assign(model=model) for model in MODELS]
    return _ordered(pd.concat(parts))


def _geometric(frame: pd.DataFrame) -> pd.DataFrame:
    """Over the runs: the geometric mean with the 95 % t interval of the mean logarithm; for distances above zero."""
    logarithms = summary(frame.assign(value=np.log(frame.value.clip(lower=1e-12))))
    of = {"mean": "geometric_mean", "ci_low": "ci_low", "ci_high": "ci_high"}
    numbers = {name: np.exp(logarithms[column]) for column, name in of.items()}
    return logarithms.drop(columns=["std", *of]).assign(**numbers)


def summary(frame: pd.DataFrame) -> pd.DataFrame:
    """Over the runs: mean, standard deviation (ddof = 0, as published), 95 % t interval, mean floor, runs."""
    by = [column for column in ("table", *PLACE) if column in frame]
    grouped = frame.groupby(by, sort=False).value
    n = grouped.size()
    means = grouped.mean()
    half = student_half_width(grouped.std(ddof=1).fillna(0.0).to_numpy(), n.to_numpy())
    columns = {
        "mean": means,
        "std": grouped.std(ddof=0),
        "ci_low": means - half,
        "ci_high": means + half,
        "n": n,
        "floor": frame.groupby(by, sort=False).floor.mean(),
    }
    return pd.DataFrame(columns).reset_index()


def comparisons(distances: pd.DataFrame, exact: pd.DataFrame) -> pd.DataFrame:
    """What the claims compare, by paired t tests over the runs.

    `particles`: every K against every smaller one, the `base`; family: setting, model, metric and base.
    `exact`: the same of exact scores, sampled as published.
    `model`: separate against conditional networks, the same N and K; family: the setting and metric.
    `model_overall`: the same, averaged over N and K within each run, whose cells share data and networks;
    `model_growth`: what is added from the smallest to the largest K, averaged over N. Family: the metric.
    Differences of SW2 are differences of its logarithm: distances spread in proportion to themselves; `ratio` is that
    of the geometric means. MMD^2, which may be negative, is compared as it is. `effect` is the mean difference over its
    standard deviation (Cohen's d_z). Intervals are those of single differences; `p_holm` is corrected for the family by
    Holm's procedure.
    """
    cells, alone = _cells(_both_models(distances)), _cells(_ordered(exact.assign(model=ANALYTIC, samples=ANALYTIC)))
    learned = cells[cells.samples.astype(str) != ANALYTIC]
    overall, growth = (_paired(pooled, "model", MODELS[0], ["metric"]) for pooled in _pooled(learned))
    contrasts = {
        "particles": _larger_swarms(cells),
        "exact": _larger_swarms(alone),
        "model": _paired(learned, "model", MODELS[0], ["setting", "metric"]),
        "model_overall": overall,
        "model_growth": growth,
    }
    both = pd.concat([rows.assign(contrast=name) for name, rows in contrasts.items()])
    numbers = ["n", "mean", "ci_low", "ci_high", "std", "effect", "ratio", "ratio_ci_low", "ratio_ci_high"]
    return both[["contrast", *PLACE, "base", *numbers, "p", "p_holm"]]


def _cells(distances: pd.DataFrame) -> pd.DataFrame:
    """PLACE and a column for each run: the logarithm of SW2, and MMD^2."""
    logarithms = np.log(distances.value.clip(lower=1e-12))
    known = distances.assign(value=np.where(distances.metric == "sw2", logarithms, distances.value))
    return known.pivot(index=PLACE, columns="run", values="value").reset_index()


def _larger_swarms(cells: pd.DataFrame) -> pd.DataFrame:
    """Every K against every smaller one."""
    smaller = sorted(cells.particles.unique())[:-1]
    parts = [_paired(cells[cells.particles >= each], "particles", each, FAMILY) for each in smaller]
    return pd.concat(parts) if parts else _paired(cells, "particles", cells.particles.min(), FAMILY)


def _pooled(learned: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells averaged over N and K within each run; and their growth from the smallest to the largest K."""
    runs = [column for column in learned if column not in PLACE]
    by = ["setting", "model", "metric"]
    most, least = (learned[learned.particles == end].groupby(by, sort=False)[runs].mean()
                   for end in (learned.particles.max(), learned.particles.min()))  # fmt: skip
    pooled = (learned.groupby(by, sort=False)[runs].mean(), most - least)
    overall, growth = (frame.reset_index().assign(samples=EVERY, particles=0) for frame in pooled)
    return overall, growth


def _paired(cells: pd.DataFrame, contrasted: str, base: object, family: list[str]) -> pd.DataFrame:
    """Each cell against the one that differs in a single place, where it has the base's value; corrected by family.

    cells: PLACE and a column for each run
    """
    from scipy.special import stdtr

    runs = [column for column in cells if column not in PLACE]
    others = [column for column in PLACE if column != contrasted]
    against = cells[cells[contrasted] == base].set_index(others)[runs]
    of = cells[cells[contrasted] != base].reset_index(drop=True)
    reference = against.loc[pd.MultiIndex.from_frame(of[others])].to_numpy()
    differences = of[runs].to_numpy() - reference
    n = len(runs)
    mean, std = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    half = student_half_width(std, np.full(len(of), n))
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = mean / std
    numbers = {"n": n, "mean": mean, "ci_low": mean - half, "ci_high": mean + half, "std": std, "effect": effect}
    ratios = {"ratio": mean, "ratio_ci_low": mean - half, "ratio_ci_high": mean + half}
    numbers |= {name: np.where(of.metric == "sw2", np.exp(each), np.nan) for name, each in ratios.items()}
    p = 2 * stdtr(n - 1, -np.abs(effect) * n**0.5)
    tested = _ordered(of[PLACE].assign(base=str(base), **numbers, p=p))
    gc.freeze()  # multipletests collects garbage at every call; this leaves it next to none to look at
    corrected = pd.concat([_holm(rows) for _, rows in tested.groupby(family, sort=False)])
    gc.unfreeze()
    return corrected


def _holm(family: pd.DataFrame) -> pd.DataFrame:
    """Add the corrected p value."""
    from statsmodels.stats.multitest import multipletests

    return family.assign(p_holm=multipletests(family.p, LEVEL, "holm")[1])
