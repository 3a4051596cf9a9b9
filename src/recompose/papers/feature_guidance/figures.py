"""The pictures of paper 5. They read numbers and images, and compute nothing."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullFormatter

from recompose.papers.feature_guidance.names import IMAGES, NETWORKS
from recompose.papers.feature_guidance.rows import OUTERMOST, SAMPLES, evenly
from recompose.papers.feature_guidance.titles import KINDS, network_titled, titled
from recompose.presentation.mosaics import GAP, Image, mosaic, show
from recompose.presentation.plotting import banded_lines, method_style, shared_legend, style

Images = Mapping[str, np.ndarray]
MEDIAN = {"color": "#d55e00"}
SHOWN = 10
"""Classes in a figure of samples, at most."""
LABELS = {
    "guided": "guided",
    "mixture": "mixture",
    "single": "single class",
    "six": "guided",
    "six_mixture": "mixture",
}


def _picture(picture: Image, title: str = "", width: float = 11.0) -> Figure:
    """A figure that is one mosaic."""
    height, across = picture.shape[:2]
    lines = len(title.splitlines())
    with style():
        figure, panel = plt.subplots(figsize=(width, width * height / across + 0.15 * bool(lines) + 0.2 * lines))
        show(panel, picture, title)
    return figure


def _with_images(frame: pd.DataFrame, images: Images, kind: str) -> list[int]:
    """The classes that are shown, of those that were measured."""
    return [label for label in dict.fromkeys(frame.label) if f"{kind} {label}" in images]


def figure2(frame: pd.DataFrame, images: Images) -> Figure:
    """Denoising under each condition: above the conditions, left the noisy images, right the mixture's estimate."""
    levels = list(dict.fromkeys(frame.sigma))
    with style():
        figure, panels = plt.subplots(1, len(levels), figsize=(5.6 * len(levels), 4.9), squeeze=False)
        for panel, level in zip(panels[0], levels, strict=True):
            labels = _with_images(frame, images, f"denoised {level:g}")
            denoised = [images[f"denoised {level:g} {label}"] for label in [*labels, "none"]]
            rows: list[list[Image | None]] = [[None, *images["conditions"], None]]
            rows += [
                [images[f"noisy {level:g}"][place], *(each[place] for each in denoised)] for place in range(len(labels))
            ]
            frames = {(1 + place, 1 + place): "right" for place in range(len(labels))}
            frames |= {(1 + place, 1 + len(labels)): "none" for place in range(len(labels))}
            show(panel, mosaic(rows, frames, gaps=(1, 1 + len(labels))), f"$\\sigma = {level:g}$")
        figure.supxlabel("noisy  |  denoised under the condition above (framed: the right one)  |  mixture", fontsize=9)
    return figure


def figure3(frame: pd.DataFrame) -> Figure:
    """PSNR against the noise: of all classes, and beside a denoiser of a single class."""
    names = {
        "guided right": "guided, right condition", "guided wrong": "guided, wrong condition",
        "guided none": "the same network, not guided", "mixture none": "mixture",
        "single right": "single class, its own images", "single wrong": "single class, other images",
    }  # fmt: skip
    styles = method_style(list(names))
    rows = frame.assign(method=frame.model + " " + frame.condition)
    titles = {"all": "all classes", "one": "one texture", "others": "all but that texture,\nconditioned on it"}
    with style():
        figure, panels = plt.subplots(2, 3, figsize=(11, 6.4), sharex=True)
        for line, quantity in zip(panels, ("psnr", "gain"), strict=True):
            for panel, (kind, title) in zip(line, titles.items(), strict=True):
                here = rows[(rows.images == kind) & (rows.quantity == quantity)].rename(columns={"mean": "value"})
                banded_lines(panel, here, x="sigma", y="value", methods=styles, labels=names)
                if quantity == "psnr":
                    panel.set_title(title)
                else:
                    panel.axhline(0, color="black", linewidth=0.8, linestyle=":")
                    panel.set_xlabel("noise $\\sigma$")
                    panel.set_ylabel("minus the mixture's" if kind == "all" else "minus the single denoiser's")
            line[0].set_ylabel("PSNR (dB)" if quantity == "psnr" else "PSNR minus the mixture's (dB)")
        shared_legend(list(panels.flat), columns=3)
    return figure


def figure4(frame: pd.DataFrame, images: Images) -> Figure:
    """How textures are separated by the features of the mixture's network and of the guided one."""
    return _separability(frame)


def figure15(frame: pd.DataFrame, images: Images) -> Figure:
    """The same for classes of many kinds of images each."""
    return _separability(frame)


