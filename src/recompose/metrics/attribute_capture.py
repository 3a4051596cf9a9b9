"""The total AUROC difference (TAD) of a code, and the attributes that it captures (Yeats et al., 2022).

A latent detects a binary attribute as well as its area under the ROC curve says, in whichever direction is better. An
attribute is captured where one latent detects it well and it is not nearly told by another attribute; the TAD adds up
how far the best latent is ahead of the second best, over the captured ones. Published numbers follow two protocols.
"""

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple

import numpy as np
from scipy.special import rel_entr

from recompose.errors import RecomposeError, require_finite

Protocol = Literal["infodiffusion", "nashae"]
"""infodiffusion: the first 10,000 images, exact areas, over the five training parts of a five-fold split (Wang et al.,
2023; that they standardise the codes changes no area). nashae: the first 1,000 images at once, areas by 101 thresholds,
latents of a range up to .2 count as guesses (Yeats et al., 2022)."""
IMAGES: dict[Protocol, int] = {"infodiffusion": 10_000, "nashae": 1000}
FOLDS = 5
DETECTED = 0.75
"""The least area of the best latent with which an attribute is captured."""
SHARED = 0.2
"""The largest share of its entropy that another attribute may tell of a captured one."""
THRESHOLDS = 101
RANGE = 0.2


class AttributeCapture(NamedTuple):
    """What a code captures, as means over the parts of the protocol; `std` is over them, too (ddof 0).

    names: the attributes captured in more than half of the parts. The arrays are (parts, attributes): whether each is
    captured, the two latents that detect it best, and their areas, NaN where a part shows only one class of it.
    """

    tad: float
    tad_std: float
    captured: float
    captured_std: float
    names: tuple[str, ...]
    kept: np.ndarray
    best_latent: np.ndarray
    best_auroc: np.ndarray
    second_latent: np.ndarray
    second_auroc: np.ndarray


def attribute_capture(
    codes: np.ndarray, attributes: np.ndarray, names: Sequence[str], protocol: Protocol = "infodiffusion"
) -> AttributeCapture:
    """The TAD and the captured attributes of codes (images, latents), for attributes (images, attributes) of 0 and 1.

    names: of the attributes. Where there are fewer images than the protocol takes, all count. An attribute of which
    only one class is seen has no area and is not captured. Raises NotFinite where a code is not finite, RecomposeError
    where no attribute has two classes, a value is neither 0 nor 1, or there are fewer than two latents.
    """
    if not len(codes) == len(attributes) or not attributes.shape[1] == len(names):
        raise ValueError(f"codes {codes.shape}, attributes {attributes.shape}, {len(names)} names; expected equal ones")
    codes, attributes = codes[: IMAGES[protocol]], attributes[: IMAGES[protocol]]
    require_finite(codes, f"the codes of {len(codes)} images are not finite, and detect nothing")
    if codes.shape[1] < 2:
        raise RecomposeError(f"a code of {codes.shape[1]} latents has no second best; take two or more")
    if not np.isin(attributes, (0, 1)).all():
        raise RecomposeError("attributes are neither 0 nor 1; CelebA's file has -1 for 0: write 0")
    labels = attributes.astype(bool)
    if not _two_classes(labels).any():
        raise RecomposeError(f"of {len(names)} attributes none has both classes among {len(codes)} images; take more")
    area: Callable[[np.ndarray, np.ndarray], np.ndarray] = aurocs if protocol == "infodiffusion" else threshold_aurocs
    parts = _training_parts(len(codes)) if protocol == "infodiffusion" else [np.arange(len(codes))]
    areas = np.stack([area(codes[part], labels[part]) for part in parts])
    shared = np.stack([shared_information(labels[part]) for part in parts])
    latents = np.argsort(-areas, axis=2, kind="stable")[..., :2]
    best, second = np.moveaxis(np.take_along_axis(areas, latents, axis=2), 2, 0)
    kept = (best >= DETECTED) & (shared <= SHARED)
    tad, captured = np.where(kept, best - second, 0.0).sum(axis=1), kept.sum(axis=1)
    return AttributeCapture(
        tad=float(tad.mean()),
        tad_std=float(tad.std()),
        captured=float(captured.mean()),
        captured_std=float(captured.std()),
        names=tuple(name for name, share in zip(names, kept.mean(axis=0), strict=True) if share > 0.5),
        kept=kept,
        best_latent=latents[..., 0],
        best_auroc=best,
        second_latent=latents[..., 1],
        second_auroc=second,
    )


