"""Samples of classes: Figures 7, 10, 11, 14 and 16, other methods beside them, and how good they are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.diffusion.score_ascent import Ascent
from recompose.metrics.classes import nearest_centroid, spread
from recompose.metrics.texture_statistics import texture_statistics
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import (
    MEMBERS,
    Bench,
    features,
    residual_of,
    sample,
    starts,
)
from recompose.papers.feature_guidance.methods import METHODS, Method, averaged_conditions, guided
from recompose.papers.feature_guidance.rows import REAL, SAMPLES, evenly
from recompose.storage import Measured

LATE = 0.01
"""Share of samples that may be unfinished at the limit of iterations."""
EXAMPLES = 2
"""Images that stand for a class of many kinds of them; of different textures, where those are the kinds."""
OUTSIDE = 0.25
"""How far beyond the range of intensities, in parts of it, a sample that settled may go."""


def late(numbers: pd.DataFrame, limit: int) -> str:
    """What to say where more than a hundredth of the samples came to the limit of iterations first."""
    taken = numbers.iterations.dropna()
    count = int((taken >= limit).sum())
    if count <= LATE * len(taken):
        return ""
    return (
        f"{count} of {len(taken)} samples were not done after sampling.limit = {limit} iterations; raise it, or"
        " sampling.noise"
    )


def figure7(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """Samples of some classes from three noises; of the mixture from the same; and larger ones of half the classes."""
    size = bench.train.images.shape[-1]
    shown = evenly(bench.classes, samples.classes)
    conditions = torch.stack([bench.condition(label, samples.conditions) for label in shown])
    first = starts(bench, sampling, 3, size, "figure7")
    each = torch.arange(len(shown)).repeat_interleave(3)
    found, ascent = sample(
        residual_of(bench.network, conditions[each]), first.repeat(len(shown), 1, 1, 1), sampling, "figure7"
    )
    mixture, free = sample(residual_of(bench.networks["mixture"]), first, sampling, "figure7", "mixture")
    half = conditions[::2]
    large = starts(bench, sampling, 1, size * samples.larger, "figure7", "large")
    larger, wide = sample(
        residual_of(bench.network, half), large.expand(len(half), -1, -1, -1), sampling, "figure7", "large"
    )
    numbers = pd.concat(
        [
            _arrivals(SAMPLES, [shown[place] for place in each.tolist()], ascent),
            _arrivals("mixture", [-1] * 3, free),
            _arrivals("larger", shown[::2], wide),
        ],
        ignore_index=True,
    )
    examples = torch.cat([bench.members(label, 1) for label in shown])
    images = {"examples": examples, "starts": first, "samples": found, "mixture": mixture, "larger start": large}
    return Measured(numbers, images | {"larger": larger})


def figure10(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """Samples of every class by the guided score, from the same first noises, each condition phi_y from one image."""
    return _class_samples(bench, "figure10", samples, sampling, guided)


def figure11(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """The same in colour."""
    return _class_samples(bench, "figure11", samples, sampling, guided)


def figure14(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """Samples of six classes of many kinds of images each, phi_y averaged over many of them."""
    return _class_samples(bench, "figure14", samples, sampling, averaged_conditions, examples=EXAMPLES)


def figure16(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """The same for ten classes."""
    return _class_samples(bench, "figure16", samples, sampling, averaged_conditions, examples=EXAMPLES)


def methods(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """The classes of Figure 10 from the same first noises by every registered method; judged by the guided network.

    Images: those of each method under its name, class by class; their `starts`; and an example of each class.
    """
    made = {name: _class_samples(bench, name, samples, sampling, each) for name, each in METHODS.items()}
    shared = {key: images for each in made.values() for key, images in each.images.items() if key != "samples"}
    numbers = pd.concat([each.numbers for each in made.values()], ignore_index=True)
    return Measured(numbers, shared | {name: each.images["samples"] for name, each in made.items()})


def _class_samples(
    bench: Bench,
    name: str,
    samples: configuration.Samples,
    sampling: configuration.Sampling,
    method: Method,
    examples: int = 1,
) -> Measured:
    """Samples of the first classes by a method, all from the same first noises; and their judgement.

    Images: `samples`, class by class; their `starts`; and so many examples of each class.
    """
    classes = min(bench.classes, samples.measured)
    labels = torch.arange(classes).repeat_interleave(samples.seeds)
    first = starts(bench, sampling, samples.seeds, bench.train.images.shape[-1], "samples")
    found, ascent = sample(method(bench, labels, samples), first.repeat(classes, 1, 1, 1), sampling, name)
    members = torch.cat([bench.members(label, examples) for label in range(classes)])
    images = {"samples": found, "starts": first, "examples": members}
    numbers = _judged(bench, name, found, labels, ascent)
    numbers.loc[numbers.kind == SAMPLES, "settled"] = settled(found, ascent, sampling.final).int().cpu().numpy()
    return Measured(numbers, images)


def settled(found: Tensor, ascent: Ascent, final: float) -> Tensor:
    """Whether each sample came to the final noise, and is an image there: no pixel far beyond the intensities."""
    inside = (found - found.clamp(-OUTSIDE, 1 + OUTSIDE)).flatten(1).abs().amax(dim=1) == 0
    return inside & (ascent.sigma < final)


def _judged(bench: Bench, name: str, found: Tensor, labels: Tensor, ascent: Ascent) -> pd.DataFrame:
    """A row for each sample and for each test patch: the class it is nearest to, and how its class spreads."""
    classes = int(labels.max()) + 1
    members, classes_of_members = bench.members_of_all(classes, MEMBERS)
    patches, classes_of_patches = bench.members_of_all(classes, len(labels) // classes, test=True)
    judge = bench.networks.get("guided", bench.network)

    def measured(images: Tensor) -> dict[str, np.ndarray]:
        statistics = texture_statistics(images.cpu().numpy())
        return {"features": features(judge, images).cpu().numpy(), "statistics": statistics}

    known, frames = measured(members), []
    for kind, images, which in ((SAMPLES, found, labels), (REAL, patches, classes_of_patches)):
        frame = pd.DataFrame({"artifact": name, "kind": kind, "label": which.numpy(), "seed": _places(which)})
        for space, vectors in measured(images).items():
            nearest = nearest_centroid(vectors, known[space], classes_of_members.numpy(), scaled=space == "statistics")
            frame[f"nearest_{space}"] = nearest
            frame[f"right_{space}"] = (nearest == which.numpy()).astype(int)
        spreads = [spread(images[which == label].cpu().numpy()) for label in range(classes)]
        frame["spread"] = np.array(spreads)[which.numpy()]
        frames.append(frame)
    frames[0]["sigma"] = ascent.sigma.cpu().numpy()
    frames[0]["iterations"] = ascent.iterations.cpu().numpy()
    return pd.concat(frames, ignore_index=True)


def _places(labels: Tensor) -> np.ndarray:
    """The number of each image within its class."""
    return pd.Series(labels.numpy()).groupby(labels.numpy()).cumcount().to_numpy()


def _arrivals(kind: str, labels: Sequence[int], ascent: Ascent) -> pd.DataFrame:
    columns = {"sigma": ascent.sigma.cpu().numpy(), "iterations": ascent.iterations.cpu().numpy()}
    return pd.DataFrame({"kind": kind, "label": list(labels)} | columns)
