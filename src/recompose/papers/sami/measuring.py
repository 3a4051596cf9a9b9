"""What the bodies of work of paper 3 measure alike: latents, samples by them, errors of the noise, and rows."""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from recompose.metrics.intervals import Interval, bootstrap
from recompose.papers.sami.data import SLUG, Images, centred
from recompose.papers.sami.networks import schedule_of
from recompose.papers.sami.objective import Drawn, Pair, errors
from recompose.papers.sami.sampling import conditional_samples
from recompose.papers.sami.settings import Autoencoder, Measures, PortraitsMeasures
from recompose.randomness import numpy_generator, torch_generator

Row = dict[str, Any]
RESAMPLES = 500
ACTIVE = 0.01
"""The variance of a latent's mean over images above which it is active (Burda et al., 2016)."""


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


def row(quantity: str, place: str, mean: float, low: float, high: float, n: int) -> Row:
    """What was measured there, with its interval."""
    return {"quantity": quantity, "place": place, "mean": mean, "ci_low": low, "ci_high": high, "n": n}


def row_of_error(pair: Pair, data: Images, settings: Autoencoder, name: str, device: str) -> Row:
    """The squared error of the noise over all steps, guided over unguided, resampled over images."""
    squares = noise_squares(pair, data, settings, name, device)
    return row("error", "", *ratio(squares, numpy_generator(SLUG, name, "error")), len(squares))


@torch.no_grad()
def noise_squares(pair: Pair, data: Images, settings: Autoencoder, name: str, device: str) -> np.ndarray:
    """Squared errors of the noise on test images, (images, 2): guided, and unguided. The noise is the name's."""
    schedule, generator = schedule_of(settings), torch_generator(SLUG, name, "errors")
    x = centred(data.test).to(device)
    t = 1 + torch.randint(schedule.steps, (len(x),), generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    latent_noise, prior = torch.randn(2, len(x), settings.latents, generator=generator)
    drawn = Drawn(*(each.to(device) for each in (t, noise, latent_noise, prior)))
    found = errors(pair.encoder, pair.decoder, x, drawn, schedule)
    return np.column_stack(
        [each.square().flatten(1).mean(dim=1).double().cpu().numpy() for each in (found.guided, found.unguided)]
    )


def ratio(values: np.ndarray, generator: np.random.Generator) -> Interval:
    """Of the means of two columns, (images, 2), resampled over images."""
    found = bootstrap(values, lambda of: of[:, 0].mean() / of[:, 1].mean(), generator=generator, resamples=RESAMPLES)
    return Interval(*map(float, found))
