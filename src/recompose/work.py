"""How much work a job is: on a cluster it asks for time and memory by it. No torch: rules read it."""

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
