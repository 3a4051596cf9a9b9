"""Settings that the paper gives without saying how they were found: w_0, tau and K, searched on validation classes."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import optuna
import pandas as pd
import torch
from torch import Tensor

from recompose.papers.concept_discovery.data import SLUG, centred
from recompose.papers.concept_discovery.discovery import Candidates, candidates, teacher
from recompose.papers.concept_discovery.experiments import name_of, task_of
from recompose.papers.concept_discovery.exploration import Bench, product_samples
from recompose.papers.concept_discovery.methods import Task
from recompose.papers.concept_discovery.networks import SCHEDULE
from recompose.randomness import seed_of


class Tried(NamedTuple):
    """Settings of the product of experts: all that comes after the modes are found."""

    base: float
    """w_0 of Eq. 14"""
    temperature: float
    """tau of Eq. 10"""
    prototypes: int
    """K"""


class Found(NamedTuple):
    """Queries, one of each class, whose modes are found: they do not depend on what is searched."""

    first: int
    """the number of the first class; the others follow"""
    task: Task
    candidates: list[Candidates]


@torch.no_grad()
def searched_setting(name: str, *, folder: Path, device: str, **blocks: Any) -> pd.DataFrame:
    """Trials on queries of validation classes; then the best one and the published one on the held-out classes.

    `value`: of each query the share of samples that show all factors of its class. The modes of a query are found once.
    """
    bench = Bench(name, folder, device, blocks)
    discovery = bench("discovery")
    published = Tried(bench("sampling").base, discovery.temperature, discovery.prototypes)
    validation = _found(bench, bench.data.validation, len(bench.data.queries))
    rows: list[dict[str, Any]] = []
    means: dict[int, float] = {}
    for trial, tried in _trials(name, published, bench.explored.trials, means):
        shares = _right(bench, validation, tried)
        means[trial] = sum(shares) / len(shares)
        rows += _told("tried", trial, tried, validation, shares)
        print(f"{name}: {trial + 1} of {bench.explored.trials}, {means[trial]:.3f}", flush=True)
    best = max(means, key=lambda trial: (means[trial], -trial))
    found = next(Tried(*(row[key] for key in Tried._fields)) for row in rows if row["trial"] == best)
    held_out = _found(bench, bench.data.queries, 0)
    for kind, trial, tried in (("published", 0, published), ("best", best, found)):
        rows += _told(kind, trial, tried, held_out, _right(bench, held_out, tried))
    return pd.DataFrame(rows)


def _trials(name: str, published: Tried, count: int, means: dict[int, float]) -> Iterator[tuple[int, Tried]]:
    """The published settings, then those that Optuna suggests by what came out so far, which the caller puts down."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    sampler = optuna.samplers.TPESampler(
        seed=seed_of(SLUG, name) % 2**32, multivariate=True, n_startup_trials=count // 2
    )
    study = optuna.create_study(direction="maximize", sampler=sampler)
    study.enqueue_trial(published._asdict())
    for number in range(count):
        trial = study.ask()
        yield (
            number,
            Tried(
                trial.suggest_float("base", *BASE, log=True),
                trial.suggest_float("temperature", *TEMPERATURE, log=True),
                trial.suggest_int("prototypes", *PROTOTYPES),
            ),
        )
        study.tell(trial, means[number])


BASE = (0.3, 3.0)
TEMPERATURE = (0.05, 20.0)
PROTOTYPES = (1, 8)


def _found(bench: Bench, queries: Tensor, first: int) -> Found:
    """The modes of the first query of each class, from the number of the first class on."""
    asked = centred(queries[:, 0], bench.device)
    names = [name_of(bench.benchmark, first + each, 0) for each in range(len(asked))]
    task = task_of(asked, names, bench.model, bench.benchmark, bench.blocks)
    return Found(first, task, candidates(bench.model.noise, asked, task.discovery, names, SCHEDULE))


def _right(bench: Bench, found: Found, tried: Tried) -> list[float]:
    """Of each query the share of samples of its product that show all factors of its class."""
    task = found.task
    told = {"temperature": tried.temperature, "prototypes": tried.prototypes}
    settings = task.discovery.model_copy(update=told)
    teachers = [teacher(*each, settings) for each in zip(task.queries, found.candidates, strict=True)]
    task = replace(task, sampling=task.sampling.model_copy(update={"base": tried.base}))
    made = product_samples(task, teachers)
    return [bench.right(images, number) for number, images in enumerate(made, start=found.first)]


def _told(kind: str, trial: int, tried: Tried, found: Found, shares: list[float]) -> list[dict[str, Any]]:
    place = {"kind": kind, "trial": trial}
    return [
        place | {"class": number, **tried._asdict(), "value": share}
        for number, share in enumerate(shares, start=found.first)
    ]
