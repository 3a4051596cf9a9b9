"""What the pictures of paper 3 draw alike."""

from collections.abc import Sequence

import pandas as pd
from matplotlib.axes import Axes

from recompose.presentation.plotting import method_style


def trainings(panel: Axes, frame: pd.DataFrame, column: str, names: Sequence[str]) -> None:
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
