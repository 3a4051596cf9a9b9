"""Networks of portraits (A.5): a denoiser that is trained alone, or comes trained, and encoders on it while it is frozen.

DiffAE, beside which they are put, has an encoder of the same layers and a denoiser of its own that is told z.
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn

from recompose.diffusion.curves import loss_curve
from recompose.errors import RecomposeError, named
from recompose.networks import files
from recompose.networks.pretrained import loading
from recompose.papers.sami.baselines import Weights, baseline_loss
from recompose.papers.sami.data import SLUG, load_images
from recompose.papers.sami.denoisers import Denoiser, Pretrained
from recompose.papers.sami.encoders import ENCODERS, Inference
from recompose.papers.sami.layers import averaging
from recompose.papers.sami.networks import SETTLED, chosen, fitted, schedule_of, trained_pair
from recompose.papers.sami.objective import Drawn, Pair, noised, of_batches, reduced
from recompose.papers.sami.settings import Autoencoder, FrozenDenoiser
from recompose.papers.sami.settings import Inference as InferenceSettings

Names = tuple[str | int, ...]
Report = Callable[[str], None] | None
IMAGES = "portraits"
DENOISER, UNIFORM, DIFFAE = "portraits_denoiser", "portraits_uniform", "portraits_diffae"
FILES = (
    "config.json and diffusion_pytorch_model.safetensors in diffusers' format, of a UNet2DModel that predicts the noise"
    " (google/ddpm-celebahq-256: 455 MB)"
)


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train one of the networks of portraits: its tensors, those of a frozen denoiser not again, and the loss curve."""
    images, told = load_images(folder, IMAGES).train, blocks[DENOISER]
    asked: dict[str, Any] = {"device": device, "checkpoint": checkpoint}
    if name == DENOISER:
        denoiser, losses = denoiser_of(images, told, (SLUG, name), **asked)
        return _kept_denoiser(denoiser, told, images), loss_curve(name, losses)
    settings = joined(told, blocks["portraits_networks"], uniform=name in (UNIFORM, DIFFAE))
    if name == DIFFAE:
        pair, losses = trained_diffae(images, settings, (SLUG, name), **asked)
        with named(name):
            return files.kept(pair, _identity(name, settings, images)), loss_curve(name, losses)
    denoiser = denoiser_from_file(folder, images, told, device)
    pair, losses = trained_encoder(images, denoiser, settings, (SLUG, name), **asked)
    with named(name):
        about = _identity(name, settings, images) | {"denoiser": digest(denoiser)}
        return files.kept(pair.encoder, about), loss_curve(name, losses)


def joined(denoiser: FrozenDenoiser, encoder: InferenceSettings, *, uniform: bool = False) -> Autoencoder:
    """Both as one SAMI; uniform: with steps that are drawn uniformly."""
    both = denoiser.model_dump(include={"base", "multipliers", "middle", "noise", "steps"}) | encoder.model_dump()
    return Autoencoder(**both | ({"timesteps": 1.0} if uniform else {}))


def denoiser_of(
    images: Tensor, settings: FrozenDenoiser, names: Names, *, device: str, checkpoint: Path | None = None,
    report: Report = None,
) -> tuple[nn.Module, Tensor]:  # fmt: skip
    """The denoiser of such images in evaluation mode, and the losses of its training; of one that comes trained, one.

    It is trained to see the noise, without latents: |eps - eps_theta(x_t, t)|^2, summed over an image, 3 D a step.
    """
    denoiser = _denoiser(images, settings, names).to(device)
    schedule = schedule_of(joined(settings, InferenceSettings()))

    def error(x: Tensor, drawn: Drawn, epoch: int) -> Tensor:
        return reduced(drawn.noise - denoiser(noised(x, drawn, schedule)[0], drawn.t), "pixel_sum")

    loss = of_batches(
        chosen(images, device), len(images), schedule, batch=settings.batch, names=names, power=1.0, latents=0,
        loss=error,
    )  # fmt: skip
    if settings.pretrained:
        with torch.no_grad():
            return denoiser.eval(), loss(0)[None].cpu()
    losses = fitted(denoiser.train(), loss, len(images), settings, names, checkpoint, report)
    with torch.no_grad():  # the norms' running deviations are of weights that still moved: see `objective.settle`
        for number in range(SETTLED):
            averaging(denoiser, number)
            loss(number)
    averaging(denoiser, None)
    return denoiser.eval(), losses


def _denoiser(images: Tensor, settings: FrozenDenoiser, names: Names) -> nn.Module:
    """The denoiser as it is before training, or as it comes."""
    channels, size = images.shape[1:3]
    if not settings.pretrained:
        return Denoiser(
            (*names, "denoiser"), size=size, channels=channels, base=settings.base, multipliers=settings.multipliers,
            middle=settings.middle,
        )  # fmt: skip
    key = f"{DENOISER}.pretrained"
    with loading(key, settings.pretrained, settings.download, FILES):
        from diffusers import UNet2DModel  # late: it takes seconds

        unet = UNet2DModel.from_pretrained(
            settings.pretrained, local_files_only=not settings.download, use_safetensors=True
        )  # fmt: skip
    denoiser = Pretrained(unet)
    if (denoiser.channels, denoiser.size) != (channels, size):
        its, theirs = f"{denoiser.channels}x{denoiser.size}", f"{channels}x{size}"
        raise RecomposeError(f"{key} = {settings.pretrained}: of images of {its}, and portraits are {theirs}; set these")
    return denoiser


