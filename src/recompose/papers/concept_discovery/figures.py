"""The pictures of paper 4. They read numbers and images, and compute nothing but means with their intervals."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from recompose.metrics.intervals import student_interval, wilson_interval
from recompose.papers.concept_discovery.names import titled
from recompose.presentation.mosaics import FRAME, mosaic, show
from recompose.presentation.plotting import banded_lines, method_style, style

Images = Mapping[str, np.ndarray]


def digits_modes(frame: pd.DataFrame, images: Images) -> Figure:
    """Left rows of images by t, noised above and modes below; right what is left of noise, and the Jacobian."""
    levels = sorted(frame.t.unique())
    with style():
        figure, panels = plt.subplot_mosaic(
            [["images", "noise"], ["images", "jacobian"]], figsize=(11, 6.4), width_ratios=[1.5, 1]
        )
        rows = [list(images["training"])]
        for t in levels:
            rows += [list(images[f"noised {t}"]), list(images[f"modes {t}"])]
        show(panels["images"], mosaic(rows), "training images, noised, and the modes of $p_t$ from there")
        size = rows[0][0].shape[-1] + 2
        labels = ["training", *(f"$t$ = {t}, {kind}" for t in levels for kind in ("noised", "modes"))]
        for place, label in enumerate(labels):
            panels["images"].text(-2, (place + 0.5) * size, label, ha="right", va="center", fontsize=8)
        told = method_style(["noised", "mode", "training"])
        for quantity, label in (
            ("noise", "noise seen in the clean image"),
            ("jacobian", r"mean of $\alpha\,\partial\hat{x}_0/\partial x$"),
        ):
            panel = panels[quantity]
            for kind, marker in told.markers.items():
                here = frame[(frame.kind == kind) & (frame.quantity == quantity)]
                panel.plot(here.t, here["mean"], marker=marker, color=told.palette[kind], label=kind)
                panel.fill_between(here.t, here.ci_low, here.ci_high, color=told.palette[kind], alpha=0.15, linewidth=0)
            panel.set(xlabel="$t$", ylabel=label)
        panels["jacobian"].axhline(0, color="black", linewidth=0.8)
        panels["noise"].legend()
    return figure


def faces_examples(frame: pd.DataFrame, images: Images) -> Figure:
    """As those of digits."""
    return digits_examples(frame, images)


def digits_examples(frame: pd.DataFrame, images: Images) -> Figure:
    """Rows classes; columns the query, prototypes, the product's mean, and samples of each method."""
    first = {"query": "query", "prototypes": "prototypes", "mean": "mean"}
    kinds = {**first, **titled(each for each in images if each not in first)}
    right = frame.set_index(["class", "method", "number"]).right
    count = len(images["query"])
    rows: list[list[np.ndarray | None]] = [[] for _ in range(count)]
    frames, gaps, titles = {}, [], []
    for kind, name in kinds.items():
        gaps.append(len(rows[0]))
        titles.append((len(rows[0]), images[kind].shape[1], name))
        for number in range(count):
            for at, image in enumerate(images[kind][number]):
                if right[number, kind, at]:
                    frames[number, len(rows[number])] = "right"
                rows[number].append(image)
    size = images["query"].shape[-1]
    picture = mosaic(rows, frames, gaps=gaps[1:])
    with style():
        figure, panel = plt.subplots(figsize=(12, 12 * picture.shape[0] / picture.shape[1] + 0.7))
        show(panel, picture)
        for place, (before, several, name) in enumerate(titles):
            middle = (before + several / 2) * (size + 2) + place * (size // 3)
            panel.annotate(name, (middle, 0), (0, 4), textcoords="offset points", ha="center", va="bottom", fontsize=8)
        green = "#{:02x}{:02x}{:02x}".format(*FRAME["right"])
        right_ones = Patch(facecolor="none", edgecolor=green, linewidth=2.5, label="all factors right, by the judge")
        figure.legend(handles=[right_ones], loc="outside lower center")
    return figure


def digits_coarsening(frame: pd.DataFrame, images: Images) -> Figure:
    """Left the images and their modes by t; right how many are distinct."""
    levels = sorted(frame.t.unique())
    with style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 3.6), width_ratios=[1.6, 1])
        rows = [list(images["t=0"]), *(list(images[f"t={t}"]) for t in levels)]
        show(left, mosaic(rows), "test images, and the modes that mean shift reaches from them")
        size = rows[0][0].shape[-1] + 2
        for place, t in enumerate([0, *levels]):
            left.text(-2, (place + 0.5) * size, f"$t$ = {t}", ha="right", va="center", fontsize=9)
        right.plot(frame.t, frame.modes, marker="o", color="#0173b2", label="distinct modes")
        right.plot(frame.t, frame.kinds, marker="s", linestyle="--", color="#de8f05", label="distinct combinations")
        right.set(xlabel="$t$", ylabel="share of the images", ylim=(0, 1.03))
        right.legend()
    return figure


