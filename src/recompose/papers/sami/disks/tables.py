"""The table of disks, as people read it."""

import pandas as pd

from recompose.papers.sami.names import QUANTITIES
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
