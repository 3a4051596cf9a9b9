"""The pictures of disks. They read numbers and images, and compute nothing."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recompose.papers.sami.plotting import trainings
from recompose.presentation.mosaics import mosaic, show
from recompose.presentation.plotting import banded_lines, method_style, shared_legend, style

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
    bar = panel.get_figure().colorbar(dots, ax=panel, shrink=0.5)  # type: ignore[union-attr]
    bar.set_label(label)
    panel.set_aspect("equal", adjustable="box")


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
    figure.colorbar(dots, ax=panel, shrink=0.7, pad=0.2).set_label("$I_{bg}$")
    panel.set(title="F  all three", xlabel="$z_0$", ylabel="$z_1$", zlabel="$z_2$")


def collapse(frame: pd.DataFrame) -> Figure:
    """Four quantities against the weight; a gray band from the least weight on above which all latents collapse."""
    titles = {
        "divergence": "divergence of a posterior, nats",
        "position": "$R^2$ of positions, black background",
        "angle": r"$|\cos|$ of the directions of $c_x$ and $c_y$",
        "error": "error of the noise, guided over unguided",
    }
    places = {"divergence": "", "position": "0", "angle": "x-y", "error": ""}
    told = method_style(["SAMI"])
    lost = frame[frame.weight > frame[frame.collapsed == 0].weight.max()].weight
    with style():
        figure, panels = plt.subplots(2, 2, figsize=(9, 6), sharex=True)
        for panel, (quantity, title) in zip(panels.flat, titles.items(), strict=True):
            at = frame.place.fillna("").astype(str)
            here = frame[(frame.quantity == quantity) & (at == places[quantity])].assign(method="SAMI")
            banded_lines(panel, here, x="weight", y="mean", methods=told)
            panel.set(title=title, xscale="log")
            if len(lost):
                ends = panel.get_xlim()
                panel.axvspan(lost.min(), ends[1], color="0.9", linewidth=0, zorder=0, label="collapsed")
                panel.set_xlim(ends)
        for panel in panels[-1]:
            panel.set_xlabel("weight of the KL")
        shared_legend(list(panels.flat))
    return figure


def time_input(frame: pd.DataFrame) -> Figure:
    """Three quantities of each training, without the noise level and with it."""
    titles = {
        "divergence": "divergence of a posterior,\nnats",
        "position": "$R^2$ of positions,\nblack background",
        "error": "error of the noise, guided\nover unguided (1: collapsed)",
    }
    at = frame.place.fillna("").astype(str)
    with style():
        figure, panels = plt.subplots(1, 3, figsize=(9, 3.2))
        for panel, (quantity, title) in zip(panels, titles.items(), strict=True):
            here = frame[(frame.quantity == quantity) & (at == ("0" if quantity == "position" else ""))]
            trainings(panel, here, "encoder", ["without", "with"])
            if quantity == "divergence":
                panel.set_ylim(bottom=0)
            panel.set(title=title, xlabel="the noise level as input")
    return figure
