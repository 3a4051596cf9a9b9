"""What is computed from the numbers of paper 5. No torch here, so it is quick."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recompose.metrics.intervals import NORMAL, OUTSIDE, bootstrap
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance.rows import OUTERMOST, REAL, mean_and_interval
from recompose.randomness import numpy_generator
from recompose.storage import read_csv


def training(*, folder: Path, network_names: Sequence[str]) -> pd.DataFrame:
    """The loss curves of all networks."""
    return pd.concat([read_csv(folder / "training" / f"{name}.csv") for name in network_names], ignore_index=True)


RESAMPLES = 2000
PAIR = ["first", "second"]
"""The columns of the two classes that a row is about."""
WORST = 0.05
"""The share of pairs that a statement about all pairs of classes leaves out, for more classes hold more of them."""
WELL = 10
"""Separability from which on Eq. 5 holds: there the variance is much less than the squared distance."""


def figure3(frame: pd.DataFrame) -> pd.DataFrame:
    """Means over classes, or over the images of the one texture, of PSNR and of its gain at every noise level."""
    place = ["images", "model", "condition", "sigma"]
    rows = [
        (*keys, quantity, *mean_and_interval(part[quantity].to_numpy()))
        for keys, part in frame.groupby(place, sort=False)
        for quantity in ("psnr", "gain")
    ]
    return pd.DataFrame(rows, columns=[*place, "quantity", "mean", "std", "ci_low", "ci_high", "n"])


def embedding(frame: pd.DataFrame, *, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Of Figure 5: A, B and B / A of Eq. 6, the correlation of the distances, and how well a line fits them.

    All but 2.5 % of the pairs lie above A times the distance of the features, and as many below B times that; the
    extremes stand beside, for they grow apart with the number of pairs. `departure`: root mean square distance of the
    pairs from the least-squares line, in parts of the mean density distance. Intervals by bootstrap over classes.
    """

    def quantities(sample: np.ndarray) -> np.ndarray:
        features, densities = sample.T
        ratio = densities / features
        low, high = np.quantile(ratio, [OUTERMOST, 1 - OUTERMOST])
        correlation = np.corrcoef(features, densities)[0, 1]
        left = densities.std() * np.sqrt(max(0.0, 1 - correlation**2))  # of the densities, beside the line
        extremes = ratio.min(), ratio.max(), ratio.max() / ratio.min()
        return np.array([low, high, high / low, *extremes, correlation, correlation**2, left / densities.mean()])

    value, low, high = bootstrap(
        frame[["feature_distance", "density_distance"]].to_numpy(),
        quantities,
        generator=numpy_generator(SLUG, "embedding"),
        resamples=resamples,
        groups=frame[PAIR].to_numpy(),
    )
    names = ["A", "B", "B / A", "smallest ratio", "largest ratio", "largest / smallest", "correlation", "R^2"]
    columns = {"quantity": [*names, "departure"], "value": value, "ci_low": low, "ci_high": high, "n": len(frame)}
    return pd.DataFrame(columns)


def separation(*frames: pd.DataFrame, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Of Figures 4 and 15: what holds for all pairs of classes (Eq. 5), by all features; bootstrap over classes.

    Separability of a pair is the squared distance of its means over the variance along the line between: Eq. 5 asks
    that it be large for every pair. `rise`: of the guided network's over the mixture's.
    """
    tables = []
    for artifact, frame in zip(("figure4", "figure15"), frames, strict=True):
        whole = frame[(frame.kind == "pair") & (frame.block == "all")]
        guided, mixture = dict.fromkeys(whole.network)
        pairs = whole.pivot(index=PAIR, columns="network", values="separability").reset_index()

        def quantities(sample: np.ndarray) -> np.ndarray:
            separability, before = sample.T
            rise = separability / before
            return np.array([
                (separability >= WELL).mean(), np.quantile(separability, WORST), separability.min(),
                (rise > 1).mean(), np.quantile(rise, WORST), rise.min(),
            ])  # fmt: skip

        generator = numpy_generator(SLUG, "separation", artifact)
        value, low, high = bootstrap(
            pairs[[guided, mixture]].to_numpy(),
            quantities,
            generator=generator,
            resamples=resamples,
            groups=pairs[PAIR].to_numpy(),
        )
        names = ["share well separated", "separability, 5th percentile", "smallest separability"]
        names += ["share that rises", "rise, 5th percentile", "smallest rise"]
        columns = {"quantity": names, "value": value, "ci_low": low, "ci_high": high, "n": len(pairs)}
        tables.append(pd.DataFrame({"artifact": artifact} | columns))
    return pd.concat(tables, ignore_index=True)


def components(frame: pd.DataFrame, *, resamples: int = RESAMPLES) -> pd.DataFrame:
    """Of Figure 6: mean and deviation of each component in its own units, and Kolmogorov-Smirnov's distance to it."""
    rows = []
    for (method, label), part in frame.groupby(["method", "label"], sort=False):
        generator = numpy_generator(SLUG, "components", str(method), str(label))
        values = part.standard.to_numpy()
        distance, low, high, p = ks_distance(values, generator, resamples)
        rows.append((method, label, values.mean(), values.std(ddof=1), distance, low, high, p, len(part)))
    return pd.DataFrame(rows, columns=["method", "label", "mean", "std", "ks", "ci_low", "ci_high", "p", "n"])


def ks_distance(
    values: np.ndarray, generator: np.random.Generator, resamples: int = RESAMPLES
) -> tuple[float, float, float, float]:
    """Kolmogorov and Smirnov's distance of values, (n,), to the normal distribution; its interval; the p-value of 0.

    The distance of a sample is too large on average, that of a resample by about as much again: this bias is taken off,
    and the interval is the normal one around what is left (Davison & Hinkley, 1997, Eq. 5.5). It holds D itself, and 0
    where the test does not refuse 0. In simulations of 200 values it holds the true distance in 89 to 96 cases of 100.
    """
    from scipy.special import ndtr  # scipy.stats takes seconds to import
    from scipy.stats import kstest

    n = len(values)
    test = kstest(values, "norm")
    drawn = ndtr(np.sort(generator.choice(values, size=(resamples, n)), axis=1))
    steps = np.arange(n + 1) / n
    far = np.maximum((steps[1:] - drawn).max(axis=1), (drawn - steps[:-1]).max(axis=1))
    distance = float(test.statistic)
    centre, half = 2 * distance - float(far.mean()), NORMAL * float(far.std(ddof=1))
    low = 0.0 if test.pvalue >= OUTSIDE else max(0.0, min(centre - half, distance))
    return distance, low, max(centre + half, distance), float(test.pvalue)


def quality(*frames: pd.DataFrame) -> pd.DataFrame:
    """How many samples are nearest to their class, in both spaces, and how much they differ: means over the classes.

    frames: those of the artifacts with samples, whose column `artifact` says by which method where there are several.
    `diversity` is the spread within a class over that of its test patches.
    """
    rows = []
    for frame in (part for each in frames for _, part in each.groupby("artifact", sort=False)):
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
