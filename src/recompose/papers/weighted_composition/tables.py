"""The tables of paper 2, as people read them."""

import pandas as pd

from recompose.papers.weighted_composition.aggregation import LEVEL, summary
from recompose.papers.weighted_composition.names import ANALYTIC, METRICS, SETTINGS
from recompose.presentation.markdown import table_line, table_rule

PANELS = "abcd"


def table(frame: pd.DataFrame) -> str:
    """One of Tables 1-27: rows N, columns K; mean and standard deviation over the runs."""
    over_runs = summary(frame)
    particles = sorted(over_runs.particles.unique())
    metric = METRICS[str(over_runs.metric.iloc[0])]
    settings = list(dict.fromkeys(over_runs.setting))
    lines = [table_line(["Setting", "N", *(f"{metric}, K = {each}" for each in particles), "floor"])]
    lines.append(table_rule(2, len(particles) + 1))
    for number, setting in enumerate(settings):
        here = over_runs[over_runs.setting == setting]
        title = f"({PANELS[number]}) {SETTINGS[setting]}" if len(settings) > 1 else SETTINGS[setting]
        lines += [table_line([""] * (len(particles) + 3))] * (number > 0)
        for samples in dict.fromkeys(here.samples):
            row = here[here.samples == samples].set_index("particles")
            cells = [f"{row['mean'][each]:.3f} ± {row['std'][each]:.3f}" for each in particles]
            lines.append(table_line([title, samples, *cells, f"{row['floor'].iloc[0]:.3f}"]))
    runs = int(over_runs.n.iloc[0])
    return "\n".join(lines) + (
        f"\n\nMean ± standard deviation over {runs} runs (ddof = 0). N: training samples per source; {ANALYTIC}: exact"
        " scores. K: particles of a swarm. Floor: the same distance between two sets of true samples.\n"
    )


def theorems(frame: pd.DataFrame) -> str:
    """The checks of Theorems 1, 2 and 3."""
    lines = [table_line(["Theorem", "setting", "quantity", "K", "measured", "expected", "error"]), table_rule(3, 4)]
    for row in frame.sort_values("theorem", kind="stable").to_dict("records"):
        particles = "" if pd.isna(row["particles"]) else f"{row['particles']:.0f}"
        interval = "" if pd.isna(row["ci_low"]) else f" [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
        numbers = [f"{row['value']:.4g}{interval}", f"{row['expected']:.4g}", f"{row['error']:.1e}"]
        lines.append(table_line([row["theorem"], SETTINGS[row["setting"]], row["quantity"], particles, *numbers]))
    return "\n".join(lines) + (
        "\n\nErrors are relative to the expected value where that is not zero. The variance of the corrector and its"
        " rate, the power of K with which the error falls, with 95 % intervals; it is expected at the limit of so many"
        " steps, a little beside that of Theorem 1.\n"
    )


def exact(frame: pd.DataFrame) -> str:
    """SW2 with exact scores, sampled as published: rows settings, columns K."""
    rows = frame[frame.metric == "sw2"]
    particles = sorted(rows.particles.unique())
    lines = [table_line(["Setting", *(f"{METRICS['sw2']}, K = {each}" for each in particles), "floor"])]
    lines.append(table_rule(1, len(particles) + 1))
    for setting, here in rows.groupby("setting", sort=False):
        cells = [here.value[here.particles == each] for each in particles]
        shown = [f"{cell.mean():.4f} ± {cell.std(ddof=0):.4f}" for cell in cells]
        lines.append(table_line([SETTINGS[str(setting)], *shown, f"{here.floor.mean():.4f}"]))
    return "\n".join(lines) + (
        f"\n\nMean ± standard deviation over {frame.run.nunique()} runs (ddof = 0), with exact scores, outputs and"
        " steps as published. Floor: the same distance between two sets of true samples.\n"
    )


def discretisation(frame: pd.DataFrame) -> str:
    """What steps of a finite length do to variances."""
    lines = [table_line(["Setting", "steps", "naive", "naive, many steps", "corrected", "composition"])]
    lines.append(table_rule(1, 5))
    for row in frame.to_dict("records"):
        numbers = [f"{row[name]:.4f}" for name in ("naive", "limit_naive", "corrected", "composed")]
        lines.append(table_line([SETTINGS[row["setting"]], row["steps"], *numbers]))
    return "\n".join(lines) + (
        "\n\nVariance along the first axis where so many Euler-Maruyama steps end with exact scores, computed, not"
        " sampled: of the naive sampler, and of the corrector with K without end and no clip.\n"
    )


