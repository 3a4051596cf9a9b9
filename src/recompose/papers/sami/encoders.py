"""The inference networks (appendix A.5): a body of convolutions, and two linear maps to the latents."""

from collections.abc import Callable
from functools import partial
from math import gcd
from typing import Any

import torch
from torch import Tensor, nn

from recompose.papers.sami.layers import (
    EMBEDDING,
    Activation,
    Block,
    Chain,
    StepEmbedding,
    require_images,
    require_levels,
    start_of,
)
from recompose.papers.sami.posterior import Posterior, of_outputs, steps

Names = tuple[str | int, ...]
GROUPS = 32
"""Groups of diffusers' normalization where the widths allow."""


class Inference(nn.Module):
    """q(z | x) of images in [-1, 1]; which body sees them is the subclass's to say."""

    def __init__(self, size: int, channels: int, latents: int, *, time_input: bool) -> None:
        """time_input: whether the encoder is told the noise level; the paper's is not (section 3)."""
        super().__init__()
        self.size, self.channels, self.latents = size, channels, latents
        self.step = StepEmbedding() if time_input else None

    def _read_out(self, features: int, *, bias: bool) -> None:
        self.mean = nn.Linear(features, self.latents, bias=bias)
        self.spread = nn.Linear(features, self.latents, bias=bias)

    def body(self, x: Tensor, told: Tensor | None) -> Tensor:
        """What the linear maps see: (images, channels, height, width)."""
        raise NotImplementedError

    def forward(self, x: Tensor, t: Tensor | None = None) -> Posterior:
        """(images, channels, size, size) -> mean and variance, (images, latents).

        t: (images,), steps as `Schedule` counts; None for clean images. Raises RecomposeError for other images.
        """
        require_images(x, self.channels, self.size, "an encoder")
        found = self.body(x, self.step(steps(t, x)) if self.step else None).flatten(1)
        with torch.autocast(x.device.type, enabled=False):  # sigma may be far below the rounding of a mean in bf16
            found = found.to(self.mean.weight.dtype)
            return of_outputs(self.mean(found), self.spread(found))


class HalfUNet(Inference):
    """The way down and the middle of a U-Net, without biases: CelebA-64's, 4,716,480 parameters.

    widths: channels of each level and, last, of the middle, whose second block returns to the first width. Table 1's
    multipliers are (64,) * 6, and would not give the authors' network.
    """

    def __init__(
        self, names: Names, *, size: int = 64, channels: int = 1, latents: int = 256,
        widths: tuple[int, ...] = (64, 128, 256, 512), activation: Activation = "relu", time_input: bool = False,
    ) -> None:  # fmt: skip
        """Its start is drawn from the names."""
        *levels, middle = widths
        require_levels(size, len(levels), "an encoder")
        options: dict[str, Any] = {"activation": activation, "told": EMBEDDING if time_input else 0}
        with start_of(names):
            super().__init__(size, channels, latents, time_input=time_input)
            layers: list[nn.Module] = []
            inputs = channels
            for number, width in enumerate(levels):
                layers += [Block(inputs, width, norm=number > 0, **options), Block(width, width, **options)]
                layers.append(nn.AvgPool2d(2))
                inputs = width
            layers += [Block(inputs, middle, **options), Block(middle, widths[0], **options)]
            self.layers = Chain(layers)
            self._read_out(widths[0] * (size // 2 ** len(levels)) ** 2, bias=False)

    def body(self, x: Tensor, told: Tensor | None) -> Tensor:
        """(images, the first width, height, width)."""
        return self.layers(x, told)


class StridedEncoder(Inference):
    """Convolutions of stride 2 without biases: the disks', 120,768 parameters, and that of dSprites."""

    def __init__(
        self, names: Names, *, size: int = 32, channels: int = 1, latents: int = 3, widths: tuple[int, ...] = (96, 96),
        activation: Activation = "relu", time_input: bool = False, first_norm: bool = False, pooled: int | None = None,
    ) -> None:  # fmt: skip
        """Its start is drawn from the names.

        first_norm: whether the first convolution is normalized, too. pooled: the side to which places are averaged
        before the linear maps; None: they all count.
        """
        options: dict[str, Any] = {"activation": activation, "told": EMBEDDING if time_input else 0, "stride": 2}
        with start_of(names):
            super().__init__(size, channels, latents, time_input=time_input)
            layers: list[nn.Module] = []
            inputs, side = channels, size
            for number, width in enumerate(widths):
                layers.append(Block(inputs, width, norm=first_norm or number > 0, **options))
                inputs, side = width, (side + 1) // 2
            if pooled:
                layers.append(nn.AdaptiveAvgPool2d(pooled))
                side = pooled
            self.layers = Chain(layers)
            self._read_out(inputs * side**2, bias=False)

    def body(self, x: Tensor, told: Tensor | None) -> Tensor:
        """(images, the last width, height, width)."""
        return self.layers(x, told)


class DiffusersHalfUNet(Inference):
    """The way down and the middle of diffusers' U-Net without attention: CelebA-HQ's, whose details are not public.

    Its groups are normalized image by image, so images are not coupled; it has biases.
    """

    def __init__(
        self, names: Names, *, size: int = 256, channels: int = 3, latents: int = 512,
        widths: tuple[int, ...] = (128, 128, 128, 128, 64, 64), activation: Activation = "silu",
        time_input: bool = False, layers: int = 2,
    ) -> None:  # fmt: skip
        """Its start is drawn from the names. layers: residual blocks of a level."""
        from diffusers.models.unets.unet_2d_blocks import DownBlock2D, UNetMidBlock2D  # late: it takes seconds

        require_levels(size, len(widths) - 1, "an encoder")
        options: dict[str, Any] = {
            "temb_channels": EMBEDDING if time_input else None,
            "resnet_act_fn": activation,
            "resnet_groups": gcd(GROUPS, *widths),
        }
        with start_of(names):
            super().__init__(size, channels, latents, time_input=time_input)
            self.first = nn.Conv2d(channels, widths[0], 3, padding=1)
            down = []
            for number, width in enumerate(widths):
                halves = number < len(widths) - 1
                inputs = widths[max(number - 1, 0)]
                down.append(DownBlock2D(inputs, width, num_layers=layers, add_downsample=halves, **options))
            self.down = nn.ModuleList(down)
            self.middle = UNetMidBlock2D(widths[-1], add_attention=False, **options)
            self._read_out(widths[-1] * (size // 2 ** (len(widths) - 1)) ** 2, bias=True)

    def body(self, x: Tensor, told: Tensor | None) -> Tensor:
        """(images, the last width, height, width)."""
        x = self.first(x)
        for level in self.down:
            x, _ = level(x, told)
        return self.middle(x, told)


ENCODERS: dict[str, Callable[..., Inference]] = {
    "disks": StridedEncoder,
    "dsprites": partial(StridedEncoder, size=64, latents=7, widths=(48, 96, 192), first_norm=True, pooled=1),
    "celeba": HalfUNet,
    "celeba_hq": DiffusersHalfUNet,
}
"""The encoder of each data set at its published size; every keyword may be another."""
