"""The pictures of dSprites. They read numbers, and compute nothing."""

import matplotlib.pyplot as plt
import pandas as pd
from matplotlib.figure import Figure

from recompose.papers.sami.names import SCORES
from recompose.papers.sami.plotting import trainings
from recompose.presentation.plotting import method_style, shared_legend, style


def dsprites(frame: pd.DataFrame) -> Figure:
    """A panel for each score: trainings of each method as dots with the deviation of repeats, and their mean."""
    shown = [quantity for quantity in SCORES if quantity != "divergence"]
    with style():
        figure, panels = plt.subplots(1, len(shown), figsize=(11, 3.2))
        for panel, quantity in zip(panels, shown, strict=True):
            here = frame[frame.quantity == quantity]
            trainings(panel, here, "method", list(here.method.unique()))
            panel.set(title=SCORES[quantity])
    return figure


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
