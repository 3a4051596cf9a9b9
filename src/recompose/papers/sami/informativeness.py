"""How much latents tell, by A.5's own measure: what guidance takes off the error of the noise, if anything."""

import numpy as np
import torch
from torch import Tensor

from recompose.diffusion.schedules import Schedule
from recompose.metrics.intervals import Interval, bootstrap
from recompose.papers.sami.data import centred
from recompose.papers.sami.objective import Drawn, Errors, Pair, errors
from recompose.papers.sami.posterior import SMALLEST_VARIANCE
from recompose.randomness import numpy_generator, torch_generator

RESAMPLES = 500
ACTIVE = 0.01
"""The variance of a latent's mean over images above which it is active (Burda et al., 2016)."""
LEAST = 0.01
"""The share of the error of the noise that latents take off unless they have collapsed. On disks informative ones take
.12 off, and those of a huge weight .001 with an interval of .004 to both sides, of 500 images: half of this could not
be told from nothing."""
LOOKED_AT = 1000
"""Training images at most that a training's end is told of: of fewer, collapsed latents could not be told apart."""


def collapsed(low: float) -> bool:
    """Whether latents tell nothing, by the lower end of the interval of the error, guided over unguided.

    Not by the KL: an encoder without biases ties variances to the contrast of an image, so that its KL stays above .1
    nat at any weight. And not by the upper end: where guidance is strong, a few images have large errors, and intervals
    of informative latents reach beyond 1; too few images to tell are no collapse either.
    """
    return low >= 1 - LEAST


def active(means: np.ndarray) -> int:
    """How many latents are active, by posterior means, (images, latents)."""
    return int((means.var(axis=0) > ACTIVE).sum())


@torch.no_grad()
def seen(pair: Pair, images: Tensor, schedule: Schedule, generator: torch.Generator, device: str) -> Errors:
    """Errors of the noise, guided and unguided, of images, bytes or in [-1, 1], at steps of chance, uniform ones."""
    x = centred(images).to(device)
    t = 1 + torch.randint(schedule.steps, (len(x),), generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    latent_noise, prior = torch.randn(2, len(x), pair.encoder.latents, generator=generator)
    drawn = Drawn(*(each.to(device) for each in (t, noise, latent_noise, prior)))
    return errors(pair.encoder, pair.decoder, x, drawn, schedule)


def squares(found: Errors) -> np.ndarray:
    """Mean squared errors of each image, (images, 2): guided, and unguided."""
    both = (found.guided, found.unguided)
    return np.column_stack([each.square().flatten(1).mean(dim=1).double().cpu().numpy() for each in both])


def ratio(values: np.ndarray, generator: np.random.Generator) -> Interval:
    """Of the means of two columns, (images, 2), resampled over images."""
    found = bootstrap(values, lambda of: of[:, 0].mean() / of[:, 1].mean(), generator=generator, resamples=RESAMPLES)
    return Interval(*map(float, found))


def told(
    pair: Pair, images: Tensor, schedule: Schedule, *, batch: int, names: tuple[str | int, ...], device: str
) -> str:
    """A line on the latents of a trained pair, in evaluation mode: whether they collapsed, and which weight to lower.

    images: those of the training, of which the first are looked at, a batch at a time. Its random numbers are its own,
    so that what is trained does not depend on it. The key of the weight is that of the images' set, by which the names
    of its trainings begin. Latents may hold much and be of no use, as after few steps: then no weight is to blame.
    """
    own = (*names, "informativeness")
    generator = torch_generator(*own)
    parts = images[:LOOKED_AT].split(batch)  # type: ignore[no-untyped-call]
    found = [seen(pair, part, schedule, generator, device) for part in parts]
    divergence = torch.cat([each.posterior.divergence() for each in found]).mean().item()
    means = torch.cat([each.posterior.mean for each in found]).double().cpu().numpy()
    variances = torch.cat([each.posterior.variance for each in found])
    clamped = int((variances <= SMALLEST_VARIANCE).any(dim=0).sum())
    error = ratio(np.concatenate([squares(each) for each in found]), numpy_generator(*own))
    line = (
        f"latents: KL {divergence:.3g} nats, {active(means)} of {means.shape[1]} active, error guided over unguided"
        f" {error.value:.4f} [{error.low:.4f}, {error.high:.4f}], {clamped} with a variance at the clamp of"
        f" {SMALLEST_VARIANCE:g}"
    )
    if not collapsed(error.low):
        return line
    block = f"{str(names[:2][-1]).partition('_')[0]}_networks"
    return f"{line}; collapsed: lower `{block}.weight`, or train longer if the KL is large"
