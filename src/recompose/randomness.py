"""Random draws keyed by names (paper, artifact, cell, run), never by the order of execution.

Two cells that run in another order, in another job or on another number of cores draw the same numbers.
"""

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import torch


def seed_of(*names: str | int | float) -> int:
    """A seed of 63 bits that depends on every name, its type and its place.

    >>> seed_of("coupled_inference", "table1", 3) == seed_of("coupled_inference", "table1", 3)
    True
    >>> seed_of("ab", "c") == seed_of("a", "bc")
    False
    """
    digest = hashlib.sha256(json.dumps(names).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def numpy_generator(*names: str | int | float) -> np.random.Generator:
    """NumPy's generator for these names."""
    return np.random.default_rng(seed_of(*names))


def torch_generator(*names: str | int | float, device: "str | torch.device" = "cpu") -> "torch.Generator":
    """PyTorch's generator for these names. The streams of different devices differ, as PyTorch makes them."""
    import torch  # late: most commands never need it, and it takes a second to import

    return torch.Generator(device).manual_seed(seed_of(*names))
