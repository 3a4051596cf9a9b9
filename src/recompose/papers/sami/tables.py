"""The tables of paper 3, as people read them."""

import pandas as pd

from recompose.papers.sami.names import ON_FACES, QUANTITIES
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


def faces(frame: pd.DataFrame) -> str:
    """Rows what was measured, attributes by how much samples keep of them."""
    lines = [table_line(["Quantity", "Of", "Value", "95 %"]), table_rule(2, 2)]
    for quantity, name in ON_FACES.items():
        rows = frame[frame.quantity == quantity].fillna({"place": ""})
        if quantity == "kept":
            rows = rows.sort_values("mean", ascending=False, kind="stable")
        for row in rows.to_dict("records"):
            interval = f"[{row['ci_low']:.3g}, {row['ci_high']:.3g}]" if row["ci_low"] < row["ci_high"] else ""
            of = str(row["place"]).replace("_", " ")
            lines.append(table_line([name, of, f"{row['mean']:.3g}", interval]))
    return "\n".join(lines) + "\n\nOn images that no network was trained on; intensities are in [0, 1].\n"


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