def aurocs(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The area under the ROC curve of every latent for every attribute, in its better direction.

    codes: (images, latents), labels: (images, attributes), bool -> (attributes, latents), in [.5, 1]; NaN where only
    one class is seen. By the sum of ranks for all of them at once: scikit-learn takes one pair at a time, and minutes.
    """
    from scipy.stats import rankdata  # scipy.stats takes seconds to import

    positive = labels.sum(axis=0)[:, None].astype(np.float64)
    sums = labels.T.astype(np.float64) @ rankdata(codes.T, axis=1).T
    pairs = np.where(_two_classes(labels)[:, None], positive * (len(labels) - positive), np.nan)
    area = (sums - positive * (positive + 1) / 2) / pairs
    return np.maximum(area, 1 - area)


def threshold_aurocs(codes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The same areas as NashAE has them: a sum of rectangles over 101 thresholds between a latent's extremes.

    Each rectangle is as high as the curve at its right end, and the highest threshold is the largest code itself: some
    hundredths off for a code with one hump, but .76 for two clusters of 40 and 60 % that tell nothing. A
    latent of a range up to .2 counts as a guess, .5.
    """
    positives, negatives = labels.T.astype(np.float64), (~labels).T.astype(np.float64)
    areas = np.full((labels.shape[1], codes.shape[1]), 0.5)
    for latent in np.flatnonzero(np.ptp(codes, axis=0) > RANGE):
        code = codes[:, latent]
        below = (code[:, None] < np.linspace(code.min(), code.max(), THRESHOLDS)).astype(np.float64)
        found, false = (_shares(each @ below, each) for each in (positives, negatives))
        low = (found[:, 1:] * np.diff(false)).sum(axis=1)  # below the threshold means yes
        high = ((1 - found[:, :-1]) * np.diff(false)).sum(axis=1)  # above it
        areas[:, latent] = np.maximum(low, high)
    return np.where(_two_classes(labels)[:, None], areas, np.nan)


def shared_information(labels: np.ndarray) -> np.ndarray:
    """The largest share of each attribute's entropy that another one tells, max_j MI(i, j) / H(i): (attributes,).

    labels: (images, attributes), bool. NaN for an attribute with one class, which has no entropy.
    """
    classes = np.stack([~labels, labels]).astype(np.float64)
    shares = classes.mean(axis=1)
    joint = np.einsum("xni,ynj->xyij", classes, classes, optimize=True) / len(labels)
    information = rel_entr(joint, shares[:, None, :, None] * shares[None, :, None, :]).sum(axis=(0, 1))
    entropy = np.where(_two_classes(labels), information.diagonal(), np.nan)
    np.fill_diagonal(information, 0.0)
    return information.max(axis=1) / entropy


def _two_classes(labels: np.ndarray) -> np.ndarray:
    return np.asarray(labels.any(axis=0) & ~labels.all(axis=0))


def _shares(counts: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Counts (attributes, thresholds) as shares of the members (attributes, images), 0 of none."""
    return counts / np.maximum(members.sum(axis=1, keepdims=True), 1)


def _training_parts(images: int) -> list[np.ndarray]:
    """The images that each of the five trainings would see, shuffled as in InfoDiffusion: its seed, 0, is published."""
    from sklearn.model_selection import KFold  # takes seconds to import

    if images < FOLDS:
        raise RecomposeError(f"{images} images cannot be split in {FOLDS}; take more")
    return [part for part, _ in KFold(FOLDS, shuffle=True, random_state=0).split(np.empty(images))]
