"""The pictures of paper 1, laid out as in the paper. They read frames and compute nothing."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, PercentFormatter

from recompose.papers.coupled_inference.names import LABELS, LIMITS, PAPER, label, ordered
from recompose.presentation.plotting import MethodStyle, banded_lines, method_style, shared_legend, style

ACCURACY = "decomposition accuracy"


def figure2(frame: pd.DataFrame) -> Figure:
    """Accuracy against the search space, by number of factors; above the paper's methods, below others."""
    numbers = sorted(frame.factors.unique())
    rows = _rows(frame)
    with style():
        figure, panels = plt.subplots(
            len(rows), len(numbers), figsize=(3.6 * len(numbers) + 3, 3.4 * len(rows)), sharex="col", sharey=True,
            squeeze=False,
        )  # fmt: skip
        for line, (title, here) in zip(panels, rows.items(), strict=True):
            for panel, factors in zip(line, numbers, strict=True):
                _lines(panel, here[here.factors == factors], "search_space")
                panel.set(xscale="log")
                panel.xaxis.set_minor_formatter(NullFormatter())
            line[0].set_ylabel(f"{title}\n{ACCURACY}")
        for panel, below, factors in zip(panels[0], panels[-1], numbers, strict=True):
            panel.set_title(f"$K = {factors}$")
            below.set_xlabel("search space $n^K$")
        _legends(panels)
    return figure


def figure3(frame: pd.DataFrame) -> Figure:
    """Accuracy against the dimension of the codebook vectors; above the paper's methods, below others."""
    rows = _rows(frame)
    with style():
        figure, panels = plt.subplots(
            len(rows), 1, figsize=(10, 3.6 * len(rows)), sharex=True, sharey=True, squeeze=False
        )
        for panel, (title, here) in zip(panels[:, 0], rows.items(), strict=True):
            _lines(panel, here, "dimension")
            panel.set_ylabel(f"{title}\n{ACCURACY}")
        panels[-1, 0].set_xlabel("dimension $D$")
        _legends(panels)
    return figure


def figure4(frame: pd.DataFrame) -> Figure:
    """Accuracy over restart ratio and number of restarts, a panel for each variant."""
    import seaborn as sns  # late, here and below: it takes longer than drawing the figures that do without

    variants = ordered(frame.method)
    with style():
        figure, panels = plt.subplots(
            1, len(variants), figsize=(3.3 * len(variants) + 0.8, 3.6), sharey=True, squeeze=False
        )
        for panel, variant in zip(panels[0], variants, strict=True):
            grid = frame[frame.method == variant].pivot(index="restarts", columns="restart_ratio", values="accuracy")
            grid.columns = [f"{ratio:.2g}" for ratio in grid.columns]
            last = panel is panels[0, -1]
            sns.heatmap(
                grid.sort_index(ascending=False),
                ax=panel,
                vmin=0,
                vmax=1,
                cmap="cividis",
                annot=grid.shape[1] <= 8,  # more columns leave no room for two digits
                fmt=".2f",
                annot_kws={"size": 6.5},
                cbar=last,
                cbar_kws={"label": ACCURACY} if last else None,
            )
            panel.set(title=label(variant), xlabel=r"restart ratio $\rho$", ylabel="")
        panels[0, 0].set_ylabel("restarts $R$")
    return figure


def figure5(frame: pd.DataFrame) -> Figure:
    """Accuracy against the number of diffusion steps, the four variants."""
    with style():
        figure, panel = plt.subplots(figsize=(6.4, 4.4))
        _lines(panel, frame, "steps")
        panel.set(xlabel="diffusion steps $T$", ylabel=ACCURACY)
        shared_legend([panel], columns=2)
    return figure


def figure6(frame: pd.DataFrame) -> Figure:
    """Histograms of the accuracy of the ODE minus that of the SDE, a panel for each variant."""
    return _differences(frame, "accuracy, ODE minus SDE")


def restarts(frame: pd.DataFrame) -> Figure:
    """Histograms of the accuracy of deterministic restarts minus that of stochastic ones, a panel for each variant."""
    return _differences(frame, "accuracy, deterministic\nminus stochastic restarts")


