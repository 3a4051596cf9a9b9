"""The tables of paper 2 made from the distances. No torch here, so it is quick."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recompose.papers.weighted_composition.names import ANALYTIC, METRICS, MODELS, SETTINGS, TABLES, Table

PLACE = ["setting", "model", "metric", "samples", "particles"]
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
        "samples": [*map(str, sorted(int(n) for n in frame.samples.unique() if str(n) != ANALYTIC)), ANALYTIC],
    }
    columns = [column for column in (*PLACE, "run") if column in frame]
    return frame.sort_values(
        columns,
        key=lambda column: column.astype(str).map(orders[str(column.name)].index) if column.name in orders else column,
        ignore_index=True,
    )


def tables(distances: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Tables 1-27, each with its `_summary`; and what is drawn or tested over all of them."""
    found: dict[str, pd.DataFrame] = {}
    for name, table in TABLES.items():
        rows = rows_of(table, distances)
        found[name] = rows.assign(table=name)[["table", *rows.columns]]
        found[f"{name}_summary"] = summary(found[name])
    found["particles"] = summary(_both_models(distances), "value")
    excess = _both_models(distances).assign(value=lambda frame: frame.value - frame.floor)
    found["excess"] = summary(excess, "value")
    found["comparisons"] = comparisons(distances)
    return found


def rows_of(table: Table, distances: pd.DataFrame) -> pd.DataFrame:
    """The rows of one table; exact scores stand beside either model, under its name."""
    here = distances[(distances.metric == table.metric) & distances.setting.isin(table.settings)]
    both = here[here.model.isin([table.model, ANALYTIC])]
    return _ordered(both.assign(model=table.model))


def _both_models(distances: pd.DataFrame) -> pd.DataFrame:
    parts = [distances[distances.model.isin([model, ANALYTIC])].assign(model=model) for model in MODELS]
    return _ordered(pd.concat(parts))


def summary(frame: pd.DataFrame, value: str = "value") -> pd.DataFrame:
    """Over the runs: mean, standard deviation (ddof = 0, as published), 95 % t interval, mean floor, runs."""
    by = [column for column in ("table", *PLACE) if column in frame]
    grouped = frame.groupby(by, sort=False)[value]
    n = grouped.size()
    means = grouped.mean()
    half = _t_quantile(1 - LEVEL / 2, n.to_numpy()) * grouped.std(ddof=1).fillna(0.0) / np.sqrt(n)
    columns = {
        "mean": means,
        "std": grouped.std(ddof=0),
        "ci_low": means - half,
        "ci_high": means + half,
        "n": n,
        "floor": frame.groupby(by, sort=False).floor.mean(),
    }
    return pd.DataFrame(columns).reset_index()


def _t_quantile(level: float, n: np.ndarray) -> np.ndarray:
    from scipy.stats import t

    return np.asarray(t.ppf(level, np.maximum(n - 1, 1)))


def comparisons(distances: pd.DataFrame) -> pd.DataFrame:
    """What the claims compare, tested over the runs: paired t tests, Holm-corrected within a family.

    `particles`: K against K = 1, family: the setting, model and metric, which is one table of appendix H.
    `model`: separate against conditional networks, the same N and K; family: the setting and metric.
    `effect` is the mean difference over its standard deviation (Cohen's d_z). The interval of a difference has the
    level at which Holm's procedure tests it: it leaves out zero where, and only where, Holm rejects.
    """
    found = []
    learned_and_exact = _both_models(distances)
    for (setting, model, metric), rows in learned_and_exact.groupby(["setting", "model", "metric"], sort=False):
        family = [
            {"contrast": "particles", "setting": setting, "model": model, "metric": metric, "samples": samples,
             "particles": particles} | _paired(at[at.particles == particles], at[at.particles == 1])
            for samples, at in rows.groupby("samples", sort=False)
            for particles in sorted(set(at.particles) - {1}) if (at.particles == 1).any()
        ]  # fmt: skip
        found += _holm(family)
    learned = distances[distances.model != ANALYTIC]
    for (setting, metric), rows in learned.groupby(["setting", "metric"], sort=False):
        family = [
            {"contrast": "model", "setting": setting, "model": "separate", "metric": metric, "samples": samples,
             "particles": particles} | _paired(at[at.model == "separate"], at[at.model == "conditional"])
            for (samples, particles), at in rows.groupby(["samples", "particles"], sort=False)
        ]  # fmt: skip
        found += _holm(family)
    columns = ["contrast", *PLACE, "n", "mean", "std", "effect", "relative", "p", "p_holm", "ci_low", "ci_high"]
    return pd.DataFrame(found).reindex(columns=columns)


def _paired(of: pd.DataFrame, against: pd.DataFrame) -> dict[str, float]:
    """The mean difference of two measurements of the same runs, and the p value of its paired t test."""
    from scipy.stats import ttest_rel

    one, other = of.set_index("run").value, against.set_index("run").value
    differences = (one - other.reindex(one.index)).to_numpy()
    n, mean = len(differences), float(differences.mean())
    std = float(differences.std(ddof=1)) if n > 1 else np.nan
    p = float(ttest_rel(one, other.reindex(one.index)).pvalue) if n > 1 and std > 0 else np.nan
    effect = mean / std if n > 1 and std > 0 else np.nan
    return {"n": n, "mean": mean, "std": std, "effect": effect, "relative": mean / float(other.mean()), "p": p}


def _holm(family: list[dict[str, float]]) -> list[dict[str, float]]:
    """Add the corrected p value, and the interval at the level at which each difference is tested."""
    from statsmodels.stats.multitest import multipletests

    tested = [row for row in family if not np.isnan(row["p"])]
    p = np.array([row["p"] for row in tested])
    corrected = multipletests(p, LEVEL, "holm")[1] if tested else p
    order = np.argsort(p, kind="stable")
    rejected = int((corrected <= LEVEL).sum())
    for rank, place in enumerate(order):
        # What comes after the first that is not rejected is not tested at a larger level than that one.
        level = LEVEL / (len(p) - min(rank, rejected))
        row = tested[place]
        half = float(_t_quantile(1 - level / 2, np.array(row["n"]))) * row["std"] / row["n"] ** 0.5
        row |= {"p_holm": float(corrected[place]), "ci_low": row["mean"] - half, "ci_high": row["mean"] + half}
    return family
