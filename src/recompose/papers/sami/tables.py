"""The tables of paper 3, as people read them."""

import pandas as pd

from recompose.papers.sami.names import QUANTITIES, SCORES
from recompose.presentation.markdown import table_line, table_rule


def disks(frame: pd.DataFrame) -> str:
    """Rows what was measured, and where."""
    lines = [table_line(["Quantity", "Of", "Value", "95 %"]), table_rule(2, 2)]
    for row in frame.fillna({"place": ""}).to_dict("records"):
        interval = f"[{row['ci_low']:.3g}, {row['ci_high']:.3g}]" if row["ci_low"] < row["ci_high"] else ""
        at = row["quantity"] in ("position", "spread", "uncertainty")
        of = f"background {row['place']}" if at else str(row["place"])
        lines.append(table_line([QUANTITIES[row["quantity"]], of, f"{row['mean']:.3g}", interval]))
    return "\n".join(lines) + "\n\nOn images that no network was trained on; the disk's intensity is .5.\n"


def theory(frame: pd.DataFrame) -> str:
    """Rows checks: the largest distance of what is found and what is expected."""
    names = {
        "score": "B.1's score, against automatic differentiation (relative)",
        "precision": "best precision of an axis",
        "switch": "noise at which an axis switches on",
        "reward": "L_2, which is 0 in the text",
        "count": "active latents of the linear VAE",
    }
    lines = [table_line(["Check", "Case", "cases", "largest distance"]), table_rule(2, 2)]
    for check, name in names.items():
        for case, rows in frame[frame["check"] == check].groupby("case", sort=False):
            apart = (rows.value - rows.expected).abs().max()
            lines.append(table_line([name, str(case), str(len(rows)), f"{apart:.2g}"]))
    for row in frame[frame["check"] == "roughness"].to_dict("records"):
        value = f"{row['value']:.3g} [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
        lines.append(table_line(["change of the Jacobian (value itself)", row["case"], "", value]))
    return "\n".join(lines) + "\n\nChange of the Jacobian: |J(x + d) - J(x)|^2 / (|d|^2 |J(x)|^2), mean over images.\n"


def dsprites(frame: pd.DataFrame) -> str:
    """Rows methods, columns scores: the mean, the deviation of repeats of the evaluation, and that of trainings."""
    lines = [table_line(["Method", *SCORES.values()]), table_rule(1, len(SCORES))]
    for method, rows in frame.groupby("method", sort=False):
        means, repeats = (rows[rows.training == which].set_index("quantity") for which in ("all", "repeats"))
        cells = [
            f"{means['mean'][quantity]:.3f} ± {repeats['std'][quantity]:.4f} ± {means['std'][quantity]:.4f}"
            for quantity in SCORES
        ]
        lines.append(table_line([str(method), *cells]))
    trainings = int(frame[frame.training == "all"].n.max())
    return "\n".join(lines) + (
        f"\n\nMean ± deviation of repeats of the evaluation ± deviation of {trainings} trainings. The paper's"
        " deviations are of repeats with one training. Scores of DCI are comparable for equal rounds of boosting.\n"
    )
