"""The tables of paper 2, as people read them."""

import pandas as pd

from recompose.papers.weighted_composition.aggregation import summary
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
        " rate, the power of K with which the error falls, with 95 % intervals.\n"
    )


def grid(frame: pd.DataFrame) -> str:
    """Distances of samples from the networks and from grids of their scores."""
    lines = [
        table_line(["Setting", "metric", "K", "direct", "grid", "difference", "Monte-Carlo error", "evaluated"]),
        table_rule(2, 6),
    ]
    for (setting, metric), rows in frame.groupby(["setting", "metric"], sort=False):
        numbers = [rows.direct.mean(), rows.grid.mean(), rows.difference.iloc[0], rows.monte_carlo.iloc[0]]
        shown = [f"{number:.4f}" for number in numbers]
        place = [SETTINGS[str(setting)], METRICS[str(metric)], rows.particles.iloc[0]]
        lines.append(table_line([*place, *shown, f"{rows.evaluated.mean():.0%}"]))
    return "\n".join(lines) + (
        "\n\nMeans over the runs, conditional networks of the largest N. Monte-Carlo error: root mean square"
        " difference of two direct evaluations. Evaluated: places at which the grid asked the networks.\n"
    )


def comparisons(frame: pd.DataFrame) -> str:
    """How many of the comparisons of each family are significant, in either direction."""
    lines = [table_line(["Contrast", "setting", "model", "metric", "better", "worse", "undecided", "median effect"])]
    lines.append(table_rule(4, 4))
    names = {
        "particles": "more particles against one",
        "model": "separate against conditional",
        "model_overall": "the same, over all N and K",
        "model_growth": "the same, from the smallest to the largest K",
    }
    for (contrast, setting, model, metric), rows in frame.groupby(
        ["contrast", "setting", "model", "metric"], sort=False
    ):
        better, worse = int((rows.ci_high < 0).sum()), int((rows.ci_low > 0).sum())
        counts = [better, worse, len(rows) - better - worse, f"{rows.effect.median():+.2f}"]
        lines.append(table_line([names[str(contrast)], SETTINGS[str(setting)], model, METRICS[str(metric)], *counts]))
    return "\n".join(lines) + (
        "\n\nPaired t tests over the runs, of the logarithm of SW₂ and of MMD², Holm-corrected (level .05) within each"
        " row, or over the settings where a row is one test; better: a smaller distance. Effect: mean difference over"
        " its standard deviation.\n"
    )
