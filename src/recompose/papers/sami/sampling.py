"""Conditional generation (Algorithm 1): from noise to an image with the latents asked for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from recompose.diffusion.sampling import Predict, ddpm_step, noise_like, sample
from recompose.diffusion.schedules import Schedule, timesteps
from recompose.papers.sami.data import AT_ONCE
from recompose.papers.sami.denoisers import Noise
from recompose.papers.sami.guidance import EXACT, Constraints, guidance_score, shifted_noise
from recompose.papers.sami.posterior import Encoder, steps

Reading = Literal["right", "minus", "alpha", "covariance"]
"""Of a step: `right`, or with one misprint. `minus`: of A.2, the score is subtracted; `alpha`: of A.2, sqrt(1 - alpha)
stands for sqrt(1 - abar) in the mean; `covariance`: of Algorithm 1, Sigma = sqrt(1 - alpha) is the covariance, and what
the score is multiplied with. Its log |sigma I| for log |Sigma| is `recompose.papers.sami.guidance.PRINTED`."""
Score = Callable[[Tensor, int], Tensor]
"""x_t and the step t -> the guidance score, of x's shape."""
Watch = Callable[[int, Tensor, Tensor], None]
"""Is told, at every step t, the noise eps_theta and sigma g, which is taken off it: (images, ...) each. Norms of both
are the curves of Figures 6 and 7; divided by -sigma they are scores."""


def score_of(encoder: Encoder, z: Tensor, constraints: Constraints = EXACT) -> Score:
    """The guidance score towards latents, (images, latents), one for each image; some images at a time."""

    def score(x: Tensor, t: int) -> Tensor:
        parts = zip(x.split(AT_ONCE), z.split(AT_ONCE), strict=True)  # type: ignore[no-untyped-call]
        return torch.cat(
            [guidance_score(encoder, part, of, steps(t, part), constraints=constraints) for part, of in parts]
        )

    return score


def noise_of(denoiser: Noise) -> Predict:
    """The unconditional prediction, some images at a time."""

    @torch.no_grad()
    def noise(x: Tensor, t: int) -> Tensor:
        parts = x.split(AT_ONCE)  # type: ignore[no-untyped-call]
        return torch.cat([denoiser(part, steps(t, part)) for part in parts])

    return noise


def guided_noise(noise: Predict, score: Score, schedule: Schedule, watch: Watch | None = None) -> Predict:
    """eps_theta - sqrt(1 - abar) g, Eq. 8: a prediction of noise for any sampler of `recompose.diffusion.sampling`."""

    def predict(x: Tensor, t: int) -> Tensor:
        sigma = float(schedule.sigma[t])
        predicted, pulled = noise(x, t), score(x, t)
        if watch:
            watch(t, predicted, sigma * pulled)
        return shifted_noise(predicted, pulled, sigma)

    return predict


def guided_step(
    x: Tensor, predicted: Tensor, schedule: Schedule, t: int, s: int, *, score: Score, generator: torch.Generator,
    reading: Reading = "right",
) -> Tensor:  # fmt: skip
    """A step of Algorithm 1 from x_t to x_s: the mean of the unguided noise, shifted by the score, and noise on it.

    predicted: eps_theta. No noise is added in the step to the data, s = 0, and nothing is clipped. `right` is what
    `ddpm_step` makes of `guided_noise` with the large variance.
    """
    alpha = float(schedule.alpha[t] / schedule.alpha[s]) ** 2
    beta = 1 - alpha
    scale = beta**0.5 if reading == "alpha" else float(schedule.sigma[t])
    mean = (x - beta / scale * predicted) / alpha**0.5
    spread, factor = beta**0.5, beta / alpha**0.5
    if reading == "minus":
        factor = -factor
    elif reading == "covariance":
        spread, factor = beta**0.25, beta**0.5
    mean = mean + factor * score(x, t)
    if s == 0:
        return mean
    return mean + spread * noise_like(x, generator)


def conditional_samples(
    encoder: Encoder, denoiser: Noise, z: Tensor, start: Tensor, schedule: Schedule, generator: torch.Generator, *,
    moves: int | None = None, reading: Reading = "right", constraints: Constraints = EXACT,
) -> Tensor:  # fmt: skip
    """Images that have these latents, by Algorithm 1: of the start's shape.

    z: (images, latents), one for each image, which keeps it; `Posterior.repeat` and `sample` make some of each of
    several conditions. start: (images, channels, size, size), standard normal, unconditional also where the schedule
    leaves data at T. moves: steps of the sampler, None for all T. Networks are in evaluation mode meanwhile.
    """
    times = timesteps(schedule.steps, moves or schedule.steps, "trailing")
    step = partial(guided_step, score=score_of(encoder, z.detach(), constraints), generator=generator, reading=reading)
    with evaluating(encoder, denoiser):
        return sample(noise_of(denoiser), start, schedule, times, step)


def unconditional_samples(
    denoiser: Noise, start: Tensor, schedule: Schedule, generator: torch.Generator, *, moves: int | None = None
) -> Tensor:
    """The same without guidance: the denoiser alone."""
    times = timesteps(schedule.steps, moves or schedule.steps, "trailing")
    step = partial(guided_step, score=lambda x, t: torch.zeros_like(x), generator=generator)
    with evaluating(denoiser):
        return sample(noise_of(denoiser), start, schedule, times, step)


def ancestral(
    predict: Predict, start: Tensor, schedule: Schedule, generator: torch.Generator, *, moves: int, **options: Any
) -> Tensor:
    """From noise to images by any prediction of the noise, in so many moves; options: of `ddpm_step`."""
    step = partial(ddpm_step, kind="noise", generator=generator, **options)
    return sample(predict, start, schedule, timesteps(schedule.steps, moves, "trailing"), step)


@contextmanager
def evaluating(*networks: object) -> Iterator[None]:
    """Networks in evaluation mode inside, and afterwards as they were; what is no network stays as it is."""
    modules = [network for network in networks if isinstance(network, nn.Module)]
    before = [module.training for module in modules]
    for module in modules:
        module.eval()
    try:
        yield
    finally:
        for module, training in zip(modules, before, strict=True):
            module.train(training)
