"""What makes paper 4 affordable: the teacher of a query from all starts at once, beside a loop over the starts.

    python benchmarks/concept_discovery.py               the scale small, an untrained network; two minutes

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
from recompose.papers.concept_discovery.discovery import candidates, teacher
from recompose.papers.concept_discovery.gaussians import Gaussians, around_modes
from recompose.papers.concept_discovery.modes import ascended, levels, starts
from recompose.papers.concept_discovery.networks import SCHEDULE, Model, shape_of
from recompose.papers.concept_discovery.settings import Backbone, Discovery
from recompose.randomness import torch_generator

SIZE, SEEN = 16, 120


def batched(model: Model, query: Tensor, settings: Discovery) -> Gaussians:
    """As the workflow does it."""
    (found,) = candidates(model.noise, query[None], settings, [("benchmark",)], SCHEDULE)
    return teacher(query, found, settings).gaussian


def one_by_one(model: Model, query: Tensor, settings: Discovery) -> Gaussians:
    """A user's loop: start after start, each with its ascent and its probes."""
    means, variances = [], []
    for t in levels(settings.first, settings.last, settings.every):
        generator = torch_generator("benchmark", "ascent", t)
        drawn = torch.randn((settings.starts, *query.shape), generator=generator)
        signs = 2.0 * torch.randint(2, (settings.probes, settings.starts, *query.shape), generator=generator) - 1
        near = settings.starts - round(settings.from_noise * settings.starts)
        for number in range(settings.starts):
            x = starts(query, t, SCHEDULE, drawn[number : number + 1], int(number >= near))
            x = ascended(
                model.noise, x, t, SCHEDULE, ascent=settings.ascent, iterations=settings.iterations, step=settings.step
            )
            probes = signs[:, number : number + 1]
            around, _ = around_modes(
                model.noise, x, t, SCHEDULE, probes=probes, step=settings.difference, reading=settings.reading
            )
            means.append(around.mean)
            variances.append(around.variance)
    found = Gaussians(torch.cat(means), torch.cat(variances))
    _, product = composed(query, found, count=settings.prototypes, temperature=settings.temperature)
    return product


def main() -> None:
    """Print how many times as long the loop takes, its repeats and ours taking turns."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    settings = Discovery(unrest=1e9)
    network = ClassUNet(("benchmark",), shape_of(SIZE, SEEN, Backbone())).eval().requires_grad_(False)
    query = torch.rand((3, SIZE, SIZE), generator=torch_generator("benchmark", "query")) * 2 - 1
    ratios, asked = [], 0
    with torch.no_grad():
        for _ in range(given.repeats):
            model = Model(network, SEEN, "velocity")
            began = time.perf_counter()
            mine = batched(model, query, settings)
            middle = time.perf_counter()
            asked = model.evaluations[0]
            theirs = one_by_one(model, query, settings)
            ratios.append((time.perf_counter() - middle) / (middle - began))
            print(f"largest difference of the means: {float((mine.mean - theirs.mean).abs().max()):.1e}")
    print(f"torch {version('torch')}, {given.threads} threads, {asked} score evaluations of a {SIZE}x{SIZE} image")
    print(f"a loop over the starts takes {min(ratios):.1f} to {max(ratios):.1f} x as long")
    tell(4, "the teacher of a query, all starts at once", "a loop over the starts", median(ratios))


if __name__ == "__main__":
    main()
