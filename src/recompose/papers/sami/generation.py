"""Images that SAMI and its baselines make, all by one sampler: without a condition, or of an image's latents."""

import torch
from torch import Tensor

from recompose.diffusion.sampling import Predict
from recompose.papers.sami.baselines import BASELINES, told_noise
from recompose.papers.sami.data import AT_ONCE, centred
from recompose.papers.sami.networks import schedule_of
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.posterior import means_of
from recompose.papers.sami.sampling import ancestral, guided_noise, noise_of, score_of
from recompose.papers.sami.settings import Autoencoder
from recompose.randomness import torch_generator


def made_by(
    method: str, pair: Pair, images: Tensor, count: int, settings: Autoencoder, moves: int,
    names: tuple[str | int, ...], device: str,
) -> Tensor:  # fmt: skip
    """So many images of a baseline, its z drawn from the prior, or where it has none from a Gaussian fitted to z.

    images: those that it was trained on. -> (count, channels, size, size) in [-1, 1].
    """
    generator = torch_generator(*names)
    z = torch.randn((count, settings.latents), generator=generator)
    if not BASELINES[method].prior:
        z = like(torch.from_numpy(means_of(pair.encoder, images, device)), z)
    z = z.to(device)
    if BASELINES[method].decodes == "noise":
        return _sampled(told_noise(pair.decoder, z), images, count, settings, moves, generator, device)
    with torch.no_grad():
        parts = z.split(AT_ONCE)  # type: ignore[no-untyped-call]
        return torch.cat([pair.decoder(part) for part in parts]).clamp(-1, 1)


def unconditional(
    pair: Pair, images: Tensor, count: int, settings: Autoencoder, moves: int, names: tuple[str | int, ...], device: str
) -> Tensor:
    """So many images by SAMI's denoiser alone: (count, channels, size, size) in [-1, 1]."""
    return _sampled(noise_of(pair.decoder), images, count, settings, moves, torch_generator(*names), device)


def conditioned(
    pair: Pair, images: Tensor, count: int, settings: Autoencoder, moves: int, names: tuple[str | int, ...], device: str
) -> Tensor:
    """The same, each guided by latents z ~ q(z | x_0) of another image, which is drawn from these."""
    generator = torch_generator(*names)
    chosen = images[torch.randint(len(images), (count,), generator=generator)]
    with torch.no_grad():
        posterior = pair.encoder(centred(chosen).to(device), None)
    z = posterior.sample(torch.randn((count, settings.latents), generator=generator).to(device))
    predict = guided_noise(noise_of(pair.decoder), score_of(pair.encoder, z), schedule_of(settings))
    return _sampled(predict, images, count, settings, moves, generator, device)


def _sampled(
    predict: Predict, images: Tensor, count: int, settings: Autoencoder, moves: int, generator: torch.Generator,
    device: str,
) -> Tensor:  # fmt: skip
    """By ancestral sampling as Algorithm 1 has it, but that the estimate of x_0 is kept within the range of images.

    With few moves errors would grow otherwise: of the first noise, which stands for all of the image, and of guidance,
    which is strongest where there is least noise.
    """
    start = torch.randn((count, *images.shape[1:]), generator=generator).to(device)
    return ancestral(predict, start, schedule_of(settings), generator, moves=moves, clip=1.0).clamp(-1, 1)


def like(latents: Tensor, normal: Tensor) -> Tensor:
    """Standard normal numbers, (count, latents), with the mean and the covariance of latents, (images, latents).

    By the root of the covariance that is symmetric: latents may lie in a plane.
    """
    values, vectors = torch.linalg.eigh(latents.T.cov(correction=0).reshape(2 * (latents.shape[1],)))
    root = vectors * values.clamp_min(0).sqrt() @ vectors.T
    return (latents.mean(dim=0) + normal.double() @ root).float()
