"""The baselines of Table 2 on the encoder of SAMI: what each is trained for. A new one is one function here.

Autoencoders have a decoder that makes the image of z; DiffAE and InfoDiffusion a denoiser that is told z. No encoder
sees noise, and their training takes 3 passes of either network, see `recompose.papers.sami.objective`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import torch
from torch import Tensor, nn

from recompose.diffusion.sampling import Predict
from recompose.diffusion.schedules import Schedule
from recompose.diffusion.training import Loss
from recompose.errors import RecomposeError, nearest
from recompose.papers.sami.data import AT_ONCE
from recompose.papers.sami.denoisers import Denoiser
from recompose.papers.sami.layers import Activation, Block, require_levels, start_of
from recompose.papers.sami.objective import Drawn, Images, Pair, Reduction, noised, of_batches, reduced
from recompose.papers.sami.posterior import Posterior, steps

Decodes = Literal["image", "noise"]


@dataclass(frozen=True)
class Weights:
    """Of the terms beside the error, whose reduction they belong to; a baseline reads those it has."""

    divergence: float = 0.0
    """beta, of the KL of each image's posterior"""
    discrepancy: float = 0.0
    """of the maximum mean discrepancy of all images' z and the prior"""


@dataclass(frozen=True)
class Batch:
    """Some images, and what a baseline makes of them."""

    networks: Pair
    images: Tensor
    drawn: Drawn
    schedule: Schedule
    weights: Weights
    reduction: Reduction

    @cached_property
    def posterior(self) -> Posterior:
        """q(z | x_0)."""
        return self.networks.encoder(self.images)

    @cached_property
    def z(self) -> Tensor:
        """A latent of each image, (images, latents)."""
        return self.posterior.sample(self.drawn.latent_noise)

    def image_error(self, z: Tensor) -> Tensor:
        """The squared error of the images that the decoder makes of z: a scalar."""
        return reduced(self.images - self.networks.decoder(z), self.reduction)

    def noise_error(self, z: Tensor) -> Tensor:
        """The squared error of the noise that the denoiser, told z, sees: a scalar."""
        noisy, _ = noised(self.images, self.drawn, self.schedule)
        return reduced(self.drawn.noise - self.networks.decoder(noisy, self.drawn.t, z), self.reduction)

    def divergence(self) -> Tensor:
        """KL(q(z | x) || N(0, 1)), the mean over images: a scalar."""
        return self.posterior.divergence().mean()

    def discrepancy(self) -> Tensor:
        """How far the z of all images are from the prior: a scalar."""
        return mean_discrepancy(self.z, self.drawn.prior)

    def informative(self) -> Tensor:
        """The terms of InfoVAE and InfoDiffusion, a KL that leaves z its information, and the discrepancy."""
        return self.weights.divergence * self.divergence() + self.weights.discrepancy * self.discrepancy()


@dataclass(frozen=True)
class Baseline:
    """A row of Table 2: what it makes of z, by a `Decoder` or a `Denoiser` that is told z, and its loss."""

    decodes: Decodes
    loss: Callable[[Batch], Tensor]
    prior: bool
    """whether z is held near N(0, 1), and drawn from it; else from the Gaussian of the training images' latents"""


BASELINES: dict[str, Baseline] = {}
"""By name, in the order of Table 2."""


def decoding(
    decodes: Decodes, *, prior: bool = True
) -> Callable[[Callable[[Batch], Tensor]], Callable[[Batch], Tensor]]:
    """Register a loss under its name, with what its decoder makes of z, and whether z has the prior."""

    def registered(loss: Callable[[Batch], Tensor]) -> Callable[[Batch], Tensor]:
        BASELINES[loss.__name__] = Baseline(decodes, loss, prior)
        return loss

    return registered


@decoding("image", prior=False)
def ae(batch: Batch) -> Tensor:
    """An autoencoder: its latents are the means."""
    return batch.image_error(batch.posterior.mean)


@decoding("image")
def vae(batch: Batch) -> Tensor:
    """Kingma & Welling (2013), the variance of the decoder one half: with a sum over pixels, the ELBO."""
    return batch.image_error(batch.z) + batch.divergence()


