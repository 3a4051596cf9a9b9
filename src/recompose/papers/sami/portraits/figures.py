"""The pictures of portraits and videos in paper 3: Figure 4, and what the attributes depend on."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recompose.papers.sami.names import CHOICES, CODES
from recompose.presentation.mosaics import mosaic, show
from recompose.presentation.plotting import banded_lines, method_style, style


def figure4(frame: pd.DataFrame, images: Mapping[str, np.ndarray]) -> Figure:
    """A samples by an image's latents, and without; B one video; C how straight all videos run."""
    with style():
        figure = plt.figure(figsize=(11, 6.2))
        grid = figure.add_gridspec(2, 2, width_ratios=[1.15, 1], height_ratios=[1.2, 1])
        rows = [[image, *of] for image, of in zip(images["conditions"], images["samples"], strict=True)]
        rows.append([None, *images["unconditional"]])
        framed = {(row, 0): "right" for row in range(len(rows) - 1)}
        left = figure.add_subplot(grid[:, 0])
        show(left, mosaic(rows, frames=framed, gaps=(1,)), "A  left an image, right samples by its latents")
        left.set_anchor("N")
        below = "last row: samples of the denoiser alone"
        left.text(0.5, -0.02, below, ha="center", va="top", transform=left.transAxes)
        upper = grid[0, 1].subgridspec(2, 1, height_ratios=[1, 2.2], hspace=0.05)
        strip, panel = figure.add_subplot(upper[0]), figure.add_subplot(upper[1])
        video = images["video"]
        places = np.linspace(0, len(video) - 1, min(8, len(video))).round().astype(int)
        show(strip, mosaic([list(video[places])]), "B  one video, and how straight it runs")
        _cosines(panel, frame[frame.panel == "B"])
        _means(figure.add_subplot(grid[1, 1]), frame)
    return figure


def _cosines(panel: Axes, frame: pd.DataFrame) -> None:
    told = method_style(list(CODES))
    for method, label in CODES.items():
        here = frame[frame.method == method]
        panel.plot(here.frame, here["mean"], color=told.palette[method], dashes=told.dashes[method], label=label)
    panel.set(xlabel="frame", ylabel="cosine", ylim=(None, 1.05))
    panel.legend(loc="upper center", bbox_to_anchor=(0.5, -0.3), ncols=len(CODES), columnspacing=1)


def _means(panel: Axes, frame: pd.DataFrame) -> None:
    """The mean over videos with its interval, and a dot for each video."""
    told = method_style(list(CODES))
    for place, method in enumerate(CODES):
        every = frame[(frame.panel == "each") & (frame.method == method)]["mean"].to_numpy()
        mean = frame[(frame.panel == "C") & (frame.method == method)].iloc[0]
        beside = place + np.linspace(-0.28, 0.28, len(every))
        panel.bar(place, mean["mean"], color=told.palette[method], alpha=0.55)
        panel.plot(beside, every, ".", color=told.palette[method], markersize=3)
        ends = [[mean["mean"] - mean.ci_low], [mean.ci_high - mean["mean"]]]
        panel.errorbar(place, mean["mean"], ends, color="black", capsize=4)
    panel.set_xticks(range(len(CODES)), list(CODES.values()))
    panel.set(ylabel="mean cosine", title="C  all videos, a dot each", ylim=(None, 1.05))


def choices(frame: pd.DataFrame) -> Figure:
    """Quantities down, factors across."""
    told = method_style(["SAMI"])
    factors = {"weight": "weight of the KL", "latents": "latents", "timesteps": "p of the steps, less is more noise"}
    with style():
        figure, panels = plt.subplots(len(CHOICES), len(factors), figsize=(10, 8.5), sharex="col", sharey="row")
        for across, (factor, label) in enumerate(factors.items()):
            for down, (quantity, title) in enumerate(CHOICES.items()):
                panel = panels[down, across]
                here = frame[(frame.factor == factor) & (frame.quantity == quantity)].assign(method="SAMI")
                banded_lines(panel, here, x="value", y="mean", methods=told)
                panel.set(xlabel="", ylabel="" if across else title)
                if factor != "timesteps":
                    panel.set_xscale("log")
                values = sorted(here.value.unique())
                panel.set_xticks(values, [f"{value:g}" for value in values])
                panel.minorticks_off()
            panels[-1, across].set_xlabel(label)
    return figure