def accuracy(frame: pd.DataFrame) -> str:
    """The errors of networks on what they were trained on, over runs and sources."""
    samples = list(dict.fromkeys(frame.samples))
    lines = [table_line(["Setting", "model", *(f"N = {each}" for each in samples)]), table_rule(2, len(samples))]
    for (setting, model), rows in frame.groupby(["setting", "model"], sort=False):
        by_run = rows.groupby(["samples", "run"]).error.mean()
        shown = [f"{by_run[each].mean():.3f} ± {by_run[each].std(ddof=0):.3f}" for each in samples]
        lines.append(table_line([SETTINGS[str(setting)], model, *shown]))
    return "\n".join(lines) + (
        f"\n\nMean ± standard deviation over {frame.run.nunique()} runs (ddof = 0). Root mean square of learned"
        " minus exact prediction of the noise, whose own is sqrt(2), over true samples of the sources at times equally"
        " spaced.\n"
    )


def clipping(frame: pd.DataFrame) -> str:
    """SW2 with and without the clip of the log-weight rate."""
    rows = frame[frame.metric == "sw2"]
    clips = list(dict.fromkeys(rows["clip"]))
    lines = [table_line(["Setting", "N", "K", *(f"{METRICS['sw2']}, clip {each}" for each in clips)])]
    lines.append(table_rule(2, 1 + len(clips)))
    for (setting, samples, particles), here in rows.groupby(["setting", "samples", "particles"], sort=False):
        cells = [here.value[here["clip"] == each] for each in clips]
        shown = [f"{cell.mean():.3f} ± {cell.std(ddof=0):.3f}" for cell in cells]
        lines.append(table_line([SETTINGS[str(setting)], samples, particles, *shown]))
    return "\n".join(lines) + (
        f"\n\nMean ± standard deviation over {frame.run.nunique()} runs (ddof = 0), conditional networks and exact"
        " scores (analytic). Clip: the largest log-weight rate per unit of time.\n"
    )


def correctors(frame: pd.DataFrame) -> str:
    """SW2 of every corrector: rows settings and scores, columns correctors."""
    names = list(dict.fromkeys(frame.corrector))
    lines = [table_line(["Setting", "scores", *(name.replace("_", " ") for name in names), "floor"])]
    lines.append(table_rule(2, 1 + len(names)))
    for (setting, model), here in frame.groupby(["setting", "model"], sort=False):
        cells = [here.value[here.corrector == name] for name in names]
        shown = [f"{cell.mean():.3f} ± {cell.std(ddof=0):.3f}" for cell in cells]
        lines.append(table_line([SETTINGS[str(setting)], model, *shown, f"{here.floor.mean():.3f}"]))
    return "\n".join(lines) + (
        f"\n\n{METRICS['sw2']}, mean ± standard deviation over {frame.run.nunique()} runs (ddof = 0), K ="
        f" {frame.particles.iloc[0]}. Scores: exact (analytic), or of the conditional networks of the largest N. Floor:"
        " the same distance between two sets of true samples.\n"
    )


def grid(frame: pd.DataFrame) -> str:
    """Distances of samples from exact scores and from grids of them."""
    lines = [
        table_line(["Setting", "metric", "K", "direct", "grid", "relative difference", "standard error", "evaluated"]),
        table_rule(2, 6),
    ]
    for (setting, metric), rows in frame.groupby(["setting", "metric"], sort=False):
        shown = [f"{rows.direct.mean():.4f}", f"{rows.grid.mean():.4f}", f"{rows.apart.mean():+.2%}",
                 f"{rows.apart.std() / len(rows) ** 0.5:.2%}", f"{rows.evaluated.mean():.0%}"]  # fmt: skip
        lines.append(table_line([SETTINGS[str(setting)], METRICS[str(metric)], rows.particles.iloc[0], *shown]))
    return "\n".join(lines) + (
        f"\n\nMeans over {frame.run.nunique()} runs, exact scores, the same random numbers. Evaluated: points at which"
        " the field itself was asked, for each point that was wanted; grids pay off for networks and many particles.\n"
    )


def comparisons(frame: pd.DataFrame) -> str:
    """How many of the comparisons of each family are significant, in either direction."""
    lines = [table_line(["Contrast", "setting", "model", "metric", "better", "worse", "undecided", "median effect"])]
    lines.append(table_rule(4, 4))
    names = {
        "particles": "more particles against {}",
        "exact": "more particles against {}, as published",
        "model": "separate against conditional",
        "model_overall": "the same, over all N and K",
        "model_growth": "the same, from the smallest to the largest K",
    }
    for (contrast, setting, model, metric, base), rows in frame.groupby(
        ["contrast", "setting", "model", "metric", "base"], sort=False
    ):
        found = rows["mean"][rows.p_holm <= LEVEL]
        better, worse = int((found < 0).sum()), int((found > 0).sum())
        counts = [better, worse, len(rows) - better - worse, f"{rows.effect.median():+.2f}"]
        what = names[str(contrast)].format(base)
        lines.append(table_line([what, SETTINGS[str(setting)], model, METRICS[str(metric)], *counts]))
    return "\n".join(lines) + (
        "\n\nPaired t tests over the runs, of the logarithm of SW₂ and of MMD², Holm-corrected (level .05) within each"
        " row, or over the settings where a row is one test; better: a smaller distance. Effect: mean difference over"
        " its standard deviation.\n"
    )
