"""The table of the variant, as people read it."""

import pandas as pd

from recompose.presentation.markdown import table_line, table_rule

NAMES = {
    "dsprites-modularity": ("dSprites", "modularity"),
    "dsprites-disentanglement": ("dSprites", "DCI disentanglement"),
    "dsprites-error": ("dSprites", "guided squared error of the noise"),
    "faces-tad": ("faces", "TAD"),
    "faces-error": ("faces", "guided squared error of the noise"),
}


def beyond(frame: pd.DataFrame) -> str:
    """Rows what is measured on which images; columns the paper's SAMI, the variant, and what it gains."""
    lines = [table_line(["Images", "Quantity", "SAMI", "variant", "gain"]), table_rule(2, 3)]
    for case, rows in frame.groupby("case", sort=False):
        by = {
            row["method"]: f"{row['mean']:.3g} [{row['ci_low']:.3g}, {row['ci_high']:.3g}]"
            for row in rows.to_dict("records")
        }
        cells = [by[method] for method in ("paper", "variant", "gain")]
        lines.append(table_line([*NAMES[str(case)], *cells]))
    return "\n".join(lines) + (
        "\n\nGain: the variant's less the paper's, of trainings that begin alike or on the same resampled images;"
        " of the error the variant's over the paper's. With 95 % intervals: of dSprites over"
        " trainings, of faces over images.\n"
    )
