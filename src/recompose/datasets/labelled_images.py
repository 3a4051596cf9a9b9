"""Images with their classes, as networks take them."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class LabelledImages:
    """images: (images, channels, height, width), bytes or intensities; labels: (images,)."""

    images: Tensor
    labels: Tensor

    def batch(self, chosen: Tensor, device: str | torch.device) -> Tensor:
        """Some of them, with intensities in [0, 1]."""
        return intensities(self.images[chosen], device)


def intensities(images: Tensor, device: str | torch.device = "cpu") -> Tensor:
    """Bytes as numbers in [0, 1], laid out with the channels last: convolutions on processors want them so."""
    numbers = images.to(device).float()
    numbers = numbers / 255 if images.dtype == torch.uint8 else numbers
    return numbers.contiguous(memory_format=torch.channels_last)
