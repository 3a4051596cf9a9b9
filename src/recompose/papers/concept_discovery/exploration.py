"""What modes are like: where they lie, how many there are at each noise, and how much of a teacher is chance."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations, product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn.functional import conv2d

from recompose.datasets.coloured_digits import coloured
from recompose.metrics.intervals import Interval, student_interval, wilson_interval
from recompose.papers.concept_discovery.composition import Choice, greedy, likeliest
from recompose.papers.concept_discovery.data import SLUG, Images, centred, load_images
from recompose.papers.concept_discovery.digits import gray_digits, rgb
from recompose.papers.concept_discovery.discovery import (
    Teacher,
    candidates,
    grid_of,
    modes_near,
    teacher,
    together,
)
from recompose.papers.concept_discovery.experiments import benchmark_of, name_of, task_of
from recompose.papers.concept_discovery.gaussians import jacobian_estimates
from recompose.papers.concept_discovery.guidance import Weight, constant, of_gaussian
from recompose.papers.concept_discovery.judge import Judge, trained_judge
from recompose.papers.concept_discovery.methods import Task
from recompose.papers.concept_discovery.modes import ascended, clean_estimate, distinct, mean_shift
from recompose.papers.concept_discovery.networks import SCHEDULE, Model, trained_model
from recompose.papers.concept_discovery.settings import Digits, Exploration
from recompose.randomness import torch_generator
from recompose.storage import Measured
from recompose.sweeps import Row


class Bench:
    """What every artifact here begins with: images, network, judge and settings of a benchmark."""

    def __init__(self, name: str, folder: Path, device: str, blocks: Mapping[str, Any]) -> None:
        self.benchmark, self.device, self.blocks = benchmark_of(name), device, blocks
        self.data: Images = load_images(folder, self.benchmark)
        self.model: Model = trained_model(folder, self.benchmark, self.data, self("backbone"), device)
        self.judge: Judge = trained_judge(folder, self.benchmark, self.data, self("judge"))
        self.explored: Exploration = self("exploration")

    def __call__(self, part: str) -> Any:
        """A block of settings of the benchmark."""
        return self.blocks[f"{self.benchmark}_{part}"]

    def task(self) -> Task:
        """The first query of some held-out classes, of each of these from the first on."""
        queries = self.data.queries[: self.explored.queries, 0]
        names = [name_of(self.benchmark, number, 0) for number in range(len(queries))]
        return task_of(centred(queries, self.device), names, self.model, self.benchmark, self.blocks)

    def right(self, x: Tensor, number: int) -> float:
        """The share of images that show all factors of a held-out class."""
        says = self.judge.says(x.cpu().clamp(-1, 1))
        return float((says == self.data.factors[self.data.seen + number]).all(dim=1).float().mean())


def product_samples(task: Task, teachers: Sequence[Teacher], weight: Weight | None = None) -> Tensor:
    """Images of the products of experts, all queries together: (queries, samples, 3, size, size)."""
    of = together([each.gaussian for each in teachers], task.sampling.samples)
    made = task.sampled(
        of_gaussian(of, task.schedule), weight or task.by_variance(of), task.start(task.sampling.samples)
    )
    return made.view(len(teachers), -1, *made.shape[1:])


def _unit(x: Tensor) -> Tensor:
    """Images in [-1, 1] as intensities in [0, 1]."""
    return ((x.clamp(-1, 1) + 1) / 2).cpu()


@torch.no_grad()
def modes(name: str, *, folder: Path, device: str, **blocks: Any) -> Measured:
    """Figure 2: modes of the learned marginals near training images by the paper's ascent, and what they hold of noise.

    `noise`: how much noise is seen in the clean image (`noise_seen`), of the mode, of the noised image
    that the ascent began at, rescaled, and of the training image itself. `jacobian`: the mean over coordinates of
    alpha J, estimated by many probes, at the mode and at the noised image; the exact one lies between 0 and 1.
    """
    bench = Bench(name, folder, device, blocks)
    settings, data = bench("discovery"), bench.data
    chosen = torch.linspace(0, len(data.train) - 1, bench.explored.shown).long()
    clean = centred(data.train[chosen], device)
    rows: list[Row] = []
    images = {"training": _unit(clean)}
    for t in bench.explored.levels:
        alpha, sigma = float(SCHEDULE.alpha[t]), float(SCHEDULE.sigma[t])
        generator = torch_generator(SLUG, name, t)
        x = alpha * clean + sigma * torch.randn(clean.shape, generator=generator).to(device)
        found = ascended(
            bench.model.noise, x, t, SCHEDULE, ascent=settings.ascent, iterations=settings.iterations,
            step=settings.step,
        )  # fmt: skip
        images[f"noised {t}"], images[f"modes {t}"] = _unit(x / alpha), _unit(found / alpha)
        for kind, place in (("training", alpha * clean), ("noised", x), ("mode", found)):
            noise = noise_seen(place / alpha)
            jacobian = alpha * jacobian_estimates(
                bench.model.noise, place, t, SCHEDULE, PROBES, settings.difference, generator
            )
            here = {"t": t, "kind": kind}
            rows.append(here | {"quantity": "noise", **_spread(noise)})
            rows.append(here | {"quantity": "jacobian", **_spread(jacobian.cpu().double().numpy())})
    return Measured(pd.DataFrame(rows), images)


PROBES = 16


def noise_seen(images: Tensor) -> np.ndarray:
    """The standard deviation of white noise in images by Immerkaer (1996), whose mask is blind to slopes: (images,).

    It takes edges for noise too. images: (images, 3, size, size).
    """
    mask = torch.tensor([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]], device=images.device)
    found = conv2d(images.flatten(0, 1)[:, None], mask[None, None]).abs().flatten(1).mean(dim=1)
    return ((np.pi / 2) ** 0.5 / 6 * found).view(len(images), -1).mean(dim=1).cpu().double().numpy()


def _spread(values: np.ndarray, interval: Callable[[np.ndarray], Interval] = student_interval) -> dict[str, float]:
    return interval(values).columns(len(values))


@torch.no_grad()
def coarsening(name: str, *, folder: Path, device: str, **blocks: Any) -> Measured:
    """Figure 4: how many distinct modes mean shift finds from the same images as t grows, and what they show.

    Begun at alpha x_0 of test images of all kinds, so that what they climb to is decided by the marginal alone.
    `modes`: groups that are farther apart than `radius`, per image; `kinds`: distinct combinations of factors that the
    judge sees among them, per image.
    """
    bench = Bench(name, folder, device, blocks)
    pool = bench.data.test[:, 0]
    clean = centred(pool[torch.linspace(0, len(pool) - 1, min(len(pool), bench.explored.images)).long()], device)
    rows: list[Row] = []
    images = {"t=0": _unit(clean[:: max(1, len(clean) // bench.explored.shown)])}
    for t in bench.explored.levels:
        alpha = float(SCHEDULE.alpha[t])
        found = mean_shift(bench.model.noise, alpha * clean, t, SCHEDULE, iterations=bench.explored.iterations) / alpha
        groups = distinct(found, bench.explored.radius)
        kinds = torch.unique(bench.judge.says(found.cpu().clamp(-1, 1)), dim=0)
        still = clean_estimate(bench.model.noise, alpha * found, t, SCHEDULE) - found
        rows.append({
            "t": t, "modes": len(groups) / len(found), "kinds": len(kinds) / len(found), "images": len(found),
            "unrest": float(still.square().mean().sqrt()),
        })  # fmt: skip
        images[f"t={t}"] = _unit(found[:: max(1, len(clean) // bench.explored.shown)])
    return Measured(pd.DataFrame(rows), images)


@torch.no_grad()
def backgrounds(name: str, *, folder: Path, device: str, digits: Digits, **blocks: Any) -> Measured:
    """Figure 6: the same digit on black, between the trained backgrounds, and on white, far outside of them.

    Numbers, of the query, its prototypes, and samples of the product of experts: root mean square distance of the
    border of an image from that of its query; `noise`: how much is seen in the images (`noise_seen`), of pixels that
    know nothing of each other their standard deviation; and whether the judge sees the digit.
    """
    bench = Bench(name, folder, device, blocks | {"digits": digits})
    gray = gray_digits(digits)[1]
    colour = rgb(digits.digit_colours[-1])
    rows: list[Row] = []
    images: dict[str, Tensor] = {}
    for background, value in BACKGROUNDS.items():
        shown = [coloured(gray[digit][:1], colour, np.full(3, value)) for digit in range(bench.explored.queries)]
        queries = centred(torch.from_numpy(np.concatenate(shown)), device)
        names = [(SLUG, name, background, digit) for digit in range(len(queries))]
        found = candidates(bench.model.noise, queries, bench("discovery"), names, SCHEDULE)
        teachers = [teacher(query, each, bench("discovery")) for query, each in zip(queries, found, strict=True)]
        task = Task(queries, names, bench.model, SCHEDULE, bench("discovery"), bench("sampling"), bench("distillation"))
        of = together([each.gaussian for each in teachers], SAMPLED)
        made = task.sampled(of_gaussian(of, SCHEDULE), task.by_variance(of), task.start(SAMPLED))
        made = made.view(len(queries), SAMPLED, *made.shape[1:])
        prototypes = torch.stack([each.prototypes.mean for each in teachers])
        groups = {"query": queries[:, None], "prototype": prototypes, "sample": made}
        for kind, of_kind in groups.items():
            images[f"{background} {kind}"] = _unit(of_kind)
            for digit, each in enumerate(of_kind):
                away = (_border(each) - _border(queries[digit : digit + 1])).square().mean(dim=(1, 2)).sqrt()
                said = bench.judge.says(each.cpu().clamp(-1, 1))[:, 0] == digit
                place = {"background": background, "digit": digit, "kind": kind}
                seen = {"distance": float(away.mean()), "noise": float(noise_seen(each.clamp(-1, 1)).mean())}
                rows.append(place | seen | {"right": float(said.float().mean())})
    return Measured(pd.DataFrame(rows), images)


BACKGROUNDS = {"black": 0, "white": 255}
SAMPLED = 4
"""Samples of each, as in the figure."""


def _border(x: Tensor) -> Tensor:
    """The outermost pixels: (images, 3, pixels)."""
    return torch.cat([x[:, :, 0], x[:, :, -1], x[:, :, :, 0], x[:, :, :, -1]], dim=-1)


@torch.no_grad()
def starts(name: str, *, folder: Path, device: str, **blocks: Any) -> Measured:
    """Modes or artifacts: what ascents find from the noised query, and from noise alone, at every step of the grid.

    `modes`: share of the ascents that ended at a mode; and, over modes, `away`: root mean square distance to the
    nearest training image; `sure`: the judge's least probability of what it sees, over the factors; `factors`: the
    share of the query's factors. An artifact is far from all images, and the judge unsure of it. What fewer than two
    queries have is left out: of a single one nothing is known of how others would differ. Images: of the first query,
    the first modes of each.
    """
    bench = Bench(name, folder, device, blocks)
    trained = centred(bench.data.train).flatten(1)
    found: dict[tuple[int, str], list[dict[str, float]]] = {}
    images: dict[str, Tensor] = {}
    task = bench.task()
    for number, of_query in enumerate(
        candidates(bench.model.noise, task.queries, task.discovery, task.names, SCHEDULE)
    ):
        right = bench.data.factors[bench.data.seen + number]
        count = round(task.discovery.from_noise * task.discovery.starts)
        begun = {"noise": count, "query": task.discovery.starts - count}
        for t, start in product(grid_of(task.discovery), begun):
            of_kind = (of_query.level == t) & (of_query.from_noise == (start == "noise"))
            places = of_query.gaussians.mean[of_kind].cpu()
            here = {"modes": len(places) / begun[start] if begun[start] else 0.0}
            if len(places):
                clean = places.clamp(-1, 1)
                sure, says = bench.judge.sure(clean)
                away = torch.cdist(places.flatten(1), trained).amin(dim=1) / trained.shape[1] ** 0.5
                here |= {
                    "away": float(away.mean()),
                    "sure": float(sure.amin(dim=1).mean()),
                    "factors": float((says == right).float().mean()),
                }
                if number == 0:
                    images[f"{start} {t}"] = _unit(places[: bench.explored.shown])
            found.setdefault((t, start), []).append(here)
    rows = [
        {
            "t": t,
            "start": start,
            "quantity": quantity,
            **_spread(np.array([each[quantity] for each in having]), interval),
        }
        for (t, start), all_of_kind in found.items()
        for quantity, interval in INTERVALS.items()
        if len(having := [each for each in all_of_kind if quantity in each]) > 1
    ]
    images["query"] = _unit(centred(bench.data.queries[0, :1]))
    return Measured(pd.DataFrame(rows), images)


INTERVALS: dict[str, Callable[[np.ndarray], Interval]] = {
    "modes": wilson_interval,
    "away": student_interval,
    "sure": wilson_interval,
    "factors": wilson_interval,
}
"""Of what is told of starts. A few shares may be alike by chance: Student's interval has no width then."""


