"""The pictures of paper 3. They read numbers and images, and compute nothing."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recompose.metrics.intervals import student_interval
from recompose.papers.sami.faces_figures import figure3 as figure3
from recompose.papers.sami.names import READINGS, titled
from recompose.papers.sami.portrait_figures import choices as choices
from recompose.papers.sami.portrait_figures import figure4 as figure4
from recompose.papers.sami.sprite_figures import dsprites as dsprites
from recompose.papers.sami.sprite_figures import figure6 as figure6
from recompose.papers.sami.sprite_figures import time_input as time_input
from recompose.presentation.mosaics import mosaic, show
from recompose.presentation.plotting import banded_lines, method_style, style

__all__ = ["collapse", "figure2", "figure3", "figure5", "figure7", "theory"]

Images = Mapping[str, np.ndarray]


def figure2(frame: pd.DataFrame, images: Images) -> Figure:
    """Above images and samples by their latents; below posterior means along factors, on their principal axes."""
    with style():
        figure = plt.figure(figsize=(11, 7))
        grid = figure.add_gridspec(2, 6, height_ratios=[1, 1.25])
        left, right = figure.add_subplot(grid[0, :3]), figure.add_subplot(grid[0, 3:])
        draws = images["draws"]
        show(left, mosaic([list(draws[place : place + 6]) for place in range(0, len(draws), 6)]), "B  images")
        rows = [
            [condition, *samples] for condition, samples in zip(images["conditions"], images["samples"], strict=True)
        ]
        show(right, mosaic(rows, gaps=(1,)), "C  left an image, right samples by its latents")
        _position(figure.add_subplot(grid[1, :2]), frame[frame.panel == "D"])
        _polar(figure.add_subplot(grid[1, 2:4]), frame[frame.panel == "E"])
        _cube(figure, grid[1, 4:], frame[frame.panel == "F"])
    return figure


def _plane(frame: pd.DataFrame) -> np.ndarray:
    """The latents on the two axes along which they vary most: (rows, 2)."""
    latents = frame[[name for name in frame.columns if name.startswith("z")]].to_numpy(float)
    centred = latents - latents.mean(axis=0)
    _, _, axes = np.linalg.svd(centred, full_matrices=False)
    found: np.ndarray = centred @ axes[:2].T
    return found


def _mesh(panel: Axes, points: np.ndarray, shape: tuple[int, int], colours: np.ndarray, label: str) -> None:
    """Lines through a grid of points, coloured dots at them."""
    places = points.reshape(*shape, 2)
    for lines in (places, places.transpose(1, 0, 2)):
        for line in lines:
            panel.plot(*line.T, color="0.75", linewidth=0.8, zorder=1)
    dots = panel.scatter(points[:, 0], points[:, 1], c=colours, cmap="viridis", s=16, zorder=2)
    bar = panel.get_figure().colorbar(dots, ax=panel, shrink=0.8)  # type: ignore[union-attr]
    bar.set_label(label)
    panel.set_aspect("equal", adjustable="datalim")


def _position(panel: Axes, frame: pd.DataFrame) -> None:
    _mesh(panel, _plane(frame), (frame.x.nunique(), frame.y.nunique()), frame.x.to_numpy(), "$c_x$")
    panel.set(title="D  $c_x$ and $c_y$, black background", xlabel="along their first two principal axes")


def _polar(panel: Axes, frame: pd.DataFrame) -> None:
    shape = frame.x.nunique(), frame.background.nunique()
    _mesh(panel, _plane(frame), shape, frame.background.to_numpy(), "$I_{bg}$")
    panel.set(title="E  $c_x$ and background", xlabel="along their first two principal axes")


def _cube(figure: Figure, place: object, frame: pd.DataFrame) -> None:
    panel = figure.add_subplot(place, projection="3d")
    latents = frame[[name for name in frame.columns if name.startswith("z")]].to_numpy(float)[:, :3]
    dots = panel.scatter(latents[:, 0], latents[:, 1], zs=latents[:, 2], c=frame.background, cmap="viridis", s=10)
    figure.colorbar(dots, ax=panel, shrink=0.7, pad=0.12).set_label("$I_{bg}$")
    panel.set(title="F  all three", xlabel="$z_0$", ylabel="$z_1$", zlabel="$z_2$")


def collapse(frame: pd.DataFrame) -> Figure:
    """Four quantities against the weight; gray where latents have collapsed."""
    titles = {
        "divergence": "divergence of a posterior, nats",
        "position": "$R^2$ of positions, black background",
        "angle": r"$|\cos|$ of the directions of $c_x$ and $c_y$",
        "error": "error of the noise, guided over unguided",
    }
    places = {"divergence": "", "position": "0", "angle": "x-y", "error": ""}
    told = method_style(["SAMI"])
    with style():
        figure, panels = plt.subplots(2, 2, figsize=(9, 6), sharex=True)
        for panel, (quantity, title) in zip(panels.flat, titles.items(), strict=True):
            at = frame.place.fillna("").astype(str)
            here = frame[(frame.quantity == quantity) & (at == places[quantity])].assign(method="SAMI")
            banded_lines(panel, here, x="weight", y="mean", methods=told)
            for weight in here[here.collapsed == 1].weight:
                panel.axvline(weight, color="0.85", linewidth=6, zorder=0)
            panel.set(title=title, xscale="log")
        for panel in panels[-1]:
            panel.set_xlabel("weight of the KL (gray: collapsed)")
    return figure


def theory(frame: pd.DataFrame) -> Figure:
    """Precisions by the noise, active latents by the decoder's variance, and how fast Jacobians change."""
    cases = list(dict.fromkeys(frame[frame["check"] == "precision"].case))
    told = method_style(cases)
    with style():
        figure, (left, middle, right) = plt.subplots(1, 3, figsize=(11, 3.8))
        switched = frame[frame["check"] == "switch"].set_index("case").value
        for case in cases:
            here = frame[(frame["check"] == "precision") & (frame.case == case)]
            left.plot(here["at"], here.expected, color=told.palette[case], label=f"${case.replace('c', 'c_i')}$")
            left.plot(here["at"], here.value, ".", color=told.palette[case], markersize=5)
            left.axvline(switched[case], color=told.palette[case], linestyle="--", linewidth=0.8)
        left.set(
            xlabel=r"noise $\beta$", ylabel="best precision $a_i$", xscale="log", yscale="symlog", ylim=(-0.05, None)
        )
        left.legend()
        here = frame[frame["check"] == "count"]
        middle.step(here["at"], here.expected, where="mid", color="0.5", label="closed form")
        middle.plot(here["at"], here.value, "o", color="#0173b2", label="found")
        middle.set(xlabel=r"variance of the decoder $\gamma$", ylabel="active latents", xscale="log")
        middle.legend()
        here = frame[frame["check"] == "roughness"]
        ends = [here.value - here.ci_low, here.ci_high - here.value]
        right.bar(here.case, here.value, color=["#0173b2", "0.6"])
        right.errorbar(here.case, here.value, ends, color="black", linestyle="", capsize=3)
        right.set(ylabel="change of the Jacobian")
    return figure


