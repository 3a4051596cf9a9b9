"""SAMI's two networks: how they are trained, kept and read."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor, nn

from recompose.diffusion.curves import loss_curve
from recompose.diffusion.schedules import Schedule, cosine_schedule, ddpm_schedule
from recompose.diffusion.training import Cosine, Loss, Training, fit, steps_of_epoch, telling
from recompose.errors import named
from recompose.networks import files
from recompose.papers.sami.baselines import Decoder, Weights, baseline_loss
from recompose.papers.sami.data import SLUG, centred, load_images
from recompose.papers.sami.denoisers import Denoiser
from recompose.papers.sami.encoders import ENCODERS
from recompose.papers.sami.informativeness import told as told_of_latents
from recompose.papers.sami.objective import Annealing, Pair, settle, settling, training_loss
from recompose.papers.sami.settings import Autoencoder, Denoising, FrozenDenoiser

CONTROL = "disks_control"
"""An encoder as SAMI's, trained with an ordinary decoder on clean images alone (B.1)."""
SETTLED = 20
"""Batches whose deviations the norms have in the end."""


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train the networks of a set of images, `<set>_networks`, or their control: their tensors and the loss curve."""
    images = name.partition("_")[0]
    data, settings = load_images(folder, images), blocks[f"{images}_networks"]
    train = trained_control if name == CONTROL else trained
    pair, losses = train(data.train, settings, (SLUG, name), device=device, checkpoint=checkpoint)
    with named(name):
        return files.kept(pair, identity_of(name, settings, data.train)), loss_curve(name, losses)


def trained(
    images: Tensor, settings: Autoencoder, names: tuple[str | int, ...], *, device: str,
    checkpoint: Path | None = None, report: Callable[[str], None] | None = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """A SAMI of images, (images, channels, size, size) in [-1, 1], in evaluation mode, and the loss of each step.

    names: the key of all random numbers.
    """
    pair = untrained(images, settings, names).to(device)
    chosen, schedule = numbered(images, device), schedule_of(settings)
    told: dict[str, Any] = {"batch": settings.batch, "names": names, "power": settings.timesteps}
    annealing = Annealing(settings.first_weight, settings.weight, settings.epochs)
    loss = training_loss(pair, chosen, len(images), schedule, annealing, reduction=settings.reduction, **told)
    settled = partial(settle, pair, chosen, len(images), schedule, batches=SETTLED, **told)
    losses = fitted_and_settled(pair, loss, settled, len(images), settings, names, checkpoint, report)
    tell(pair.eval(), images, settings, names, device, report)
    return pair, losses


def trained_control(
    images: Tensor, settings: Autoencoder, names: tuple[str | int, ...], *, device: str,
    checkpoint: Path | None = None, report: Callable[[str], None] | None = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """A beta-VAE with the encoder of SAMI, trained as long on the same images."""
    pair = untrained_control(images, settings, names).to(device)
    loss = baseline_loss(
        "beta_vae", pair, numbered(images, device), len(images), schedule_of(settings), Weights(settings.weight),
        batch=settings.batch, names=names, reduction=settings.reduction,
    )  # fmt: skip
    losses = fitted(pair, loss, len(images), settings, names, checkpoint, report)
    return pair.eval(), losses


def numbered(images: Tensor, device: str) -> Callable[[Tensor], Tensor]:
    """Images by their numbers, in [-1, 1], as trainings ask for them."""
    known = images.to(device)
    return lambda numbers: centred(known[numbers.to(device)])


def fitted(
    network: nn.Module, loss: Loss, count: int, settings: Autoencoder | FrozenDenoiser, names: tuple[str | int, ...],
    checkpoint: Path | None, report: Callable[[str], None] | None,
) -> Tensor:  # fmt: skip
    """Train a network for the epochs of its settings: the loss of each step."""
    return fit(
        network,
        loss,
        Training(settings.epochs * steps_of_epoch(count, settings.batch), settings.learning_rate, Cosine()),
        name=str(names[-1]),
        identity={"names": repr(names), "settings": settings.model_dump_json()},
        checkpoint=checkpoint,
        report=report,
    )


def fitted_and_settled(
    pair: Pair, loss: Loss, settle: Callable[[], None], count: int, settings: Autoencoder, names: tuple[str | int, ...],
    checkpoint: Path | None, report: Callable[[str], None] | None,
) -> Tensor:  # fmt: skip
    """The same of two networks whose norms are settled: before the last share of the steps, or after all of them."""
    if settings.settled:
        steps = settings.epochs * steps_of_epoch(count, settings.batch)
        loss = settling(pair, loss, round((1 - settings.settled) * steps), settle)
    losses = fitted(pair, loss, count, settings, names, checkpoint, report)
    if not settings.settled:
        settle()
    return losses


def tell(
    pair: Pair, images: Tensor, settings: Autoencoder, names: tuple[str | int, ...], device: str,
    report: Callable[[str], None] | None,
) -> None:  # fmt: skip
    """Tell of the latents of a trained pair, in evaluation mode: a collapse is seen in the log, not in a figure."""
    line = told_of_latents(pair, images, schedule_of(settings), batch=settings.batch, names=names, device=device)
    (report or telling(str(names[-1])))(line)


def untrained(images: Tensor, settings: Autoencoder, names: tuple[str | int, ...]) -> Pair:
    """The networks before training, for such images."""
    channels, size = images.shape[1:3]
    encoder = ENCODERS[settings.of](
        (*names, "encoder"), size=size, channels=channels, latents=settings.latents, widths=settings.encoder,
        time_input=settings.time_input,
    )  # fmt: skip
    return Pair(encoder, untrained_denoiser(images, settings, names))


def untrained_denoiser(images: Tensor, settings: Denoising, names: tuple[str | int, ...], latents: int = 0) -> Denoiser:
    """The denoiser before training, for such images; it is told so many latents."""
    channels, size = images.shape[1:3]
    return Denoiser(
        (*names, "denoiser"), size=size, channels=channels, base=settings.base, multipliers=settings.multipliers,
        middle=settings.middle, latents=latents,
    )  # fmt: skip


def untrained_control(images: Tensor, settings: Autoencoder, names: tuple[str | int, ...]) -> Pair:
    """The same encoder before training, with a decoder that makes the image of z."""
    channels, size = images.shape[1:3]
    widths = (settings.base, *(settings.base * each for each in (*settings.multipliers[1:], settings.middle)))
    decoder = Decoder((*names, "decoder"), size=size, channels=channels, latents=settings.latents, widths=widths)
    return Pair(untrained(images, settings, names).encoder, decoder)


def schedule_of(settings: Autoencoder) -> Schedule:
    """The schedule of the noise."""
    return ddpm_schedule(settings.steps) if settings.noise == "linear" else cosine_schedule(settings.steps)


def file_of(folder: Path, name: str) -> Path:
    """The file of networks."""
    return folder / "networks" / f"{name}.safetensors"


def from_file(folder: Path, name: str, images: Tensor, settings: Autoencoder, device: str) -> Pair:
    """Trained networks from their file, for use."""
    return filled(untrained(images, settings, (SLUG, name)), folder, name, images, settings, device)


def control_from_file(folder: Path, images: Tensor, settings: Autoencoder, device: str) -> Pair:
    """The trained control from its file, for use."""
    return filled(untrained_control(images, settings, (SLUG, CONTROL)), folder, CONTROL, images, settings, device)


def filled(pair: Pair, folder: Path, name: str, images: Tensor, settings: Autoencoder, device: str) -> Pair:
    """Networks with the weights of their file, for use."""
    _, tensors = files.read(file_of(folder, name), identity_of(name, settings, images))
    pair.load_state_dict(tensors)
    return pair.to(device).eval().requires_grad_(False)


def identity_of(name: str, settings: Autoencoder, images: Tensor) -> dict[str, Any]:
    """What a file says of the networks in it."""
    architecture = settings.model_dump(
        include={"of", "encoder", "latents", "base", "multipliers", "middle", "time_input"}
    )
    return {"name": name, "images": list(images.shape[1:]), "architecture": architecture}
