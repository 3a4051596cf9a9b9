"""What SAMI is compared with: the baselines of Table 2 on its encoder, and a SAMI that has seen no more than they."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from recompose.diffusion.curves import loss_curve
from recompose.errors import named
from recompose.networks import files
from recompose.papers.sami.baselines import BASELINES, Weights, baseline_loss
from recompose.papers.sami.data import SLUG, load_images
from recompose.papers.sami.names import BRIEF
from recompose.papers.sami.networks import (
    SETTLED,
    filled,
    fitted,
    identity_of,
    numbered,
    schedule_of,
    trained,
    untrained,
    untrained_control,
    untrained_denoiser,
)
from recompose.papers.sami.objective import Pair, settled_by
from recompose.papers.sami.settings import Autoencoder, Baselines


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train a baseline on a set of images, `<set>_<baseline>`, or `<set>_brief`: its tensors and its loss curve."""
    images, _, method = name.partition("_")
    data, asked = load_images(folder, images), blocks[f"{images}_baselines"]
    settings = blocks[f"{images}_networks"].model_copy(update={"epochs": asked.epochs})
    told: dict[str, Any] = {"device": device, "checkpoint": checkpoint}
    if method == BRIEF:
        pair, losses = trained(data.train, settings, (SLUG, name), **told)
    else:
        pair, losses = trained_baseline(method, data.train, settings, asked, (SLUG, name), **told)
    with named(name):
        return files.kept(pair, identity_of(name, settings, data.train)), loss_curve(name, losses)


def trained_baseline(
    method: str, images: Tensor, settings: Autoencoder, asked: Baselines, names: tuple[str | int, ...], *, device: str,
    checkpoint: Path | None = None, report: Callable[[str], None] | None = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """A baseline of images, (images, channels, size, size), in evaluation mode, and the loss of each step."""
    pair = untrained_baseline(method, images, settings, names).to(device)
    loss = baseline_loss(
        method, pair, numbered(images, device), len(images), schedule_of(settings), weights_of(method, asked),
        batch=settings.batch, names=names, reduction=settings.reduction, power=settings.timesteps,
    )  # fmt: skip
    losses = fitted(pair, loss, len(images), settings, names, checkpoint, report)
    settled_by(pair, loss, SETTLED)  # as SAMI's are
    return pair, losses


def weights_of(method: str, asked: Baselines) -> Weights:
    """What the terms beside the error weigh: beta is one baseline's alone."""
    return Weights(asked.beta if method == "beta_vae" else asked.divergence, asked.discrepancy)


def untrained_baseline(method: str, images: Tensor, settings: Autoencoder, names: tuple[str | int, ...]) -> Pair:
    """SAMI's encoder before training, with what the baseline decodes by."""
    if BASELINES[method].decodes == "image":
        return untrained_control(images, settings, names)
    encoder = untrained(images, settings, names).encoder
    return Pair(encoder, untrained_denoiser(images, settings, names, settings.latents))


def rival_from_file(folder: Path, name: str, images: Tensor, settings: Autoencoder, device: str) -> Pair:
    """A trained baseline, `<set>_<baseline>`, or `<set>_brief`, from its file, for use."""
    method, told = name.partition("_")[2], (images, settings, (SLUG, name))
    pair = untrained(*told) if method == BRIEF else untrained_baseline(method, *told)
    return filled(pair, folder, name, images, settings, device)