def _differences(frame: pd.DataFrame, xlabel: str) -> Figure:
    """Histograms of paired differences, with their means."""
    import seaborn as sns

    variants = ordered(frame.method)
    styles = _styles(frame)
    largest = max(0.05, float(frame.difference.abs().max()))
    with style():
        figure, panels = plt.subplots(
            1, len(variants), figsize=(3.1 * len(variants), 3.2), sharex=True, sharey=True, squeeze=False
        )
        for panel, variant in zip(panels[0], variants, strict=True):
            differences = frame[frame.method == variant].difference
            sns.histplot(differences, ax=panel, binrange=(-largest, largest), bins=15, color=styles.palette[variant])
            panel.axvline(0, color="black", linewidth=0.8)
            panel.axvline(differences.mean(), color="black", linestyle="--", linewidth=1.2)
            panel.set(title=f"{label(variant)}\nmean {differences.mean():+.3f}", xlabel=xlabel)
        panels[0, 0].set_ylabel("sets of codebooks")
    return figure


def capacity(frame: pd.DataFrame) -> Figure:
    """The capacity of each method with its interval, a panel for each K; a triangle where it lies beyond the grid."""
    numbers = sorted(frame.factors.unique())
    methods = ordered(frame.method)
    styles = _styles(frame)
    with style():
        figure, panels = plt.subplots(
            1, len(numbers), figsize=(3.4 * len(numbers) + 1.6, 0.32 * len(methods) + 1.7), sharey=True, squeeze=False
        )
        for panel, factors in zip(panels[0], numbers, strict=True):
            at = frame[frame.factors == factors].set_index("method").reindex(methods).dropna(subset=["capacity"])
            for method, row in at.iterrows():
                colour = styles.palette[str(method)]
                height = methods.index(str(method))
                panel.plot([row.ci_low, row.ci_high], [height, height], color=colour, linewidth=3, alpha=0.5)
                marker = {"above": ">", "below": "<"}.get(str(row.censored), "o")
                panel.plot(row.capacity, height, color=colour, marker=marker, markersize=7)
            panel.set(xscale="log", title=f"$K = {factors}$", xlabel="capacity (search space)")
            panel.xaxis.set_minor_formatter(NullFormatter())
            panel.set_ylim(len(methods) - 0.5, -0.5)
        panels[0, 0].set_yticks(range(len(methods)), [label(method) for method in methods])
        marks = {"o": "capacity, with its interval", "<": "below the smallest space measured",
                 ">": "above the largest space measured"}  # fmt: skip
        for marker, name in marks.items():
            panels[0, 0].plot([], [], color="black", marker=marker, markersize=7, linestyle="", label=name)
        shared_legend([panels[0, 0]], columns=3)
    return figure


def _styles(frame: pd.DataFrame) -> MethodStyle:
    """Each method looks the same in all figures; methods unknown to the paper come after those it knows."""
    return method_style(ordered([*LABELS, *frame.method]))


def _rows(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """What two rows of panels show, by their names: so many lines in one panel hide each other."""
    published = frame.method.isin(PAPER)
    parts = {"the paper's methods": frame[published], "beyond the paper": frame[~published]}
    return {name: part for name, part in parts.items() if len(part)}


def _legends(panels: np.ndarray) -> None:
    """The legend of each row of panels, at its right."""
    for line in panels:
        handles, names = line[0].get_legend_handles_labels()
        line[-1].legend(handles, names, loc="center left", bbox_to_anchor=(1.02, 0.5))


def _lines(panel: Axes, frame: pd.DataFrame, x: str) -> None:
    labels = {method: label(method) for method in frame.method.unique()}
    banded_lines(panel, frame, x=x, y="accuracy", methods=_styles(frame), labels=labels)
    for width, method in zip((10, 6.5, 3.5), LIMITS, strict=True):  # all at 100 %: one around the other, none hidden
        for line in panel.lines:
            if line.get_label() == label(method):
                line.set(linewidth=width, linestyle="-", marker="", zorder=1.9, solid_capstyle="butt")
    panel.set_ylim(-0.02, 1.02)
    panel.yaxis.set_major_formatter(PercentFormatter(1.0))
