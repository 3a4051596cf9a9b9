"""The table of portraits, as people read it."""

from collections.abc import Hashable, Mapping
from typing import Any

import pandas as pd

from recompose.papers.sami.names import QUANTITIES
from recompose.presentation.markdown import table_line, table_rule


def portraits(frame: pd.DataFrame) -> str:
    """Rows what was measured, and where; columns how the steps of the training were drawn."""
    names = {
        "error": "error of the noise, guided over unguided",
        "variability": "mean square deviation from the mean image",
        "identified": "samples nearest to their own image",
        "divergence": QUANTITIES["divergence"],
        "active": QUANTITIES["active"],
    }
    cases = {"oversampled": "high noise oversampled", "uniform": "uniform steps", "both": "the first over the second",
             "none": "without latents"}  # fmt: skip
    kept = frame.fillna({"place": ""})
    lines = [table_line(["Quantity", "Of", *cases.values()]), table_rule(2, 4)]
    for quantity, name in names.items():
        of_quantity = kept[kept.quantity == quantity]
        for place, rows in of_quantity.groupby("place", sort=False):
            cells = {row["case"]: _number(row) for row in rows.to_dict("records")}
            of = f"steps {place}" if quantity == "error" else str(place)
            lines.append(table_line([name, of, *[cells.get(case, "") for case in cases]]))
    return "\n".join(lines) + (
        "\n\nOn images that no network was trained on; the denoiser is frozen. The first over the second: of their"
        " guided errors, on the same noise.\n"
    )


def _number(row: Mapping[Hashable, Any]) -> str:
    interval = f" [{row['ci_low']:.3g}, {row['ci_high']:.3g}]" if row["ci_low"] < row["ci_high"] else ""
    return f"{row['mean']:.3g}{interval}"
