"""What makes paper 4 affordable: a query through the method, all starts at all t at once, beside a loop over them.

    python benchmarks/concept_discovery.py               the scale small, an untrained network; a minute

benchmarks/README.md says how to read the table.
"""

import argparse
import time
from importlib.metadata import version
from statistics import median

import torch
from side_by_side import tell
from torch import Tensor

from recompose.networks.diffusers_unet import ClassUNet
from recompose.papers.concept_discovery.composition import composed
from recompose.papers.concept_discovery.discovery import Names, grid_of
from recompose.papers.concept_discovery.gaussians import Gaussians, around_modes
from recompose.papers.concept_discovery.guidance import of_gaussian
from recompose.papers.concept_discovery.methods import Task, poe
from recompose.papers.concept_discovery.modes import ascended, clean_estimate, starts
from recompose.papers.concept_discovery.networks import SCHEDULE, Model, shape_of
from recompose.papers.concept_discovery.settings import Backbone, Discovery, Distillation, Sampling
from recompose.randomness import torch_generator

SIZE, SEEN = 16, 120
QUERIES = 4
"""Of a class, as the workflow takes them."""


def task_of(model: Model, count: int) -> Task:
    """So many queries, as the workflow has them; every ascent counts, so that both ways do the same."""
    queries = torch.rand((count, 3, SIZE, SIZE), generator=torch_generator("benchmark", "query")) * 2 - 1
    names: list[Names] = [("benchmark", each) for each in range(count)]
    return Task(queries, names, model, SCHEDULE, Discovery(unrest=1e9), Sampling(), Distillation())


def one_by_one(task: Task) -> Tensor:
    """A user's loop for the first query: start after start, each with its ascent and probes, then sample after sample.

    The samples of the product: (samples, 3, size, size).
    """
    settings, noise, query = task.discovery, task.model.noise, task.queries[0]
    means, variances = [], []
    for t in grid_of(settings):
        generator = torch_generator(*task.names[0], "ascent", t)
        drawn = torch.randn((settings.starts, *query.shape), generator=generator)
        signs = 2.0 * torch.randint(2, (settings.probes, settings.starts, *query.shape), generator=generator) - 1
        near = settings.starts - round(settings.from_noise * settings.starts)
        for number in range(settings.starts):
            x = starts(query, t, SCHEDULE, drawn[number : number + 1], int(number >= near))
            x = ascended(
                noise, x, t, SCHEDULE, ascent=settings.ascent, iterations=settings.iterations, step=settings.step
            )
            around, _ = around_modes(
                noise, x, t, SCHEDULE, clean=clean_estimate(noise, x, t, SCHEDULE),
                probes=signs[:, number : number + 1], step=settings.difference, reading=settings.reading,
            )  # fmt: skip
            means.append(around.mean)
            variances.append(around.variance)
    found = Gaussians(torch.cat(means), torch.cat(variances))
    _, product = composed(query, found, count=settings.prototypes, temperature=settings.temperature)
    begun = task.start(task.sampling.samples).split(1)  # type: ignore[no-untyped-call]
    return torch.cat([task.sampled(of_gaussian(product, SCHEDULE), task.by_variance(product), each) for each in begun])


def main() -> None:
    """Print how many times as long the loop takes, its repeats and ours taking turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    network = ClassUNet(("benchmark",), shape_of(SIZE, SEEN, Backbone())).eval().requires_grad_(False)
    seconds: dict[str, list[float]] = {"one": [], "many": [], "loop": []}
    asked, apart = 0, 0.0
    with torch.no_grad():
        for _ in range(given.repeats):
            one, many = (task_of(Model(network, SEEN, "velocity"), count) for count in (1, QUERIES))
            began = time.perf_counter()
            mine = poe(one)["samples"]
            asked = one.model.evaluations[0]
            second = time.perf_counter()
            poe(many)
            third = time.perf_counter()
            theirs = one_by_one(one)
            seconds["one"].append(second - began)
            seconds["many"].append((third - second) / QUERIES)
            seconds["loop"].append(time.perf_counter() - third)
            apart = max(apart, float((mine - theirs).square().mean().sqrt()))
    print(f"torch {version('torch')}, {given.threads} threads, {asked} score evaluations of a {SIZE}x{SIZE} image")
    print(f"samples are at most {apart:.1e} apart, root mean square")
    for name, label in (("one", "one query"), ("many", f"a query of {QUERIES} at once")):
        ratios = [loop / mine for loop, mine in zip(seconds["loop"], seconds[name], strict=True)]
        print(
            f"{label}: {median(seconds[name]):.2f} s; the loop takes {median(seconds['loop']):.2f} s,"
            f" {median(ratios):.1f} x as long ({min(ratios):.1f} to {max(ratios):.1f})"
        )
        tell(4, f"{label} through the method, all starts at once", "a loop over the starts", median(ratios))


if __name__ == "__main__":
    main()
