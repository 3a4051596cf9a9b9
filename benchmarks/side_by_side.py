"""What all benchmarks share: ways that take turns, and the lines from which `ratios.py` makes its table."""

import time
from collections.abc import Callable, Sequence
from statistics import median

import torch

RATIO = "ratio"
"""What a line for the table begins with."""


def alternating(functions: Sequence[Callable[[], object]], repeats: int, device: str = "cpu") -> list[float]:
    """Median seconds of each, their repeats taking turns, after a call of each to warm up."""
    spent = [[seconds(function, device) for function in functions] for _ in range(repeats + 1)]
    return [median(each) for each in zip(*spent[1:], strict=True)]


def seconds(function: Callable[[], object], device: str = "cpu") -> float:
    """Wall time of a call, all of it done."""
    start = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def tell(paper: int, what: str, peer: str, times: float) -> None:
    """Say that ours is so many times as fast as a peer: a line that people and `ratios.py` read."""
    print(" | ".join([RATIO, str(paper), what, peer, f"{times:.3g} x"]), flush=True)
