"""The denoiser: a U-Net without attention and without biases that predicts the noise, told the step in one channel."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from recompose.papers.sami.layers import (
    EMBEDDING,
    Activation,
    Block,
    Chain,
    embedding,
    require_images,
    require_levels,
    start_of,
)
from recompose.papers.sami.posterior import steps

Noise = Callable[[Tensor, Tensor], Tensor]
"""x_t and the step of each image, as `Schedule` counts -> the noise in it, of x's shape."""


class Denoiser(nn.Module):
    """eps_theta(x_t, t): CelebA-64's, 30,896,768 parameters; with other widths that of the disks and dSprites.

    Widths are multiples of a base K. Table 1's multipliers, all 1, contradict the authors' network, which doubles.
    With `latents` it is told z, too, by scales and shifts behind every norm: the decoder of DiffAE and InfoDiffusion.
    """

    def __init__(
        self, names: tuple[str | int, ...], *, size: int = 64, channels: int = 1, base: int = 128,
        multipliers: tuple[int, ...] = (1, 2, 4), middle: int = 8, activation: Activation = "relu", latents: int = 0,
    ) -> None:  # fmt: skip
        """Its start is drawn from the names."""
        require_levels(size, len(multipliers), "a denoiser")
        widths = [base * multiplier for multiplier in multipliers]
        block: Any = partial(Block, activation=activation, told=latents)
        with start_of(names):
            super().__init__()
            self.size, self.channels = size, channels
            self.step = nn.Linear(EMBEDDING, size**2)
            self.down = nn.ModuleList()
            inputs = channels + 1
            for number, width in enumerate(widths):
                self.down.append(Chain([block(inputs, width, norm=number > 0), block(width, width)]))
                inputs = width
            deepest = base * middle
            self.middle = Chain([block(inputs, deepest), block(deepest, deepest)])
            self.up, self.wider = nn.ModuleList(), nn.ModuleList()
            below = deepest
            for number, width in reversed(list(enumerate(widths))):
                self.wider.append(nn.ConvTranspose2d(below, width, 2, stride=2, bias=False))
                second = [block(width, width)] if number else []  # the last level's makes the image
                self.up.append(Chain([block(2 * width, width), *second]))
                below = width
            self.out = nn.Conv2d(below, channels, 3, padding=1, bias=False)

    def forward(self, x: Tensor, t: Tensor | int, z: Tensor | None = None) -> Tensor:
        """(images, channels, size, size) -> the noise in them.

        t: (images,), or one for all, steps as `Schedule` counts; z: (images, latents). Raises RecomposeError for
        images of another size or channels.
        """
        require_images(x, self.channels, self.size, "a denoiser")
        place = self.step(embedding(steps(t, x)).to(self.step.weight.dtype)).view(-1, 1, self.size, self.size)
        x = torch.cat([x, place.to(x.dtype)], dim=1)
        skips = []
        for level in self.down:
            skips.append(level(x, z))
            x = nn.functional.avg_pool2d(skips[-1], 2)
        x = self.middle(x, z)
        for wider, level in zip(self.wider, self.up, strict=True):
            x = level(torch.cat([wider(x), skips.pop()], dim=1), z)
        return self.out(x)


class Pretrained(nn.Module):
    """A DDPM of diffusers as it comes, such as google/ddpm-celebahq-256: its steps are lower by one."""

    def __init__(self, unet: Any) -> None:
        """unet: a `UNet2DModel` that predicts the noise."""
        super().__init__()
        self.unet = unet
        self.size, self.channels = unet.config.sample_size, unet.config.in_channels

    def forward(self, x: Tensor, t: Tensor | int) -> Tensor:
        """(images, channels, size, size) -> the noise in them. Raises RecomposeError for other images."""
        require_images(x, self.channels, self.size, "a denoiser")
        return self.unet(x, steps(t, x) - 1, return_dict=False)[0]
