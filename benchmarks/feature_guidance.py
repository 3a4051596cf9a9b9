"""What makes paper 5 affordable, each beside what a user would do instead: training steps, samples.

    python benchmarks/feature_guidance.py               both, of the network of small and the published one
    python benchmarks/feature_guidance.py sampling

benchmarks/README.md says how to read the tables.
"""

import argparse
import os
import platform
from collections.abc import Callable
from importlib.metadata import version

import torch
from side_by_side import alternating, tell
from torch import Tensor, nn

from recompose.diffusion.score_ascent import score_ascent
from recompose.machine import resolve_precision
from recompose.networks.layout import placed
from recompose.networks.unet import FeatureUNet
from recompose.papers.feature_guidance.guidance import residual_of
from recompose.papers.feature_guidance.settings import Network

NETWORKS = {"small": Network().model_dump(), "published": {}}
"""Shapes by scale; the published one is the class's own."""


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
    plain, network, compiled = (FeatureUNet(("benchmark",), **NETWORKS[scale]) for _ in range(3))
    plain.to(device)
    placed(network, device)
    placed(compiled, device)
    compiled.compile()
    last = x.contiguous(memory_format=torch.channels_last)
    ours = f"{precision}, channels last"
    ways = {
        "plain fp32, contiguous": step(plain, x, device, "fp32"),
        ours: step(network, last, device, precision),
        f"{ours}, compiled": step(compiled, last, device, precision),
    }
    spent = dict(zip(ways, alternating(list(ways.values()), repeats, device), strict=True))
    base = spent["plain fp32, contiguous"]
    for name, each in spent.items():
        print(f"{scale}, {batch} images of {side}x{side}, {name}: {base / each:.2f} x plain,"
              f" {batch / each:.0f} images/s")  # fmt: skip
    tell(5, f"training, network of {scale}, {ours}", "fp32 in PyTorch's own layout", base / spent[ours])


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
        return lambda: [how(x[each : each + 1], condition[each : each + 1]) for each in range(min(count, 8))]

    together, each, anew_each = alternating(
        [lambda: climb(x, condition), one_by_one(climb), one_by_one(anew)], repeats, device
    )
    few = min(count, 8)
    what = f"sampling {count} images of {side}x{side}, network of {scale}"
    tell(5, what, "one at a time", each / few / (together / count))
    tell(5, what, "one at a time, the condition's features anew", anew_each / few / (together / count))


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", nargs="*", help="training, sampling; without it both")
    parser.add_argument("--scales", nargs="+", choices=NETWORKS, default=list(NETWORKS), help="whose networks")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    batches = {"small": (32, 16, 64), "published": (80, 8, 8) if device == "cpu" else (80, 512, 256)}
    print(f"torch {version('torch')}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for threads in dict.fromkeys((1, torch.get_num_threads())):
        torch.set_num_threads(threads)
        print(f"\n## {device}, threads: {threads}\n")
        for scale in options.scales:
            side, batch, count = batches[scale]
            if not options.what or "training" in options.what:
                training(scale, side, batch, options.repeats, device)
            if not options.what or "sampling" in options.what:
                sampling(scale, side, count, options.repeats, device)


if __name__ == "__main__":
    main()
