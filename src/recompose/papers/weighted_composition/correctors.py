"""The samplers of compositions side by side: each draws from a composed field. A new one is one function here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from recompose.artifacts import pick
from recompose.diffusion.feynman_kac import Field


class Sample(Protocol):
    """How samples are drawn: by the block `sampling`, some of whose keys may be changed."""

    def __call__(self, field: Field, particles: int, **changes: object) -> Tensor:
        """One draw from each of `sampling.outputs` swarms of so many particles: (outputs, 2)."""


Corrector = Callable[[Field, Sample, int], Tensor]
"""The composition, how it is sampled, and K, the particles that may be spent on an output -> (outputs, 2)"""
CORRECTORS: dict[str, Corrector] = {}
"""By their names, in the order of the table."""


def corrector(function: Corrector) -> Corrector:
    """Let a function stand in the table under its name."""
    CORRECTORS[function.__name__] = function
    return function


def chosen(names: str | tuple[str, ...]) -> Mapping[str, Corrector]:
    """All of them, or those of these names. Raises RecomposeError where one is unknown."""
    return CORRECTORS if isinstance(names, str) else {name: pick(CORRECTORS, name, "corrector") for name in names}


@dataclass(frozen=True)
class Reweighed:
    """A composition that moves particles as before and weighs them otherwise: a `Field`."""

    weights: Tensor
    asked: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    """x and t -> the composed score, and what stands in for the gap of Eq. 11"""

    def __call__(self, x: Tensor, t: Tensor) -> tuple[Tensor, Tensor]:
        """See `Field`."""
        return self.asked(x, t)


@corrector
def naive(field: Field, sample: Sample, particles: int) -> Tensor:
    """The composed score alone (section 3.2): nothing is weighed."""
    return sample(field, 1)


@corrector
def naive_ode(field: Field, sample: Sample, particles: int) -> Tensor:
    """The same by the probability-flow ODE, Eq. 5."""
    return sample(field, 1, dynamics="ode")


@corrector
def feynman_kac(field: Field, sample: Sample, particles: int) -> Tensor:
    """The paper's (section 3.3): weighed by Eq. 11, resampled after every step."""
    return sample(field, particles)


@corrector
def unclipped(field: Field, sample: Sample, particles: int) -> Tensor:
    """The same without a bound on the rate of the log-weights (appendix F.1)."""
    return sample(field, particles, clip=None)


@corrector
def when_needed(field: Field, sample: Sample, particles: int) -> Tensor:
    """The paper's, resampled only where the effective sample size falls below half of the particles."""
    return sample(field, particles, resampling="threshold", threshold=0.5)
