"""Every method that decomposes bound vectors. A new one is one function with the decorator `solver`.

    @solver
    def my_solver(codebooks, bound, *, iterations, generator):
        ...

in a module of this package; it then stands in every table and figure of the paper.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol

import torch
from torch import Tensor

from recompose.discovery import import_submodules
from recompose.errors import RecomposeError, nearest
from recompose.papers.coupled_inference.coupled import variant_solver
from recompose.papers.coupled_inference.hyperparameters import Hyperparameters
from recompose.papers.coupled_inference.names import ordered


class Solver(Protocol):
    """What decomposes bound vectors within the cost of so many iterations of a resonator.

    codebooks: (sets, factors, dimension, size), bound: (sets, dimension, trials)
    -> (sets, factors, trials), for each factor the index of the codebook vector that was found
    """

    def __call__(self, codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
        """Decompose the bound vectors; random draws come from the generator alone."""
        ...


SOLVERS: dict[str, Solver] = {}
NOISE_FREE: set[str] = set()
"""The solvers that work on noise-free products only; tables with noise leave them out."""


def solver(function: Solver) -> Solver:
    """Register a solver under the name of its function."""
    name = function.__name__  # type: ignore[attr-defined]
    known = SOLVERS.get(name)
    if known is not None and known.__module__ != function.__module__:
        raise RecomposeError(
            f"{name}: a solver of that name is already defined in {known.__module__}; rename one of them"
        )
    SOLVERS[name] = function
    return function


def noise_free(function: Solver) -> Solver:
    """Mark a solver as one for noise-free products."""
    NOISE_FREE.add(function.__name__)  # type: ignore[attr-defined]
    return function


def solvers_named(methods: str | Sequence[str], chosen: Mapping[str, Hyperparameters]) -> dict[str, Solver]:
    """The solvers that `methods` names, in the order of tables, the diffusion methods at the chosen hyperparameters."""
    import_submodules(__name__)
    known = SOLVERS | {name: variant_solver(name, values) for name, values in chosen.items()}
    names = list(known) if methods == "all" else list(methods)
    for name in names:
        if name not in known:
            raise RecomposeError(f"coupled_inference.methods: unknown method {name}; {nearest(name, known)}")
    return {name: known[name] for name in ordered(names)}