def _separability(frame: pd.DataFrame) -> Figure:
    """Separation of the classes: above by the mixture's features, below by those of the guided network."""
    pairs, points = frame[frame.kind == "pair"], frame[frame.kind == "point"]
    networks = list(dict.fromkeys(frame.network))[::-1]
    blocks = [block for block in dict.fromkeys(pairs.block) if block != "all"]
    with style():
        figure, panels = plt.subplots(len(networks), 3, figsize=(12, 3.7 * len(networks)), squeeze=False)
        for row in panels[1:]:
            row[1].sharey(panels[0, 1])  # whose limits are those of all whiskers
        for row, network in zip(panels, networks, strict=True):
            here = pairs[pairs.network == network]
            whole = here[here.block == "all"]
            row[0].scatter(whole.variability, whole.distance, s=7, color="#0173b2", alpha=0.6, linewidths=0)
            ends = np.array([whole.variability.min(), whole.variability.max()])
            for factor, dashes in ((1, ":"), (10, "--"), (100, "-")):
                row[0].plot(
                    ends, factor * ends, color="black", linewidth=0.8, linestyle=dashes, label=f"ratio {factor}"
                )
            row[0].set(xscale="log", yscale="log", xlabel="variance within, along the line between",
                       ylabel=f"{LABELS[network]}\nsquared distance of the means")  # fmt: skip
            row[0].legend(loc="best")
            for axis in (row[0].xaxis, row[0].yaxis):  # a decade and a bit: labels for each tick would run together
                axis.set_major_locator(LogLocator(subs=(1, 3)))
                axis.set_major_formatter(FormatStrFormatter("%g"))
                axis.set_minor_formatter(NullFormatter())
            data = [here[here.block == block].separability for block in blocks]
            row[1].boxplot(data, tick_labels=[block.replace(" ", "\n") for block in blocks], showfliers=False,
                           medianprops=MEDIAN)  # fmt: skip
            row[1].set(yscale="log", ylabel="separability")
            for marker, colour, (label, part) in zip(
                "oX", ("#0173b2", "#de8f05"), points[points.network == network].groupby("label"), strict=False
            ):
                dots = {"s": 18, "marker": marker, "color": colour, "alpha": 0.7, "linewidths": 0}
                row[2].scatter(part.x, part.y, label=f"class {int(label)}", **dots)
            row[2].set(xlabel="one feature of the middle block", ylabel="another")
            row[2].legend(loc="best")
    return figure


def factors(frame: pd.DataFrame) -> Figure:
    """The learned factors, block by block; lines at zero, one and two."""
    blocks = list(dict.fromkeys(frame.block))
    lines = {0: ":", 1: "-", 2: ":"}
    names = {0: "averages as they were", 1: "averages of the condition", 2: "as far beyond it"}
    with style():
        figure, panel = plt.subplots(figsize=(8.4, 3.6))
        data = [frame[frame.block == block].factor for block in blocks]
        panel.boxplot(data, tick_labels=[block.replace(" ", "\n") for block in blocks], medianprops=MEDIAN)
        for level, dashes in lines.items():
            panel.axhline(level, color="black", linewidth=0.8, linestyle=dashes)
            panel.annotate(names[level], (1.01, level), xycoords=("axes fraction", "data"), va="center", fontsize=9)
        panel.set(ylabel="factor of $\\phi_y - \\phi(x_\\sigma)$")
    return figure


def fixed_factors(frame: pd.DataFrame) -> Figure:
    """What learning the factors adds to the PSNR, over the images, at every noise level."""
    levels = list(dict.fromkeys(frame.sigma))
    with style():
        figure, panel = plt.subplots(figsize=(7, 3.6))
        data = [frame[frame.sigma == level].gain for level in levels]
        panel.boxplot(data, tick_labels=[f"{level:g}" for level in levels], medianprops=MEDIAN)
        panel.axhline(0, color="black", linewidth=0.8, linestyle=":")
        panel.set(xlabel="noise $\\sigma$", ylabel="PSNR, learned minus one (dB)")
    return figure


