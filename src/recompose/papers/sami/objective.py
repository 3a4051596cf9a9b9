"""What SAMI is trained for, Eq. 10: guided by z of the clean image, the noise is seen best; and z is cheap.

A step runs the encoder twice, on clean images and on noisy ones, as batches of their own: their norms are those of a
batch, and both together would be another. In units of a pass of the encoder over a batch, E, and one of the denoiser,
D, it takes 9 E + 3 D, or 9 E + D with a frozen denoiser: for clean images a pass and its gradient, 3 E; for noisy ones
a pass, the score, 1 E each, and the gradient of both, 4 E. By passes with tangents that would be 8 E. Where norms
couple nothing, as in evaluation, clean and noisy images could be one batch, but the score would be taken of the clean
ones too, 12 E. So the convolutions bound a step: they are two thirds of the time of the noisy part on a processor.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn

from recompose.diffusion.schedules import Schedule
from recompose.diffusion.training import Loss, steps_of_epoch
from recompose.errors import RecomposeError
from recompose.papers.sami.denoisers import Noise
from recompose.papers.sami.guidance import EXACT, Constraints, guidance_score, shifted_noise
from recompose.papers.sami.layers import averaging
from recompose.papers.sami.posterior import Encoder, Posterior
from recompose.randomness import torch_generator

Reduction = Literal["pixel_sum", "pixel_mean"]
"""Of squared errors over an image; its mean over a batch is taken in any case. Weights of the KL belong to one of them:
Table 1's are comparable if those of the disks and CelebA-HQ are of the mean, and CelebA-64's of the sum."""
Sign = Literal["right", "printed"]
"""Of the guidance in the noise that is seen: Eqs. 8 and 10 take it off, `right`; Algorithm 2 prints it added, whereby
it raises the error of a denoiser and an encoder that fit."""
Images = Callable[[Tensor], Tensor]
"""Numbers of images -> these images, (images, channels, size, size) in [-1, 1], on the device of choice."""


class Pair(nn.Module):
    """An encoder and what decodes as the one network that is trained; a frozen decoder keeps all its bits."""

    def __init__(self, encoder: Any, decoder: Any, *, frozen: bool = False) -> None:
        """decoder: SAMI's denoiser, or a baseline's. Raises RecomposeError where the two are of different images."""
        super().__init__()
        if (encoder.channels, encoder.size) != (decoder.channels, decoder.size):
            encoded, decoded = (f"{each.channels}x{each.size}x{each.size}" for each in (encoder, decoder))
            raise RecomposeError(
                f"a decoder of images of {decoded} for an encoder of {encoded}: give both the same channels and size"
            )
        self.encoder, self.decoder, self.frozen = encoder, decoder, frozen
        if frozen:
            decoder.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> "Pair":
        """Training mode for what is trained: the running deviations of a frozen decoder stay, too."""
        super().train(mode)
        if self.frozen:
            self.decoder.eval()
        return self


class Drawn(NamedTuple):
    """What a step draws: steps, (images,), from 1 to T, and standard normal noise for each image."""

    t: Tensor
    noise: Tensor
    """as images"""
    latent_noise: Tensor
    """(images, latents), for z"""
    prior: Tensor
    """(images, latents), what baselines compare the z of all images with"""


class Errors(NamedTuple):
    """eps - eps_theta without guidance and with it, of the images' shape, and q(z | x_0)."""

    unguided: Tensor
    guided: Tensor
    posterior: Posterior


def errors(
    encoder: Encoder, denoiser: Noise, images: Tensor, drawn: Drawn, schedule: Schedule, *,
    create_graph: bool = False, constraints: Constraints = EXACT, sign: Sign = "right",
) -> Errors:  # fmt: skip
    """The errors of the noise that is seen in x_t, guided by z ~ q(z | x_0) (Algorithm 2; the sign is Eq. 10's).

    images: (images, channels, size, size). Gradients come to the encoder through z, which is mu_0 and sigma_0, and
    through mu_t and sigma_t; none comes through x_t. A.5 measures a model by what guidance takes off the square.
    """
    noisy, sigma = noised(images, drawn, schedule)
    posterior = encoder(images, None)
    z = posterior.sample(drawn.latent_noise)
    score = guidance_score(encoder, noisy, z, drawn.t, create_graph=create_graph, constraints=constraints)
    predicted = denoiser(noisy, drawn.t).to(drawn.noise.dtype)
    if sign == "printed":
        score = -score
    return Errors(drawn.noise - predicted, drawn.noise - shifted_noise(predicted, score, sigma), posterior)


def noised(images: Tensor, drawn: Drawn, schedule: Schedule) -> tuple[Tensor, Tensor]:
    """x_t, of the images' shape, detached, and the deviation of the noise in it, (images, 1, 1, 1)."""
    alpha, sigma = (scale.to(images.dtype)[:, None, None, None] for scale in schedule.at(drawn.t))
    return (alpha * images + sigma * drawn.noise).detach(), sigma


class Losses(NamedTuple):
    """What is minimized, and its two terms before the weight: scalars."""

    total: Tensor
    denoising: Tensor
    divergence: Tensor


def sami_loss(
    encoder: Encoder, denoiser: Noise, images: Tensor, drawn: Drawn, schedule: Schedule, *, weight: float,
    reduction: Reduction = "pixel_sum", constraints: Constraints = EXACT, sign: Sign = "right",
) -> Losses:  # fmt: skip
    """Eq. 10 with lambda_t = 1: the guided error, and `weight` (beta) times the KL, summed over the latents."""
    found = errors(encoder, denoiser, images, drawn, schedule, create_graph=True, constraints=constraints, sign=sign)
    denoising, divergence = reduced(found.guided, reduction), found.posterior.divergence().mean()
    return Losses(denoising + weight * divergence, denoising, divergence)


