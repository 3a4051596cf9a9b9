"""The methods of Tables 1 and 2: each makes images of what a query shows. A new one is one function here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from recompose.diffusion.schedules import Schedule, timesteps
from recompose.papers.concept_discovery.discovery import Names, Teacher, candidates, teacher, together
from recompose.papers.concept_discovery.distillation import distilled
from recompose.papers.concept_discovery.gaussians import Gaussians
from recompose.papers.concept_discovery.guidance import (
    Weight,
    by_variance,
    constant,
    guided_samples,
    of_gaussian,
    query_gaussian,
)
from recompose.papers.concept_discovery.modes import Noise
from recompose.papers.concept_discovery.networks import Model
from recompose.papers.concept_discovery.passes import EARLY
from recompose.papers.concept_discovery.retrieval import class_losses, composed_noise, nearest_classes
from recompose.papers.concept_discovery.settings import Discovery, Distillation, Sampling
from recompose.randomness import torch_generator


@dataclass(frozen=True)
class Task:
    """Some queries of a class, and all that methods need to know: nothing of what the class combines."""

    queries: Tensor
    """(queries, 3, size, size) in [-1, 1]"""
    names: Sequence[Names]
    """of each query, the key of its random numbers"""
    model: Model
    schedule: Schedule
    discovery: Discovery
    sampling: Sampling
    distillation: Distillation
    known: dict[str, Any] = field(default_factory=dict)
    """what methods have found of these queries already, and others need as well: see `once`"""

    def once(self, key: str, make: Callable[[], Any]) -> Any:
        """What is made of the queries, by its name. What it asks of the network counts for all that need it."""
        before = self.model.evaluations[0]
        if key not in self.known:
            made = make()
            self.known[key] = made, self.model.evaluations[0] - before
            return made
        made, asked = self.known[key]
        self.model.evaluations[0] += asked
        return made

    def start(self, count: int, what: str = "samples") -> Tensor:
        """What images of each query begin as, the same whatever the method: (queries * count, 3, size, size)."""
        shape = (count, *self.queries.shape[1:])
        drawn = [torch.randn(shape, generator=torch_generator(*name, what)) for name in self.names]
        return torch.cat(drawn).to(self.queries)

    def sampled(self, of: Noise, weight: Weight, start: Tensor) -> Tensor:
        """Images by Eq. 13."""
        steps, clip = self.sampling.steps, self.sampling.clip
        return guided_samples(self.model.noise, of, weight, start, self.schedule, steps=steps, clip=clip)

    def by_variance(self, of: Gaussians) -> Weight:
        """The weight of Eq. 14."""
        told: dict[str, Any] = {name: getattr(self.sampling, name) for name in ("base", "largest", "spread")}
        return by_variance(of, self.schedule, **told)


Made = dict[str, Tensor]
"""`samples`, (queries * samples, 3, size, size), and what a method has to show beside them, a row for each query."""
Method = Callable[[Task], Made]
METHODS: dict[str, Method] = {}


def method(function: Method) -> Method:
    """Register a method under its name."""
    METHODS[function.__name__] = function
    return function


@method
def top1(task: Task) -> Made:
    """Guided by the trained class under which the query is denoised best."""
    return _of_classes(task, 1)


@method
def top3(task: Task) -> Made:
    """Guided by the three best of these, weighted."""
    return _of_classes(task, 3)


def _of_classes(task: Task, count: int) -> Made:
    pairs = list(zip(task.queries, task.names, strict=True))
    losses = task.once("class losses", lambda: [_class_losses(task, *each) for each in pairs])
    found = [nearest_classes(each, count, task.sampling.class_temperature) for each in losses]
    nearest, weights = (torch.stack(part) for part in zip(*found, strict=True))
    many = task.sampling.samples
    of = composed_noise(
        task.model.of_class, nearest.repeat_interleave(many, dim=0), weights.repeat_interleave(many, dim=0)
    )
    samples = task.sampled(of, constant(task.sampling.class_weight), task.start(many))
    return {"samples": samples, "nearest": nearest, "weights": weights}


def _class_losses(task: Task, query: Tensor, name: Names) -> Tensor:
    levels = timesteps(task.schedule.steps, task.sampling.class_levels + 1, "trailing")[1:-1]
    drawn = torch.randn((len(levels), *query.shape), generator=torch_generator(*name, "class loss")).to(query)
    return class_losses(task.model.of_class, query, task.model.null, task.schedule, levels, drawn)


@method
def query_only(task: Task) -> Made:
    """Guided by a Gaussian of one small variance around the query."""
    queries = task.queries.repeat_interleave(task.sampling.samples, dim=0)
    of = query_gaussian(queries, task.sampling.deviation)
    start = task.start(task.sampling.samples)
    return {"samples": task.sampled(of_gaussian(of, task.schedule), task.by_variance(of), start)}


@method
def poe(task: Task) -> Made:
    """The paper's: guided by the product of experts of the query's prototypes."""
    found, levels = discovered(task)
    of = together([each.gaussian for each in found], task.sampling.samples)
    start = task.start(task.sampling.samples)
    samples = task.sampled(of_gaussian(of, task.schedule), task.by_variance(of), start)
    return {"samples": samples, **_shown(found), "modes": levels}


@method
def lora(task: Task) -> Made:
    """The paper's with distillation: an adapter and a new class for each query, trained on images of its product."""
    found, _ = discovered(task)
    settings = task.distillation
    of = together([each.gaussian for each in found], settings.pool)
    pool = task.sampled(of_gaussian(of, task.schedule), task.by_variance(of), task.start(settings.pool, "pool"))
    starts = task.start(task.sampling.samples).split(task.sampling.samples)  # type: ignore[no-untyped-call]
    made: list[Made] = []
    for images, start, name in zip(pool.split(settings.pool), starts, task.names, strict=True):  # type: ignore[no-untyped-call]
        adapted, drift = distilled(task.model.network, _bytes(images), task.model.kind, settings, name)
        kept = {f"{ADAPTER}{key}": each.detach() for key, each in adapted.learned().items()} if settings.keep else {}
        adapted.merge()
        model = Model(adapted, task.model.null, task.model.kind, task.model.evaluations)
        samples = guided_samples(
            model.noise, model.told(adapted.new), constant(settings.weight), start, task.schedule,
            steps=task.sampling.steps, clip=task.sampling.clip,
        )  # fmt: skip
        shown = {"samples": samples, "drift": torch.tensor([drift])}
        made.append(shown | {key: each[None] for key, each in kept.items()})
    return {key: torch.cat([each[key] for each in made]) for key in made[0]}


