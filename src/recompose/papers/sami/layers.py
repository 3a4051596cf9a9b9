"""What the networks of paper 3 are made of: convolutions, normalized, all without biases (Mohan et al., 2022)."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from recompose.errors import RecomposeError
from recompose.randomness import seed_of

Activation = Literal["relu", "silu"]
ACTIVATIONS = {"relu": functional.relu, "silu": functional.silu}
EPSILON = 1e-5
MOMENTUM = 0.1
GAIN = 2 / (9 * 64)
"""Deviation of the gains in the beginning: small, so that what a norm hands on is."""
LARGEST_GAIN = 0.025
EMBEDDING = 64
"""Sines and cosines of a step."""
PERIODS = 10_000
"""The longest of their periods, of 2 pi steps; the shortest is one of these."""


class BiasFreeNorm(nn.Module):
    """Channels divided by their deviation, times a gain; nothing is subtracted, and nothing added.

    In training the deviation is that of the batch over images and places, which couples the images; in evaluation the
    running one, and the norm is linear. `momentum` is what the last batch counts in that.
    """

    deviation: Tensor

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.momentum = MOMENTUM
        self.register_buffer("deviation", torch.ones(channels, 1, 1))
        self.gain = nn.Parameter((GAIN * torch.randn(channels, 1, 1)).clamp(-LARGEST_GAIN, LARGEST_GAIN))

    def forward(self, x: Tensor) -> Tensor:
        """(images, channels, height, width) -> the same."""
        deviation = self.deviation
        if self.training:
            exact = x.to(torch.promote_types(x.dtype, torch.float32))
            deviation = (exact.var(dim=(0, 2, 3), correction=0) + EPSILON).sqrt()[:, None, None]
            with torch.no_grad():
                self.deviation.lerp_(deviation, self.momentum)
        return x * (self.gain / deviation).to(x.dtype)


def averaging(network: nn.Module, passes: int | None) -> None:
    """In the next pass the norms average their deviations with those of so many before; None: they forget again."""
    for module in network.modules():
        if isinstance(module, BiasFreeNorm):
            module.momentum = MOMENTUM if passes is None else 1 / (passes + 1)


class Block(nn.Module):
    """A 3x3 convolution without bias, the norm, and a nonlinearity; what it is told scales and shifts in between.

    told: components of a vector that the block is told of each image (FiLM; Perez et al., 2018), 0 for none. What it
    shifts and scales is the normalized channel before its gain, which is so small that a few steps of Adam on a shift
    behind it would drown the image. It begins at zero: untrained the block does as if it had been told nothing.
    """

    def __init__(
        self, inputs: int, outputs: int, *, activation: Activation = "relu", stride: int = 1, norm: bool = True,
        told: int = 0,
    ) -> None:  # fmt: skip
        super().__init__()
        self.convolution = nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=False)
        self.norm = BiasFreeNorm(outputs) if norm else None
        self.modulation = nn.Linear(told, 2 * outputs) if told else None
        if self.modulation:
            nn.init.zeros_(self.modulation.weight)
            nn.init.zeros_(self.modulation.bias)
        self.activation = ACTIVATIONS[activation]

    def forward(self, x: Tensor, told: Tensor | None = None) -> Tensor:
        """(images, inputs, height, width) and (images, told) -> (images, outputs, height, width) / stride."""
        x = self.convolution(x)
        x = self.norm(x) if self.norm else x
        if self.modulation and told is not None:
            scale, shift = self.modulation(told)[:, :, None, None].chunk(2, dim=1)
            x = (1 + scale) * x + (shift * self.norm.gain if self.norm else shift)
        return self.activation(x)


class Chain(nn.ModuleList):
    """One layer after the other; blocks hear what they are told."""

    def forward(self, x: Tensor, told: Tensor | None) -> Tensor:
        """(images, channels, height, width) and (images, told) -> what comes out of the last layer."""
        for layer in self:
            x = layer(x, told) if isinstance(layer, Block) else layer(x)
        return x


def embedding(t: Tensor) -> Tensor:
    """The sines and cosines of steps, (images,) -> (images, 64): frequencies from 1 to 1/10,000, equal ratios."""
    places = torch.arange(EMBEDDING // 2, device=t.device) / (EMBEDDING // 2 - 1)
    angles = t[:, None] * torch.exp(-math.log(PERIODS) * places)
    return torch.cat([angles.sin(), angles.cos()], dim=1)


class StepEmbedding(nn.Module):
    """What a network is told of the step: a learned layer on the sines and cosines, (images,) -> (images, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(EMBEDDING, EMBEDDING)

    def forward(self, t: Tensor) -> Tensor:
        """t: (images,), steps as `Schedule` counts, 0 for clean images."""
        return functional.silu(self.layer(embedding(t).to(self.layer.weight.dtype)))


@contextmanager
def start_of(names: tuple[str | int, ...]) -> Iterator[None]:
    """Inside, PyTorch draws the start of a network from these names alone."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of(*names, "start"))
        yield


def require_images(x: Tensor, channels: int, size: int, network: str) -> None:
    """Raise RecomposeError where images are of another size or channels than the network's."""
    if tuple(x.shape[1:]) != (channels, size, size):
        found = "x".join(map(str, x.shape[1:]))
        raise RecomposeError(
            f"images of {found} for {network} of {channels}x{size}x{size}: give both the same channels and size"
        )


def require_levels(size: int, halvings: int, network: str) -> None:
    """Raise RecomposeError where images cannot be halved so often."""
    if size % 2**halvings:
        raise RecomposeError(
            f"size: {size} for {network} that halves images {halvings} times: take a multiple of {2**halvings}"
        )
