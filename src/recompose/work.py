"""How much work a job is: on a cluster it asks for time and memory by it (profiles/slurm). No torch: rules read it."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Work:
    """What a job does, on the device and beside it."""

    teraflop: float
    """10^12 multiplications and additions"""
    minutes: float
    """on one core of the processor, whatever the device"""
    megabytes: float
    """of memory, beyond what every job of Python and torch takes"""


def one_after_another(works: Sequence[Work]) -> Work:
    """The work of a job that does several."""
    return Work(
        sum(work.teraflop for work in works),
        sum(work.minutes for work in works),
        max(work.megabytes for work in works),
    )