@decoding("image")
def beta_vae(batch: Batch) -> Tensor:
    """Higgins et al. (2017)."""
    return batch.image_error(batch.z) + batch.weights.divergence * batch.divergence()


@decoding("image")
def info_vae(batch: Batch) -> Tensor:
    """Zhao et al. (2018), Eq. 6: weights 1 - alpha and alpha + lambda - 1."""
    return batch.image_error(batch.z) + batch.informative()


@decoding("noise", prior=False)
def diffae(batch: Batch) -> Tensor:
    """Preechakul et al. (2022), first stage: the denoiser is told the encoder's mean."""
    return batch.noise_error(batch.posterior.mean)


@decoding("noise")
def infodiffusion(batch: Batch) -> Tensor:
    """Wang et al. (2023): weights 1 - zeta and lambda + zeta - 1, for which they take 0 and a tenth."""
    return batch.noise_error(batch.z) + batch.informative()


def mean_discrepancy(x: Tensor, y: Tensor) -> Tensor:
    """MMD^2 of two samples, (points, dimension), with the kernel exp(-|a - b|^2 / dimension) of InfoVAE: a scalar.

    The plain means over pairs, points with themselves included: biased, but never negative.
    """

    def kernel(a: Tensor, b: Tensor) -> Tensor:
        squares = a.square().sum(dim=1)[:, None] + b.square().sum(dim=1) - 2 * a @ b.T
        return torch.exp(-squares / a.shape[1]).mean()

    return kernel(x, x) + kernel(y, y) - 2 * kernel(x, y)


class Decoder(nn.Module):
    """An image of z: the encoder's levels upwards, each a transposed convolution and a block."""

    def __init__(
        self, names: tuple[str | int, ...], *, size: int = 64, channels: int = 1, latents: int = 256,
        widths: tuple[int, ...] = (64, 128, 256, 512), activation: Activation = "relu",
    ) -> None:  # fmt: skip
        """Its start is drawn from the names. widths: from the image on, the last of the middle, as `HalfUNet`'s."""
        levels = len(widths) - 1
        require_levels(size, levels, "a decoder")
        with start_of(names):
            super().__init__()
            self.size, self.channels = size, channels
            self.middle, self.side = widths[-1], size // 2**levels
            self.first = nn.Linear(latents, self.middle * self.side**2)
            layers: list[nn.Module] = [Block(self.middle, self.middle, activation=activation)]
            for below, width in zip(widths[:0:-1], widths[-2::-1], strict=True):
                layers.append(nn.ConvTranspose2d(below, width, 2, stride=2, bias=False))
                layers.append(Block(width, width, activation=activation))
            self.layers = nn.Sequential(*layers, nn.Conv2d(widths[0], channels, 3, padding=1))

    def forward(self, z: Tensor) -> Tensor:
        """(images, latents) -> (images, channels, size, size)."""
        return self.layers(self.first(z).view(-1, self.middle, self.side, self.side))


def baseline_loss(
    name: str, model: Pair, images: Images, count: int, schedule: Schedule, weights: Weights, *, batch: int,
    names: tuple[str | int, ...], reduction: Reduction = "pixel_sum", power: float = 1.0,
) -> Loss:  # fmt: skip
    """The loss of a step for `recompose.diffusion.training.fit`, as SAMI's `training_loss`.

    Raises RecomposeError for an unknown baseline. The model goes into training mode.
    """
    if name not in BASELINES:
        raise RecomposeError(f"{name}: no baseline; {nearest(name, BASELINES)}")
    loss = BASELINES[name].loss
    model.train()
    return of_batches(
        images, count, schedule, batch=batch, names=names, power=power, latents=model.encoder.latents,
        loss=lambda chosen, drawn, epoch: loss(Batch(model, chosen, drawn, schedule, weights, reduction)),
    )  # fmt: skip


def told_noise(denoiser: Denoiser, z: Tensor) -> Predict:
    """The noise that a denoiser sees when told z, (images, latents): a prediction for any sampler, in evaluation."""

    @torch.no_grad()
    def predict(x: Tensor, t: int) -> Tensor:
        parts = zip(x.split(AT_ONCE), z.split(AT_ONCE), strict=True)  # type: ignore[no-untyped-call]
        return torch.cat([denoiser(part, steps(t, part), of) for part, of in parts])

    return predict
