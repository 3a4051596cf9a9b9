"""The pictures of rooms. They read numbers and images, and compute nothing."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from recompose.papers.weighted_composition.rooms.names import CLASSES, MODELS, OUTCOMES, SETTINGS
from recompose.presentation.mosaics import FRAME, mosaic, show
from recompose.presentation.plotting import shared_legend, style

Images = Mapping[str, np.ndarray]
PANELS = "abcd"
FRAMES = {"both": "right", "couch_only": "none", "other_only": "none", "none": "none", "warped": "wrong"}
COLOURS = dict(zip(OUTCOMES, ("#029e73", "#0173b2", "#56b4e9", "#cccccc", "#d55e00"), strict=True))
HATCHES = dict(zip(OUTCOMES, ("", "", "//", "", "xx"), strict=True))


def figure2(frame: pd.DataFrame, images: Images) -> Figure:
    """Samples of the conditional networks, naive and corrected."""
    return _samples(frame, images)


def figure3(frame: pd.DataFrame, images: Images) -> Figure:
    """The same of separate networks."""
    return _samples(frame, images)


def figure4(frame: pd.DataFrame, images: Images) -> Figure:
    """More samples of the conditional networks."""
    return _samples(frame, images)


def _samples(frame: pd.DataFrame, images: Images) -> Figure:
    """Four panels, a setting each; left naive, right corrected. Framed by what the judge sees."""
    sizes = sorted(frame.particles.unique())
    with style():
        figure, panels = plt.subplots(2, 2, figsize=(11, 7.2))
        for panel, letter, (setting, told) in zip(panels.flat, PANELS, SETTINGS.items(), strict=True):
            here = [frame[(frame.setting == setting) & (frame.particles == each)].shown.tolist() for each in sizes]
            found = [images[f"{setting} K={each}"] for each in sizes]
            side = int(len(here[0]) ** 0.5)
            rows = [
                [image for each in found for image in each[down * side : (down + 1) * side]]
                for down in range(len(here[0]) // side)
            ]
            shown = [
                [outcome for each in here for outcome in each[down * side : (down + 1) * side]]
                for down in range(len(rows))
            ]
            frames = {
                (down, across): FRAMES[each] for down, line in enumerate(shown) for across, each in enumerate(line)
            }
            gaps = tuple(side * each for each in range(1, len(sizes)))
            show(panel, mosaic(rows, frames, gaps=gaps), f"({letter}) {told.title}\n{_titles(sizes)}")
        labels = {"right": "both objects", "none": "one or neither", "wrong": "warped"}
        handles = [
            Patch(color="#{:02x}{:02x}{:02x}".format(*FRAME[each]), label=label) for each, label in labels.items()
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=3)
    return figure


def _titles(sizes: list[int]) -> str:
    return f"left $K = {sizes[0]}$, right $K = {sizes[-1]}$" if len(sizes) > 1 else f"$K = {sizes[0]}$"


def rooms_fractions(frame: pd.DataFrame) -> Figure:
    """Shares of outcomes: stacked bars for every K, beside the exact class weights."""
    particles = sorted(frame.particles.unique())
    with style():
        figure, panels = plt.subplots(2, 4, figsize=(12, 6.4), sharey=True)
        for line, model in zip(panels, MODELS, strict=True):
            for panel, (setting, told) in zip(line, SETTINGS.items(), strict=True):
                here = frame[(frame.setting == setting) & (frame.model == model)]
                first = here[here.particles == particles[0]].set_index("outcome")
                bars = {f"$K$ = {each}": here[here.particles == each].set_index("outcome") for each in particles}
                for place, (label, shares) in enumerate(
                    [*bars.items(), ("exact", None), ("if the\nsentence held", None)]
                ):
                    column = "mean" if shares is not None else {"exact": "exact"}.get(label, "variant")
                    values = (shares if shares is not None else first)[column]
                    bottom = 0.0
                    for outcome, name in OUTCOMES.items():
                        panel.bar(place, values[outcome], 0.8, bottom, color=COLOURS[outcome], hatch=HATCHES[outcome],
                                  edgecolor="white", linewidth=0.3, label=name if place == 0 else None)  # fmt: skip
                        bottom += values[outcome]
                    if shares is not None:  # of the share at the foot
                        both = shares.loc["both"]
                        ends = [[both["mean"] - both.ci_low], [both.ci_high - both["mean"]]]
                        panel.errorbar(place, both["mean"], ends, color="black", capsize=2.5, linewidth=1.1)
                panel.set_xticks(range(len(bars) + 2), [*bars, "exact", "if the\nsentence held"], fontsize=7.5)
                panel.set_ylim(0, 1)
                panel.grid(visible=False)
                if model == MODELS[0]:
                    panel.set_title(told.title.replace(", ", ",\n"))
            line[0].set_ylabel(f"{model} models\nshare of samples")
        shared_legend(list(panels.flat), columns=5)
    return figure


def rooms_weights(frame: pd.DataFrame) -> Figure:
    """Effective sample size, surviving first particles and the variance of log-weights, on the way."""
    quantities = {
        "ess": "effective sample size,\nshare of $K$",
        "distinct": "first particles with\ndescendants, share of $K$",
        "total_variance": "variance of log-weights,\nsummed on the way",
    }
    sizes = sorted(frame.particles.unique())
    colours = dict(zip(SETTINGS, ("#0173b2", "#de8f05", "#029e73", "#d55e00"), strict=True))
    dashes = dict(zip(sizes, ("--", "-", ":", "-."), strict=False))
    with style():
        figure, panels = plt.subplots(len(MODELS), 3, figsize=(11, 6.2), sharex=True, squeeze=False)
        for line, model in zip(panels, MODELS, strict=True):
            for panel, (quantity, label) in zip(line, quantities.items(), strict=True):
                here = frame[(frame.model == model) & (frame.quantity == quantity)]
                for (setting, particles), rows in here.groupby(["setting", "particles"], sort=False):
                    by = 1 if quantity == "total_variance" else int(rows.particles.iloc[0])
                    told = {"color": colours[str(setting)], "linestyle": dashes[particles]}
                    name = f"{SETTINGS[str(setting)].title}, $K$ = {particles}"
                    panel.plot(rows.weighing, rows["mean"] / by, label=name, **told)
                    panel.fill_between(
                        rows.weighing, rows.ci_low / by, rows.ci_high / by, color=told["color"], alpha=0.15, linewidth=0
                    )
                panel.set_ylabel(label)
                panel.set_ylim(0, None if quantity == "total_variance" else 1.03)
            line[0].set_title(f"{model} models")
        for panel in panels[-1]:
            panel.set_xlabel("weighing, from noise to image")
        shared_legend(list(panels.flat), columns=2)
    return figure


def rooms_classes(frame: pd.DataFrame, images: Images) -> Figure:
    """Images of the six classes: left larger where they can be, right as networks see them; each row with its class."""
    large = f"large {next(iter(CLASSES))}" in images
    with style():
        figure, panels = plt.subplots(1, 1 + large, figsize=(5.4 * (1 + large) + 0.6, 4.6), squeeze=False)
        for panel, kind in zip(panels[0], (["large"] if large else []) + ["small"], strict=True):
            rows = [list(images[f"{kind} {name}"]) for name in CLASSES]
            size = rows[0][0].shape[-1]
            show(panel, mosaic(rows), f"{size} x {size} pixels" + (", as trained on" if kind == "small" else ""))
        first = panels[0, 0]
        for row, name in enumerate(CLASSES):  # rows are equally high
            first.text(-0.02, 1 - (row + 0.5) / len(CLASSES), name.replace("_", ",\n"), ha="right", va="center",
                       fontsize=9, transform=first.transAxes)  # fmt: skip
    return figure