def figure5(frame: pd.DataFrame, images: Images) -> Figure:
    """Distances of densities against those of features; left the closest classes, right the most distant ones."""
    ratio = frame.density_distance / frame.feature_distance
    ordered = frame.sort_values("feature_distance")
    with style():
        figure, panels = plt.subplots(1, 3, figsize=(11, 4.4), width_ratios=[1, 3.2, 1])
        for panel, kind, title in (
            (panels[0], "closest", "closest pairs"),
            (panels[2], "farthest", "most distant pairs"),
        ):
            rows = [[images[f"{kind} {number} {side}"][0] for side in ("first", "second")] for number in range(3)]
            show(panel, mosaic(rows), title)
        panels[1].errorbar(
            frame.feature_distance, frame.density_distance, fmt="o", markersize=4, color="#0173b2", elinewidth=0.7,
            yerr=[frame.density_distance - frame.ci_low, frame.ci_high - frame.density_distance],
            label="a pair of classes",
        )  # fmt: skip
        for part, colour, marker, name in (
            (ordered.head(3), "#d55e00", "s", "the closest pairs, at the left"),
            (ordered.tail(3), "#029e73", "D", "the most distant pairs, at the right"),
        ):  # open, for close pairs lie on each other
            panels[1].scatter(part.feature_distance, part.density_distance, edgecolors=colour, facecolors="none",
                              marker=marker, s=70, linewidths=1.6, zorder=3, label=name)  # fmt: skip
        ends = np.array([0, frame.feature_distance.max() * 1.05])
        for factor, label in ((ratio.quantile(OUTERMOST), "A"), (ratio.quantile(1 - OUTERMOST), "B")):
            panels[1].plot(ends, factor * ends, color="black", linewidth=0.8, linestyle="--")
            leaves = min(ends[1], frame.ci_high.max() * 1.06 / factor)  # the panel, at the right or above
            panels[1].annotate(label, (leaves, factor * leaves), fontsize=9)
        panels[1].set(
            xlabel=r"$\|\phi_y - \phi_{y'}\|^2$", ylabel="$d^2(p_y, p_{y'})$", xlim=(0, None),
            ylim=(0, frame.ci_high.max() * 1.1),
        )  # fmt: skip
        shared_legend([panels[1]])
    return figure


