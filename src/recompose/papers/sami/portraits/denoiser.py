"""The denoiser of portraits (A.5), which is trained alone, or comes trained, and is then left as it is."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from recompose.errors import RecomposeError, named
from recompose.networks import files
from recompose.networks.pretrained import loading
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.denoisers import Pretrained
from recompose.papers.sami.networks import SETTLED, file_of, fitted, numbered, schedule_of, untrained_denoiser
from recompose.papers.sami.objective import Drawn, noised, of_batches, reduced, settled_by
from recompose.papers.sami.portraits.joined import joined
from recompose.papers.sami.settings import Encoding, FrozenDenoiser

Names = tuple[str | int, ...]
Report = Callable[[str], None] | None
DENOISER = "portraits_denoiser"
FILES = (
    "config.json and diffusion_pytorch_model.safetensors in diffusers' format, of a UNet2DModel that predicts the noise"
    " (google/ddpm-celebahq-256: 455 MB)"
)


def denoiser_of(
    images: Tensor, settings: FrozenDenoiser, names: Names, *, device: str, checkpoint: Path | None = None,
    report: Report = None,
) -> tuple[nn.Module, Tensor]:  # fmt: skip
    """The denoiser of such images in evaluation mode, and the losses of its training; of one that comes trained, one.

    It is trained to see the noise, without latents: |eps - eps_theta(x_t, t)|^2, summed over an image, 3 D a step.
    """
    denoiser = _denoiser(images, settings, names).to(device)
    schedule = schedule_of(joined(settings, Encoding()))

    def error(x: Tensor, drawn: Drawn, epoch: int) -> Tensor:
        return reduced(drawn.noise - denoiser(noised(x, drawn, schedule)[0], drawn.t), "pixel_sum")

    loss = of_batches(
        numbered(images, device), len(images), schedule, batch=settings.batch, names=names, power=1.0, latents=0,
        loss=error,
    )  # fmt: skip
    if settings.pretrained:
        with torch.no_grad():
            return denoiser.eval(), loss(0)[None].cpu()
    losses = fitted(denoiser.train(), loss, len(images), settings, names, checkpoint, report)
    settled_by(denoiser, loss, SETTLED)
    return denoiser, losses


def _denoiser(images: Tensor, settings: FrozenDenoiser, names: Names) -> nn.Module:
    """The denoiser as it is before training, or as it comes."""
    if not settings.pretrained:
        return untrained_denoiser(images, settings, names)
    key = f"{DENOISER}.pretrained"
    with loading(key, settings.pretrained, settings.download, FILES):
        from diffusers import UNet2DModel  # late: it takes seconds

        unet = UNet2DModel.from_pretrained(  # type: ignore[no-untyped-call]
            settings.pretrained, local_files_only=not settings.download, use_safetensors=True
        )  # fmt: skip
    denoiser = Pretrained(unet)
    channels, size = images.shape[1:3]
    if (denoiser.channels, denoiser.size) != (channels, size):
        raise RecomposeError(
            f"{key} = {settings.pretrained}: of images of {denoiser.size} pixels and {denoiser.channels} channels, and"
            f" portraits have {size} and {channels}; set portraits.size and portraits.channels"
        )
    return denoiser


def denoiser_from_file(folder: Path, images: Tensor, settings: FrozenDenoiser, device: str) -> nn.Module:
    """The denoiser for use; one that came trained is loaded again, and has to be the same."""
    about, tensors = files.read(file_of(folder, DENOISER), _about_denoiser(settings, images))
    denoiser = _denoiser(images, settings, (SLUG, DENOISER))
    if settings.pretrained and digest(denoiser) != about["denoiser"]:
        raise RecomposeError(
            f"{DENOISER}.pretrained = {settings.pretrained}: other weights than when it was first used; delete"
            f" {file_of(folder, DENOISER)} and run again"
        )
    if not settings.pretrained:
        denoiser.load_state_dict(tensors)
    return denoiser.to(device).eval().requires_grad_(False)


def digest(network: nn.Module) -> str:
    """A hash of all bits of a network's parameters and buffers."""
    found = hashlib.sha256()
    for name, tensor in sorted(network.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.detach().cpu().contiguous().numpy().tobytes())
    return found.hexdigest()


def kept_denoiser(denoiser: nn.Module, settings: FrozenDenoiser, images: Tensor) -> files.Kept:
    """A denoiser that came trained stays where it is: the file says which one it was."""
    about = _about_denoiser(settings, images) | {"denoiser": digest(denoiser)}
    with named(DENOISER):
        return files.kept(nn.Module() if settings.pretrained else denoiser, about)


def _about_denoiser(settings: FrozenDenoiser, images: Tensor) -> dict[str, Any]:
    what = {"pretrained"} if settings.pretrained else {"pretrained", "base", "multipliers", "middle"}
    return {"name": DENOISER, "images": list(images.shape[1:]), "architecture": settings.model_dump(include=what)}
