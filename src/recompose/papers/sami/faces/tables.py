"""The table of faces, as people read it."""

import pandas as pd

from recompose.papers.sami.names import ON_FACES
from recompose.presentation.markdown import table_line, table_rule


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
