"""Trial-iterations per second of the resonators, side by side with torchhd.resonator on the same problems.

    python benchmarks/resonator.py                everything, a few minutes
    python benchmarks/resonator.py --repeats 1    a first look

benchmarks/README.md says how to read the tables.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from statistics import median

import pandas as pd
import torch
import torchhd
from side_by_side import tell
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

from recompose.datasets.products import Products, bound_products
from recompose.metrics.decomposition import decomposition_accuracy
from recompose.metrics.intervals import wilson_interval
from recompose.papers.coupled_inference.solvers import solvers_named

DIMENSION, FACTORS, SIZE, ITERATIONS = 1000, 3, 50, 100
PROBLEMS = 200
LAYOUTS = (1, 10)
"""Sets of codebooks that the problems are divided among."""
BATCHES = (0, 1, 2, 5, 20, 100)
"""Of torchhd: trials in one call, as a leading dimension. 0: one trial without it, as in its documentation."""
OURS = ("resonator", "asynchronous_resonator", "joint_resonator")
PEER = "torchhd.resonator"

Solve = Callable[[Products, int], Tensor]


def torchhd_resonator(batch: int) -> Solve:
    """torchhd.resonator as its documentation uses it: from the multiset of each domain, so many steps."""

    def solve(problems: Products, iterations: int) -> Tensor:
        found = []
        for codebooks, bound in zip(problems.codebooks, problems.bound, strict=True):
            domains = codebooks.transpose(-1, -2).contiguous().as_subclass(torchhd.MAPTensor)
            start = torchhd.multiset(domains)
            trials = bound.T.contiguous().as_subclass(torchhd.MAPTensor)
            indices = []
            for x in trials.split(batch) if batch else trials:
                estimates = start.expand(*x.shape[:-1], *start.shape)
                for _ in range(iterations):
                    estimates = torchhd.resonator(x, estimates, domains)
                agreement = torchhd.dot_similarity(estimates.unsqueeze(-2), domains).squeeze(-2)
                # The read-out of our resonator: a factor is known up to its sign.
                indices.append(agreement.abs().argmax(dim=-1).as_subclass(Tensor).reshape(-1, FACTORS))
            found.append(torch.cat(indices).T)
        return torch.stack(found)

    return solve


def ours(name: str) -> Solve:
    """A solver of this project by its name."""
    function = solvers_named([name], {})[name]

    def solve(problems: Products, iterations: int) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return function(problems.codebooks, problems.bound, iterations=iterations, generator=generator)

    return solve


def seconds(function: Callable[[], object]) -> float:
    """Time of a call: of the processor with one thread, so that other work on the machine counts little; else wall."""
    clock = time.process_time if torch.get_num_threads() == 1 else time.perf_counter
    start = clock()
    function()
    return clock() - start


def multiply_adds(solve: Solve, problems: Products) -> float:
    """In the matrix products of one trial."""
    one = Products(problems.codebooks[:1], problems.bound[:1, :, :1], problems.chosen[:1, :, :1])
    with FlopCounterMode(display=False) as counter:
        solve(one, ITERATIONS)
    return counter.get_total_flops() / 2


def gemm_rate() -> float:
    """Multiply-adds per second of a large matrix product: the best of several."""
    size = 1024
    a, b = torch.rand(size, size), torch.rand(size, size)
    return size**3 / min(seconds(lambda: a @ b) for _ in range(10))


def best_batch(problems: Products) -> int:
    """The batch of torchhd with the most trial-iterations per second, on a few trials of one set."""
    rates = {}
    for batch in BATCHES:
        trials = min(max(batch, 4), problems.bound.shape[-1])
        few = Products(problems.codebooks[:1], problems.bound[:1, :, :trials], problems.chosen[:1, :, :trials])
        # The best of three: a choice in the peer's favour.
        spent = [seconds(lambda batch=batch, few=few: torchhd_resonator(batch)(few, 10)) for _ in range(3)]
        rates[batch] = trials * 10 / min(spent)
    print("torchhd batch: " + ", ".join(f"{batch or 'none'} {rate:,.0f}/s" for batch, rate in rates.items()))
    return max(rates, key=lambda batch: rates[batch])


def compare(repeats: int) -> pd.DataFrame:
    """Every method on both layouts, the repeats of all alternating."""
    runs: dict[tuple[str, str], tuple[Solve, Products]] = {}
    for sets in LAYOUTS:
        trials = PROBLEMS // sets
        problems = bound_products(
            "benchmarks", "resonator", sets=sets, factors=FACTORS, dimension=DIMENSION, size=SIZE, trials=trials
        )
        layout = f"{sets} x {trials}"
        print(f"sets x trials {layout}: ", end="")
        runs[PEER, layout] = torchhd_resonator(best_batch(problems)), problems
        runs |= {(name, layout): (ours(name), problems) for name in OURS}

    accuracy, cost = {}, {}
    for key, (solve, problems) in runs.items():  # this is the warm-up as well
        accuracy[key] = wilson_interval(
            decomposition_accuracy(solve(problems, ITERATIONS).numpy(), problems.chosen.numpy())
        )
        cost[key] = multiply_adds(solve, problems)

    rates: dict[tuple[str, str], list[float]] = {key: [] for key in runs}
    for _ in range(repeats):
        for key, (solve, problems) in runs.items():
            spent = seconds(lambda solve=solve, problems=problems: solve(problems, ITERATIONS))
            rates[key].append(PROBLEMS * ITERATIONS / spent)

    peer = max((key for key in runs if key[0] == PEER), key=lambda key: median(rates[key]))
    return pd.DataFrame(
        {
            "method": name,
            "sets x trials": layout,
            "accuracy (95 %)": "{:.3f} [{:.3f}, {:.3f}]".format(*accuracy[name, layout]),
            "M multiply-adds/trial": f"{cost[name, layout] / 1e6:.1f}",
            "trial-iterations/s": f"{median(measured):,.0f}",
            "slowest .. fastest": f"{min(measured):,.0f} .. {max(measured):,.0f}",
            "x torchhd": f"{median(a / b for a, b in zip(measured, rates[peer], strict=True)):.1f}",
        }
        for (name, layout), measured in rates.items()
    )


def main() -> None:
    """Print the floor and the table, with one thread and with all."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="alternating repeats of which the median is taken")
    parser.add_argument("--threads", type=int, action="append", help="numbers of threads; without it, 1 and all")
    options = parser.parse_args()

    threads = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    work = 2 * FACTORS * SIZE * DIMENSION
    print(f"D = {DIMENSION}, K = {FACTORS}, n = {SIZE}, {ITERATIONS} iterations, {PROBLEMS} problems without noise")
    print(f"torch {version('torch')}, torch-hd {version('torch-hd')}, {platform.machine()}, {threads} cores")
    print(f"work: 2 K n D = {work:,} multiply-adds per trial-iteration")
    for count in options.threads or dict.fromkeys([1, threads]):
        torch.set_num_threads(count)
        rate = gemm_rate()
        print(f"\n## Threads: {count} (load of the machine before: {os.getloadavg()[0]:.1f})\n")
        print(f"floor: {rate / 1e9:.1f} G multiply-adds/s in a large product, so {1e6 * work / rate:.1f} us per")
        print(f"trial-iteration, at most {rate / work:,.0f} trial-iterations/s")
        with torch.inference_mode():
            table = compare(options.repeats)
        print(f"\n{table.to_markdown(index=False, disable_numparse=True)}\n", flush=True)
        for row in table[table.method.isin(OURS)].to_dict("records"):
            what = f"{row['method']}, {row['sets x trials']} problems" + (f", {count} threads" if count > 1 else "")
            tell(1, what, PEER, float(row["x torchhd"]))


if __name__ == "__main__":
    main()
