"""The methods of Tables 1 and 2: each makes images of what a query shows. A new one is one function, registered here."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
    guided_samples,
    of_gaussian,
    query_gaussian,
)
from recompose.papers.concept_discovery.modes import Noise
from recompose.papers.concept_discovery.networks import Model
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

    def start(self, count: int, what: str = "samples") -> Tensor:
        """What images of each query begin as, the same whatever the method: (queries * count, 3, size, size)."""
        shape = (count, *self.queries.shape[1:])
        drawn = [torch.randn(shape, generator=torch_generator(*name, what)) for name in self.names]
        return torch.cat(drawn).to(self.queries)

    def sampled(self, of: Noise, weight: Weight, start: Tensor) -> Tensor:
        """Images by Eq. 13."""
        told = {"steps": self.sampling.steps, "clip": self.sampling.clip}
        return guided_samples(self.model.noise, of, weight, start, self.schedule, **told)

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
    levels = timesteps(task.schedule.steps, task.sampling.class_levels + 1, "trailing")[1:-1]
    found = []
    for query, name in zip(task.queries, task.names, strict=True):
        generator = torch_generator(*name, "class loss")
        drawn = torch.randn((len(levels), *query.shape), generator=generator).to(query)
        losses = class_losses(task.model.of_class, query, task.model.null, task.schedule, levels, drawn)
        found.append(nearest_classes(losses, count, task.sampling.class_temperature))
    nearest, weights = (torch.stack(part) for part in zip(*found, strict=True))
    many = task.sampling.samples
    of = composed_noise(
        task.model.of_class, nearest.repeat_interleave(many, dim=0), weights.repeat_interleave(many, dim=0)
    )
    samples = task.sampled(of, lambda t: task.sampling.class_weight, task.start(many))
    return {"samples": samples, "nearest": nearest, "weights": weights}


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
    samples, drifts = [], []
    for images, start, name in zip(pool.split(settings.pool), starts, task.names, strict=True):  # type: ignore[no-untyped-call]
        adapted, drift = distilled(task.model.network, _bytes(images), task.model.kind, settings, name)
        model = Model(adapted, task.model.null, task.model.kind)
        told = {"steps": task.sampling.steps, "clip": task.sampling.clip}
        new = model.told(adapted.new)
        samples.append(
            guided_samples(model.noise, new, lambda t: settings.weight, start, task.schedule, **told)
        )
        drifts.append(drift)
        task.model.evaluations[0] += model.evaluations[0]
    return {"samples": torch.cat(samples), "drift": torch.tensor(drifts)}


def _bytes(images: Tensor) -> Tensor:
    return (127.5 * (images.clamp(-1, 1) + 1)).round().byte().cpu()


@method
def beyond(task: Task) -> Made:
    """This project's: see the docstring of `better`."""
    found, _ = discovered(task, task.discovery.model_copy(update=BETTER))
    of = together([each.gaussian for each in found], task.sampling.samples)
    samples = task.sampled(of_gaussian(of, task.schedule), lambda t: 1.0, task.start(task.sampling.samples))
    return {"samples": samples, **_shown(found)}


BETTER = {"ascent": "mean_shift", "iterations": 10, "reading": "noise_free"}


def discovered(task: Task, settings: Discovery | None = None) -> tuple[list[Teacher], Tensor]:
    """The teacher of each query, and how many modes were found at each step of the grid: (queries, levels)."""
    settings = settings or task.discovery
    found = candidates(task.model.noise, task.queries, settings, task.names, task.schedule)
    teachers = [teacher(query, each, settings) for query, each in zip(task.queries, found, strict=True)]
    return teachers, torch.stack([each.found for each in found])


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
