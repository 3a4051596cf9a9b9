"""Conditional generation (section 5.3, appendix D): Figures 6-8, 10-14 and 16, and how good the samples are."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.diffusion.score_ascent import Ascent, Residual
from recompose.metrics.classes import nearest_centroid, spread
from recompose.metrics.texture_statistics import texture_statistics
from recompose.networks.unet import LabelledUNet
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.aggregation import REAL
from recompose.papers.feature_guidance.data import coordinate
from recompose.papers.feature_guidance.denoising import Measured
from recompose.papers.feature_guidance.guidance import (
    Bench,
    features,
    free_residual,
    noise,
    psnr,
    residual_of,
    sample,
    starts,
)

LATE = 0.01
"""Share of samples that may be unfinished at the limit of iterations."""
MEMBERS = 64
"""Training images of a class from which its centroids are computed."""


def figure10(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """Samples of every class by the guided score, from the same first noises, each condition phi_y from one image."""
    return _class_samples(bench, "figure10", samples, sampling, samples.conditions)


def figure11(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """The same in colour."""
    return _class_samples(bench, "figure11", samples, sampling, samples.conditions)


def figure14(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """Samples of six classes of many kinds of images each, phi_y averaged over many of them."""
    return _class_samples(bench, "figure14", samples, sampling, samples.many)


def figure16(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """The same for ten classes."""
    return _class_samples(bench, "figure16", samples, sampling, samples.many)


def free_guidance(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """The same by classifier-free guidance of a network of the same size; judged by the guided network's features.

    networks: the labelled one, and the guided one
    """
    labels = torch.arange(_measured(bench, samples)).repeat_interleave(samples.seeds)
    first = starts(bench, sampling, samples.seeds, bench.train.images.shape[-1], "samples")
    network = bench.networks["labelled"]
    assert isinstance(network, LabelledUNet)
    residual = free_residual(network, labels.to(bench.device), samples.weight)
    found, ascent = sample(residual, first.repeat(len(labels) // len(first), 1, 1, 1), sampling, "free_guidance")
    return _with_examples(bench, _judged(bench, "free_guidance", found, labels, ascent), first, labels)


def late(numbers: pd.DataFrame, limit: int) -> str | None:
    """What to say where more than a hundredth of the samples came to the limit of iterations first."""
    taken = numbers.iterations.dropna()
    count = int((taken >= limit).sum())
    if count <= LATE * len(taken):
        return None
    return (
        f"{count} of {len(taken)} samples were not done after sampling.limit = {limit} iterations; raise it, or"
        " sampling.noise"
    )


def _measured(bench: Bench, samples: configuration.Samples) -> int:
    return min(bench.classes, samples.measured)


def _class_samples(
    bench: Bench, name: str, samples: configuration.Samples, sampling: configuration.Sampling, count: int
) -> Measured:
    labels = torch.arange(_measured(bench, samples)).repeat_interleave(samples.seeds)
    conditions = torch.stack([bench.condition(label, count) for label in range(_measured(bench, samples))])[labels]
    first = starts(bench, sampling, samples.seeds, bench.train.images.shape[-1], "samples")
    start = first.repeat(len(labels) // len(first), 1, 1, 1)
    found, ascent = sample(residual_of(bench.network, conditions), start, sampling, name)
    return _with_examples(bench, _judged(bench, name, found, labels, ascent), first, labels)


def _with_examples(bench: Bench, measured: Measured, first: Tensor, labels: Tensor) -> Measured:
    """What a figure shows beside the samples."""
    examples = torch.cat([bench.members(label, 1) for label in range(int(labels.max()) + 1)])
    return Measured(measured.numbers, measured.images | {"starts": first, "examples": examples})


def _judged(bench: Bench, name: str, found: Tensor, labels: Tensor, ascent: Ascent) -> Measured:
    """A row for each sample and for each test patch: the class it is nearest to, and how its class spreads."""
    classes = int(labels.max()) + 1
    members = [bench.members(label, MEMBERS) for label in range(classes)]
    of = torch.arange(classes).repeat_interleave(torch.tensor([len(each) for each in members])).numpy()
    patches = [bench.members(label, len(labels) // classes, test=True) for label in range(classes)]
    patch_labels = torch.arange(classes).repeat_interleave(torch.tensor([len(each) for each in patches]))
    judge = bench.networks.get("guided", bench.network)

    def measured(images: Tensor) -> dict[str, np.ndarray]:
        statistics = texture_statistics(images.cpu().numpy())
        return {"features": features(judge, images).cpu().numpy(), "statistics": statistics}

    known, real = measured(torch.cat(members)), torch.cat(patches)
    frames = []
    for kind, images, which in (("samples", found, labels), (REAL, real, patch_labels)):
        frame = pd.DataFrame({"artifact": name, "kind": kind, "label": which.numpy(), "seed": _places(which)})
        for space, vectors in measured(images).items():
            nearest = nearest_centroid(vectors, known[space], of, scaled=space == "statistics")
            frame[f"nearest_{space}"] = nearest
            frame[f"right_{space}"] = (nearest == which.numpy()).astype(int)
        spreads = [spread(images[which == label].cpu().numpy()) for label in range(classes)]
        frame["spread"] = np.array(spreads)[which.numpy()]
        frames.append(frame)
    frames[0]["sigma"] = ascent.sigma.cpu().numpy()
    frames[0]["iterations"] = ascent.iterations.cpu().numpy()
    return Measured(pd.concat(frames, ignore_index=True), {"samples": found})


def _places(labels: Tensor) -> np.ndarray:
    """The number of each image within its class."""
    return pd.Series(labels.numpy()).groupby(labels.numpy()).cumcount().to_numpy()


def figure7(bench: Bench, *, samples: configuration.Samples, sampling: configuration.Sampling) -> Measured:
    """Samples of some classes from three noises; of the mixture from the same; and larger ones of half the classes."""
    size = bench.train.images.shape[-1]
    shown = np.linspace(0, bench.classes - 1, samples.classes).round().astype(int).tolist()
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
            _arrivals("samples", [shown[place] for place in each.tolist()], ascent),
            _arrivals("mixture", [-1] * 3, free),
            _arrivals("larger", shown[::2], wide),
        ],
        ignore_index=True,
    )
    examples = torch.cat([bench.members(label, 1) for label in shown])
    images = {"examples": examples, "starts": first, "samples": found, "mixture": mixture, "larger start": large}
    return Measured(numbers, images | {"larger": larger})


def _arrivals(kind: str, labels: Sequence[int], ascent: Ascent) -> pd.DataFrame:
    columns = {"sigma": ascent.sigma.cpu().numpy(), "iterations": ascent.iterations.cpu().numpy()}
    return pd.DataFrame({"kind": kind, "label": list(labels)} | columns)


def figure8(
    bench: Bench, *, interpolation: configuration.Interpolation, samples: configuration.Samples,
    sampling: configuration.Sampling,
) -> Measured:  # fmt: skip
    """Samples under alpha phi_1 + (1 - alpha) phi_2, for pairs of classes from close to distant.

    Of each, where its features lie along the line from phi_2 (0) to phi_1 (1); rows by the distance of the classes.
    """
    centroids = torch.stack([bench.condition(label, MEMBERS) for label in range(bench.classes)])
    first, second = torch.triu_indices(bench.classes, bench.classes, 1)
    squares = (centroids[first] - centroids[second]).square().sum(dim=1)
    quantiles = (torch.linspace(0.05, 0.95, interpolation.pairs) * (len(squares) - 1)).round().long()
    chosen = squares.cpu().argsort()[quantiles]
    alphas = torch.linspace(1, 0, interpolation.steps, device=bench.device)
    start = starts(bench, sampling, samples.seeds, bench.train.images.shape[-1], "figure8")
    rows, images = [], {}
    for row, pair in enumerate(chosen.tolist()):
        ends = int(first[pair]), int(second[pair])
        one, other = centroids[ends[0]], centroids[ends[1]]
        told = alphas[:, None] * one + (1 - alphas[:, None]) * other
        which = torch.arange(len(alphas)).repeat_interleave(len(start))
        found, ascent = sample(
            residual_of(bench.network, told[which]), start.repeat(len(alphas), 1, 1, 1), sampling, "figure8", row
        )
        along = (features(bench.network, found) - other) @ (one - other) / (one - other).square().sum()
        images[f"samples {row}"] = found[:: len(start)]
        images[f"examples {row}"] = torch.cat([bench.members(end, 2) for end in ends])
        distance = float(squares[pair])
        rows += [
            (row, *ends, distance, round(float(alphas[each]), 6), seed % len(start), float(place), int(taken))
            for seed, (each, place, taken) in enumerate(
                zip(which.tolist(), along.tolist(), ascent.iterations.tolist(), strict=True)
            )
        ]
    columns = ["row", "first", "second", "distance", "alpha", "seed", "along", "iterations"]
    return Measured(pd.DataFrame(rows, columns=columns), images)


def figure12(bench: Bench, *, partial: configuration.Partial, sampling: configuration.Sampling) -> Measured:
    """An image that is no texture of the condition's class, with noise of falling levels, sampled on from there.

    Of each sample: how far it is from the image (PSNR), and where its features lie between the image's and the class's.
    """
    labels = np.linspace(0, bench.classes - 1, partial.classes + 1).round().astype(int).tolist()
    image = bench.members(labels[0], 1, test=True)
    levels = torch.tensor(partial.levels, device=bench.device).view(-1, 1, 1, 1)
    noisy = image + levels * noise((len(levels), *image.shape[1:]), "figure12").to(bench.device)
    own = features(bench.network, image)[0]
    images = {"image": image, "noisy": noisy}
    rows = []
    for label in labels[1:]:
        condition = bench.condition(label)
        residual = residual_of(bench.network, condition.expand(len(noisy), -1))
        found, ascent = sample(residual, noisy, sampling, "figure12", label)
        line = condition - own
        along = (features(bench.network, found) - own) @ line / line.square().sum()
        near = psnr(image, found)
        images |= {f"samples {label}": found, f"condition {label}": bench.members(label, 1)}
        rows += [
            (label, level, *values)
            for level, *values in zip(
                partial.levels, near.tolist(), along.tolist(), ascent.iterations.tolist(), strict=True
            )
        ]
    return Measured(pd.DataFrame(rows, columns=["label", "sigma", "psnr", "along", "iterations"]), images)


def figure13(bench: Bench, *, partial: configuration.Partial, sampling: configuration.Sampling) -> Measured:
    """Trajectories under a condition; and what the mixture's score makes of them from each level on, without it.

    Of each: how near it is to what the condition makes of it to the end (PSNR), whether it is nearest to the same class
    as that is, and whether that is the condition's.
    """
    labels = np.linspace(0, bench.classes - 1, partial.classes).round().astype(int).tolist()
    start = starts(bench, sampling, 1, bench.train.images.shape[-1], "figure13")
    mixture = residual_of(bench.networks["mixture"])
    known = _members(bench)

    def nearest(image: Tensor) -> int:
        return int(nearest_centroid(features(bench.network, image).cpu().numpy(), *known)[0])

    images, rows = {"start": start}, []
    for label in labels:
        condition = bench.condition(label, MEMBERS)
        guided = residual_of(bench.network, condition[None])
        x, trajectory = start, []
        for level in partial.levels:
            _, ascent = sample(guided, x, sampling, "figure13", label, level, final=level)
            x = ascent.x
            trajectory.append(x)
        final, last = sample(guided, x, sampling, "figure13", label, "end")
        ends = [
            sample(mixture, each, sampling, "figure13", label, level, "off")
            for each, level in zip(trajectory, partial.levels, strict=True)
        ]
        off = [each for each, _ in ends]
        images |= {
            f"trajectory {label}": torch.cat([*trajectory, final]),
            f"off {label}": torch.cat(off),
            f"example {label}": bench.members(label, 1),
        }
        for level, (ended, ascent) in zip(partial.levels, ends, strict=True):
            there = nearest(ended)
            taken = int(torch.maximum(ascent.iterations, last.iterations))
            same, right = int(there == nearest(final)), int(there == label)
            rows.append((label, level, float(psnr(final, ended)), same, right, taken))
    return Measured(pd.DataFrame(rows, columns=["label", "sigma", "psnr", "same", "right", "iterations"]), images)


def _members(bench: Bench) -> tuple[np.ndarray, np.ndarray]:
    """The features of training images of all classes, and their classes."""
    members = [bench.members(label, MEMBERS) for label in range(bench.classes)]
    labels = np.repeat(np.arange(bench.classes), [len(each) for each in members])
    return features(bench.network, torch.cat(members)).cpu().numpy(), labels


def figure6(bench: Bench, *, gaussians: configuration.Gaussians, sampling: configuration.Sampling) -> Measured:
    """Samples of either Gaussian, by the guided score and by classifier-free guidance, along the line of the means.

    Rows are samples; `coordinate` is 0 and 1 at the means, `standard` in standard deviations from the class's mean.
    """
    labelled = bench.networks["gaussians_labelled"]
    assert isinstance(labelled, LabelledUNet)
    rows = []
    for label in (0, 1):
        which = torch.full((gaussians.samples,), label, device=bench.device)
        start = starts(bench, sampling, gaussians.samples, gaussians.patch, "figure6", label)
        condition = bench.condition(label, MEMBERS).expand(len(which), -1)
        residuals: dict[str, Residual] = {"guided": residual_of(bench.network, condition)}
        residuals |= {f"classifier-free, w = {w:g}": free_residual(labelled, which, w) for w in gaussians.weights}
        for name, residual in residuals.items():
            found, ascent = sample(residual, start, sampling, "figure6", label, name)
            places = coordinate(found.cpu(), gaussians)
            standard = (places - label) * gaussians.separation
            rows += [
                (name, label, *values)
                for values in zip(places.tolist(), standard.tolist(), ascent.iterations.tolist(), strict=True)
            ]
    return Measured(pd.DataFrame(rows, columns=["method", "label", "coordinate", "standard", "iterations"]), {})
