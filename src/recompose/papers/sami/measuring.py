"""What the bodies of work of paper 3 measure alike: latents, samples by them, errors of the noise, and rows."""

import numpy as np
import torch
from torch import Tensor

from recompose.metrics.intervals import Interval, student_interval
from recompose.papers.sami.data import SLUG, Images
from recompose.papers.sami.informativeness import active, ratio, seen, squares
from recompose.papers.sami.networks import schedule_of
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.sampling import conditional_samples
from recompose.papers.sami.settings import Autoencoder, Measures, PortraitsMeasures
from recompose.randomness import numpy_generator, torch_generator
from recompose.sweeps import Row


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
    return {"quantity": quantity, "place": place, **Interval(mean, low, high).columns(n)}


def row_of_error(pair: Pair, data: Images, settings: Autoencoder, name: str, device: str) -> Row:
    """The squared error of the noise over all steps, guided over unguided, resampled over images."""
    squares = noise_squares(pair, data, settings, name, device)
    return row("error", "", *ratio(squares, numpy_generator(SLUG, name, "error")), len(squares))


def noise_squares(pair: Pair, data: Images, settings: Autoencoder, name: str, device: str) -> np.ndarray:
    """Squared errors of the noise on test images, (images, 2): guided, and unguided. The noise is the name's."""
    generator = torch_generator(SLUG, name, "errors")
    return squares(seen(pair, data.test, schedule_of(settings), generator, device))


def posterior_rows(divergence: np.ndarray, means: np.ndarray) -> list[Row]:
    """The `divergence` of an image's posterior, nats, from (images,), and `active` latents from (images, latents)."""
    count = float(active(means))
    return [
        row("divergence", "", *student_interval(divergence), len(divergence)),
        row("active", "", count, count, count, len(means)),
    ]
