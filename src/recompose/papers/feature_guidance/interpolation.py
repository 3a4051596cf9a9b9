"""Samples between classes: Figure 8."""

import numpy as np
import pandas as pd
import torch

from recompose.metrics.classes import nearest_centroid
from recompose.metrics.texture_statistics import texture_statistics
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import MEMBERS, Bench, along, features, residual_of, sample, starts
from recompose.storage import Measured


def figure8(
    bench: Bench, *, interpolation: configuration.Interpolation, samples: configuration.Samples,
    sampling: configuration.Sampling,
) -> Measured:  # fmt: skip
    """Samples under alpha phi_1 + (1 - alpha) phi_2, for pairs of classes from close to distant.

    Of each, where its features lie along the line from phi_2 (0) to phi_1 (1); rows by the distance of the classes. Of
    those under the condition of one class alone, whether texture statistics, which no network made, tell that class
    from the others that stand in the figure.
    """
    centroids = torch.stack([bench.condition(label, MEMBERS) for label in range(bench.classes)])
    first, second = torch.triu_indices(bench.classes, bench.classes, 1)
    squares = (centroids[first] - centroids[second]).square().sum(dim=1)
    quantiles = (torch.linspace(0.05, 0.95, interpolation.pairs) * (len(squares) - 1)).round().long()
    chosen = squares.cpu().argsort()[quantiles]
    alphas = torch.linspace(1, 0, interpolation.steps, device=bench.device)
    start = starts(bench, sampling, samples.seeds, bench.train.images.shape[-1], "figure8")
    known, owners = _statistics_of(bench, sorted({*first[chosen].tolist(), *second[chosen].tolist()}))
    rows, images = [], {}
    for row, pair in enumerate(chosen.tolist()):
        ends = int(first[pair]), int(second[pair])
        one, other = centroids[ends[0]], centroids[ends[1]]
        told = alphas[:, None] * one + (1 - alphas[:, None]) * other
        which = torch.arange(len(alphas)).repeat_interleave(len(start))
        found, ascent = sample(
            residual_of(bench.network, told[which]), start.repeat(len(alphas), 1, 1, 1), sampling, "figure8", row
        )
        places = along(features(bench.network, found), other, one)
        right = np.full(len(found), np.nan)
        for step, end in ((0, ends[0]), (len(alphas) - 1, ends[1])):
            here = (which == step).numpy()
            statistics = texture_statistics(found.cpu().numpy()[here])
            right[here] = nearest_centroid(statistics, known, owners, scaled=True) == end
        images[f"samples {row}"] = found[:: len(start)]
        images[f"examples {row}"] = torch.cat([bench.members(end, 2) for end in ends])
        distance = float(squares[pair])
        rows += [
            (row, *ends, distance, round(float(alphas[each]), 6), seed % len(start), float(place), own, int(taken))
            for seed, (each, place, own, taken) in enumerate(
                zip(which.tolist(), places.tolist(), right.tolist(), ascent.iterations.tolist(), strict=True)
            )
        ]
    columns = ["row", "first", "second", "distance", "alpha", "seed", "along", "right_statistics", "iterations"]
    # Float64: between two classes there is none.
    return Measured(pd.DataFrame(rows, columns=columns).astype({"right_statistics": "Float64"}), images)


def _statistics_of(bench: Bench, labels: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """The texture statistics of members of some classes, (images, statistics), and the class of each, (images,)."""
    members = [bench.members(label, MEMBERS) for label in labels]
    statistics = texture_statistics(torch.cat(members).cpu().numpy())
    return statistics, np.repeat(labels, [len(each) for each in members])
