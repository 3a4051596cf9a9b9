"""Figure 3: what latents of faces do."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from recompose.presentation.mosaics import mosaic, show
from recompose.presentation.plotting import style

Images = Mapping[str, np.ndarray]
BLUE, ORANGE = "#0173b2", "#de8f05"


def figure3(frame: pd.DataFrame, images: Images) -> Figure:
    """Above A and B, then C, D, E, below F's three panels and G."""
    with style():
        figure = plt.figure(figsize=(12, 10))
        grid = figure.add_gridspec(3, 12, height_ratios=[1.1, 1.6, 1])
        _samples(figure.add_subplot(grid[0, :5]), images)
        _interpolations(figure.add_subplot(grid[0, 5:]), images)
        _spectrum(figure.add_subplot(grid[1, :4]), frame[frame.panel == "C"])
        _variances(figure.add_subplot(grid[1, 4:8]), frame[frame.panel == "D"])
        _axes(figure.add_subplot(grid[1, 8:]), images)
        below = grid[2, :8].subgridspec(1, 3)
        _population(figure.add_subplot(below[0]), frame[frame.panel == "F"])
        titles = {"sensitivity": r"F  $|\partial\sigma_i^2/\partial x_t|$", "coherence": "F  coherence $C_i$"}
        for place, (quantity, title) in enumerate(titles.items(), start=1):
            panel = figure.add_subplot(below[place])
            here = frame[(frame.panel == "F") & (frame.quantity == quantity)]
            panel.plot(here["mean"].to_numpy(), "o", color=BLUE, markersize=4)
            _by_coherence(panel, title)
        _globally(figure.add_subplot(grid[2, 8:]), images)
    return figure


def _by_coherence(panel: Axes, title: str) -> None:
    panel.set(title=title, xlabel="axis, by coherence", yscale="log")
    panel.yaxis.set_minor_formatter(NullFormatter())


def _samples(panel: Axes, images: Images) -> None:
    rows = [[condition, *of] for condition, of in zip(images["conditions"], images["samples"], strict=True)]
    frames = {(row, 0): "wrong" for row in range(len(rows))}
    show(panel, mosaic(rows, frames, gaps=(1,)), "A  an image (framed), samples by its latents")


def _interpolations(panel: Axes, images: Images) -> None:
    ends = images["ends"].reshape(-1, 2, *images["ends"].shape[1:])
    rows = [[first, *between, last] for (first, last), between in zip(ends, images["between"], strict=True)]
    last = len(rows[0]) - 1
    frames = {(row, 0): "none" for row in range(len(rows))} | {(row, last): "right" for row in range(len(rows))}
    show(panel, mosaic(rows, frames, gaps=(1, last)), "B  between the latents of two images (framed)")


def _spectrum(panel: Axes, frame: pd.DataFrame) -> None:
    panel.bar(frame.place.astype(int) + 1, frame["mean"], color=BLUE, width=0.9)
    panel.set(title="C  posterior variances of one image", xlabel="axis, by variance", ylabel=r"$\sigma_i^2$")


def _variances(panel: Axes, frame: pd.DataFrame) -> None:
    """A line for each latent, dark where its variance is largest at the end."""
    lines = frame.pivot(index="t", columns="place", values="mean")
    order = lines.iloc[-1].argsort().argsort()
    colours = plt.get_cmap("viridis_r")(0.05 + 0.95 * order.to_numpy() / max(len(order) - 1, 1))
    for place, colour in zip(lines.columns, colours, strict=True):
        panel.plot(lines.index, lines[place], color=colour, linewidth=1)
    panel.set(title="D  mean variances, by the noise", xlabel="step $t$", ylabel=r"$\sigma_i^2$", yscale="log")


def _axes(panel: Axes, images: Images) -> None:
    grid = images["grid"]
    count = len(grid)
    rows = [list(line) for line in grid] + [list(images["fine"])]
    frames = {(place, place): "none" for place in range(count)}
    show(panel, mosaic(rows, frames), "E  two axes, both (framed); below a fine one")


def _population(panel: Axes, frame: pd.DataFrame) -> None:
    of = (("spread", "o", BLUE, r"Var $\mu_i$"), ("variance", "x", ORANGE, r"$\sigma_i^2(x_t)$"))
    for quantity, marker, colour, label in of:
        values = frame[frame.quantity == quantity]["mean"].to_numpy()
        panel.plot(values, marker, color=colour, label=label, markersize=4)
    _by_coherence(panel, "F  means, noisy variances")
    panel.legend()


def _globally(panel: Axes, images: Images) -> None:
    show(panel, mosaic([list(line) for line in images["global"]]), "G  a coherent axis, two images")