def trained_encoder(
    images: Tensor, denoiser: nn.Module, settings: Autoencoder, names: Names, *, device: str,
    checkpoint: Path | None = None, report: Report = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """An encoder on a denoiser that keeps all its bits, in evaluation mode, and the losses: 9 E + D a step."""
    pair = Pair(_encoder(images, settings, names), denoiser, frozen=True).to(device)
    return pair, trained_pair(pair, images, settings, names, device=device, checkpoint=checkpoint, report=report)


def trained_diffae(
    images: Tensor, settings: Autoencoder, names: Names, *, device: str, checkpoint: Path | None = None,
    report: Report = None,
) -> tuple[Pair, Tensor]:  # fmt: skip
    """DiffAE with the same encoder, trained as long: 3 (E + D) a step."""
    pair = _diffae(images, settings, names).to(device)
    loss = baseline_loss(
        "diffae", pair, chosen(images, device), len(images), schedule_of(settings), Weights(), batch=settings.batch,
        names=names, reduction=settings.reduction,
    )  # fmt: skip
    losses = fitted(pair, loss, len(images), settings, names, checkpoint, report)
    return pair.eval(), losses


def _encoder(images: Tensor, settings: Autoencoder, names: Names) -> Inference:
    channels, size = images.shape[1:3]
    return ENCODERS[settings.of](
        (*names, "encoder"), size=size, channels=channels, latents=settings.latents, widths=settings.encoder,
        time_input=settings.time_input,
    )  # fmt: skip


def _diffae(images: Tensor, settings: Autoencoder, names: Names) -> Pair:
    channels, size = images.shape[1:3]
    denoiser = Denoiser(
        (*names, "denoiser"), size=size, channels=channels, base=settings.base, multipliers=settings.multipliers,
        middle=settings.middle, latents=settings.latents,
    )  # fmt: skip
    return Pair(_encoder(images, settings, names), denoiser)


def denoiser_from_file(folder: Path, images: Tensor, settings: FrozenDenoiser, device: str) -> nn.Module:
    """The denoiser for use; one that came trained is loaded again, and has to be the same."""
    about, tensors = files.read(_file(folder, DENOISER), _about_denoiser(settings, images))
    denoiser = _denoiser(images, settings, (SLUG, DENOISER))
    if settings.pretrained and digest(denoiser) != about["denoiser"]:
        raise RecomposeError(
            f"{DENOISER}.pretrained = {settings.pretrained}: other weights than when it was first used; delete"
            f" {_file(folder, DENOISER)} and run again"
        )
    if not settings.pretrained:
        denoiser.load_state_dict(tensors)
    return denoiser.to(device).eval().requires_grad_(False)


def pair_from_file(
    folder: Path, name: str, images: Tensor, denoiser: nn.Module, settings: Autoencoder, device: str
) -> Pair:
    """A trained encoder on the denoiser that it was trained on, for use."""
    expected = _identity(name, settings, images) | {"denoiser": digest(denoiser)}
    _, tensors = files.read(_file(folder, name), expected)
    pair = Pair(_encoder(images, settings, (SLUG, name)), denoiser, frozen=True)
    pair.encoder.load_state_dict(tensors)
    return pair.to(device).eval().requires_grad_(False)


def diffae_from_file(folder: Path, images: Tensor, settings: Autoencoder, device: str) -> Pair:
    """The trained DiffAE, for use."""
    _, tensors = files.read(_file(folder, DIFFAE), _identity(DIFFAE, settings, images))
    pair = _diffae(images, settings, (SLUG, DIFFAE))
    pair.load_state_dict(tensors)
    return pair.to(device).eval().requires_grad_(False)


def digest(network: nn.Module) -> str:
    """A hash of all bits of a network's parameters and buffers."""
    found = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def _file(folder: Path, name: str) -> Path:
    return folder / "networks" / f"{name}.safetensors"


def _kept_denoiser(denoiser: nn.Module, settings: FrozenDenoiser, images: Tensor) -> files.Kept:
    """A denoiser that came trained stays where it is: the file says which one it was."""
    about = _about_denoiser(settings, images) | {"denoiser": digest(denoiser)}
    with named(DENOISER):
        return files.kept(nn.Module() if settings.pretrained else denoiser, about)


def _about_denoiser(settings: FrozenDenoiser, images: Tensor) -> dict[str, Any]:
    what = {"pretrained"} if settings.pretrained else {"pretrained", "base", "multipliers", "middle"}
    return {"name": DENOISER, "images": list(images.shape[1:]), "architecture": settings.model_dump(include=what)}


def _identity(name: str, settings: Autoencoder, images: Tensor) -> dict[str, Any]:
    what = {"of", "encoder", "latents", "time_input"} | ({"base", "multipliers", "middle"} if name == DIFFAE else set())
    return {"name": name, "images": list(images.shape[1:]), "architecture": settings.model_dump(include=what)}
