"""The hyperparameter search of appendix C: one Optuna study per variant, on validation codebooks of its own.

The synchronous variants are searched by the same protocol, with the order of the updates given.

No table or figure draws from the names `validation` and `finalists`, so tuning and test data never meet.
"""

import time
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import torch
from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

from recompose.datasets.products import Products, bound_products
from recompose.errors import NotFinite, RecomposeError, nearest
from recompose.metrics.decomposition import decomposition_accuracy
from recompose.metrics.intervals import wilson_interval
from recompose.papers.coupled_inference.coupled import coupled_inference, variant_of
from recompose.papers.coupled_inference.hyperparameters import (
    SEARCHED,
    SYNCHRONOUS,
    TUNED_VERSION,
    Hyperparameters,
    floor_steps,
    published_hyperparameters,
)
from recompose.papers.coupled_inference.settings import Search
from recompose.randomness import seed_of

FINALISTS = 10
"""The best of many noisy accuracies flatters: so many are measured again, on fresh problems, before one wins."""

LOCK_SECONDS = 5
"""After so long, a lock on a journal is one that a kill left behind: writing a line takes milliseconds."""

LINEAR = Hyperparameters(
    eta=0.002,
    schedule="constant",
    cond_clip_ratio=0.96,
    sigma_0=0.045,
    softmax_temp=0.0004,
    regularization=0.0055,
    steps=8,
    restarts=100,
    restart_ratio=1 / 8,
    update="asynchronous",
    amplitude=36.0,
    jacobian=True,
    projection=True,
    centring=True,
)
"""A second start: single steps with a flat softmax, where the dynamics are linear and symmetric in sign, like a damped
resonator without its sign function. A search for SIMILARITY that began without it ended here."""


def search(variant: str, *, search: Search, device: str, journal: Path) -> dict[str, Any]:
    """Search one variant; what was tried stands in the journal, and a stopped search goes on from there."""
    if variant not in SEARCHED:
        raise RecomposeError(f"{variant}: no such variant to search; {nearest(variant, SEARCHED)}")
    study = open_study(variant, search, journal)
    problems = validation_problems(search, device, "validation")
    while (finished := len(finished_trials(study))) < search.configurations:
        # TPE draws from a generator keyed by how many trials are finished, so a resumed search finds the same.
        study.sampler = optuna.samplers.TPESampler(
            seed=seed_of("coupled_inference", "search", variant, finished) % 2**32,
            multivariate=True,
            n_startup_trials=100,
        )
        start = time.perf_counter()
        trial = ask(study, variant)
        state = _run(trial, variant, search, problems)
        print(
            f"{variant} {finished + 1}/{search.configurations}: {state}, {time.perf_counter() - start:.1f} s, "
            f"best {study.best_value:.3f}",
            flush=True,
        )
    return summary(study, variant, search, device)


def open_study(variant: str, search: Search, journal: Path) -> optuna.Study:
    """The study of a variant in its journal.

    Its name holds all settings but how many configurations are tried: a longer search goes on, any other starts anew.
    """
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    journal.parent.mkdir(parents=True, exist_ok=True)
    _cut_to_whole_lines(journal)
    lock = JournalFileOpenLock(str(journal), LOCK_SECONDS)
    try:
        study = optuna.create_study(
            study_name=f"{variant} {search.model_dump_json(exclude={'configurations'})}",
            storage=optuna.storages.JournalStorage(JournalFileBackend(str(journal), lock)),
            direction="maximize",
            load_if_exists=True,
            pruner=optuna.pruners.WilcoxonPruner(p_threshold=0.1),
        )
    except ValueError as error:
        raise RecomposeError(f"{journal}: not a readable journal ({error}); delete it, and search anew") from error
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)  # cut short by a kill
    return study


def _cut_to_whole_lines(journal: Path) -> None:
    """Take off a last line that a full disk or a kill cut short: what is appended to it would not be readable."""
    if journal.exists():
        with journal.open("r+b") as file:
            file.truncate(file.read().rfind(b"\n") + 1)


def ask(study: optuna.Study, variant: str) -> optuna.Trial:
    """The next trial: first the published configuration, then LINEAR, then what the sampler suggests.

    Which one is next follows from how many are finished, so a start that a kill cut short is tried again.
    """
    starts = [published_hyperparameters()[variant], LINEAR][len(finished_trials(study)) :]
    if starts and not study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.WAITING,)):
        study.enqueue_trial(as_parameters(starts[0]))
    return study.ask()