@torch.no_grad()
def repeat(name: str, *, folder: Path, device: str, **blocks: Any) -> pd.DataFrame:
    """How much of a teacher is chance: the same query with other starts and probes, several times.

    `prototypes`: the share of a run's prototypes that another run has too, within `radius`; `mean`: root mean square
    distance of the products' means, and `query` that of a mean to the query, for comparison; `modes`: Jaccard's share
    of modes in common among all that were found.
    """
    bench = Bench(name, folder, device, blocks)
    task = bench.task()
    runs = []
    for run in range(bench.explored.repeats):
        names = [(*each, "repeat", run) for each in task.names]
        found = candidates(bench.model.noise, task.queries, task.discovery, names, SCHEDULE)
        teachers = [teacher(query, each, task.discovery) for query, each in zip(task.queries, found, strict=True)]
        runs.append([(each.gaussians.mean, of) for each, of in zip(found, teachers, strict=True)])
    rows: list[Row] = []
    near = partial(_in_common, radius=bench.explored.radius)
    for number, query in enumerate(task.queries):
        for one, other in combinations(range(len(runs)), 2):
            first, second = runs[one][number], runs[other][number]
            apart = (first[1].gaussian.mean - second[1].gaussian.mean).square().mean().sqrt()
            to_query = (first[1].gaussian.mean - query).square().mean().sqrt()
            common = near(first[0], second[0]), near(second[0], first[0])
            values = {
                "prototypes": near(first[1].prototypes.mean, second[1].prototypes.mean),
                "modes": float(np.mean(common)),
                "mean": float(apart),
                "query": float(to_query),
            }
            here = {"class": number, "first": one, "second": other}
            rows += [here | {"quantity": key, "value": value} for key, value in values.items()]
    return pd.DataFrame(rows)


