"""Bound vectors to decompose: products of one vector from each codebook, with or without noise."""

from typing import NamedTuple

import torch
from torch import Tensor

from recompose.machine import require_memory
from recompose.randomness import torch_generator


class Products(NamedTuple):
    """Decomposition problems; several trials share a set of codebooks.

    codebooks: (sets, factors, dimension, size) entries -1 or 1
    bound: (sets, dimension, trials) the products, with noise
    chosen: (sets, factors, trials) which vector of each codebook was bound
    """

    codebooks: Tensor
    bound: Tensor
    chosen: Tensor


def bound_products(
    *names: str | int | float,
    sets: int,
    factors: int,
    dimension: int,
    size: int,
    trials: int,
    superposed: int = 1,
    device: str = "cpu",
) -> Products:
    """Draw x = x_1 * ... * x_K + sqrt(m - 1) noise (Eq. 9 and section 4.1 of the coupled-inference paper).

    names: of the cell; they alone decide what is drawn. trials: per set. superposed: m, the products in the
    superposition whose other members the Gaussian noise stands for.
    """
    require_memory(8.0 * sets * factors * dimension * (size + trials), f"{sets} sets of {factors} codebooks of {size}")
    drawn = [
        _draw(torch_generator(*names, number), factors, dimension, size, trials, superposed) for number in range(sets)
    ]
    return Products(*(torch.stack(part).to(device) for part in zip(*drawn, strict=True)))


def _draw(
    generator: torch.Generator, factors: int, dimension: int, size: int, trials: int, superposed: int
) -> tuple[Tensor, Tensor, Tensor]:
    """One set: its codebooks, bound vectors and choices."""
    signs = torch.randint(0, 2, (factors, dimension, size), generator=generator, dtype=torch.int8)
    codebooks = signs.float() * 2 - 1
    chosen = torch.randint(0, size, (factors, trials), generator=generator)
    vectors = torch.stack([codebook[:, choice] for codebook, choice in zip(codebooks, chosen, strict=True)])
    noise = torch.randn((dimension, trials), generator=generator)
    return codebooks, vectors.prod(dim=0) + (superposed - 1) ** 0.5 * noise, chosen
