"""Which candidates become the data set: those accepted by hand, and those that a classifier accepts (F.3)."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recompose.datasets.pictures import pixels
from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.collection import SLUG
from recompose.papers.weighted_composition.rooms.collection.candidates import make_candidates
from recompose.papers.weighted_composition.rooms.collection.embeddings import Embeddings, embed
from recompose.papers.weighted_composition.rooms.collection.files import (
    ROOMS,
    candidate_file,
    image,
    number_of,
)
from recompose.papers.weighted_composition.rooms.collection.labels import labels, labels_file
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection
from recompose.randomness import seed_of
from recompose.storage import read_csv, write_csv

FOLDS = 5
BINS = 10
"""Of the predicted probability, equally wide, in the reliability diagram."""


def accepted_file(name: str) -> Path:
    """The table of the accepted images of a class: which, by whom, and the classifier's probability."""
    return ROOMS / "accepted" / f"{name}.csv"


def accepted(name: str, rooms_collection: RoomsCollection, device: str) -> dict[str, Any]:
    """Accept images of a class until there are as many as are wanted, and say how well the classifier knows them.

    Where there are too few, more candidates are made, embedded and classified. Raises RecomposeError where there are no
    labels, or of one kind only, and where the candidates would become more than the limit.
    """
    known = _labels(name)
    while True:
        found = embed(name, rooms_collection, device)
        labelled = np.isin(found.numbers, list(known))
        by_hand = np.array([known[number] for number in found.numbers[labelled].tolist()])
        classifier = fitted(found.rows[labelled], by_hand)
        table = _accepted(found, known, classifier, rooms_collection.threshold)
        count = more_candidates(name, len(table), len(found.numbers), rooms_collection)
        if count is None:
            break
        make_candidates(name, count, rooms_collection, device)
    write_csv(table.head(rooms_collection.images), accepted_file(name))
    probabilities = held_out(found.rows[labelled], by_hand, seed_of(SLUG, "rooms", "folds", name))
    return {
        "class": name,
        "images": rooms_collection.images,
        "candidates": len(found.numbers),
        "accepted": len(table),
        "threshold": rooms_collection.threshold,
        "embedding_model": rooms_collection.embedding_model,
        "converged": bool(classifier.n_iter_[0] < classifier.max_iter),
        **measured(probabilities, by_hand, rooms_collection.threshold),
        "reliability": reliability(probabilities, by_hand).to_dict("records"),
    }


def _labels(name: str) -> dict[int, bool]:
    known = labels(name)
    counts = {kind: sum(each == accepted for each in known.values()) for kind, accepted in _KINDS}
    if min(counts.values()) < 2:
        told = ", ".join(f"{count} {kind}" for kind, count in counts.items())
        raise RecomposeError(
            f"{labels_file(name)}: {told}; a classifier needs two of each at least; label more:"
            f" recompose rooms label --class {name}"
        )
    return known


_KINDS = (("accepted", True), ("rejected", False))


def fitted(rows: NDArray[np.float32], by_hand: NDArray[np.bool_]) -> Any:
    """The classifier of a class: logistic regression on raw embeddings, (images, width), as in the authors' code."""
    return _regression().fit(rows, by_hand)


def _regression() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(C=1.0, solver="lbfgs", max_iter=1000)  # L2 is its default


def _accepted(found: Embeddings, known: dict[int, bool], classifier: Any, threshold: float) -> pd.DataFrame:
    """All accepted images: those by hand first, then those by the classifier, each in the order of their numbers."""
    rows = pd.DataFrame({"number": found.numbers, "probability": classifier.predict_proba(found.rows)[:, 1]})
    by_hand = rows["number"].map(known)  # missing where nobody labelled
    hand = rows[by_hand.eq(True)].assign(by="hand")
    predicted = rows[by_hand.isna() & (rows["probability"] >= threshold)].assign(by="classifier")
    every = pd.concat([hand, predicted], ignore_index=True)
    return every.assign(image=every["number"].map("{:05d}.png".format))[["image", "by", "probability"]]