def _in_common(first: Tensor, second: Tensor, radius: float) -> float:
    """The share of the first that has one of the second within a root mean square distance."""
    apart = torch.cdist(first.flatten(1), second.flatten(1)) / first[0].numel() ** 0.5
    return float((apart.amin(dim=1) <= radius).float().mean())


@torch.no_grad()
def ablation(name: str, *, folder: Path, device: str, **blocks: Any) -> pd.DataFrame:
    """What each choice is worth: samples of the product of experts with one of them changed at a time.

    `found`: whether there was a mode at all; `all`: share of samples that show all factors of the class; `mean`: if
    that of the product does; `distance`: of samples to the query; `evaluations` of the network for a query.
    """
    bench = Bench(name, folder, device, blocks)
    task, rows = bench.task(), list[Row]()
    for label, variant in VARIANTS.items():
        settings = variant.settings(task.discovery)
        before = bench.model.evaluations[0]
        found = modes_near(bench.model.noise, task.queries, settings, task.names, SCHEDULE)
        asked = (bench.model.evaluations[0] - before) / len(found) + task.sampling.samples * task.sampling.steps
        having = [number for number, each in enumerate(found) if len(each.level)]
        teachers = [teacher(task.queries[number], found[number], settings, variant.choose) for number in having]
        of_some = replace(task, queries=task.queries[having], names=[task.names[number] for number in having])
        made = product_samples(of_some, teachers, variant.weight) if having else ()
        values = {number: {"found": float(number in having)} for number in range(len(found))}
        for number, of, images in zip(having, teachers, made, strict=True):
            values[number] |= {
                "all": bench.right(images, number),
                "mean": bench.right(of.gaussian.mean, number),
                "distance": float((images - task.queries[number]).flatten(1).square().mean(dim=1).sqrt().mean()),
                "evaluations": asked,
            }
        rows += [
            {"variant": label, "class": number, "quantity": key, "value": value}
            for number, of_class in values.items()
            for key, value in of_class.items()
        ]
        print(f"{name}: {label}", flush=True)
    return pd.DataFrame(rows)