ADAPTER = "adapter "
"""What the names of an adapter's tensors begin with, where they are kept."""


def _bytes(images: Tensor) -> Tensor:
    return (127.5 * (images.clamp(-1, 1) + 1)).round().byte().cpu()


@method
def beyond(task: Task) -> Made:
    """This project's: ascents that stop early, and guidance at weight one.

    A mode holds no noise, and a network has never seen such a place at step t: the farther an ascent goes, the more of
    it is extrapolation, and held-out combinations drift to trained ones. Two mean shifts take most of the noise out.
    Eq. 14's weight is below one where the product is sure, and then samples follow the unconditional model too, which
    knows trained combinations alone; at one they are those of the product (`guidance`).
    """
    found, _ = discovered(task, task.discovery.model_copy(update=EARLY))
    of = together([each.gaussian for each in found], task.sampling.samples)
    samples = task.sampled(of_gaussian(of, task.schedule), constant(1.0), task.start(task.sampling.samples))
    return {"samples": samples, **_shown(found)}


def discovered(task: Task, settings: Discovery | None = None) -> tuple[list[Teacher], Tensor]:
    """The teacher of each query, and how many modes were found at each step of the grid: (queries, levels)."""
    asked = settings or task.discovery

    def find() -> tuple[list[Teacher], Tensor]:
        found = candidates(task.model.noise, task.queries, asked, task.names, task.schedule)
        teachers = [teacher(query, each, asked) for query, each in zip(task.queries, found, strict=True)]
        return teachers, torch.stack([each.found for each in found])

    return task.once(f"teachers {asked.model_dump_json()}", find)


def _shown(found: Sequence[Teacher]) -> Made:
    """Prototypes and the product's mean as images; what is told of them as numbers."""
    return {
        "prototypes": torch.stack([each.prototypes.mean for each in found]),
        "mean": torch.cat([each.gaussian.mean for each in found]),
        "deviation": torch.cat([each.gaussian.variance.sqrt() for each in found]),
        "level": torch.stack([each.level for each in found]),
        "share": torch.stack([each.share for each in found]),
        "sharpness": torch.tensor([each.sharpness for each in found]),
        "bounded": torch.tensor([each.bounded for each in found]),
    }
