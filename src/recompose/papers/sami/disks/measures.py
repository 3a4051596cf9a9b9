"""What is measured on images of disks, whose factors are known (section 3, Figure 2)."""

from itertools import combinations, product
from pathlib import Path

import numpy as np
import pandas as pd

from recompose.datasets.disks import DISK, FACTORS
from recompose.metrics.intervals import bootstrap, student_interval
from recompose.metrics.variability import variability
from recompose.papers.sami.data import SLUG, Images, load_images
from recompose.papers.sami.disks.images import disk_images
from recompose.papers.sami.informativeness import RESAMPLES
from recompose.papers.sami.measuring import posterior, posterior_rows, row, row_of_error, sampled, unit
from recompose.papers.sami.networks import from_file
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.settings import Autoencoder, Disks, Measures
from recompose.randomness import numpy_generator
from recompose.storage import Measured
from recompose.sweeps import Row

SHOWN = 8
"""Samples of a condition in Figure 2C."""


CUBE = 5
"""Places along each factor in Figure 2F."""


def figure2(
    *, folder: Path, device: str, disks: Disks, disks_networks: Autoencoder, disks_measures: Measures
) -> Measured:
    """Figure 2, B-F: images, samples by their latents, and posterior means along two factors or all three.

    Rows: `panel` D (x and y), E (x and background) or F (all), the factors, and the latents z0, z1, ...
    """
    data, pair = _trained(folder, disks_networks, device)
    rows: list[Row] = []
    for panel, factors in _grids(disks, disks_measures.grid).items():
        means = posterior(pair, disk_images(factors, disks), device)[0]
        for place, mean in zip(factors, means, strict=True):
            latents = {f"z{number}": float(value) for number, value in enumerate(mean)}
            rows.append({"panel": panel, **dict(zip(FACTORS, place.tolist(), strict=True)), **latents})
    shown = data.test[: min(4, len(data.test))]
    samples = sampled(pair, shown, SHOWN, disks_networks, disks_measures, "figure2", device)
    images = {"draws": data.test[:24], "conditions": shown, "samples": samples}
    return Measured(pd.DataFrame(rows), {key: unit(each) for key, each in images.items()})


def _trained(folder: Path, settings: Autoencoder, device: str) -> tuple[Images, Pair]:
    data = load_images(folder, "disks")
    return data, from_file(folder, "disks_networks", data.train, settings, device)


def _grids(disks: Disks, count: int) -> dict[str, np.ndarray]:
    """The factors of each panel's images: (images, 3)."""
    low, high = disks.radius, disks.size - disks.radius
    middle = np.array([disks.size / 2])
    line, levels = np.linspace(low, high, count), np.linspace(0, 1, count)
    cube = np.linspace(low, high, CUBE), np.linspace(low, high, CUBE), np.linspace(0, 1, CUBE)
    axes = {"D": (line, line, np.zeros(1)), "E": (line, middle, levels), "F": cube}
    return {panel: np.array(list(product(*each))) for panel, each in axes.items()}


def disks(
    *, folder: Path, device: str, disks: Disks, disks_networks: Autoencoder, disks_measures: Measures
) -> pd.DataFrame:
    """What Figure 2 shows, as numbers: rows quantity and place, an intensity of the background where it is at one.

    `variability`: root mean square deviation from the mean, of all images and of samples of one condition; `position`:
    R^2 of a linear map from latents to positions on images that it was not fitted to; `spread`: root mean square
    deviation of the posterior means of all positions, and `uncertainty` the mean root of the posterior variance;
    `angle`: |cos| of the directions in which latents move along two factors; `error`: the squared error of the noise,
    guided over unguided; `divergence` of an image's posterior, in nats; `active`: latents whose means vary by more than
    a hundredth.
    """
    data, pair = _trained(folder, disks_networks, device)
    return pd.DataFrame(measured(pair, data, disks, disks_networks, disks_measures, "disks", device))