def digits_backgrounds(frame: pd.DataFrame, images: Images) -> Figure:
    """Black above, white below: queries, prototypes, samples; beside them how far backgrounds are off, and noise."""
    backgrounds = list(dict.fromkeys(frame.background))
    kinds = {"query": "#949494", "prototype": "#0173b2", "sample": "#de8f05"}
    measures = {"distance": "background's distance\nfrom the query's", "noise": "noise seen"}
    with style():
        figure, panels = plt.subplots(len(backgrounds), 3, figsize=(11, 5), width_ratios=[2.4, 1, 1], squeeze=False)
        for (left, *right), background in zip(panels, backgrounds, strict=True):
            of_kinds = [images[f"{background} {kind}"] for kind in kinds]
            rows = [[image for of_kind in of_kinds for image in of_kind[digit]] for digit in range(len(of_kinds[0]))]
            gaps = (of_kinds[0].shape[1], of_kinds[0].shape[1] + of_kinds[1].shape[1])
            show(left, mosaic(rows, gaps=gaps), f"{background}: query | prototypes | samples")
            side = of_kinds[0].shape[-1]
            for digit in range(len(rows)):  # white on white has no edge
                corner = 2 + digit * (side + 2) - 0.5
                left.add_patch(Rectangle((1.5, corner), side, side, fill=False, edgecolor="0.5", linewidth=0.8))
            here = frame[frame.background == background]
            for panel, (measure, label) in zip(right, measures.items(), strict=True):
                for kind, colour in kinds.items():
                    mean, low, high = student_interval(here[here.kind == kind][measure].to_numpy())
                    panel.bar(kind, mean, color=colour)
                    panel.errorbar(kind, mean, [[mean - max(low, 0)], [high - mean]], color="black", capsize=3)
                panel.set(ylabel=label, ylim=(0, 1.2 * frame[measure].max()))
                panel.tick_params(axis="x", labelsize=8)
    return figure


def digits_accuracy(frame: pd.DataFrame) -> Figure:
    """Bars of each method for every factor, their mean, and all of them."""
    methods = titled(frame.method)
    quantities = [each for each in dict.fromkeys(frame.quantity) if each != "distance"]
    told = method_style(list(methods))
    with style():
        figure, panel = plt.subplots(figsize=(9, 3.6))
        for place, (method, name) in enumerate(methods.items()):
            by = frame[frame.method == method].set_index("quantity").loc[quantities]
            x = np.arange(len(quantities)) + 0.8 * (place - (len(methods) - 1) / 2) / len(methods)
            ends = [by["mean"] - by.ci_low.clip(0), by.ci_high.clip(upper=1) - by["mean"]]
            panel.bar(x, by["mean"], 0.8 / len(methods), color=told.palette[method], label=name)
            panel.errorbar(x, by["mean"], ends, color="black", linestyle="", linewidth=0.9, capsize=1.5)
        panel.set_xticks(range(len(quantities)), quantities)
        panel.set(ylabel="share of images, by the judge", ylim=(0, 1))
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def faces_accuracy(frame: pd.DataFrame) -> Figure:
    """Rows attributes, their mean, and all of them; dots the methods, which are too many for bars."""
    methods = titled(frame.method)
    quantities = [each for each in dict.fromkeys(frame.quantity) if each != "distance"]
    told = method_style(list(methods))
    with style():
        figure, panel = plt.subplots(figsize=(8, 0.34 * len(quantities) + 1.6))
        for place, (method, name) in enumerate(methods.items()):
            by = frame[frame.method == method].set_index("quantity").loc[quantities]
            y = np.arange(len(quantities)) + 0.7 * (place / (len(methods) - 1) - 0.5)
            ends = [by["mean"] - by.ci_low.clip(0), by.ci_high.clip(upper=1) - by["mean"]]
            panel.errorbar(
                by["mean"], y, xerr=ends, color=told.palette[method], marker=told.markers[method], linestyle="",
                linewidth=0.9, markersize=5, label=name,
            )  # fmt: skip
        for place in range(1, len(quantities)):
            panel.axhline(place - 0.5, color="0.9", linewidth=0.8, zorder=0)
        panel.set_yticks(range(len(quantities)), [each.replace("_", " ") for each in quantities])
        panel.set(xlabel="share of images, by the judge", xlim=(0, 1.02))
        panel.invert_yaxis()
        figure.legend(loc="outside lower center", ncols=4)
    return figure


