"""What makes paper 2 affordable, each beside what a user would do instead: distances, training, sampling.

    python benchmarks/weighted_composition.py               everything, some minutes
    python benchmarks/weighted_composition.py distances     one of the three

benchmarks/README.md says how to read the tables.
"""

import argparse
import multiprocessing
import os
import platform
from importlib.metadata import version

import numpy as np
import ot
import torch
from side_by_side import alternating, seconds, tell

from recompose.datasets.compositions import composition
from recompose.diffusion.feynman_kac import Composed, Field, Sampler, sample_in_parts
from recompose.diffusion.grid_field import GridField
from recompose.diffusion.noise_prediction import Task, train
from recompose.diffusion.schedules import VariancePreserving
from recompose.diffusion.training import Training
from recompose.metrics.sliced_wasserstein import directions, sliced_wasserstein
from recompose.networks.stacked import StackedMLP, noise_predictors
from recompose.papers.weighted_composition.networks import network_scores

WIDTH, LAYERS, BATCH = 512, 4, 510
SCHEDULE = VariancePreserving()


def distances(repeats: int) -> None:
    """SW2 of 5000 points along 2000 directions: ours and POT's, on the same numbers."""
    generator = np.random.default_rng(0)
    x, y = generator.standard_normal((5000, 2)), 1.1 * generator.standard_normal((5000, 2))
    along = directions(2000, 2, generator)
    ours = lambda: sliced_wasserstein(x, y, along)  # noqa: E731
    peer = lambda: ot.sliced_wasserstein_distance(x, y, projections=along.T)  # noqa: E731
    print(f"difference of the two values: {abs(ours() - float(peer())):.1e}")
    mine, theirs = alternating([ours, peer], repeats)
    tell(2, "SW2 of 5000 points along 2000 directions", f"POT {version('POT')}", theirs / mine)


def networks(count: int, width: int = WIDTH) -> tuple[StackedMLP, list[Task]]:
    """Conditional networks of the published size on the first setting."""
    sources = composition("f_id").sources
    tasks = []
    for run in range(count):
        generator = torch.Generator().manual_seed(run)
        data = torch.stack([source.sample(1000, generator) for source in sources])
        tasks.append(Task(("benchmark", run), data))
    return noise_predictors(tasks, width, LAYERS), tasks


def how(iterations: int) -> Training:
    """As the workflow trains them."""
    return Training(iterations, 2e-4)


def train_stacked(count: int, iterations: int, width: int, device: str) -> None:
    """Train networks together."""
    network, tasks = networks(count, width)
    train(network, tasks, how(iterations), batch=BATCH, schedule=SCHEDULE, device=device)


def training(repeats: int, device: str, width: int, count: int, iterations: int = 50) -> None:
    """Networks stacked against the same networks one after another; on a processor also as the workflow has them.

    There every core has a job of its own, with its share of the stack and one thread.
    """

    def one_by_one() -> None:
        for task in networks(count, width)[1]:
            network = noise_predictors([task], width, LAYERS)
            train(network, [task], how(iterations), batch=BATCH, schedule=SCHEDULE, device=device)

    work = 6 * BATCH * sum(a * b for a, b in ((6, width), *[(width, width)] * (LAYERS - 1), (width, 2)))
    together, apart = alternating(
        [lambda: train_stacked(count, iterations, width, device), one_by_one], repeats, device
    )
    rate = count * iterations * work / together
    print(f"width {width}, {count} networks on {device}: stacked, {rate / 1e9:.0f} GFLOP/s")
    tell(2, f"training {count} networks of width {width}, stacked", "one after another", apart / together)
    if device == "cpu":
        cores = os.cpu_count() or 1
        jobs = [(count // cores, iterations, width, device)] * cores
        with multiprocessing.get_context("spawn").Pool(cores, torch.set_num_threads, (1,)) as pool:
            pool.starmap(train_stacked, [(1, 1, 8, device)] * cores, chunksize=1)  # imports
            together, apart = alternating([lambda: pool.starmap(train_stacked, jobs, chunksize=1), one_by_one], repeats)
        rate = count * iterations * work / together
        print(f"  in {cores} jobs of one thread: {apart / together:.2f} x one after another, {rate / 1e9:.0f} GFLOP/s")


def sampling(device: str, nodes: int = 96, particles: int = 256, outputs: int = 5000, steps: int = 3) -> None:
    """Particle-steps per second with the grid and with the network at every particle; a few steps of 500 of each."""
    network = networks(1)[0].to(device).requires_grad_(False)
    weights = composition("nf_id").weights.to(device)

    field = Composed(network_scores(network, "conditional", SCHEDULE), weights)

    def run(field: Field, swarms: int) -> float:
        generator = torch.Generator(device).manual_seed(0)
        spent = seconds(
            lambda: sample_in_parts(
                field, swarms=swarms, particles=particles, shape=(2,), sampler=Sampler(steps=steps),
                schedule=SCHEDULE, generator=generator,
            )
        )  # fmt: skip
        return swarms * particles * steps / spent

    grid = GridField(field, SCHEDULE, nodes=nodes, bound=0.02)
    shared, direct = run(grid, outputs), run(field, 40)
    tell(2, f"sampling, K = {particles}, {outputs} outputs, {nodes}^2 nodes", "the network at every particle",
         shared / direct)  # fmt: skip
    share = grid.evaluated / grid.asked
    print(f"{shared:,.0f} against {direct:,.0f} particle-steps/s; the network asked for {share:.1%} of the points")


def main() -> None:
    """Print the tables that are asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", nargs="*", help="distances, training, sampling; without it all")
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {version('torch')}, {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with torch.no_grad():
        if not options.what or "distances" in options.what:
            print("\n## Distances\n")
            distances(options.repeats)
        if not options.what or "sampling" in options.what:
            print("\n## Sampling\n")
            sampling(device)
    if not options.what or "training" in options.what:
        print("\n## Training\n")
        training(options.repeats, device, WIDTH, 6)
        training(options.repeats, device, 64, 30)


if __name__ == "__main__":
    main()
