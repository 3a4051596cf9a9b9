"""The pictures of faces. They read numbers and images, and compute nothing."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from recompose.presentation.mosaics import mosaic, show
from recompose.presentation.plotting import banded_lines, method_style, style

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
        _moved(figure.add_subplot(grid[1, 8:]), images["axes"], "E  an axis, another, both, a fine one; changes")
        below = grid[2, :8].subgridspec(1, 3)
        _population(figure.add_subplot(below[0]), frame[frame.panel == "F"])
        titles = {"sensitivity": r"F  $|\partial\sigma_i^2/\partial x_t|$", "coherence": "F  coherence $C_i$"}
        for place, (quantity, title) in enumerate(titles.items(), start=1):
            panel = figure.add_subplot(below[place])
            here = frame[(frame.panel == "F") & (frame.quantity == quantity)]
            panel.plot(here["mean"].to_numpy(), "o", color=BLUE, markersize=4)
            _by_coherence(panel, title)
        _moved(figure.add_subplot(grid[2, 8:]), images["global"], "G  a coherent axis, two images; changes")
    return figure


def _by_coherence(panel: Axes, title: str) -> None:
    panel.set(title=title, xlabel="axis, by coherence", yscale="log")
    panel.yaxis.set_major_locator(LogLocator(subs=(1, 3)))
    panel.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
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


def _moved(panel: Axes, lines: np.ndarray, title: str) -> None:
    """Lines of images, (lines, places, 1, size, size), and what has changed at either end: red lighter, blue darker."""
    changes = lines[:, [0, -1]].astype(float) - lines[:, [len(lines[0]) // 2]]
    reach = max(float(np.percentile(np.abs(changes), 99.5)), 1.0)
    coloured = plt.get_cmap("RdBu_r")(0.5 + 0.5 * (changes[:, :, 0] / reach).clip(-1, 1))[..., :3]
    told = (255 * coloured).round().astype(np.uint8).transpose(0, 1, 4, 2, 3)
    rows = [[*line, *of] for line, of in zip(_stretched(lines), told, strict=True)]
    show(panel, mosaic(rows, gaps=(lines.shape[1],)), title)


def _population(panel: Axes, frame: pd.DataFrame) -> None:
    of = (("spread", "o", BLUE, r"Var $\mu_i$"), ("variance", "x", ORANGE, r"$\sigma_i^2(x_t)$"))
    for quantity, marker, colour, label in of:
        values = frame[frame.quantity == quantity]["mean"].to_numpy()
        panel.plot(values, marker, color=colour, label=label, markersize=4)
    _by_coherence(panel, "F  means, noisy variances")
    panel.margins(y=0.3)
    panel.legend(loc="upper center", ncols=2, columnspacing=1, handletextpad=0.1)


def _stretched(images: np.ndarray) -> np.ndarray:
    """Bytes whose darkest and lightest hundredth are black and white."""
    low, high = np.percentile(images, (1, 99))
    found: np.ndarray = (255 * ((images - low) / max(high - low, 1.0)).clip(0, 1)).round().astype(np.uint8)
    return found


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
        figure.legend(loc="outside upper center", ncols=2)
    return figure


def figure7(frame: pd.DataFrame) -> Figure:
    """The ratio by the step, from much noise to none as the sampler goes."""
    with style():
        figure, panel = plt.subplots(figsize=(6, 3.6))
        here = frame.assign(method="SAMI", ci_low=frame.ratio_ci_low, ci_high=frame.ratio_ci_high)
        banded_lines(panel, here, x="t", y="ratio", methods=method_style(["SAMI"]))
        panel.axhline(1, color="0.5", linestyle="--", linewidth=1)
        panel.text(0.01, 1, "equal", transform=panel.get_yaxis_transform(), va="bottom", color="0.35")
        panel.set(yscale="log", xlabel="step $t$, of the noise", ylabel="|score of the denoiser| / |guidance|")
        panel.invert_xaxis()
    return figure