def participation(frame: pd.DataFrame) -> Figure:
    """A panel for each reading: rows methods, a dot for each attribute, and the mean with its interval."""
    methods = titled(frame.method)
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(11, 1.2 + 0.42 * len(methods)), sharey=True)
        for panel, (reading, title) in zip(panels, READINGS.items(), strict=True):
            here = frame[frame.reading == reading]
            for place, method in enumerate(methods):
                values = np.sort(here[here.method == method].value.to_numpy())
                colour = "#0173b2" if place >= len(methods) - 2 else "#949494"
                # Sorted, a dot is the higher the larger it is: none hides another.
                rise = np.linspace(-0.3, 0.3, len(values))
                panel.scatter(values, place - rise, s=12, color=colour, alpha=0.6, linewidths=0)
                mean, low, high = student_interval(values)
                panel.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="D", color="black", capsize=3)
            panel.axvline(float(here.largest.max()), color="0.4", linestyle="--", linewidth=1)
            panel.set(xlabel=f"participation ratio, {title}", xlim=(0.9, None))
        panels[0].set_yticks(range(len(methods)), list(methods.values()))
        panels[0].invert_yaxis()
    return figure


def figure5(frame: pd.DataFrame) -> Figure:
    """A histogram of both kinds of distances, on a logarithmic axis."""
    told = method_style(["samples", "images"])
    names = {"images": "images, from the mean of all", "samples": "samples, from the mean of their condition"}
    least = max(float(frame.distance[frame.distance > 0].min()), 1e-9)
    edges = np.geomspace(least, float(frame.distance.max()), 41)
    with style():
        figure, panel = plt.subplots(figsize=(6, 3.6))
        for kind, rows in frame.groupby("kind"):
            weights = np.full(len(rows), 1 / len(rows))
            told_kind = told.palette[str(kind)]
            panel.hist(
                rows.distance, edges.tolist(), weights=weights, color=told_kind, alpha=0.6, label=names[str(kind)]
            )
            panel.axvline(rows.distance.mean(), color=told_kind, linestyle="--", linewidth=1.2)
        panel.set(xscale="log", xlabel="squared distance per pixel (dashed: mean)", ylabel="share")
        panel.legend()
    return figure


def figure7(frame: pd.DataFrame) -> Figure:
    """The ratio by the step, from much noise to none as the sampler goes."""
    with style():
        figure, panel = plt.subplots(figsize=(6, 3.6))
        here = frame.assign(method="SAMI", ci_low=frame.ratio_ci_low, ci_high=frame.ratio_ci_high)
        banded_lines(panel, here, x="t", y="ratio", methods=method_style(["SAMI"]))
        panel.axhline(1, color="0.5", linestyle="--", linewidth=1)
        panel.set(yscale="log", xlabel="step $t$, of the noise", ylabel="|score of the denoiser| / |guidance|")
        panel.invert_xaxis()
    return figure
