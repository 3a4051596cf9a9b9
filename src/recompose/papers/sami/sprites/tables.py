"""The table of dSprites, as people read it."""

import pandas as pd

from recompose.papers.sami.names import SCORES
from recompose.presentation.markdown import table_line, table_rule


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