class Variant(NamedTuple):
    """What is changed of the method."""

    settings: Callable[[Any], Any]
    """of discovery"""
    choose: Choice = greedy
    weight: Weight | None = None
    """of guidance; None: that of Eq. 14"""


def _with(choose: Choice = greedy, weight: Weight | None = None, **changes: Any) -> Variant:
    return Variant(lambda settings: settings.model_copy(update=changes), choose, weight)


VARIANTS: dict[str, Variant] = {
    "published": _with(),
    "step times sigma": _with(ascent="adam_scaled"),
    "mean shift": _with(ascent="mean_shift"),
    "two mean shifts": _with(ascent="mean_shift", iterations=2),
    "covariance: noise free": _with(reading="noise_free"),
    "covariance: posterior": _with(reading="posterior"),
    "low t": Variant(lambda settings: settings.model_copy(update={"last": settings.first})),
    "high t": Variant(lambda settings: settings.model_copy(update={"first": settings.last})),
    "from the query": _with(from_noise=0.0),
    "from noise": _with(from_noise=1.0),
    "K likeliest": _with(choose=likeliest),
    "K = 1": _with(prototypes=1),
    "K = 6": _with(prototypes=6),
    "tau = .05": _with(temperature=0.05),
    "tau = 5": _with(temperature=5.0),
    "w = 1": _with(weight=constant(1.0)),
}
"""What is changed, one at a time. `K likeliest`: modes that each by itself explain the query best, without Eq. 9."""
