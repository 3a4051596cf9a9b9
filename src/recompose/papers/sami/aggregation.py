"""Tables of paper 3 made from what was measured or set. No torch here, so it is quick."""

from pathlib import Path

import pandas as pd

from recompose.metrics.intervals import student_interval
from recompose.storage import read_csv

PUBLISHED = Path("config/published/sami.csv")
METRICS = ("tad", "captured", "fid")
"""The columns of Table 2."""


def printed(artifact: str) -> pd.DataFrame:
    """What the paper prints in a table: rows `case` and `quantity`, a `value` or a `text`."""
    frame = read_csv(PUBLISHED, ["artifact", "case", "quantity", "value", "text"])
    return frame[frame.artifact == artifact].reset_index(drop=True)


def table2(comparison: pd.DataFrame) -> pd.DataFrame:
    """Rows methods and metrics: what was measured, and beside it what is printed, with its deviation.

    `kind`: measured, or printed for methods that are not here; of the judge the mean accuracy over attributes. Printed
    distances are of Inception's features and other images, so of another scale.
    """
    numbers = printed("table2").rename(columns={"case": "method", "quantity": "metric", "value": "published"})
    numbers = numbers[["method", "metric", "published", "text"]].rename(columns={"text": "deviation"})
    here = comparison[comparison.of.isna() | (comparison.of == "")].drop(columns="of").assign(kind="measured")
    accuracy = comparison[comparison.metric == "accuracy"]["mean"].to_numpy()
    judge = student_interval(accuracy).columns(len(accuracy))
    here = pd.concat([here, pd.DataFrame([judge | {"method": "judge", "metric": "accuracy", "kind": "measured"}])])
    both = here.merge(numbers, how="outer", on=["method", "metric"], sort=False)
    both["kind"] = both.kind.fillna("printed")
    both = both.astype({"mean": "Float64"})  # what is only printed has none
    return both[["method", "metric", "kind", "mean", "ci_low", "ci_high", "n", "published", "deviation"]]
