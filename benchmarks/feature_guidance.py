"""What makes paper 5 affordable, each beside what a user would do instead: training steps, samples.

    python benchmarks/feature_guidance.py               both, of the network of small and the published one
    python benchmarks/feature_guidance.py sampling

benchmarks/README.md says how to read the tables.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median

import torch
from torch import Tensor, nn

from recompose.diffusion.score_ascent import score_ascent
from recompose.machine import resolve_precision
from recompose.networks.layout import placed
from recompose.networks.unet import FeatureUNet
from recompose.papers.feature_guidance.guidance import residual_of
from recompose.papers.feature_guidance.settings import Network

NETWORKS = {"small": Network().model_dump(), "published": {}}
"""Shapes by scale; the published one is the class's own."""


def seconds(function: Callable[[], object], device: str) -> float:
    """Wall time of a call."""
    start = time.perf_counter()
    function()
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter() - start


def alternating(functions: dict[str, Callable[[], object]], repeats: int, device: str) -> dict[str, float]:
    """Median seconds of each, their repeats taking turns, after one call of each to warm up."""
    for function in functions.values():
        function()
    spent = [{name: seconds(function, device) for name, function in functions.items()} for _ in range(repeats)]
    return {name: median(each[name] for each in spent) for name in functions}


def step(network: nn.Module, x: Tensor, device: str, precision: str) -> Callable[[], None]:
    """A training step of Algorithm 2 on these images."""
    optimizer = torch.optim.Adam(network.parameters())

    def run() -> None:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            predicted = network(x, network.features(x.flip(0)))
        (predicted.float() - x).square().mean().backward()
        optimizer.step()

    return run


def training(scale: str, side: int, batch: int, repeats: int, device: str) -> None:
    """Steps of the network as it is trained here, and of the same network as PyTorch has it without a word."""
    precision = resolve_precision("auto", device)
    x = torch.rand(batch, 1, side, side, device=device)
    plain, ours, compiled = (FeatureUNet(("benchmark",), **NETWORKS[scale]) for _ in range(3))
    plain.to(device)
    placed(ours, device)
    placed(compiled, device)
    compiled.compile()
    last = x.contiguous(memory_format=torch.channels_last)
    spent = alternating(
        {
            "plain fp32, contiguous": step(plain, x, device, "fp32"),
            f"{precision}, channels last": step(ours, last, device, precision),
            f"{precision}, channels last, compiled": step(compiled, last, device, precision),
        },
        repeats,
        device,
    )
    base = spent["plain fp32, contiguous"]
    for name, each in spent.items():
        print(f"{scale}, {batch} images of {side}x{side}, {name}: {base / each:.2f} x plain,"
              f" {batch / each:.0f} images/s")  # fmt: skip


def sampling(scale: str, side: int, count: int, repeats: int, device: str) -> None:
    """A few iterations of SISA for many images under cached features, and for one image after another.

    The third way, features of the condition computed anew in every iteration, is that of Algorithm 1 as printed.
    """
    network = FeatureUNet(("benchmark",), **NETWORKS[scale])
    placed(network, device)
    network.eval().requires_grad_(False)
    x = torch.rand(count, 1, side, side, device=device).contiguous(memory_format=torch.channels_last)
    condition = network.features(x)
    options = {"step": 0.05, "noise": 0.01, "final": 0.0, "limit": 5}

    def climb(part: Tensor, told: Tensor) -> None:
        score_ascent(residual_of(network, told), part, **options, generator=torch.Generator())

    def anew(part: Tensor, told: Tensor) -> None:
        score_ascent(lambda y, which: -network(y, network.features(part[which])), part, **options,
                     generator=torch.Generator())  # fmt: skip

    def one_by_one(how: Callable[[Tensor, Tensor], None]) -> Callable[[], None]:
        few = min(count, 8)
        return lambda: [how(x[each : each + 1], condition[each : each + 1]) for each in range(few)]  # type: ignore

    spent = alternating(
        {"batched": lambda: climb(x, condition), "one": one_by_one(climb), "printed": one_by_one(anew)}, repeats, device
    )
    each = {"batched": spent["batched"] / count} | {name: spent[name] / min(count, 8) for name in ("one", "printed")}
    print(f"{scale}, {count} images of {side}x{side}: {each['one'] / each['batched']:.1f} x one at a time,"
          f" {each['printed'] / each['batched']:.1f} x one at a time with the condition's features anew")  # fmt: skip


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", nargs="*", help="training, sampling; without it both")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {version('torch')}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for threads in (1, torch.get_num_threads()):
        torch.set_num_threads(threads)
        print(f"\n## {device}, threads: {threads}\n")
        if not options.what or "training" in options.what:
            training("small", 32, 16, options.repeats, device)
            training("published", 80, 8 if device == "cpu" else 512, options.repeats, device)
        if not options.what or "sampling" in options.what:
            sampling("small", 32, 64, options.repeats, device)
            sampling("published", 80, 8 if device == "cpu" else 256, options.repeats, device)


if __name__ == "__main__":
    main()