def finished_trials(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """The trials that ended, pruned ones included."""
    states = (optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED)
    return study.get_trials(deepcopy=False, states=states)


def validation_problems(search: Search, device: str, name: str) -> Products:
    """The problems of the search: D = 1000, K = 3, n = 50 without noise, as in the paper."""
    return bound_products("coupled_inference", name, **search.problems, device=device)


def suggest(trial: optuna.Trial | optuna.trial.FixedTrial, variant: str, iterations: int) -> Hyperparameters:
    """One point of the search space: the paper's nine hyperparameters and the choices it leaves open.

    The restarts take whatever the budget leaves: R = N / floor(rho T).
    """
    steps = trial.suggest_int("steps", 2, 100, log=True)
    ratio = trial.suggest_float("restart_ratio", 0.01, 1.0, log=True)
    restart_steps = min(max(1, floor_steps(ratio, steps)), iterations)
    latent = variant_of(variant).space == "latent"
    gaussian = variant_of(variant).energy == "gaussian"
    given = variant in SYNCHRONOUS
    return Hyperparameters(
        eta=trial.suggest_float("eta", 1e-3, 10.0, log=True),
        schedule=trial.suggest_categorical("schedule", ["constant", "linear", "snr", "sigma"]),
        cond_clip_ratio=trial.suggest_float("cond_clip_ratio", 0.2, 1000.0, log=True),
        sigma_0=trial.suggest_float("sigma_0", 3e-3, 3.0, log=True),
        softmax_temp=trial.suggest_float("softmax_temp", 1e-4, 100.0, log=True),
        regularization=0.0 if gaussian else trial.suggest_float("lambda", 1e-4, 100.0, log=True),
        steps=steps,
        restarts=iterations // restart_steps,
        restart_ratio=restart_steps / steps,
        update="synchronous" if given else trial.suggest_categorical("update", ["synchronous", "asynchronous"]),
        amplitude=trial.suggest_float("amplitude", 1.0, 1e4, log=True),
        jacobian=trial.suggest_categorical("jacobian", [False, True]),
        projection=False if latent else trial.suggest_categorical("projection", [False, True]),
        centring=trial.suggest_categorical("centring", [False, True]),
    )


def as_parameters(chosen: Hyperparameters) -> dict[str, Any]:
    """A configuration as the point of the search space that `suggest` turns into it."""
    return {key: value for key, value in chosen.model_dump(by_alias=True).items() if key != "restarts"}


def set_accuracy(problems: Products, number: int, variant: str, chosen: Hyperparameters) -> float:
    """The accuracy on one set of codebooks."""
    part = Products(*(tensor[number : number + 1] for tensor in problems))
    return float(accuracies_of(part, variant, chosen).mean())


def accuracies_of(problems: Products, variant: str, chosen: Hyperparameters) -> np.ndarray:
    """The accuracy of every trial, (sets, trials). A configuration that runs away finds nothing; others may."""
    right = problems.chosen.cpu().numpy()
    try:
        *_, found = coupled_inference(problems.codebooks, problems.bound, variant_of(variant), chosen)
    except NotFinite:
        return np.zeros((len(right), right.shape[-1]))
    return decomposition_accuracy(found.cpu().numpy(), right)


def _run(trial: optuna.Trial, variant: str, search: Search, problems: Products) -> str:
    """Evaluate one configuration set by set, until it is clearly worse than the best one (Wilcoxon's test)."""
    chosen = suggest(trial, variant, search.iterations)
    accuracies: list[float] = []
    with torch.inference_mode():
        for number in range(search.codebook_sets):
            accuracies.append(set_accuracy(problems, number, variant, chosen))
            trial.report(accuracies[-1], number)
            hopeless = (
                number == 0 and bool(finished_trials(trial.study)) and accuracies[0] < 0.5 * trial.study.best_value
            )
            if hopeless or trial.should_prune():
                trial.study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                return f"pruned after {number + 1} sets at {sum(accuracies) / len(accuracies):.3f}"
    trial.study.tell(trial, sum(accuracies) / len(accuracies))
    return f"accuracy {sum(accuracies) / len(accuracies):.3f}"


def summary(study: optuna.Study, variant: str, search: Search, device: str) -> dict[str, Any]:
    """The winner of the finalists with what it reached, as a file of results or of config/tuned keeps it."""
    finished = enumerate(finished_trials(study))  # trials that a kill cut short have numbers, too
    complete = [(number, trial) for number, trial in finished if trial.state == optuna.trial.TrialState.COMPLETE]
    finalists = sorted(complete, key=lambda entry: (-float(entry[1].value or 0.0), entry[0]))[:FINALISTS]
    fresh = validation_problems(search, device, "finalists")
    scores = []
    with torch.inference_mode():
        for number, trial in finalists:
            chosen = suggest(optuna.trial.FixedTrial(trial.params), variant, search.iterations)
            scores.append((wilson_interval(accuracies_of(fresh, variant, chosen)), number, chosen))
    (accuracy, low, high), number, chosen = max(scores, key=lambda score: (score[0][0], -score[1]))
    return {
        "version": TUNED_VERSION,
        "variant": variant,
        "hyperparameters": chosen.model_dump(by_alias=True),
        "validation_accuracy": round(accuracy, 4),
        "ci_low": round(low, 4),
        "ci_high": round(high, 4),
        "trial": number,
        "configurations": len(finished_trials(study)),
        "readings": readings(study, variant),
        "search": search.model_dump(),
    }


def readings(study: optuna.Study, variant: str) -> list[dict[str, Any]]:
    """The best accuracy that each reading of the open choices reached, and on how many sets of problems.

    A pruned configuration counts with the sets it was measured on.
    """
    choices = ["update", "jacobian", "centring"] + ["projection"] * (variant_of(variant).space == "vector")
    best: dict[tuple[Any, ...], dict[str, Any]] = {}
    for trial in finished_trials(study):
        reading = tuple(trial.params.get(choice, "synchronous") for choice in choices)  # given, in some
        measured = list(trial.intermediate_values.values())
        row = best.setdefault(reading, {"configurations": 0, "validation_accuracy": 0.0, "sets": 0})
        row["configurations"] += 1
        accuracy = round(sum(measured) / len(measured), 4)
        if (accuracy, len(measured)) > (row["validation_accuracy"], row["sets"]):
            row |= {"validation_accuracy": accuracy, "sets": len(measured)}
    rows = [dict(zip(choices, reading, strict=True)) | row for reading, row in best.items()]
    return sorted(rows, key=lambda row: -float(row["validation_accuracy"]))
