"""The pictures of paper 2. They read frames and compute nothing."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, NullFormatter, NullLocator

from recompose.papers.weighted_composition.names import ANALYTIC, MODELS, SETTINGS
from recompose.presentation.plotting import banded_lines, method_style, shared_legend, style

SOURCES = {"0": "$P^0$", "a1": "$P^{a_1}$", "a2": "$P^{a_2}$", "composition": "composition $P^w$"}


def figure1(frame: pd.DataFrame) -> Figure:
    """Densities: filled what was sampled, in lines the true one; above with learned scores, below with exact ones."""
    kinds = {"learned": "learned scores", "exact": "exact scores"}
    with style():
        figure, panels = plt.subplots(2, 4, figsize=(12, 6.2), sharex=True, sharey=True)
        for row, (kind, title) in zip(panels, kinds.items(), strict=True):
            for panel, (source, label) in zip(row, SOURCES.items(), strict=True):
                x, y, sampled = _square(frame, source=source, scores=kind)
                _, _, true = _square(frame, source=source, scores="true")
                levels = _levels(true, 5)  # the same for both: where they agree, a line is the edge of a shade
                panel.contourf(x, y, sampled, levels=levels, cmap="Blues", extend="max")
                panel.contour(x, y, true, levels=levels, colors="black", linewidths=0.9)
                panel.set(title=f"{label}, {title}", aspect="equal")
                panel.grid(visible=False)
        handles: list[Any] = [
            Rectangle((0, 0), 1, 1, color="#4292c6", label="samples (kernel density)"),
            Line2D([], [], color="black", linewidth=0.9, label="true density"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=2)
    return figure


def particles(frame: pd.DataFrame) -> Figure:
    """SW2 against K, a panel for each setting and model, with the floor."""
    return _against_particles(frame, "geometric_mean", "SW$_2$ to true samples", floor=True)


def excess(frame: pd.DataFrame) -> Figure:
    """SW2 beyond that between two sets of true samples, against K."""
    return _against_particles(frame, "mean", "SW$_2$ beyond its floor", floor=False)


def error_map(frame: pd.DataFrame) -> Figure:
    """Where the composed learned score is wrong, at falling times; contours: where the trajectories are."""
    settings = [setting for setting in SETTINGS if setting in set(frame.setting)]
    times = sorted(frame.t.unique(), reverse=True)
    low, high = 0.02, 10.0
    with style():
        figure, panels = plt.subplots(
            len(settings), len(times), figsize=(2.3 * len(times) + 1.2, 2.15 * len(settings) + 0.4), squeeze=False
        )
        for row, setting in zip(panels, settings, strict=True):
            for panel, t in zip(row, times, strict=True):
                x, y, error = _square(frame, "error", setting=setting, t=t)
                _, _, visited = _square(frame, "visited", setting=setting, t=t)
                norm = LogNorm(low, high, clip=True)
                image = panel.pcolormesh(x, y, error, norm=norm, cmap="cividis", shading="nearest", rasterized=True)
                smooth = _blurred(visited)
                panel.contour(x, y, smooth, levels=_levels(smooth, 3), colors="white", linewidths=0.8)
                panel.set(aspect="equal")
                panel.grid(visible=False)
            row[0].set_ylabel(SETTINGS[setting].replace(", ", ",\n"), fontsize=9)
        for panel, t in zip(panels[0], times, strict=True):
            panel.set_title(f"$t = {t:g}$")
        figure.colorbar(image, ax=panels, label="error of the composed score, in units of the noise", shrink=0.5,
                        extend="both")  # fmt: skip
    return figure


def _against_particles(frame: pd.DataFrame, value: str, label: str, *, floor: bool) -> Figure:
    rows = frame[frame.metric == "sw2"].assign(samples=lambda each: each.samples.astype(str))
    settings = [setting for setting in SETTINGS if setting in set(rows.setting)]
    samples = [name for name in dict.fromkeys(rows.samples) if name != ANALYTIC]
    styles = method_style([*samples, ANALYTIC])
    labels = {name: f"$N$ = {name}" for name in samples} | {ANALYTIC: "exact scores"}
    with style():
        figure, panels = plt.subplots(2, len(settings), figsize=(2.7 * len(settings), 6.4), sharex=True, squeeze=False)
        for line, model in zip(panels, MODELS, strict=True):
            for panel, setting in zip(line, settings, strict=True):
                here = rows[(rows.setting == setting) & (rows.model == model)]
                banded_lines(panel, here, x="particles", y=value, methods=styles, labels=labels, hue="samples")
                _of_powers(panel, sorted(here.particles.unique()))
                if floor:
                    _beside_floor(panel, here)
                else:
                    _around_zero(panel, here[value])
            line[0].set_ylabel(f"{model} models\n{label}")
        for panel, setting in zip(panels[0], settings, strict=True):
            panel.set_title(SETTINGS[setting].replace(", ", ",\n"))
        for panel in panels[-1]:
            panel.set_xlabel("particles $K$")
        shared_legend(list(panels.flat), columns=5)
    return figure


def _of_powers(panel: Axes, particles: list[int]) -> None:
    """K by its powers."""
    panel.set_xscale("log", base=4)
    panel.set_xticks(particles, [str(each) for each in particles])
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_xlim(min(particles) / 1.3, max(particles) * 1.3)  # a single one would leave no width


def _beside_floor(panel: Axes, here: pd.DataFrame) -> None:
    """Distances by their logarithm, with a line at the floor; one so low that it would squeeze them is told instead."""
    floor, low, high = here.floor.mean(), here.ci_low.min(), here.ci_high.max()
    if floor > low / 4:
        panel.axhline(floor, color="black", linewidth=0.8, linestyle=":", label="floor: two sets of true samples")
    else:
        panel.text(0.03, 0.03, f"floor: {floor:.2g}", fontsize=8, transform=panel.transAxes)
    panel.set_yscale("log")
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(LogLocator(subs=(1.5, 2, 3, 5, 7) if high < 8 * low else (2, 5)))
    panel.yaxis.set_minor_formatter("{x:g}")


def _around_zero(panel: Axes, means: pd.Series) -> None:
    """Differences by their logarithm, and those below .1 as they are, with a line at zero."""
    panel.axhline(0, color="black", linewidth=0.8, linestyle=":", label="zero: as far as two sets of true samples")
    panel.set_yscale("symlog", linthresh=0.1, linscale=0.5)
    panel.set_yticks([-0.05, 0, 0.05, *(each * 10.0**power for power in (-1, 0, 1, 2) for each in (1, 2, 5))])
    panel.yaxis.set_major_formatter("{x:g}")
    panel.yaxis.set_minor_locator(NullLocator())
    # A band of few runs may be many times as wide as what it is about.
    panel.set_ylim(min(0.0, means.min()) - 0.03, 1.5 * max(0.1, means.max()))


def _square(frame: pd.DataFrame, value: str = "density", **where: object) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The axes and the values of one map."""
    rows = frame[np.logical_and.reduce([frame[column] == wanted for column, wanted in where.items()])]
    grid = rows.pivot(index="y", columns="x", values=value)
    return grid.columns.to_numpy(), grid.index.to_numpy(), grid.to_numpy()


def _levels(density: np.ndarray, count: int) -> np.ndarray:
    """Levels from a hundredth of the largest value to the largest, by equal factors."""
    top = max(float(density.max()), 1e-12)
    return top * np.geomspace(0.02, 1.0, count + 1)


def _blurred(visited: np.ndarray) -> np.ndarray:
    """Counts of few trajectories, smoothed so that their contours can be seen."""
    from scipy.ndimage import gaussian_filter

    smooth: np.ndarray = gaussian_filter(visited, 1.2)
    return smooth
