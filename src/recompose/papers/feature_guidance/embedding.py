"""What the features say of the classes (section 5.2): Figures 4, 5 and 15."""

import itertools

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.metrics.intervals import normal_interval
from recompose.networks.unet import FeatureUNet
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import Bench, denoise, features, noise
from recompose.randomness import numpy_generator
from recompose.storage import Measured

ALL = "all"
NEAR_ONE = 0.25
"""How far from one a learned factor is close to it."""


def figure4(bench: Bench, *, embedding: configuration.Embedding) -> Measured:
    """How the features of textures, each a class, lie within classes and between them."""
    return _separability(bench, embedding, "figure4")


def figure15(bench: Bench, *, embedding: configuration.Embedding) -> Measured:
    """The same of classes of many kinds of images each."""
    return _separability(bench, embedding, "figure15")


def _separability(bench: Bench, embedding: configuration.Embedding, artifact: str) -> Measured:
    """Concentration within classes and separation between them, of all features and of each block's.

    `pair` rows: squared distance of two classes' mean features, the mean variance of features within the two classes
    along the line between the means (Eq. 5), and separability, the ratio of these. `point` rows: two features of the
    middle block for images of the two classes that the guided network separates as the median pair.
    """
    rows, images = [], {}
    pairs = _pairs(bench.classes, embedding.pairs, artifact)
    shown: tuple[int, int] | None = None
    points = []
    for name, network in bench.networks.items():
        vectors = torch.stack([features(network, bench.members(label, embedding.images)) for label in _used(pairs)])
        at = {label: place for place, label in enumerate(_used(pairs))}
        for block, part in _parts(network, vectors):
            means = part.mean(dim=1)
            for first, second in pairs:
                rows.append((name, block, first, second, *_separation(part, means, at[first], at[second])))
        frame = pd.DataFrame(rows, columns=["network", "block", "first", "second", "distance", "variability"])
        if shown is None:
            whole = frame[frame.block == ALL].assign(ratio=lambda each: each.distance / each.variability)
            middle = whole.sort_values("ratio").iloc[len(whole) // 2]
            shown = (int(middle["first"]), int(middle["second"]))
            images = {str(place): bench.members(label, 3) for place, label in enumerate(shown)}
        points += _points(name, network, vectors[[at[each] for each in shown]], shown)
    frame["separability"] = frame.distance / frame.variability
    frame["part"] = frame.block.str.partition()[0]  # whose blocks are as many as the network has levels
    scatter = pd.DataFrame(points, columns=["network", "label", "x", "y"]).assign(kind="point")
    return Measured(pd.concat([frame.assign(kind="pair"), scatter], ignore_index=True), images)


def _pairs(classes: int, count: int, *names: str) -> list[tuple[int, int]]:
    """All pairs of classes, or so many of them by chance."""
    pairs = list(itertools.combinations(range(classes), 2))
    if len(pairs) <= count:
        return pairs
    chosen = numpy_generator(SLUG, *names, "pairs").choice(len(pairs), count, replace=False)
    return [pairs[each] for each in sorted(chosen)]


def _used(pairs: list[tuple[int, int]]) -> list[int]:
    return sorted({label for pair in pairs for label in pair})


def _parts(network: FeatureUNet, vectors: Tensor) -> list[tuple[str, Tensor]]:
    """All features, and those of each block: encoder 1 ..., middle, decoder 1 ..."""
    return [(ALL, vectors), *zip(block_names(network), torch.split(vectors, network.blocks, dim=-1), strict=True)]


def factors(bench: Bench) -> Measured:
    """The learned factors g that multiply phi_y - phi(x) in the network, feature by feature (section 3, Appendix A).

    A factor of one sets the channel's average to phi_y: `near_one`, whether g is within a quarter of that; below two
    and above zero it brings the average closer: `closer`.
    """
    found = bench.network.gain.cpu().numpy()
    names = np.repeat(block_names(bench.network), bench.network.blocks)
    frame = pd.DataFrame({"block": names, "feature": range(len(found)), "factor": found})
    near, closer = np.abs(found - 1) <= NEAR_ONE, (found > 0) & (found < 2)
    return Measured(frame.assign(near_one=near.astype(int), closer=closer.astype(int)))


def block_names(network: FeatureUNet) -> list[str]:
    """What the blocks are called that the features come from."""
    levels = range(1, network.levels + 1)
    return [*(f"encoder {each}" for each in levels), "middle", *(f"decoder {each}" for each in levels[:-1])]


def _separation(part: Tensor, means: Tensor, first: int, second: int) -> tuple[float, float]:
    """The squared distance of two means, and the variance along their line, averaged over the two classes."""
    line = means[first] - means[second]
    distance = line.square().sum()
    along = torch.stack([(part[each] - means[each]) @ line for each in (first, second)]) / distance.sqrt()
    return float(distance), float(along.square().mean())


def _points(name: str, network: FeatureUNet, vectors: Tensor, shown: tuple[int, int]) -> list[tuple[object, ...]]:
    """Two channels of the middle block: the one that rises most from one class to the other, and the one that falls."""
    middle = torch.split(vectors, network.blocks, dim=-1)[network.levels]
    change = middle[1].mean(dim=0) - middle[0].mean(dim=0)
    chosen = middle[..., [int(change.argmin()), int(change.argmax())]]
    return [(name, label, *point) for label, part in zip(shown, chosen.tolist(), strict=True) for point in part]


def figure5(bench: Bench, *, distances: configuration.Distances) -> Measured:
    """Distances between conditional densities (Eq. 7) against squared distances of the features, for pairs of classes.

    The integral goes over the configured levels of noise, by the trapezoidal rule in their logarithm: learned scores
    are those of the levels that the network was trained on. The scores are s / sigma^2; their conditions are the mean
    features of many images, between which the distances are.
    """
    pairs = _pairs(bench.classes, distances.pairs, "figure5")
    used = _used(pairs)
    centroids = torch.stack([bench.condition(label, 16 * distances.images) for label in used])
    place = {label: number for number, label in enumerate(used)}
    of = {label: [*_partners(label, pairs)] for label in used}
    squares = {label: _score_differences(bench, label, of[label], centroids, place, distances) for label in used}
    rows = []
    for first, second in pairs:
        images = squares[first][second] + squares[second][first]  # one image of either class after the other
        far = float((centroids[place[first]] - centroids[place[second]]).square().sum())
        values = images.cpu().numpy()
        mean, low, high = normal_interval(values)
        rows.append((first, second, far, mean, values.std(ddof=1), low, high, len(values)))
    columns = ["first", "second", "feature_distance", "density_distance", "std", "ci_low", "ci_high", "n"]
    frame = pd.DataFrame(rows, columns=columns)
    return Measured(frame, _closest_and_farthest(bench, frame))


def _partners(label: int, pairs: list[tuple[int, int]]) -> list[int]:
    return [second if first == label else first for first, second in pairs if label in (first, second)]


def _score_differences(
    bench: Bench, label: int, partners: list[int], conditions: Tensor, place: dict[int, int],
    distances: configuration.Distances,
) -> dict[int, Tensor]:  # fmt: skip
    """Of every partner: the integral of |s_y - s_y'|^2 sigma dsigma / sigma^4 along the noise of each image of y."""
    levels = torch.tensor(distances.levels, device=bench.device)
    clean = bench.members(label, distances.images)
    drawn = noise((len(levels), *clean.shape), "figure5", label).to(bench.device)
    noisy = (clean + levels.view(-1, 1, 1, 1, 1) * drawn).flatten(0, 1)

    def told(each: int) -> Tensor:
        return denoise(bench.network, noisy, conditions[place[each]].expand(len(noisy), -1))

    own = told(label)
    found = {}
    for each in partners:
        squared = (told(each) - own).flatten(1).square().sum(dim=1).view(len(levels), -1)
        integrand = squared / levels.square().view(-1, 1)  # sigma dsigma / sigma^4 is dlog(sigma) / sigma^2
        found[each] = torch.trapezoid(integrand, levels.log().view(-1, 1).expand_as(integrand), dim=0)
    return found


def _closest_and_farthest(bench: Bench, frame: pd.DataFrame) -> dict[str, Tensor]:
    """An image of each class of the three closest pairs, and of the three most distant ones."""
    ordered = frame.sort_values("feature_distance")
    return {
        f"{kind} {number} {side}": bench.members(int(row[side]), 1)
        for kind, part in (("closest", ordered.head(3)), ("farthest", ordered.tail(3)))
        for number, row in enumerate(part.to_dict("records"))
        for side in ("first", "second")
    }
