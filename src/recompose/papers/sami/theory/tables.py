"""The table of appendix B, as people read it."""

import pandas as pd

from recompose.presentation.markdown import table_line, table_rule


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
    for check, name in {"roughness": "mean of ratios", "pooled": "ratio of means"}.items():
        for row in frame[frame["check"] == check].to_dict("records"):
            value = f"{row['value']:.3g} [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
            lines.append(table_line([f"change of the Jacobian, {name} (value itself)", row["case"], "", value]))
    return "\n".join(lines) + (
        "\n\nChange of the Jacobian: |J(x + d) - J(x)|^2 / (|d|^2 |J(x)|^2), the mean over images, and that of"
        " numerator over that of denominator.\n"
    )
