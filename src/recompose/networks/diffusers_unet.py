"""diffusers' U-Net, told the time and a class: the network of the rooms (paper 2, appendix F.3) at any size."""

from dataclasses import asdict, dataclass
from math import gcd
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from recompose.errors import RecomposeError
from recompose.networks import files
from recompose.randomness import seed_of

GROUPS = 32
"""Groups of a normalization where the widths allow: diffusers' default."""
TOGETHER = 4
"""Channels of such a group at least, as at the published widths. Time and class are added to whole channels before the
normalization: of a channel that is a group by itself it takes away all that they say."""
HEAD = 8
"""Channels of a head of the attention where the widths allow: diffusers' default."""


@dataclass(frozen=True)
class Shape:
    """What fixes a U-Net; the numbers that stand here are those of the rooms."""

    size: int = 256
    """Pixels of an image's side."""
    channels: int = 3
    """Of an image."""
    widths: tuple[int, ...] = (128, 256, 256, 512)
    """Channels of each level, from the finest on; each further one has half the resolution."""
    attention: int | None = 3
    """The level with self-attention, counted from 1, the finest; the middle of the network has some in any case."""
    layers: int = 2
    """Residual blocks of a level on the way down; there is one more on the way up."""
    classes: int = 3
    """What the network can be told of an image; one class for no class, if there is to be one."""
    patch: int = 1
    """Pixels of the side of a block that is one place of the finest level, its pixels being channels (Shi et al.,
    2016); a small network sees all of a small image for a fraction of the operations."""

    def __post_init__(self) -> None:
        smallest = self.patch * 2 ** (len(self.widths) - 1)
        if self.size % smallest:
            blocks = f" on blocks of {self.patch}" if self.patch > 1 else ""
            raise RecomposeError(
                f"images of {self.size}x{self.size}: a U-Net of {len(self.widths)} levels{blocks} takes multiples of"
                f" {smallest}"
            )
        if self.attention is not None and not 1 <= self.attention <= len(self.widths):
            raise RecomposeError(f"attention at level {self.attention}: the U-Net has levels 1 to {len(self.widths)}")


class ClassUNet(nn.Module):
    """A denoiser f(x, t, class), what it predicts being that for which it is trained: noise, velocity or image.

    `unet` is diffusers' own `UNet2DModel`, for what works on that: adapters, further rows of `class_embedding`.
    """

    def __init__(self, names: tuple[str | int, ...], shape: Shape) -> None:
        """Its start is drawn from the names, as diffusers draws it."""
        from diffusers import UNet2DModel  # late: it takes seconds to import

        super().__init__()
        self.shape = shape
        levels = range(1, len(shape.widths) + 1)
        kinds = ["Attn" if level == shape.attention else "" for level in levels]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(*names, "start"))
            self.unet: Any = UNet2DModel(  # type: ignore[no-untyped-call]
                sample_size=shape.size // shape.patch,
                in_channels=shape.channels * shape.patch**2,
                out_channels=shape.channels * shape.patch**2,
                block_out_channels=shape.widths,
                layers_per_block=shape.layers,
                down_block_types=tuple(f"{kind}DownBlock2D" for kind in kinds),
                up_block_types=tuple(f"{kind}UpBlock2D" for kind in reversed(kinds)),
                num_class_embeds=shape.classes,
                norm_num_groups=gcd(GROUPS, *shape.widths, *(width // TOGETHER for width in shape.widths)),
                attention_head_dim=gcd(HEAD, *shape.widths),
            )

    def forward(self, x: Tensor, t: Tensor | float, labels: Tensor) -> Tensor:
        """(images, channels, size, size) -> the same.

        t: (images,), or one for all, in the units that the network is trained with: steps of a DDPM, 0 ... 999, as its
        sines and cosines are made for. labels: (images,), classes from 0 on.
        """
        found = self.unet(pixel_unshuffle(x, self.shape.patch), t, class_labels=labels, return_dict=False)[0]
        return pixel_shuffle(found, self.shape.patch)


def kept(network: ClassUNet, name: str, precision: str) -> files.Kept:
    """A network as it goes into a file; precision: that of its training."""
    return files.kept(network, {**_identity(name, network.shape), "precision": precision})


def from_file(path: Path, name: str, shape: Shape, *, device: str = "cpu") -> ClassUNet:
    """A network from its file, for use. Raises RecomposeError where that is of another name or shape."""
    _, tensors = files.read(path, _identity(name, shape))
    network = ClassUNet((name,), shape)
    network.load_state_dict(tensors)
    network.to(device)
    return network.eval().requires_grad_(False)


def _identity(name: str, shape: Shape) -> dict[str, object]:
    return {"name": name, "architecture": asdict(shape)}
