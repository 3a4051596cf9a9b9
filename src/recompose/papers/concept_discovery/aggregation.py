"""Tables of paper 4 made from what was measured class by class. No torch here, so it is quick."""

from pathlib import Path
from typing import Any

import pandas as pd

from recompose.metrics.intervals import student_interval
from recompose.papers.concept_discovery.passes import EARLY, parts
from recompose.papers.concept_discovery.settings import Discovery, Sampling
from recompose.storage import read_csv

PUBLISHED = Path("config/published/concept_discovery.csv")


def comparison(name: str, scores: pd.DataFrame) -> pd.DataFrame:
    """Mean over the held-out classes, standard error and interval, a row for each method, reference and metric.

    `published`: what the paper prints, of the features of other networks.
    """
    place = ["method", "reference", "metric"]
    printed = read_csv(PUBLISHED, ["artifact", *place, "value"])
    printed = printed[printed.artifact == name][[*place, "value"]].rename(columns={"value": "published"})
    return over_classes(scores, place).merge(printed, how="left", on=place)


def over_classes(frame: pd.DataFrame, place: list[str]) -> pd.DataFrame:
    """The mean of each kind of value over the classes; of a class over its queries first."""
    rows = []
    by_class = frame.groupby([*place, "class"], sort=False)["value"].mean().reset_index()
    for key, classes in by_class.groupby(place, sort=False):
        values = classes["value"].to_numpy()
        mean, low, high = student_interval(values)
        error = float(values.std(ddof=1)) / len(values) ** 0.5 if len(values) > 1 else 0.0
        here = dict(zip(place, key, strict=True))
        rows.append(here | {"mean": mean, "error": error, "ci_low": low, "ci_high": high, "n": len(values)})
    return pd.DataFrame(rows)


def share(name: str, attributes: pd.DataFrame) -> pd.DataFrame:
    """What the judge sees in each method's images, over the held-out classes."""
    return over_classes(attributes, ["method", "quantity"])


def cost(name: str, samples: pd.DataFrame, **blocks: Any) -> pd.DataFrame:
    """What each method asks of the network for a query, and what its teacher is made of: means over the queries.

    `evaluations`, and of these, by the settings, `ascent`, `probes` and `classes`, under which Top-k denoises; the rest
    is `sampling`, of a new class's pool of images too.
    """
    benchmark = name.partition("_")[0]
    discovery, sampling = (blocks[f"{benchmark}_{part}"] for part in ("discovery", "sampling"))
    rows: list[dict[str, Any]] = []
    for (method, quantity), values in samples.groupby(["method", "quantity"], sort=False):
        if quantity in ("nearest", "weights"):
            continue
        of_queries = values.groupby(["class", "query"])["value"]
        total = of_queries.sum() if quantity == "modes" else of_queries.mean()
        found = student_interval(total.to_numpy())
        rows.append({"method": method, "quantity": quantity, **found.columns(len(total))})
        if quantity == "evaluations":
            rows += [
                rows[-1] | {"quantity": part, "mean": asked, "ci_low": asked, "ci_high": asked}
                for part, asked in _parts(str(method), found.value, discovery, sampling).items()
            ]
    return pd.DataFrame(rows)


def _parts(method: str, asked: float, discovery: Discovery, sampling: Sampling) -> dict[str, float]:
    """What of a method's evaluations its parts took. A method that is not known has none."""
    found: dict[str, float]
    match method:
        case "poe" | "lora":
            found = dict(parts(discovery))
        case "beyond":
            found = dict(parts(discovery.model_copy(update=EARLY)))
        case "top1" | "top3":  # each move asks for the null class and the k nearest ones
            found = {"classes": asked - sampling.samples * sampling.steps * (1 + int(method.removeprefix("top")))}
        case "query_only":
            found = {}
        case _:
            return {}
    return found | {"sampling": asked - sum(found.values())}
