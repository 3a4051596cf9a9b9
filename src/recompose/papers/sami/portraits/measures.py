"""What an encoder on a frozen denoiser learns of portraits, and of videos that it never saw (section 3, Figure 4)."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn

from recompose.metrics.intervals import student_interval
from recompose.metrics.variability import variability
from recompose.papers.sami.data import SLUG, Images, centred, load_images
from recompose.papers.sami.informativeness import ratio
from recompose.papers.sami.measuring import posterior_rows, row, sampled, unit
from recompose.papers.sami.networks import SETTLED, numbered, schedule_of, untrained
from recompose.papers.sami.objective import Drawn, Pair, errors, settle
from recompose.papers.sami.portraits.denoiser import denoiser_from_file
from recompose.papers.sami.portraits.joined import joined
from recompose.papers.sami.portraits.networks import IMAGES, UNIFORM, diffae_from_file, pair_from_file
from recompose.papers.sami.portraits.videos import pixels, straightness_rows, videos_of
from recompose.papers.sami.posterior import means_of
from recompose.papers.sami.sampling import unconditional_samples
from recompose.papers.sami.settings import (
    Autoencoder,
    Encoding,
    Faces,
    FrozenDenoiser,
    PortraitsMeasures,
    Videos,
)
from recompose.randomness import numpy_generator, torch_generator
from recompose.storage import Measured
from recompose.sweeps import Row

TRAINED = "portraits_networks"
CASES = {"oversampled": TRAINED, "uniform": UNIFORM}
"""How the steps of a training were drawn, and its network."""
SHOWN, ROWS = 8, 5
"""Samples of a condition in Figure 4A, and conditions."""
PART = 32
"""Images whose errors are measured at once."""


class Known(NamedTuple):
    """What all artifacts of portraits begin with."""

    data: Images
    denoiser: nn.Module
    settings: Autoencoder


def known(folder: Path, denoiser: FrozenDenoiser, encoder: Encoding, device: str) -> Known:
    """Images, the frozen denoiser, and the settings of both networks."""
    data = load_images(folder, IMAGES)
    return Known(data, denoiser_from_file(folder, data.train, denoiser, device), joined(denoiser, encoder))


def figure4(
    *, folder: Path, device: str, portraits: Faces, portraits_denoiser: FrozenDenoiser, portraits_networks: Encoding,
    portraits_measures: PortraitsMeasures, videos: Videos,
) -> Measured:  # fmt: skip
    """Figure 4: the images of A; rows of B and C (`straightness_rows`), of pixels, DiffAE, SAMI, untrained SAMI."""
    of = known(folder, portraits_denoiser, portraits_networks, device)
    train, test = of.data.train, of.data.test
    pair = pair_from_file(folder, TRAINED, train, of.denoiser, of.settings, device)
    diffae = diffae_from_file(folder, train, joined(portraits_denoiser, portraits_networks, uniform=True), device)
    encoders = {"DiffAE": diffae.encoder, "SAMI": pair.encoder, "untrained": control(of, device)}
    clips = videos_of(videos, portraits)
    codes = {"pixels": pixels} | {name: partial(means_of, each, device=device) for name, each in encoders.items()}
    numbers = pd.DataFrame(straightness_rows(clips, codes))
    shown = centred(test[:ROWS])
    samples = sampled(pair, shown, SHOWN, of.settings, portraits_measures, "figure4", device)
    free = unconditional(of, SHOWN, portraits_measures, "figure4", device)
    images = {"conditions": shown, "samples": samples, "unconditional": free,
              "video": centred(torch.from_numpy(clips[0].frames))}  # fmt: skip
    return Measured(numbers, {key: unit(each) for key, each in images.items()})


def control(of: Known, device: str) -> nn.Module:
    """The encoder before training, its norms settled: what it does to videos nothing has taught it."""
    names = (SLUG, "figure4", "untrained")
    pair = Pair(untrained(of.data.train, of.settings, names).encoder, of.denoiser, frozen=True).to(device)
    settle(
        pair, numbered(of.data.train, device), len(of.data.train), schedule_of(of.settings), batches=SETTLED,
        batch=of.settings.batch, names=names, power=of.settings.timesteps,
    )  # fmt: skip
    return pair.encoder


def unconditional(of: Known, count: int, measures: PortraitsMeasures, name: str, device: str) -> Tensor:
    """Samples of the denoiser alone: (samples, channels, size, size)."""
    generator = torch_generator(SLUG, name, "unconditional")
    start = torch.randn((count, *of.data.test.shape[1:]), generator=generator).to(device)
    moves = measures.sampling_steps
    return unconditional_samples(of.denoiser, start, schedule_of(of.settings), generator, moves=moves)


def portraits(
    *, folder: Path, device: str, portraits_denoiser: FrozenDenoiser, portraits_networks: Encoding,
    portraits_measures: PortraitsMeasures,
) -> pd.DataFrame:  # fmt: skip
    """Rows by `case`, how the steps of the training were drawn, quantity and place.

    `error`: the squared error of the noise, guided over unguided, in parts of the steps and over all of them; of the
    case `both` it is the guided error with oversampled steps over that with uniform ones, on the same noise.
    `variability`: mean square deviation from the mean image in [-1, 1], per number, of the test images, of samples of
    the denoiser alone, and of samples of one image's latents; `identified`: the share of these that are nearer to that
    image than to the other ones; `divergence` and `active` as of disks.
    """
    of = known(folder, portraits_denoiser, portraits_networks, device)
    rows: list[Row] = []
    squares = {}
    for case, name in CASES.items():
        settings = joined(portraits_denoiser, portraits_networks, uniform=case == "uniform")
        pair = pair_from_file(folder, name, of.data.train, of.denoiser, settings, device)
        squares[case] = noise_errors(pair, of, portraits_measures, "portraits", device)
        rows += [{"case": case, **each} for each in latent_rows(pair, of.data, device)]
        rows += [{"case": case, **each} for each in error_rows(squares[case], of.settings.steps, case)]
        rows += [{"case": case, **each} for each in sample_rows(pair, of, portraits_measures, device)]
    guided = np.stack([squares["oversampled"][..., 0], squares["uniform"][..., 0]], axis=-1)
    rows += [{"case": "both", **each} for each in error_rows(guided, of.settings.steps, "both")]
    data = variability([unit(centred(of.data.test)).double().numpy() * 2], "mean_square").value
    free = unconditional(of, portraits_measures.conditions * portraits_measures.samples, portraits_measures,
                         "portraits", device)  # fmt: skip
    alone = variability([unit(free).double().numpy() * 2], "mean_square").value
    rows.append({"case": "none", **row("variability", "images", data, data, data, len(of.data.test))})
    rows.append({"case": "none", **row("variability", "unconditional", alone, alone, alone, len(free))})
    return pd.DataFrame(rows)


def noise_errors(pair: Pair, of: Known, measures: PortraitsMeasures, name: str, device: str) -> np.ndarray:
    """Squared errors of the noise on test images, (parts of the steps, images, 2): guided, and unguided.

    The noise depends on the name alone: encoders that are measured under one name see the same.
    """
    schedule, images = schedule_of(of.settings), of.data.test
    found = np.zeros((measures.levels, len(images), 2))
    for level in range(measures.levels):
        first, last = (schedule.steps * each // measures.levels for each in (level, level + 1))
        for repeat in range(measures.repeats):
            generator = torch_generator(SLUG, name, "errors", level, repeat)
            t = torch.randint(first + 1, last + 1, (len(images),), generator=generator)
            noise = torch.randn(images.shape, generator=generator)
            latents = torch.randn(len(images), pair.encoder.latents, generator=generator)
            for start in range(0, len(images), PART):
                here = slice(start, start + PART)
                drawn = Drawn(*(each[here].to(device) for each in (t, noise, latents, latents)))
                with torch.no_grad():
                    seen = errors(pair.encoder, pair.decoder, centred(images[here].to(device)), drawn, schedule)
                both = [each.square().flatten(1).mean(dim=1).double().cpu() for each in (seen.guided, seen.unguided)]
                found[level, here] += torch.stack(both, dim=1).numpy() / measures.repeats
    return found


def error_rows(squares: np.ndarray, steps: int, name: str) -> list[Row]:
    """Ratios of the two squared errors of each part of the steps, and of all, resampled over images."""
    count = len(squares)
    places = {f"{steps * n // count + 1}-{steps * (n + 1) // count}": squares[n] for n in range(count)}
    rows = []
    for place, values in {"all": squares.mean(axis=0), **places}.items():
        generator = numpy_generator(SLUG, "portraits", name, place)
        rows.append(row("error", place, *ratio(values, generator), len(values)))
    return rows


def latent_rows(pair: Pair, data: Images, device: str) -> list[Row]:
    """The divergence of a test image's posterior, and how many latents are active."""
    divergences, means = [], []
    for start in range(0, len(data.test), PART):
        with torch.no_grad():
            found = pair.encoder(centred(data.test[start : start + PART].to(device)), None)
        divergences.append(found.divergence().double().cpu().numpy())
        means.append(found.mean.double().cpu().numpy())
    return posterior_rows(np.concatenate(divergences), np.concatenate(means))


def sample_rows(pair: Pair, of: Known, measures: PortraitsMeasures, device: str) -> list[Row]:
    """How samples of one image's latents vary, and whether they are nearest to that image; over images."""
    shown = centred(of.data.test[: measures.conditions])
    made = sampled(pair, shown, measures.samples, of.settings, measures, "portraits", device)
    samples, conditions = (2 * unit(each).double().numpy() for each in (made, shown))
    each = variability(list(samples), "mean_square").each
    distances = ((samples[:, :, None] - conditions) ** 2).mean(axis=(3, 4, 5))
    own = (distances.argmin(axis=2) == np.arange(len(shown))[:, None]).mean(axis=1)
    return [row("variability", "samples", *student_interval(each), len(each)),
            row("identified", "samples", *student_interval(own), len(own))]  # fmt: skip
