"""How the loss of a training fell, as its file of numbers has it."""

import pandas as pd
import torch
from torch import Tensor

EVERY = 50
"""Steps that a point of the curve averages."""


def loss_curve(network: str, losses: Tensor) -> pd.DataFrame:
    """The mean loss of every few steps of a training, (steps,), by the last of them."""
    parts = torch.split(losses, EVERY)
    steps = torch.tensor([len(part) for part in parts]).cumsum(0)
    return pd.DataFrame({"network": network, "step": steps.numpy(), "loss": [float(part.mean()) for part in parts]})
