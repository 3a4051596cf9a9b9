"""A condition for a part of the way only: it comes late in Figure 12, and is turned off early in Figure 13."""

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional

from recompose.metrics.classes import nearest_centroid
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import (
    MEMBERS,
    Bench,
    along,
    features,
    noise,
    psnr,
    residual_of,
    sample,
    starts,
)
from recompose.papers.feature_guidance.rows import evenly
from recompose.storage import Measured

COARSE = 8
"""Coarse is what is left of an image in averages over squares of this part of its side."""


def figure12(bench: Bench, *, partial: configuration.Partial, sampling: configuration.Sampling) -> Measured:
    """An image that is no texture of the condition's class, with noise of falling levels, sampled on from there.

    Of each sample: how far it is from the image (PSNR), and where its features lie between the image's and the class's.
    The effect of the condition is the difference from what the mixture's score makes of the same start, with the same
    random numbers: how far it moves the features towards the class (`pull`), and which share of its power is coarse.
    """
    own, *labels = evenly(bench.classes, max(partial.measured, partial.classes) + 1)
    shown = {labels[place] for place in evenly(len(labels), partial.classes)}
    image = bench.members(own, 1, test=True)
    levels = torch.tensor(partial.levels, device=bench.device).view(-1, 1, 1, 1)
    noisy = image + levels * noise((len(levels), *image.shape[1:]), "figure12").to(bench.device)
    before = features(bench.network, image)[0]
    free, _ = sample(residual_of(bench.networks["mixture"]), noisy, sampling, "figure12", "samples")
    freely = features(bench.network, free)
    images = {"image": image, "noisy": noisy}
    frames = []
    for label in labels:
        condition = bench.condition(label)
        residual = residual_of(bench.network, condition.expand(len(noisy), -1))
        found, ascent = sample(residual, noisy, sampling, "figure12", "samples")
        places = along(features(bench.network, found), before, condition)
        if label in shown:
            images |= {f"samples {label}": found, f"condition {label}": bench.members(label, 1)}
        numbers = {
            "psnr": psnr(image, found),
            "along": places,
            "pull": places - along(freely, before, condition),
            "coarse": coarse_share(found - free),
            "iterations": ascent.iterations,
        }
        columns = {name: column.cpu().numpy() for name, column in numbers.items()}
        frames.append(pd.DataFrame({"label": label, "sigma": partial.levels} | columns))
    return Measured(pd.concat(frames, ignore_index=True), images)


def coarse_share(change: Tensor) -> Tensor:
    """The share of each image's power, (images,), that is in averages over squares of an eighth of its side."""
    averages = functional.avg_pool2d(change, change.shape[-1] // COARSE)
    return averages.square().flatten(1).mean(dim=1) / change.square().flatten(1).mean(dim=1)


def figure13(bench: Bench, *, partial: configuration.Partial, sampling: configuration.Sampling) -> Measured:
    """Trajectories under a condition; and what the mixture's score makes of them from each level on, without it.

    Of each: how near it is to what the condition makes of it to the end (PSNR), whether it is nearest to the same class
    as that is, and whether that is the condition's.
    """
    labels = evenly(bench.classes, max(partial.measured, partial.classes))
    shown = evenly(len(labels), partial.classes)
    start = starts(bench, sampling, 1, bench.train.images.shape[-1], "figure13")
    mixture = residual_of(bench.networks["mixture"])
    guided = residual_of(bench.network, torch.stack([bench.condition(label, MEMBERS) for label in labels]))
    known, classes = bench.members_of_all(bench.classes, MEMBERS)
    centroids = features(bench.network, known).cpu().numpy(), classes.numpy()

    def nearest(images: Tensor) -> Tensor:
        return torch.from_numpy(nearest_centroid(features(bench.network, images).cpu().numpy(), *centroids))

    x, trajectory = start.expand(len(labels), -1, -1, -1), []
    for level in partial.levels:
        _, ascent = sample(guided, x, sampling, "figure13", level, final=level)
        x = ascent.x
        trajectory.append(x)
    final, last = sample(guided, x, sampling, "figure13", "end")
    frames, off = [], []
    for level, there in zip(partial.levels, trajectory, strict=True):
        ended, ascent = sample(mixture, there, sampling, "figure13", level, "off")
        off.append(ended)
        numbers = {
            "psnr": psnr(final, ended),
            "same": (nearest(ended) == nearest(final)).int(),
            "right": (nearest(ended) == torch.tensor(labels)).int(),
            "iterations": torch.maximum(ascent.iterations, last.iterations),
        }
        columns = {name: column.cpu().numpy() for name, column in numbers.items()}
        frames.append(pd.DataFrame({"label": labels, "sigma": level} | columns))
    images = {"start": start}
    for place in shown:
        images |= {
            f"trajectory {labels[place]}": torch.stack([each[place] for each in [*trajectory, final]]),
            f"off {labels[place]}": torch.stack([each[place] for each in off]),
            f"example {labels[place]}": bench.members(labels[place], 1),
        }
    return Measured(pd.concat(frames, ignore_index=True), images)
