"""Networks of portraits (A.5): encoders on a frozen denoiser, and DiffAE, beside which they are put.

DiffAE has an encoder of the same layers, and a denoiser of its own that is told z.
"""

from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor, nn

from recompose.diffusion.curves import loss_curve
from recompose.diffusion.training import steps_of_epoch
from recompose.errors import named
from recompose.networks import files
from recompose.papers.sami.baselines import Weights, baseline_loss
from recompose.papers.sami.comparison.networks import untrained_baseline
from recompose.papers.sami.data import SLUG, load_images
from recompose.papers.sami.networks import (
    SETTLED,
    file_of,
    filled,
    fitted,
    identity_of,
    numbered,
    schedule_of,
    tell,
    untrained,
)
from recompose.papers.sami.objective import Annealing, Pair, settle, settling, training_loss
from recompose.papers.sami.portraits.denoiser import (
    DENOISER,
    Names,
    Report,
    denoiser_from_file,
    denoiser_of,
    digest,
    kept_denoiser,
)
from recompose.papers.sami.settings import Autoencoder, joined

IMAGES = "portraits"
UNIFORM, DIFFAE = "portraits_uniform", "portraits_diffae"


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train one of the networks of portraits: its tensors, those of a frozen denoiser not again, and the loss curve."""
    images, told = load_images(folder, IMAGES).train, blocks[DENOISER]
    asked: dict[str, Any] = {"device": device, "checkpoint": checkpoint}
    if name == DENOISER:
        denoiser, losses = denoiser_of(images, told, (SLUG, name), **asked)
        return kept_denoiser(denoiser, told, images), loss_curve(name, losses)
    settings = joined(told, blocks["portraits_networks"], uniform=name in (UNIFORM, DIFFAE))
    if name == DIFFAE:
        pair, losses = trained_diffae(images, settings, (SLUG, name), **asked)
        with named(name):
            return files.kept(pair, identity_of(name, settings, images)), loss_curve(name, losses)
    denoiser = denoiser_from_file(folder, images, told, device)
    pair, losses = trained_encoder(images, denoiser, settings, (SLUG, name), **asked)
    with named(name):
        about = _identity(name, settings, images) | {"denoiser": digest(denoiser)}
        return files.kept(pair.encoder, about), loss_curve(name, losses)


def trained_encoder(
    images: Tensor, denoiser: nn.Module, settings: Autoencoder, names: Names, *, device: str,
    checkpoint: Path | None = None, report: Report = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """An encoder on a denoiser that keeps all its bits, in evaluation mode, and the losses: 9 E + D a step.

    Norms of a batch stand in the way: those of clean images differ from those of noise, and in evaluation both are
    divided by the same. A joint training lets the denoiser make up for it, a frozen one cannot. So half way the norms
    are settled, and from there on the encoder is trained as it is evaluated; CelebA-HQ's encoder has no such norms.
    """
    pair = Pair(untrained(images, settings, names).encoder, denoiser, frozen=True).to(device)
    of, schedule = numbered(images, device), schedule_of(settings)
    told: dict[str, Any] = {"batch": settings.batch, "names": names, "power": settings.timesteps}
    annealing = Annealing(settings.first_weight, settings.weight, settings.epochs)
    coupled = training_loss(pair, of, len(images), schedule, annealing, reduction=settings.reduction, **told)
    settled = partial(settle, pair, of, len(images), schedule, batches=SETTLED, **told)
    loss = settling(pair, coupled, settings.epochs * steps_of_epoch(len(images), settings.batch) // 2, settled)
    losses = fitted(pair, loss, len(images), settings, names, checkpoint, report)
    tell(pair, images, settings, names, device, report)
    return pair, losses


def trained_diffae(
    images: Tensor, settings: Autoencoder, names: Names, *, device: str, checkpoint: Path | None = None,
    report: Report = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """DiffAE with the same encoder, trained as long: 3 (E + D) a step."""
    pair = untrained_baseline("diffae", images, settings, names).to(device)
    loss = baseline_loss(
        "diffae", pair, numbered(images, device), len(images), schedule_of(settings), Weights(), batch=settings.batch,
        names=names, reduction=settings.reduction,
    )  # fmt: skip
    losses = fitted(pair, loss, len(images), settings, names, checkpoint, report)
    return pair.eval(), losses


def pair_from_file(
    folder: Path, name: str, images: Tensor, denoiser: nn.Module, settings: Autoencoder, device: str
) -> Pair:
    """A trained encoder on the denoiser that it was trained on, for use."""
    expected = _identity(name, settings, images) | {"denoiser": digest(denoiser)}
    _, tensors = files.read(file_of(folder, name), expected)
    pair = Pair(untrained(images, settings, (SLUG, name)).encoder, denoiser, frozen=True)
    pair.encoder.load_state_dict(tensors)
    return pair.to(device).eval().requires_grad_(False)


def diffae_from_file(folder: Path, images: Tensor, settings: Autoencoder, device: str) -> Pair:
    """The trained DiffAE, for use."""
    pair = untrained_baseline("diffae", images, settings, (SLUG, DIFFAE))
    return filled(pair, folder, DIFFAE, images, settings, device)


def _identity(name: str, settings: Autoencoder, images: Tensor) -> dict[str, Any]:
    """What a file says of the encoder in it."""
    architecture = settings.model_dump(include={"of", "encoder", "latents", "time_input"})
    return {"name": name, "images": list(images.shape[1:]), "architecture": architecture}