def digits_starts(frame: pd.DataFrame, images: Images) -> Figure:
    """Left a query's modes by t, of each start; right how far from training images they are, and how sure."""
    levels = sorted(frame.t.unique())
    names = {"query": "from the noised query", "noise": "from noise"}
    titles = {
        "modes": "ascents that end at a mode",
        "away": "distance to training images",
        "sure": "least probability of a factor",
        "factors": "share of the query's factors",
    }
    most = max(len(each) for each in images.values())
    with style():
        figure = plt.figure(figsize=(12, 0.7 * len(levels) + 1.4))
        grid = figure.add_gridspec(1, 2, width_ratios=[1.25, 1])
        left, right = figure.add_subfigure(grid[0]), figure.add_subfigure(grid[1])
        panel = left.subplots()
        found = {(t, start): list(images.get(f"{start} {t}", [])) for t in levels for start in names}
        rows: list[list[np.ndarray | None]] = [[*images["query"], *[None] * (2 * most - 1)]]
        rows += [
            [image for start in names for image in [*found[t, start], *[None] * (most - len(found[t, start]))]]
            for t in levels
        ]
        show(panel, mosaic(rows, gaps=(most,)))
        side = images["query"].shape[-1]
        size = side + 2
        for place, label in enumerate(["query", *(f"$t$ = {t}" for t in levels)]):
            panel.text(-2, (place + 0.5) * size, label, ha="right", va="center", fontsize=8)
        for block, (start, name) in enumerate(names.items()):
            middle = (block + 0.5) * most * size + block * (side // 3)
            panel.text(middle, -1, f"modes {name}", ha="center", va="bottom", fontsize=9)
            for place, t in enumerate(levels, start=1):
                if not found[t, start]:
                    panel.text(middle, (place + 0.5) * size, "no mode", ha="center", va="center", fontsize=8)
        told = method_style(list(names))
        for panel, (quantity, title) in zip(right.subplots(2, 2, sharex=True).flat, titles.items(), strict=True):
            here = frame[frame.quantity == quantity]
            banded_lines(panel, here, x="t", y="mean", methods=told, labels=names, hue="start")
            panel.set_title(title, fontsize=9)
            panel.set(xlabel="$t$", ylim=(0, None) if quantity == "away" else (0, 1.03))
        right.legend(*panel.get_legend_handles_labels(), loc="outside lower center", ncols=2)
    return figure


def digits_ablation(frame: pd.DataFrame) -> Figure:
    """A bar for each variant: what samples show, of each query and on average; below, what it costs."""
    variants = list(dict.fromkeys(frame.variant))
    wide = frame.groupby(["variant", "quantity"])["value"].mean().unstack().loc[variants]
    with style():
        figure, (above, below) = plt.subplots(2, 1, figsize=(9, 5), sharex=True, height_ratios=[2, 1])
        x = np.arange(len(wide))
        bars = {"all": (-0.2, "#0173b2", "samples"), "mean": (0.2, "#de8f05", "mean of the product")}
        dots: dict[str, Any] = {"linestyle": "", "marker": "o", "color": "white", "markeredgecolor": "black"}
        for quantity, (aside, colour, label) in bars.items():
            above.bar(x + aside, wide[quantity], 0.4, color=colour, label=label)
            for place, variant in enumerate(variants):
                values = frame[(frame.variant == variant) & (frame.quantity == quantity)]["value"].to_numpy()
                if len(values):
                    mean, low, high = wilson_interval(values)
                    ends = [[mean - low], [high - mean]]
                    above.errorbar(place + aside, mean, ends, color="black", linewidth=0.9, capsize=2)
                if quantity == "all":
                    above.plot(np.full(len(values), place + aside - 0.12), values, markersize=3.5, **dots)
                    if not len(values):
                        above.text(place, 0.02, "no mode", rotation=90, ha="center", va="bottom", fontsize=8)
        above.plot([], [], markersize=3.5, label="samples, each query", **dots)
        above.set(ylabel="share with all factors right", ylim=(0, 1.03))
        above.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3)
        below.bar(x, wide["evaluations"], 0.6, color="#949494")
        below.set(ylabel="score evaluations")
        below.set_xticks(x, list(wide.index), rotation=35, ha="right")
    return figure
