"""A condition for a part of the way only: it comes late in Figure 12, and is turned off early in Figure 13."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.metrics.classes import nearest_centroid
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import (
    MEMBERS,
    Bench,
    features,
    noise,
    psnr,
    residual_of,
    sample,
    starts,
)
from recompose.storage import Measured


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
    known, classes = bench.members_of_all(bench.classes, MEMBERS)
    centroids = features(bench.network, known).cpu().numpy(), classes.numpy()

    def nearest(image: Tensor) -> int:
        return int(nearest_centroid(features(bench.network, image).cpu().numpy(), *centroids)[0])

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
