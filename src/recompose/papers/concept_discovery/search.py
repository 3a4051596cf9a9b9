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
from recompose.papers.concept_discovery.discovery import Candidates, candidates, teacher, together
from recompose.papers.concept_discovery.experiments import task_of
from recompose.papers.concept_discovery.exploration import Bench
from recompose.papers.concept_discovery.guidance import of_gaussian
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
    """A query whose modes are found: they do not depend on what is searched."""

    number: int
    """its class"""
    task: Task
    candidates: Candidates


@torch.no_grad()
def searched_setting(name: str, *, folder: Path, device: str, **blocks: Any) -> pd.DataFrame:
    """Trials on queries of validation classes; then the best one and the published one on the held-out classes.

    `value`: of each query the share of samples that show all factors of its class. The modes of a query are found once.
    """
    bench = Bench(name, folder, device, blocks)
    discovery = bench("discovery")
    published = Tried(bench("sampling").base, discovery.temperature, discovery.prototypes)
    validation = list(_found(bench, bench.data.validation, len(bench.data.queries)))
    rows: list[dict[str, Any]] = []
    means: dict[int, float] = {}
    for trial, tried in _trials(name, published, bench.explored.trials, means):
        shares = [_right(bench, each, tried) for each in validation]
        means[trial] = sum(shares) / len(shares)
        rows += _told("tried", trial, tried, validation, shares)
        print(f"{name}: {trial + 1} of {bench.explored.trials}, {means[trial]:.3f}", flush=True)
    best = max(means, key=lambda trial: (means[trial], -trial))
    found = next(Tried(*(row[key] for key in Tried._fields)) for row in rows if row["trial"] == best)
    held_out = list(_found(bench, bench.data.queries, 0))
    for kind, trial, tried in (("published", 0, published), ("best", best, found)):
        rows += _told(kind, trial, tried, held_out, [_right(bench, each, tried) for each in held_out])
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


def _found(bench: Bench, queries: Tensor, first: int) -> Iterator[Found]:
    """The modes of the first query of each class, from the number of the first class on."""
    for number, of_class in enumerate(queries, start=first):
        asked = centred(of_class[:1], bench.device)
        task = task_of(asked, number, 0, bench.model, bench.benchmark, bench.blocks)
        (modes,) = candidates(bench.model.noise, asked, task.discovery, task.names, SCHEDULE)
        yield Found(number, task, modes)


def _right(bench: Bench, found: Found, tried: Tried) -> float:
    """The share of samples of a query's product that show all factors of its class."""
    task = found.task
    told = {"temperature": tried.temperature, "prototypes": tried.prototypes}
    of_query = teacher(task.queries[0], found.candidates, task.discovery.model_copy(update=told))
    task = replace(task, sampling=task.sampling.model_copy(update={"base": tried.base}))
    of = together([of_query.gaussian], task.sampling.samples)
    made = task.sampled(of_gaussian(of, SCHEDULE), task.by_variance(of), task.start(task.sampling.samples))
    return bench.right(made, found.number)


def _told(kind: str, trial: int, tried: Tried, found: list[Found], shares: list[float]) -> list[dict[str, Any]]:
    place = {"kind": kind, "trial": trial}
    return [
        place | {"class": each.number, **tried._asdict(), "value": share}
        for each, share in zip(found, shares, strict=True)
    ]
