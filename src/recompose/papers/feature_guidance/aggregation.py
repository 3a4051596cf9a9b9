"""What is computed from the numbers of paper 5. No torch here, so it is quick."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recompose.metrics.intervals import bootstrap
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance.rows import REAL, mean_and_interval
from recompose.randomness import numpy_generator
from recompose.storage import read_csv


def training(*, folder: Path, network_names: Sequence[str]) -> pd.DataFrame:
    """The loss curves of all networks."""
    return pd.concat([read_csv(folder / "training" / f"{name}.csv") for name in network_names], ignore_index=True)


def embedding(frame: pd.DataFrame, *, resamples: int = 2000) -> pd.DataFrame:
    """Of Figure 5: A, B and B / A of Eq. 6, and the correlation of the distances; bootstrap intervals."""
    pairs = frame[["feature_distance", "density_distance"]].to_numpy()

    def quantities(sample: np.ndarray) -> np.ndarray:
        ratio = sample[:, 1] / sample[:, 0]
        return np.array([ratio.min(), ratio.max(), ratio.max() / ratio.min(), np.corrcoef(sample.T)[0, 1]])

    value, low, high = bootstrap(pairs, quantities, generator=numpy_generator(SLUG, "embedding"), resamples=resamples)
    names = ["A", "B", "B / A", "correlation"]
    return pd.DataFrame({"quantity": names, "value": value, "ci_low": low, "ci_high": high, "n": len(pairs)})


def components(frame: pd.DataFrame) -> pd.DataFrame:
    """Of Figure 6: mean and deviation of each component in its own units, and Kolmogorov-Smirnov's distance to it."""
    from scipy.stats import kstest

    rows = []
    for (method, label), part in frame.groupby(["method", "label"], sort=False):
        test = kstest(part.standard, "norm")
        rows.append(
            (method, label, part.standard.mean(), part.standard.std(ddof=1), test.statistic, test.pvalue, len(part))
        )
    return pd.DataFrame(rows, columns=["method", "label", "mean", "std", "ks", "p", "n"])


def quality(*frames: pd.DataFrame) -> pd.DataFrame:
    """How many samples are nearest to their class, in both spaces, and how much they differ: means over the classes.

    frames: those of the artifacts with samples. `diversity` is the spread within a class over that of its test patches.
    """
    rows = []
    for frame in frames:
        real = frame[frame.kind == REAL].groupby("label")
        for kind, part in frame.groupby("kind", sort=False):
            by = part.groupby("label")
            values = {
                "accuracy_features": by.right_features.mean(),
                "accuracy_statistics": by.right_statistics.mean(),
                "diversity": by.spread.first() / real.spread.first(),
            }
            rows += [
                (frame.artifact.iloc[0], kind, quantity, *mean_and_interval(each.to_numpy()))
                for quantity, each in values.items()
            ]
    columns = ["artifact", "kind", "quantity", "mean", "std", "ci_low", "ci_high", "n"]
    table = pd.DataFrame(rows, columns=columns)
    shares = table.quantity.str.startswith("accuracy")
    table.loc[shares, ["ci_low", "ci_high"]] = table.loc[shares, ["ci_low", "ci_high"]].clip(0, 1)
    return table