def measured(
    pair: Pair, data: Images, disks: Disks, settings: Autoencoder, measures: Measures, name: str, device: str
) -> list[Row]:
    """The rows of `disks` for networks of any training."""
    rows = latent_rows(pair, data, disks, measures, name, device)
    made = sampled(pair, data.test[: measures.conditions], measures.samples, settings, measures, name, device)
    of_samples = variability(list(made.double().cpu().numpy()), "root_mean_square")
    of_data = variability([data.test.double().numpy()], "root_mean_square")
    rows.append(row("variability", "images", of_data.value, of_data.value, of_data.value, len(data.test)))
    rows.append(row("variability", "samples", *student_interval(of_samples.each), len(of_samples.each)))
    return [*rows, row_of_error(pair, data, settings, name, device)]


def latent_rows(pair: Pair, data: Images, disks: Disks, measures: Measures, name: str, device: str) -> list[Row]:
    """What is read off the latents alone."""
    rows: list[Row] = []
    means, variances = posterior(pair, data.test, device)
    divergence = 0.5 * (means**2 + variances - 1 - np.log(variances)).sum(axis=1)
    rows += posterior_rows(divergence, means)
    positions = data.test_factors.numpy()
    for background in measures.backgrounds:
        place = f"{background:g}"
        factors = np.column_stack([positions[:, :2], np.full(len(positions), background)])
        at, spread = posterior(pair, disk_images(factors, disks), device)
        deviation = float(((at - at.mean(axis=0)) ** 2).sum(axis=1).mean() ** 0.5)
        rows.append(row("spread", place, deviation, deviation, deviation, len(at)))
        root = (spread**0.5).mean(axis=1)
        rows.append(row("uncertainty", place, *student_interval(root), len(root)))
        if background != DISK:  # on a background of its intensity there is nothing to be seen
            rows.append(row("position", place, *_decodable(at, factors[:, :2], name, place), len(at) // 2))
    return [*rows, *_angles(pair, disks, measures, device)]


def _decodable(latents: np.ndarray, positions: np.ndarray, name: str, place: str) -> tuple[float, float, float]:
    """R^2 of a linear map from latents to positions, fitted to the first half, on the second; resampled over images."""
    half = len(latents) // 2
    design = np.column_stack([latents, np.ones(len(latents))])
    fitted, *_ = np.linalg.lstsq(design[:half], positions[:half], rcond=None)
    known, seen = positions[half:], design[half:] @ fitted

    def explained(values: np.ndarray) -> np.ndarray:
        known, seen = values[:, :2], values[:, 2:]
        return np.asarray(1 - ((known - seen) ** 2).sum() / ((known - known.mean(axis=0)) ** 2).sum())

    generator = numpy_generator(SLUG, name, "position", place)
    value, low, high = bootstrap(np.column_stack([known, seen]), explained, generator=generator, resamples=RESAMPLES)
    return float(value), float(low), float(high)


def _angles(pair: Pair, disks: Disks, measures: Measures, device: str) -> list[Row]:
    """|cos| of the directions of two factors, over a grid of places with a dark and a bright background."""
    low, high = disks.radius + 0.5, disks.size - disks.radius - 0.5
    line = np.linspace(low, high, measures.grid)
    grid = np.array(list(product(line, line, (0.1, 0.9))))
    moves = np.diag([0.5, 0.5, 0.05])
    ends = [posterior(pair, disk_images(grid + sign * move, disks), device)[0] for move in moves for sign in (1, -1)]
    directions = dict(zip(FACTORS, (ends[number] - ends[number + 1] for number in (0, 2, 4)), strict=True))
    rows = []
    for first, second in combinations(FACTORS, 2):
        a, b = directions[first], directions[second]
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        cosines = np.abs((a * b).sum(axis=1)) / np.where(lengths, lengths, 1)  # a latent that does not move: no angle
        rows.append(row("angle", f"{first}-{second}", *student_interval(cosines), len(cosines)))
    return rows
