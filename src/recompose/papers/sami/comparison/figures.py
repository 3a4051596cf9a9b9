"""The picture of Figure 3H. It reads numbers, and computes nothing but means with their intervals."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from recompose.metrics.intervals import student_interval
from recompose.papers.sami.names import READINGS, titled
from recompose.presentation.plotting import style


def participation(frame: pd.DataFrame) -> Figure:
    """A panel for each reading: rows methods, a dot for each attribute, and the mean with its interval."""
    methods = titled(frame.method)
    with style():
        figure, panels = plt.subplots(1, 2, figsize=(11, 1.2 + 0.42 * len(methods)), sharey=True)
        for panel, (reading, title) in zip(panels, READINGS.items(), strict=True):
            here = frame[frame.reading == reading]
            for place, method in enumerate(methods):
                values = np.sort(here[here.method == method].value.to_numpy())
                colour = "#0173b2" if place >= len(methods) - 2 else "#949494"
                # Sorted, a dot is the higher the larger it is: none hides another.
                rise = np.linspace(-0.3, 0.3, len(values))
                panel.scatter(values, place - rise, s=12, color=colour, alpha=0.6, linewidths=0)
                mean, low, high = student_interval(values)
                panel.errorbar(mean, place, xerr=[[mean - low], [high - mean]], fmt="D", color="black", capsize=3)
            panel.axvline(float(here.largest.max()), color="0.4", linestyle="--", linewidth=1)
            panel.set(xlabel=f"participation ratio, {title}", xlim=(0.9, None))
        panels[0].set_yticks(range(len(methods)), list(methods.values()))
        panels[0].invert_yaxis()
    return figure
