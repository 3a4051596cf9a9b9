"""The pictures of paper 3 on dSprites, and of the encoder's two inputs. They read numbers, and compute nothing."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recompose.papers.sami.names import SCORES
from recompose.presentation.plotting import method_style, shared_legend, style


def dsprites(frame: pd.DataFrame) -> Figure:
    """A panel for each score: trainings of each method as dots with the deviation of repeats, and their mean."""
    shown = [quantity for quantity in SCORES if quantity != "divergence"]
    with style():
        figure, panels = plt.subplots(1, len(shown), figsize=(11, 3.2))
        for panel, quantity in zip(panels, shown, strict=True):
            here = frame[frame.quantity == quantity]
            _trainings(panel, here, "method", list(here.method.unique()))
            panel.set(title=SCORES[quantity])
    return figure


def _trainings(panel: Axes, frame: pd.DataFrame, column: str, names: Sequence[str]) -> None:
    """Each training a dot with its deviation, where it has one, beside the mean of all as a line."""
    told = method_style(names)
    for place, name in enumerate(names):
        rows = frame[frame[column] == name]
        rows = rows[~rows.training.astype(str).isin(["all", "repeats"])]
        at = [place + 0.12 * (number - (len(rows) - 1) / 2) for number in range(len(rows))]
        bars = rows.get("std")
        style_of = {"color": told.palette[name], "marker": told.markers[name], "linestyle": "", "capsize": 2}
        panel.errorbar(at, rows["mean"], bars, label=name, **style_of)
        panel.hlines(rows["mean"].mean(), place - 0.3, place + 0.3, color=told.palette[name], linewidth=1)
    panel.set_xticks(range(len(names)), names)
    panel.set_xlim(-0.5, len(names) - 0.5)


def figure6(frame: pd.DataFrame) -> Figure:
    """Left the norms of one run, as in the paper; right their means over all runs, with 95 % intervals."""
    names = {
        "prior": "prior score",
        "posterior": "posterior score",
        "difference": "difference of their norms",
        "guidance": "norm of their difference",
    }
    told = method_style(list(names))
    magnitudes = frame[frame.quantity == "magnitude"]
    with style():
        figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4))
        for panel, run in ((left, "one"), (right, "all")):
            for of, label in names.items():
                rows = magnitudes[(magnitudes.of == of) & (magnitudes.run == run)].sort_values("t")
                dashes = told.dashes[of]
                line = (0, dashes) if dashes else "-"
                panel.plot(rows.t, rows["mean"], color=told.palette[of], linestyle=line, label=label)
                panel.fill_between(
                    rows.t, rows.ci_low.clip(lower=1e-3), rows.ci_high, color=told.palette[of], alpha=0.15
                )
            panel.set(xlabel="step $t$, from noise to images", yscale="log")
            panel.invert_xaxis()
        runs = int(magnitudes.n.max())
        left.set(title="one run", ylabel="norm of the score")
        right.set(title=f"mean of {runs} runs")
        shared_legend([left])
    return figure


def time_input(frame: pd.DataFrame) -> Figure:
    """Three quantities of each training, without the noise level and with it."""
    titles = {
        "divergence": "divergence of a posterior,\nnats (0: collapsed)",
        "position": "$R^2$ of positions,\nblack background",
        "error": "error of the noise,\nguided over unguided",
    }
    at = frame.place.fillna("").astype(str)
    with style():
        figure, panels = plt.subplots(1, 3, figsize=(9, 3.2))
        for panel, (quantity, title) in zip(panels, titles.items(), strict=True):
            here = frame[(frame.quantity == quantity) & (at == ("0" if quantity == "position" else ""))]
            _trainings(panel, here, "encoder", ["without", "with"])
            if quantity == "divergence":
                panel.set_ylim(bottom=0)
            panel.set(title=title, xlabel="the noise level as input")
    return figure
