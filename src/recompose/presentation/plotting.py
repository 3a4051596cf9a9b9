"""One look for all figures: readable by the colour-blind and in gray, with uncertainty bands."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib as mpl

mpl.use("agg")  # files only, on machines without a screen

import matplotlib.style
import pandas as pd
from matplotlib.axes import Axes

Dashes = tuple[float, ...] | str

# Eight colours, seven dashes, eleven markers: numbers without a common factor, so that no two methods of a paper share
# all three, and neighbours share none. The colours are seaborn's "colorblind" without its pale pink and yellow; written
# out, because importing seaborn takes longer than drawing a figure.
_COLOURS = ("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#949494", "#56b4e9")
_DASHES: tuple[Dashes, ...] = ("", (4, 1.5), (1, 1), (5, 1, 1, 1), (3, 1, 1, 1, 1, 1), (7, 2), (2, 2))
_MARKERS = ("o", "X", "s", "D", "^", "v", "P", "<", ">", "p", "h")

_PARAMETERS: dict[Any, Any] = {
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "figure.constrained_layout.use": True,
    "figure.dpi": 100,
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same bytes on every machine
    "font.size": 10,
    "legend.fontsize": 9,
    "legend.frameon": False,
    "lines.linewidth": 1.6,
    "lines.markersize": 5,
    "patch.edgecolor": "white",
    "patch.force_edgecolor": True,
    "svg.fonttype": "path",
    "xtick.labelsize": 9,
    "ytick.labelsize": 9,
}


@contextmanager
def style() -> Iterator[None]:
    """Draw what stands inside in the shared style, whatever a person's matplotlibrc says."""
    with matplotlib.style.context(["seaborn-v0_8-whitegrid", _PARAMETERS], after_reset=True):
        yield


@dataclass(frozen=True)
class MethodStyle:
    """How each method is drawn, in every figure alike."""

    palette: dict[str, Any]
    dashes: dict[str, Dashes]
    markers: dict[str, str]


def method_style(methods: Sequence[str]) -> MethodStyle:
    """The style of each method by its place: pass all methods of a paper, to have each look the same."""
    return MethodStyle(
        palette={method: _COLOURS[place % len(_COLOURS)] for place, method in enumerate(methods)},
        dashes={method: _DASHES[place % len(_DASHES)] for place, method in enumerate(methods)},
        markers={method: _MARKERS[place % len(_MARKERS)] for place, method in enumerate(methods)},
    )


def banded_lines(
    axes: Axes,
    frame: pd.DataFrame,
    *,
    x: str,
    y: str,
    methods: MethodStyle,
    labels: Mapping[str, str] | None = None,
    hue: str = "method",
) -> None:
    """A line for each method with the band of `ci_low` to `ci_high`, and `published` numbers as crosses.

    Methods stand in the order of the style. The legend is left to the figure (`shared_legend`).
    """
    for method in [method for method in methods.palette if method in set(frame[hue])]:
        rows = frame[frame[hue] == method].sort_values(x)
        colour, dashes = methods.palette[method], methods.dashes[method]
        axes.plot(
            rows[x],
            rows[y],
            color=colour,
            marker=methods.markers[method],
            linestyle=(0, dashes) if dashes else "-",
            markeredgecolor="white",
            markeredgewidth=0.5,
            label=(labels or {}).get(method, method),
        )
        axes.fill_between(rows[x], rows["ci_low"], rows["ci_high"], color=colour, alpha=0.1, linewidth=0)
        if "published" in rows and rows["published"].notna().any():
            published_marks(axes, rows[x], rows["published"], colour)


def published_marks(axes: Axes, x: Any, y: Any, colour: Any = "black") -> None:
    """Mark what the paper prints, beside what was measured."""
    axes.scatter(x, y, marker="x", s=36, linewidths=1.4, color=[colour], zorder=4, label="_published")


def shared_legend(axes: Sequence[Axes], columns: int = 4) -> None:
    """One legend below a row of panels, each method once."""
    entries: dict[str, Any] = {}
    for panel in axes:
        handles, names = panel.get_legend_handles_labels()
        entries |= dict(zip(names, handles, strict=True))
    figure = axes[0].get_figure()
    assert figure is not None
    figure.legend(list(entries.values()), list(entries), loc="outside lower center", ncols=columns)
