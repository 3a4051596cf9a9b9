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
"""Of the tests within a table, all together."""


def gather(artifact: str, frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """The parts of the distances as one frame, in the order of the paper."""
    return _ordered(pd.concat(frames, ignore_index=True))


def _ordered(frame: pd.DataFrame) -> pd.DataFrame:
    """By setting, model, metric, N (exact scores last), K and run."""
    orders = {
        "setting": list(SETTINGS),
        "model": [*MODELS, ANALYTIC],
        "metric": list(METRICS),
        "samples": [*map(str, sorted(int(n) for n in frame.samples.unique() if str(n).isdecimal())), ANALYTIC, EVERY],
    }
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
    """Every distance minus its floor, over the runs."""
    both = _both_models(distances)
    return summary(both.assign(value=both.value - both.floor))


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


def comparisons(distances: pd.DataFrame) -> pd.DataFrame:
    """What the claims compare, tested over the runs: paired t tests, Holm-corrected within a family.

    `particles`: K against K = 1, family: the setting, model and metric, which is one table of appendix H.
    `model`: separate against conditional networks, the same N and K; family: the setting and metric.
    `model_overall`: the same, averaged over N and K within each run, whose cells share data and networks;
    `model_growth`: what is added from the smallest to the largest K, averaged over N. Family: the metric.
    Differences of SW2 are differences of its logarithm: distances spread in proportion to themselves. MMD^2, which may
    be negative, is compared as it is. `effect` is the mean difference over its standard deviation (Cohen's d_z),
    `ratio` that of the geometric means. The interval of a difference has the level at which Holm's procedure tests it:
    it leaves out zero where, and only where, Holm rejects.
    """
    both = _both_models(distances)
    both = both.assign(value=np.where(both.metric == "sw2", np.log(both.value.clip(lower=1e-12)), both.value))
    cells = both.pivot(index=PLACE, columns="run", values="value").reset_index()
    particles = _paired(cells, {"particles": cells.particles.min()}, ["setting", "model", "metric"])
    learned = cells[cells.samples.astype(str) != ANALYTIC]
    model = _paired(learned, {"model": MODELS[0]}, ["setting", "metric"])
    overall, growth = (_paired(pooled, {"model": MODELS[0]}, ["metric"]) for pooled in _pooled(learned))
    contrasts = {"particles": particles, "model": model, "model_overall": overall, "model_growth": growth}
    both = pd.concat([rows.assign(contrast=name) for name, rows in contrasts.items()])
    columns = ["n", "mean", "std", "effect", "ratio", "p", "p_holm", "ci_low", "ci_high"]
    return both[["contrast", *PLACE, *columns]]


def _pooled(learned: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Cells averaged over N and K within each run; and their growth from the smallest to the largest K."""
    runs = [column for column in learned if column not in PLACE]
    by = ["setting", "model", "metric"]
    most, least = (learned[learned.particles == end].groupby(by, sort=False)[runs].mean()
                   for end in (learned.particles.max(), learned.particles.min()))  # fmt: skip
    pooled = (learned.groupby(by, sort=False)[runs].mean(), most - least)
    overall, growth = (frame.reset_index().assign(samples=EVERY, particles=0) for frame in pooled)
    return overall, growth


def _paired(cells: pd.DataFrame, base: dict[str, object], family: list[str]) -> pd.DataFrame:
    """Each cell against the one that differs in a single place, where it has the base's value; corrected by family.

    cells: PLACE and a column for each run
    """
    from scipy.special import stdtr

    runs = [column for column in cells if column not in PLACE]
    (contrasted, value), others = next(iter(base.items())), [column for column in PLACE if column not in base]
    against = cells[cells[contrasted] == value].set_index(others)[runs]
    of = cells[cells[contrasted] != value].reset_index(drop=True)
    reference = against.loc[pd.MultiIndex.from_frame(of[others])].to_numpy()
    differences = of[runs].to_numpy() - reference
    n = len(runs)
    mean, std = differences.mean(axis=1), differences.std(axis=1, ddof=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = mean / std
    ratio = np.where(of.metric == "sw2", np.exp(mean), np.nan)
    numbers = {"n": n, "mean": mean, "std": std, "effect": effect, "ratio": ratio}
    tested = _ordered(of[PLACE].assign(**numbers, p=2 * stdtr(n - 1, -np.abs(effect) * n**0.5)))
    gc.freeze()  # multipletests collects garbage at every call; this leaves it next to none to look at
    corrected = pd.concat([_holm(rows) for _, rows in tested.groupby(family, sort=False)])
    gc.unfreeze()
    return corrected


def _holm(family: pd.DataFrame) -> pd.DataFrame:
    """Add the corrected p value, and the interval at the level at which each difference is tested."""
    from statsmodels.stats.multitest import multipletests

    corrected = multipletests(family.p, LEVEL, "holm")[1]
    rank = family.p.rank(method="first").to_numpy() - 1
    # What comes after the first that is not rejected is not tested at a larger level than that one.
    level = LEVEL / (len(family) - np.minimum(rank, (corrected <= LEVEL).sum()))
    half = student_half_width(family["std"].to_numpy(), family.n.to_numpy(), level)
    return family.assign(p_holm=corrected, ci_low=family["mean"] - half, ci_high=family["mean"] + half)
