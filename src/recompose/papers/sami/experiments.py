"""What paper 3 measures on images of disks, whose factors are known (section 3, Figure 2)."""

from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.metrics.intervals import Interval, bootstrap, student_interval
from recompose.metrics.variability import variability
from recompose.papers.sami.data import SLUG, Images, centred, load_images
from recompose.papers.sami.disks import disk_images
from recompose.papers.sami.networks import from_file, schedule_of
from recompose.papers.sami.objective import Drawn, Pair, errors
from recompose.papers.sami.sampling import conditional_samples
from recompose.papers.sami.settings import Autoencoder, Disks, Measures, PortraitsMeasures
from recompose.randomness import numpy_generator, torch_generator
from recompose.storage import Measured

Row = dict[str, Any]
FACTORS = ("x", "y", "background")
DISK = 0.5
"""The disk's intensity: on a background of the same there is nothing to be seen."""
SHOWN = 8
"""Samples of a condition in Figure 2C."""
RESAMPLES = 500
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


def unit(x: Tensor) -> Tensor:
    """Images in [-1, 1] as intensities in [0, 1]."""
    return ((x.detach().clamp(-1, 1) + 1) / 2).cpu()


@torch.no_grad()
def posterior(pair: Pair, images: Tensor, device: str) -> tuple[np.ndarray, np.ndarray]:
    """Means and variances of clean images' latents: (images, latents)."""
    found = pair.encoder(images.to(device), None)
    return found.mean.double().cpu().numpy(), found.variance.double().cpu().numpy()


def sampled(
    pair: Pair, conditions: Tensor, count: int, settings: Autoencoder, measures: Measures | PortraitsMeasures,
    name: str, device: str,
) -> Tensor:  # fmt: skip
    """So many samples of each condition, each of a latent of its own: (conditions, samples, channels, size, size)."""
    generator = torch_generator(SLUG, name, "samples")
    with torch.no_grad():
        of = pair.encoder(conditions.to(device), None).repeat(count)
    z = of.sample(torch.randn(of.mean.shape, generator=generator).to(device))
    start = torch.randn((len(z), *conditions.shape[1:]), generator=generator).to(device)
    made = conditional_samples(
        pair.encoder, pair.decoder, z, start, schedule_of(settings), generator, moves=measures.sampling_steps
    )
    return made.detach().view(len(conditions), count, *conditions.shape[1:])


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
    rows.append(row("divergence", "", *student_interval(divergence), len(divergence)))
    active = float((means.var(axis=0) > ACTIVE).sum())
    rows.append(row("active", "", active, active, active, len(means)))
    positions = data.test_factors.numpy()
    for background in measures.backgrounds:
        place = f"{background:g}"
        factors = np.column_stack([positions[:, :2], np.full(len(positions), background)])
        at, spread = posterior(pair, disk_images(factors, disks), device)
        deviation = float(((at - at.mean(axis=0)) ** 2).sum(axis=1).mean() ** 0.5)
        rows.append(row("spread", place, deviation, deviation, deviation, len(at)))
        root = (spread**0.5).mean(axis=1)
        rows.append(row("uncertainty", place, *student_interval(root), len(root)))
        if background != DISK:
            rows.append(row("position", place, *_decodable(at, factors[:, :2], name, place), len(at) // 2))
    return [*rows, *_angles(pair, disks, measures, device)]


ACTIVE = 0.01
"""The variance of a latent's mean over images above which it is active (Burda et al., 2016)."""


def row(quantity: str, place: str, mean: float, low: float, high: float, n: int) -> Row:
    """What was measured there, with its interval."""
    return {"quantity": quantity, "place": place, "mean": mean, "ci_low": low, "ci_high": high, "n": n}


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


@torch.no_grad()
def row_of_error(pair: Pair, data: Images, settings: Autoencoder, name: str, device: str) -> Row:
    """The squared error of the noise over all steps, guided over unguided, resampled over images."""
    schedule, generator = schedule_of(settings), torch_generator(SLUG, name, "errors")
    x = centred(data.test).to(device)
    t = 1 + torch.randint(schedule.steps, (len(x),), generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    latent_noise, prior = torch.randn(2, len(x), settings.latents, generator=generator)
    drawn = Drawn(*(each.to(device) for each in (t, noise, latent_noise, prior)))
    found = errors(pair.encoder, pair.decoder, x, drawn, schedule)
    squares = np.column_stack(
        [each.square().flatten(1).mean(dim=1).double().cpu().numpy() for each in (found.guided, found.unguided)]
    )
    return row("error", "", *ratio(squares, numpy_generator(SLUG, name, "error")), len(squares))


def ratio(values: np.ndarray, generator: np.random.Generator) -> Interval:
    """Of the means of two columns, (images, 2), resampled over images."""
    found = bootstrap(values, lambda of: of[:, 0].mean() / of[:, 1].mean(), generator=generator, resamples=RESAMPLES)
    return Interval(*map(float, found))