def figure6(frame: pd.DataFrame) -> Figure:
    """Samples of either component, in its own standard deviations, against its density."""
    shown = list(dict.fromkeys(frame.method))
    low, high = min(-4.0, frame.standard.min()), max(4.0, frame.standard.max())
    bins = np.linspace(max(low, -12), min(high, 12), 31)
    places = np.linspace(bins[0], bins[-1], 200)
    density = np.exp(-(places**2) / 2) / np.sqrt(2 * np.pi)
    with style():
        figure, panels = plt.subplots(
            2, len(shown), figsize=(3.6 * len(shown), 5), sharex=True, sharey=True, squeeze=False
        )
        for row, label in zip(panels, (0, 1), strict=True):
            for panel, method in zip(row, shown, strict=True):
                part = frame[(frame.method == method) & (frame.label == label)]
                panel.hist(
                    part.standard.clip(bins[0], bins[-1]), bins=bins, density=True, color="#de8f05", label="samples"
                )
                panel.plot(places, density, color="black", linewidth=1.2, label="the component itself")
            row[0].set_ylabel(f"component {label + 1}\ndensity")
        for panel, method in zip(panels[0], shown, strict=True):
            panel.set_title(method)
        panels[1, len(shown) // 2].set_xlabel("standard deviations from the mean, along the line between the means")
        shared_legend(list(panels.flat))
    return figure


def figure7(frame: pd.DataFrame, images: Images) -> Figure:
    """Above: three samples of each class, each row from the noise at its left; below: larger ones."""
    classes = len(images["examples"])
    rows: list[list[Image | None]] = [[None, None, *images["examples"]]]
    for seed in range(3):
        rows.append([images["starts"][seed], images["mixture"][seed], *images["samples"][seed::3]])
    larger = [[images["larger start"][0], *images["larger"]]]
    with style():
        figure, panels = plt.subplots(2, 1, figsize=(11, 6.6), height_ratios=[4, 2.1])
        show(
            panels[0],
            mosaic(rows, gaps=(1, 2)),
            f"an image of each of {classes} classes; noise, mixture, three samples of each",
        )
        show(panels[1], mosaic(larger, gaps=(1,)), "larger samples of every second class, from one noise")
    return figure


def _below(images: Images, key: str) -> Image:
    """Examples of some classes, and below each samples, every row from the noise at its left."""
    seeds, classes = len(images["starts"]), len(images["examples"])
    shown = evenly(classes, SHOWN)
    samples = images[key].reshape(classes, seeds, *images[key].shape[1:])[shown]
    rows: list[list[Image | None]] = [[None, *images["examples"][shown]]]
    rows += [[images["starts"][seed], *samples[:, seed]] for seed in range(seeds)]
    return mosaic(rows, gaps=(1,))


def figure10(frame: pd.DataFrame, images: Images) -> Figure:
    """Samples of each class, each row from the noise at its left."""
    return _picture(_below(images, "samples"), "a patch of each class; below, samples from the noise at the left")


figure11 = figure10


def methods(frame: pd.DataFrame, images: Images) -> Figure:
    """The same for each method, one below the other."""
    pictures = {titled(name): _below(images, name) for name in dict.fromkeys(frame.artifact)}
    height, across = next(iter(pictures.values())).shape[:2]
    with style():
        figure, panels = plt.subplots(
            len(pictures), 1, figsize=(11, len(pictures) * (11 * height / across + 0.35)), squeeze=False
        )
        for panel, (title, picture) in zip(panels[:, 0], pictures.items(), strict=True):
            show(panel, picture, title)
    return figure


def figure14(frame: pd.DataFrame, images: Images) -> Figure:
    """Images of each class, of different kinds, and samples of it, none picked; framed those that are nearest to it."""
    seeds = len(images["starts"])
    classes = len(images["samples"]) // seeds
    shown = evenly(classes, SHOWN)
    examples, samples = (
        images[key].reshape(classes, -1, *images[key].shape[1:])[shown] for key in ("examples", "samples")
    )
    rows = [[*known, *made] for known, made in zip(examples, samples, strict=True)]
    across = examples.shape[1]
    judged = frame[frame.kind == SAMPLES]
    right = judged.set_index(["label", "seed"]).right_features
    frames = {
        (down, across + seed): "right"
        for down, label in enumerate(shown)
        for seed in range(seeds)
        if right[label, seed]
    }
    title = (
        "images of each class, and samples of it\n"
        f"nearest to their class: {judged.right_features.mean():.0%} by features (framed),"
        f" {judged.right_statistics.mean():.0%} by texture statistics"
    )
    return _picture(mosaic(rows, frames, gaps=(across,)), title, width=6.5)


figure16 = figure14


def figure8(frame: pd.DataFrame, images: Images) -> Figure:
    """Between two classes: each row a pair, closer ones above; at the sides images of the classes.

    Framed: samples under the condition of one class that texture statistics tell from the other classes.
    """
    rows: list[list[Image | None]] = []
    frames: dict[tuple[int, int], str] = {}
    right = frame.set_index(["row", "alpha", "seed"]).right_statistics
    alphas = list(dict.fromkeys(frame.alpha))
    for down, row in enumerate(dict.fromkeys(frame["row"])):
        first, second = np.split(images[f"examples {row}"], 2)
        rows.append([*first, *images[f"samples {row}"], *second])
        ends = {len(first): alphas[0], len(first) + len(alphas) - 1: alphas[-1]}
        frames |= {(down, across): "right" for across, alpha in ends.items() if right[row, alpha, 0] == 1}
    title = (
        "class  |  samples, conditions from the left class to the right one  |  class\n"
        f"nearest to their class by texture statistics: {right.mean():.0%} of the samples at either end (framed)"
    )
    return _picture(mosaic(rows, frames, gaps=(2, 2 + len(alphas))), title)


def figure12(frame: pd.DataFrame, images: Images) -> Figure:
    """Above an image under falling noise; below what it becomes under the condition at the right."""
    levels, labels = list(dict.fromkeys(frame.sigma)), _with_images(frame, images, "samples")
    rows: list[list[Image | None]] = [[*images["noisy"], images["image"][0]]]
    rows += [[*images[f"samples {label}"], images[f"condition {label}"][0]] for label in labels]
    title = "noise " + ", ".join(f"{level:g}" for level in levels) + "; right: the image itself, and the conditions"
    return _picture(mosaic(rows, gaps=(len(levels),)), title, width=8)


def figure13(frame: pd.DataFrame, images: Images) -> Figure:
    """Trajectories under a condition; below each image, what becomes of it without."""
    levels, labels = list(dict.fromkeys(frame.sigma)), _with_images(frame, images, "trajectory")
    rows: list[list[Image | None]] = []
    for label in labels:
        rows.append([images[f"example {label}"][0], *images[f"trajectory {label}"]])
        rows.append([None, *images[f"off {label}"], None])
    title = "under the condition of the class at the left, down to noise "
    title += ", ".join(f"{level:g}" for level in levels) + ", and to the end\n"
    title += "every second row: from the image above to the end, without the condition"
    figure = _picture(mosaic(rows, gaps=(1,)), title, width=8)
    side = images["start"].shape[-1]
    for row in range(1, len(rows), 2):  # where a lower row has no image
        place = GAP + side / 2, GAP + row * (side + GAP) + side / 2
        figure.axes[0].annotate("without\ncondition", place, ha="center", va="center", fontsize=9)
    return figure


def training(frame: pd.DataFrame) -> Figure:
    """The loss of every network on its way: a colour for its images, dashes for what it is told."""
    colours, dashes = method_style(list(IMAGES)).palette, method_style(list(KINDS)).dashes
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(11, 5.2), width_ratios=[1.7, 1])
        for name in dict.fromkeys(frame.network):
            part, network = frame[frame.network == name], NETWORKS[name]
            told = dashes[network.kind]
            panels[int(network.images == "two_gaussians")].plot(
                part.step, part.psnr, color=colours[network.images], linestyle=(0, told) if told else "-",
                label=network_titled(name),
            )  # fmt: skip
        for panel, title in zip(panels, ("images of textures", "two Gaussians"), strict=True):
            panel.set(xlabel="step", xscale="log", title=title)
        panels[0].set_ylabel("PSNR of the training loss (dB)")
        shared_legend(list(panels), columns=3)
    return figure