def more_candidates(name: str, accepted: int, candidates: int, settings: RoomsCollection) -> int | None:
    """How many candidates it takes for as many accepted ones as are wanted, at the rate so far; none if there are."""
    if accepted >= settings.images:
        return None
    rate = accepted / candidates
    count = math.ceil(settings.images / rate)
    told = f"{name}: {accepted} of {candidates} candidates are accepted ({rate:.1%})"
    if count > settings.limit:
        raise RecomposeError(
            f"{told}; {settings.images} would take {count} candidates, more than rooms_collection.limit ="
            f" {settings.limit}; raise that, or ask for fewer images"
        )
    print(f"{told}; {count} are needed", flush=True)
    return count


def held_out(rows: NDArray[np.float32], by_hand: NDArray[np.bool_], seed: int) -> NDArray[np.float64]:
    """The probability of each labelled image, (images,), by a classifier that has not seen it.

    Stratified cross-validation in five parts, or in as many as there are labels of the rarer kind.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    rarer = min(by_hand.sum(), (~by_hand).sum())
    folds = StratifiedKFold(min(FOLDS, int(rarer)), shuffle=True, random_state=seed % 2**32)
    found: NDArray[np.float64] = cross_val_predict(_regression(), rows, by_hand, cv=folds, method="predict_proba")
    return found[:, 1]


def measured(probabilities: NDArray[np.float64], by_hand: NDArray[np.bool_], threshold: float) -> dict[str, Any]:
    """How well held-out probabilities agree with the labels.

    accuracy: at the threshold. majority: the accuracy of saying what most labels say. precision: how many of those that
    the classifier accepts are accepted by hand (none if it accepts none). brier: the mean squared error of the
    probability.
    """
    says = probabilities >= threshold
    return {
        "labels": len(by_hand),
        "accepted_by_hand": int(by_hand.sum()),
        "held_out_accuracy": float((says == by_hand).mean()),
        "majority": float(max(by_hand.mean(), 1 - by_hand.mean())),
        "precision": float(by_hand[says].mean()) if says.any() else None,
        "recall": float(says[by_hand].mean()),
        "brier": float(((probabilities - by_hand) ** 2).mean()),
    }


def reliability(probabilities: NDArray[np.float64], by_hand: NDArray[np.bool_]) -> pd.DataFrame:
    """The reliability diagram: in each bin of the held-out probability its mean, the share that is accepted, and n.

    With the 95 % interval of that share (Wilson).
    """
    from sklearn.calibration import calibration_curve
    from statsmodels.stats.proportion import proportion_confint

    share, mean = calibration_curve(by_hand, probabilities, n_bins=BINS)  # of the bins that are not empty
    bins = np.digitize(probabilities, np.linspace(0, 1, BINS + 1)[1:-1], right=True)
    n = np.bincount(bins, minlength=BINS)
    n = n[n > 0]
    low, high = proportion_confint(np.round(share * n), n, method="wilson")
    return pd.DataFrame({"probability": mean, "mean": share, "ci_low": low, "ci_high": high, "n": n})


def accepted_images(name: str, size: int) -> NDArray[np.uint8]:
    """The accepted images of a class as bytes, (n, 3, size, size): each pixel the mean of those that it covers.

    Raises RecomposeError where nothing was accepted yet, or an image is gone, damaged or not a multiple of that size.
    """
    path = accepted_file(name)
    if not path.exists():
        raise RecomposeError(f"{path}: no such file; recompose rooms accepted --class {name} makes it")
    files = read_csv(path, ["image", "by", "probability"])["image"]
    numbers = [number_of(str(file)) for file in files]
    if None in numbers or not numbers:
        raise RecomposeError(f"{path}: no table of accepted images; delete it and run again")
    return np.stack([_averaged(candidate_file(name, number), size) for number in numbers if number is not None])


def _averaged(path: Path, size: int) -> NDArray[np.uint8]:
    """In one step: Pillow rounds after the rows and again after the columns, upwards."""
    found = pixels(image(path), 3)
    width = found.shape[-1]
    if width % size:
        raise RecomposeError(
            f"{path}: {width} x {width} pixels do not average to {size} x {size}; ask for a size that divides {width}"
        )
    averaged = found.reshape(3, size, width // size, size, width // size).mean((2, 4))
    return averaged.round().astype(np.uint8)
