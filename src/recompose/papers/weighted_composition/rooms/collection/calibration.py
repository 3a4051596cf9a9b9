"""How far the classifiers' probabilities can be trusted: a reliability diagram for each class."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from recompose.papers.weighted_composition.rooms.names import CLASSES
from recompose.presentation.plotting import banded_lines, method_style, style


def calibration(summaries: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """The reliability diagrams of the classes in one table, from what their acceptance came to."""
    frames = [
        pd.DataFrame(each["reliability"]).assign(room=each["class"], accuracy=each["held_out_accuracy"])
        for each in summaries
    ]
    return pd.concat(frames, ignore_index=True)[["room", "accuracy", "probability", "mean", "ci_low", "ci_high", "n"]]


def calibration_figure(frame: pd.DataFrame) -> Figure:
    """A panel for each class: the share of images that were accepted by hand, by their held-out probability."""
    names = [name for name in CLASSES if name in set(frame["room"])]
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    with style():
        figure, panels = plt.subplots(
            rows, columns, figsize=(2.6 * columns, 2.9 * rows), sharex=True, sharey=True, squeeze=False
        )
        for panel, name in zip(panels.flat, names, strict=False):
            shown = frame[frame["room"] == name]
            panel.plot([0, 1], [0, 1], color="black", linewidth=0.8, linestyle=(0, (2, 2)))
            banded_lines(panel, shown, x="probability", y="mean", methods=method_style(list(CLASSES)), hue="room")
            accuracy = f"{shown['accuracy'].iloc[0]:.1%} of {shown['n'].sum()} right"
            panel.set(xlim=(0, 1), ylim=(0, 1), aspect="equal", title=f"{name.replace('_', ' + ')}\n{accuracy}")
        for panel in panels.flat[len(names) :]:
            panel.set_visible(False)
        figure.supxlabel("held-out probability", fontsize=10)
        figure.supylabel("share accepted by hand", fontsize=10)
    return figure
