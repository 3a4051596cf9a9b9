"""How the networks of images lie in memory."""

import torch
from torch import nn


def placed(network: nn.Module, device: str) -> None:
    """Move a network to a device, its weights in the order that images have there: channels last."""
    network.to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
