"""What judges of images have in common: a few convolutions down to features, and images that samplers might leave."""

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

COARSE = 4
"""Pixels of the side at which a classifier has seen enough."""
FINE = 16
"""Pixels of the side of images that are looked at pixel by pixel; of larger ones every second is passed over at once,
which takes a third of the time."""
NOISE = 0.1
"""The most noise on images that judges are trained with, in units of half the range: samplers leave some."""


def trunk(channels: int, size: int, width: int, features: int) -> nn.Sequential:
    """(images, channels, size, size) in [-1, 1] -> (images, features), none negative. width: of the first level."""
    fine = size > FINE
    first = nn.Conv2d(channels, width, 4, 2, 1) if fine else nn.Conv2d(channels, width, 3, padding=1)
    layers: list[nn.Module] = [first, nn.ReLU()]
    size = size // 2 if fine else size
    inputs = width
    while size > COARSE:
        layers += [nn.AvgPool2d(2), nn.Conv2d(inputs, 2 * width, 3, padding=1), nn.ReLU()]
        inputs, size = 2 * width, size // 2
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(inputs * size**2, features), nn.ReLU())


def disturbed(images: Tensor, generator: torch.Generator) -> Tensor:
    """Images (images, channels, size, size) all moved by a pixel at most, each with a little noise of its own."""
    size = images.shape[-1]
    down, right = torch.randint(3, (2,), generator=generator).tolist()
    moved = pad(images, (1, 1, 1, 1), mode="replicate")[..., down : down + size, right : right + size]
    amount = NOISE * torch.rand((len(images), 1, 1, 1), generator=generator)
    return moved + (amount * torch.randn(images.shape, generator=generator)).to(images.device)
