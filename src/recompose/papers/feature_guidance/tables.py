"""The tables of paper 5, as people read them."""

import pandas as pd

from recompose.papers.feature_guidance.titles import titled
from recompose.presentation.markdown import table_line, table_rule

SEPARATED = {"figure4": "textures (Figure 4)", "figure15": "six classes of many kinds of images (Figure 15)"}


def embedding(frame: pd.DataFrame) -> str:
    """The constants of Eq. 6, and how well a line fits."""
    return "\n".join(_quantities(frame)) + (
        f"\n\nOver {int(frame.n.iloc[0])} pairs of classes: the ratio of the density distance (Eq. 7) to the squared"
        " distance of the features is between A and B for all but 2.5 % of the pairs at either end. R^2 and departure,"
        " in parts of the mean density distance, are those of the least-squares line. Intervals by bootstrap over the"
        " classes.\n"
    )


def separation(frame: pd.DataFrame) -> str:
    """What holds for all pairs of classes."""
    parts = [
        "\n".join([f"**{SEPARATED[str(artifact)]}**, {int(rows.n.iloc[0])} pairs", "", *_quantities(rows)])
        for artifact, rows in frame.groupby("artifact", sort=False)
    ]
    return "\n\n".join(parts) + (
        "\n\nSeparability: the squared distance of two classes' mean features over the variance along the line between"
        " them (Eq. 5), in the guided network; it is large, the pair well separated, from 10 on. Rise: separability"
        " over that in the mixture's network. Intervals by bootstrap over the classes.\n"
    )


def _quantities(frame: pd.DataFrame) -> list[str]:
    """A line for each quantity with its interval."""
    lines = [table_line(["Quantity", "value", "95 % interval"]), table_rule(1, 2)]
    for row in frame.to_dict("records"):
        lines.append(
            table_line([row["quantity"], f"{row['value']:.3g}", f"[{row['ci_low']:.3g}, {row['ci_high']:.3g}]"])
        )
    return lines


def components(frame: pd.DataFrame) -> str:
    """Figure 6 in numbers."""
    headings = ["Method", "component", "mean", "standard deviation", "KS distance", "95 % interval", "p"]
    lines = [table_line(headings), table_rule(1, 6)]
    for row in frame.to_dict("records"):
        numbers = [f"{row['mean']:+.2f}", f"{row['std']:.2f}", f"{row['ks']:.3f}"]
        numbers += [f"[{row['ci_low']:.3f}, {row['ci_high']:.3f}]", f"{row['p']:.2g}"]
        lines.append(table_line([row["method"], int(row["label"]) + 1, *numbers]))
    return "\n".join(lines) + (
        f"\n\nOf {int(frame.n.iloc[0])} samples each, along the line between the means, in the component's own standard"
        " deviations: the truth is 0 and 1. KS: Kolmogorov and Smirnov's distance to that Gaussian,"
        " with its interval by bootstrap.\n"
    )


def quality(frame: pd.DataFrame) -> str:
    """How good the samples are, beside test patches of the same classes."""
    quantities = {
        "accuracy_features": "nearest class, features",
        "accuracy_statistics": "nearest class, texture statistics",
        "diversity": "diversity",
    }
    lines = [table_line(["Samples", "of", *quantities.values()]), table_rule(2, len(quantities))]
    for (artifact, kind), rows in frame.groupby(["artifact", "kind"], sort=False):
        at = rows.set_index("quantity")
        cells = [f"{at['mean'][name]:.2f} [{at.ci_low[name]:.2f}, {at.ci_high[name]:.2f}]" for name in quantities]
        lines.append(table_line([titled(str(artifact)), kind, *cells]))
    return "\n".join(lines) + (
        "\n\nMeans over the classes with 95 % intervals. Nearest class: the share of samples whose class has the"
        " nearest centroid, in the features of the guided network and in statistics that no network made"
        " (co-occurrence, local binary patterns). Diversity: the spread of the samples of a class"
        " over that of its test patches.\n"
    )