def reduced(error: Tensor, reduction: Reduction) -> Tensor:
    """The squared error, its sum or mean over each image, and the mean over images: a scalar."""
    square = error.square().flatten(1)
    return (square.sum(dim=1) if reduction == "pixel_sum" else square.mean(dim=1)).mean()


@dataclass(frozen=True)
class Annealing:
    """The KL weight grows from the first to the last epoch by equal factors, often over many orders of magnitude."""

    first: float
    last: float
    epochs: int

    def weight(self, epoch: int) -> float:
        """w_min (w_max / w_min)^(epoch / (E - 1)), epochs counted from 0.

        >>> [Annealing(1e-9, 1e-5, 3).weight(epoch) for epoch in range(3)]
        [1e-09, 1e-07, 1e-05]
        """
        return self.first * (self.last / self.first) ** (epoch / (self.epochs - 1)) if self.epochs > 1 else self.last


def drawn_steps(uniform: Tensor, total: int, power: float) -> Tensor:
    """1 + floor(T u^p), the steps of u uniform in [0, 1): of equal shape, from 1 to T.

    power: 1 for uniform ones, .5 for a density that grows linearly with the noise, .3 for one that grows faster.
    """
    return 1 + (total * uniform.double() ** power).long().clamp_max(total - 1)


def training_loss(
    model: Pair, images: Images, count: int, schedule: Schedule, annealing: Annealing, *, batch: int,
    names: tuple[str | int, ...], power: float = 1.0, reduction: Reduction = "pixel_sum",
    constraints: Constraints = EXACT,
) -> Loss:  # fmt: skip
    """The loss of a step for `recompose.diffusion.training.fit`, which is to train `model`.

    count: of images, all of which an epoch sees once, in an order of chance. What is drawn depends on the names and the
    step. The model goes into training mode.
    """
    model.train()
    return of_batches(
        images, count, schedule, batch=batch, names=names, power=power, latents=model.encoder.latents,
        loss=lambda chosen, drawn, epoch: sami_loss(
            model.encoder, model.decoder, chosen, drawn, schedule, weight=annealing.weight(epoch),
            reduction=reduction, constraints=constraints,
        ).total,
    )  # fmt: skip


@torch.no_grad()
def settle(
    model: Pair, images: Images, count: int, schedule: Schedule, *, batch: int, batches: int,
    names: tuple[str | int, ...], power: float = 1.0,
) -> None:  # fmt: skip
    """After a training, give the norms the mean deviations of some batches under the last weights.

    The running ones are those of the last ten batches or so, under weights that still moved: with small batches and few
    steps guidance in evaluation may be worse than none. The authors do without. A frozen denoiser stays as it is; the
    model is in evaluation mode afterwards.
    """
    model.train()

    def seen(chosen: Tensor, drawn: Drawn, epoch: int) -> Tensor:
        noisy, _ = noised(chosen, drawn, schedule)
        averaging(model.encoder, 2 * number)
        model.encoder(chosen)
        averaging(model.encoder, 2 * number + 1)
        model.encoder(noisy, drawn.t)
        averaging(model.decoder, number)
        return model.decoder(noisy, drawn.t)

    each = of_batches(
        images, count, schedule, batch=batch, names=names, power=power, latents=model.encoder.latents, loss=seen
    )
    for number in range(batches):
        each(number)
    averaging(model, None)
    model.eval()


@torch.no_grad()
def settled_by(network: nn.Module, loss: Loss, batches: int) -> None:
    """The same for networks that see a batch once a step: the loss of some steps runs it. In evaluation mode after."""
    network.train()
    for number in range(batches):
        averaging(network, number)
        loss(number)
    averaging(network, None)
    network.eval()


def settling(model: Pair, loss: Loss, first: int, settle: Callable[[], None]) -> Loss:
    """The same loss, whose norms are settled at the step `first` and are those of evaluation from there on.

    A batch's own deviations take the score's part along x_t away, for log q does not change where the batch is scaled;
    in evaluation it comes back, and without these steps guidance may be worse than none where there is much noise. The
    authors do without.
    """

    def of_step(step: int) -> Tensor:
        if step == first:
            settle()
        model.train(step < first)
        return loss(step)

    return of_step


def of_batches(
    images: Images, count: int, schedule: Schedule, *, batch: int, names: tuple[str | int, ...], power: float,
    latents: int, loss: Callable[[Tensor, Drawn, int], Tensor],
) -> Loss:  # fmt: skip
    """The loss of a step from that of a batch, what is drawn for it, and the number of its epoch."""
    each = steps_of_epoch(count, batch)

    @functools.lru_cache(maxsize=1)
    def order(epoch: int) -> Tensor:
        return torch.randperm(count, generator=torch_generator(*names, "epoch", epoch))

    def of_step(step: int) -> Tensor:
        epoch, place = divmod(step, each)
        chosen = images(order(epoch)[place * batch : (place + 1) * batch])
        generator = torch_generator(*names, "step", step)
        t = drawn_steps(torch.rand(len(chosen), generator=generator), schedule.steps, power)
        noise = torch.randn(chosen.shape, generator=generator)
        latent_noise, prior = torch.randn(2, len(chosen), latents, generator=generator)
        return loss(chosen, Drawn(*(part.to(chosen.device) for part in (t, noise, latent_noise, prior))), epoch)

    return of_step
