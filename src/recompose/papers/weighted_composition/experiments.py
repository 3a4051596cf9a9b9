"""The numbers of paper 2 that need sampling: one function per artifact.

A cell, one network (or the exact scores) with all its swarms, draws its random numbers by its own name: neither the
batch nor an interruption changes a byte. Runs are paired: all cells of a run are compared with the same true samples.
"""

from functools import lru_cache, partial
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.datasets.compositions import Composition, composition
from recompose.diffusion.feynman_kac import Composed, Field, Sampler, Scores, composed_score, sample_in_parts
from recompose.diffusion.grid_field import GridField
from recompose.diffusion.mixtures import mixture_scores
from recompose.errors import named
from recompose.metrics.mean_discrepancy import mean_discrepancy, median_bandwidth
from recompose.metrics.sliced_wasserstein import directions, sliced_wasserstein
from recompose.papers.weighted_composition import settings as configuration  # by itself: numbers hang on imports
from recompose.papers.weighted_composition.correctors import Sample, chosen
from recompose.papers.weighted_composition.names import ANALYTIC, METRICS, MODELS, SETTINGS
from recompose.papers.weighted_composition.networks import SLUG, SOURCES, learned_scores, schedule_of
from recompose.papers.weighted_composition.settings import (
    Accuracy,
    Clipping,
    ErrorMap,
    Exact,
    Figure1,
    Grid,
    Sampling,
    Task,
)
from recompose.randomness import numpy_generator, torch_generator
from recompose.sweeps import WHOLE, Batch, CellStore, Row, finite, sweep


def distances(
    *, task: Task, sampling: Sampling, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """How far samples of the composition are from true ones: SW2 and MMD^2, for every N, K and run.

    `floor` is the same distance between two sets of true samples.
    """
    sources: list[tuple[str, int | str]] = [(ANALYTIC, ANALYTIC), *product(MODELS, task.samples)]
    cells_of = {
        f"{setting} {model} N={samples} run={run}": (setting, model, samples, run)
        for run in range(task.runs)
        for model, samples in sources
        for setting in SETTINGS
    }
    measure = partial(_measure, task=task, sampling=sampling, device=device, folder=folder)
    return sweep(cells_of, measure, batch, cells)


def _measure(
    setting: str, model: str, samples: int | str, run: int, task: Task, sampling: Sampling, device: str, folder: Path
) -> list[Row]:
    """All swarm sizes of one network, or of the exact scores; the largest swarms make the grids."""
    what = composition(setting, task.reading, sampling.weights)
    field = _field(what, model, samples, run, task, sampling, device, folder)
    names = ("distances", setting, model, samples, run)
    place = {"setting": setting, "model": model, "samples": samples}
    return _with_particles(what, field, place, run, task, sampling, names)


def _with_particles(
    what: Composition, field: Field, place: Row, run: int, task: Task, sampling: Sampling,
    names: tuple[str | int, ...], metrics: tuple[str, ...] = tuple(METRICS),
) -> list[Row]:  # fmt: skip
    """The distances of samples of one field, for all swarm sizes; the largest swarms make the grids, if it has some."""
    target, floors = _true_samples(what.name, task.reading, sampling, run, metrics)
    rows = []
    for particles in sorted(sampling.particles, reverse=True):
        generator = torch_generator(SLUG, *names, particles, device=str(field.weights.device))
        found = _sample(field, particles, sampling.outputs, task, sampling, generator)
        for metric, value in _distances(found, target, sampling.directions, tuple(floors)).items():
            here = place | {"metric": metric, "particles": particles}
            rows.append(here | {"run": run, "value": value, "floor": floors[metric]})
    return rows


def exact(
    *, exact: Exact, task: Task, sampling: Sampling, device: str, batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """SW2 of the corrector with exact scores, sampled as published: what no network has a part in.

    MMD^2 of so many points would take as long as drawing them.
    """
    published = sampling.model_copy(update=exact.model_dump(exclude={"runs"}))

    def measure(setting: str, run: int) -> list[Row]:
        what = composition(setting, task.reading, sampling.weights)
        field = _field(what, ANALYTIC, ANALYTIC, run, task, published, device)
        names = ("exact", setting, run)
        return _with_particles(what, field, {"setting": setting}, run, task, published, names, ("sw2",))

    cells_of = {f"{setting} run={run}": (setting, run) for run in range(exact.runs) for setting in SETTINGS}
    return sweep(cells_of, measure, batch, cells)


@lru_cache(maxsize=16)
def _true_samples(
    setting: str, reading: str, sampling: Sampling, run: int, metrics: tuple[str, ...]
) -> tuple[np.ndarray, dict[str, float]]:
    """The true samples of a run, and how far a second set of them is away."""
    what = composition(setting, reading, sampling.weights)  # type: ignore[arg-type]
    first, second = (
        what.target(sampling.outputs, torch_generator(SLUG, setting, "target", run, part)) for part in range(2)
    )
    target = first.double().numpy()
    return target, _distances(second, target, sampling.directions, metrics)


def _distances(sampled: Tensor, target: np.ndarray, count: int, metrics: tuple[str, ...]) -> dict[str, float]:
    found = sampled.cpu().double().numpy()
    along = directions(count, target.shape[1], numpy_generator(SLUG, "directions"))
    measures = {
        "sw2": lambda: sliced_wasserstein(found, target, along),
        "mmd2": lambda: mean_discrepancy(found, target, median_bandwidth(found, target)),
    }
    return {metric: measures[metric]() for metric in metrics}


def grid(*, grid: Grid, task: Task, sampling: Sampling, device: str) -> pd.DataFrame:
    """Whether a field from a grid does what the field itself does: the same SW2 from both, in every setting.

    With exact scores, whose field is as sharp as any; both ways draw the same random numbers. `apart` is their relative
    difference, `evaluated` the share of places at which the grid asked the field.
    """
    sampling = sampling.model_copy(update={"particles": (grid.particles,), "outputs": grid.outputs})
    rows: list[Row] = []
    for setting, run in product(SETTINGS, range(grid.runs)):
        what = composition(setting, task.reading, sampling.weights)
        direct = _field(what, ANALYTIC, ANALYTIC, run, task, sampling, device)
        shared = GridField(direct, schedule_of(task), sampling.nodes, sampling.bound)
        with named(f"{setting}, run {run}"):
            one, other = (
                _with_particles(
                    what, field, {"setting": setting}, run, task, sampling, ("grid", setting, run), ("sw2",)
                )
                for field in (direct, shared)
            )
        rows += [
            {name: row[name] for name in ("setting", "metric", "particles", "run")}
            | {"direct": row["value"], "grid": beside["value"], "evaluated": shared.evaluated / shared.asked}
            for row, beside in zip(one, other, strict=True)
        ]
    frame = pd.DataFrame(rows)
    return frame.assign(
        apart=(frame.grid - frame.direct) / frame.groupby(["setting", "metric"]).direct.transform("mean")
    )


def clipping(
    *, clipping: Clipping, task: Task, sampling: Sampling, device: str, folder: Path,
) -> pd.DataFrame:  # fmt: skip
    """What the clip of the log-weight rate does to exact scores and to learned ones: the distances with and without.

    The conditional networks; within a run all clips draw the same random numbers.
    """
    rows: list[Row] = []
    kinds: list[tuple[str, int | str]] = [("conditional", samples) for samples in task.samples] + [(ANALYTIC, ANALYTIC)]
    for setting, (model, samples), run in product(clipping.settings, kinds, range(task.runs)):
        what = composition(setting, task.reading, sampling.weights)
        field = _field(what, model, samples, run, task, sampling, device, folder)
        for clip in clipping.clips:
            here = sampling.model_copy(update={"particles": (clipping.particles,), "clip": clip})
            place = {"setting": setting, "samples": samples, "clip": "none" if clip is None else f"{clip:g}"}
            with named(f"{setting}, N = {samples}, run {run}, clip {place['clip']}"):
                names = ("clipping", setting, samples, run)
                rows += finite(_with_particles(what, field, place, run, task, here, names))
    return pd.DataFrame(rows)


def correctors(
    *, correctors: configuration.Correctors, task: Task, sampling: Sampling, device: str, folder: Path,
) -> pd.DataFrame:  # fmt: skip
    """SW2 of every corrector with exact scores and with those of the conditional networks of the largest N.

    Within a run all are compared with the same true samples and draw the same random numbers; each asks a field of its
    own, so none hangs on the others.
    """
    rows: list[Row] = []
    kinds: list[tuple[str, int | str]] = [(ANALYTIC, ANALYTIC), ("conditional", max(task.samples))]
    for setting, (model, samples), run in product(SETTINGS, kinds, range(min(correctors.runs, task.runs))):
        what = composition(setting, task.reading, sampling.weights)
        target, floors = _true_samples(setting, task.reading, sampling, run, ("sw2",))
        for name, draw in chosen(correctors.methods).items():
            generator = torch_generator(SLUG, "correctors", setting, model, run, device=device)
            with named(f"{setting}, {model}, run {run}, {name}"):
                field = _field(what, model, samples, run, task, sampling, device, folder)
                found = draw(field, _sample_of(task, sampling, generator), correctors.particles)
                value = _distances(found, target, sampling.directions, ("sw2",))["sw2"]
                place = {"setting": setting, "model": model, "corrector": name, "metric": "sw2"}
                here = place | {"particles": correctors.particles, "run": run}
                rows += finite([here | {"value": value, "floor": floors["sw2"]}])
    return pd.DataFrame(rows)


def _sample_of(task: Task, sampling: Sampling, generator: torch.Generator) -> Sample:
    """How a corrector draws samples, with some keys of `sampling` changed."""

    def sample(field: Field, particles: int, **changes: object) -> Tensor:
        changed = Sampling.model_validate(sampling.model_dump() | changes)
        return _sample(field, particles, sampling.outputs, task, changed, generator)

    return sample


def accuracy(*, accuracy: Accuracy, task: Task, device: str, folder: Path) -> pd.DataFrame:
    """How well networks know the sources they were trained on, where these have their mass.

    `error`: the root mean square of learned minus exact prediction of the noise, a vector's length, over true samples
    of the source at uniform times.
    """
    rows: list[Row] = []
    schedule = schedule_of(task)
    times = torch.linspace(0, 1, accuracy.times + 2, device=device)[1:-1]
    for setting in SETTINGS:
        what = composition(setting, task.reading)
        exact = mixture_scores([source.to(device) for source in what.sources], schedule)
        drawn = torch.stack(
            [source.sample(accuracy.points, torch_generator(SLUG, "accuracy", setting, name)).T
             for name, source in zip(SOURCES, what.sources, strict=True)], dim=1,
        ).to(device)  # fmt: skip
        noise = torch.randn(drawn.shape, generator=torch_generator(SLUG, "accuracy", setting, "noise")).to(device)
        places = [(t, schedule.alpha(t) * drawn + schedule.sigma(t) * noise) for t in times]
        true = [(schedule.sigma(t) * exact(x, t)).diagonal(dim1=0, dim2=2) for t, x in places]
        for model, samples, run in product(MODELS, task.samples, range(task.runs)):
            learned = _scores(what, model, samples, run, task, device, folder)
            with torch.inference_mode():
                wrong = [(schedule.sigma(t) * learned(x, t)).diagonal(dim1=0, dim2=2) - known
                         for (t, x), known in zip(places, true, strict=True)]  # fmt: skip
            errors = torch.stack(wrong).square().sum(dim=1).mean(dim=(0, 1)).sqrt()
            place = {"setting": setting, "model": model, "samples": samples, "run": run}
            with named(f"{setting}, {model}, N = {samples}, run {run}"):
                rows += finite([place | {"source": name, "error": float(error)}
                                for name, error in zip(SOURCES, errors, strict=True)])  # fmt: skip
    return pd.DataFrame(rows)


def figure1(
    *, figure1: Figure1, task: Task, sampling: Sampling, device: str, folder: Path,
) -> pd.DataFrame:  # fmt: skip
    """Figure 1: the densities of the sources, each sampled by itself, and of their composition; learned and exact.

    Of learned scores and of the corrector with exact scores the densities are those of their samples, smoothed by a
    Gaussian kernel (Scott's bandwidth); `true` is the density itself. The networks are those of the largest N, run 0.
    """
    what = composition(figure1.setting, task.reading, sampling.weights)
    samples = max(task.samples)
    axis, points = _grid(what, figure1.nodes)
    rows = []
    for kind, model in (("learned", "conditional"), ("exact", ANALYTIC)):
        scores = _scores(what, model, samples, 0, task, device, folder)
        for place, source in enumerate((*SOURCES, "composition")):
            alone = source != "composition"
            weights = torch.eye(len(SOURCES))[place] if alone else what.weights
            field = _affordable(Composed(scores, weights.to(device)), model, task, sampling)
            generator = torch_generator(SLUG, "figure1", kind, source, device=device)
            with named(f"{source}, {kind} scores"):
                found = _sample(field, 1 if alone else figure1.particles, figure1.outputs, task, sampling, generator)
            rows.append(_densities(source, kind, axis, _smoothed(found.cpu().numpy(), points)))
    for place, source in enumerate((*SOURCES, "composition")):
        log_density = what.sources[place].log_density if place < len(SOURCES) else what.log_density
        rows.append(_densities(source, "true", axis, _normalized(log_density(torch.from_numpy(points)), axis)))
    return pd.concat(rows, ignore_index=True)


def _grid(what: Composition, nodes: int) -> tuple[np.ndarray, np.ndarray]:
    """An axis that all sources and the composition fit on, and the (nodes^2, 2) points of its square."""
    drawn = [source.sample(4000, torch_generator(SLUG, "extent")) for source in what.sources]
    drawn.append(what.target(4000, torch_generator(SLUG, "extent")))
    axis = np.linspace(-1, 1, nodes) * 1.1 * float(torch.cat(drawn).abs().quantile(0.9995))
    return axis, np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2).astype(np.float32)


def _densities(source: str, kind: str, axis: np.ndarray, density: np.ndarray) -> pd.DataFrame:
    y, x = (each.ravel() for each in np.meshgrid(axis, axis, indexing="ij"))
    return pd.DataFrame({"source": source, "scores": kind, "x": x, "y": y, "density": density})


def _smoothed(found: np.ndarray, points: np.ndarray) -> np.ndarray:
    from scipy.stats import gaussian_kde

    density: np.ndarray = gaussian_kde(found.T)(points.T)
    return density


def _normalized(log_density: Tensor, axis: np.ndarray) -> np.ndarray:
    """A density that is known up to a constant, its sum over the square made one."""
    share: np.ndarray = torch.softmax(log_density.double(), dim=0).numpy()
    return share / (axis[1] - axis[0]) ** 2


def error_map(
    *, error_map: ErrorMap, task: Task, sampling: Sampling, device: str, folder: Path,
) -> pd.DataFrame:  # fmt: skip
    """Where learned scores err: |composed learned - composed exact score| on a square, at some times.

    In units of the noise, sigma(t) |difference|; the conditional networks of the largest N, averaged over the runs.
    `visited` is the share of the trajectories of the exact naive sampler that are in a cell of the map at that time.
    """
    rows = []
    schedule = schedule_of(task)
    for setting in SETTINGS:
        what = composition(setting, task.reading, sampling.weights)
        weights = what.weights.to(device)
        exact = _scores(what, ANALYTIC, ANALYTIC, 0, task, device, folder)
        learned = [
            _scores(what, "conditional", max(task.samples), run, task, device, folder) for run in range(task.runs)
        ]
        generator = torch_generator(SLUG, "error_map", setting, device=device)
        with named(setting):
            clouds = _trajectories(exact, weights, error_map, task, sampling, generator)
        for t, cloud in zip(sorted(error_map.times, reverse=True), clouds, strict=True):
            half = 1.1 * float(cloud.abs().quantile(0.998))
            axis = torch.linspace(-half, half, error_map.nodes, device=device)
            square = torch.stack(torch.meshgrid(axis, axis, indexing="xy"))
            at = torch.tensor(t, device=device)
            true = composed_score(exact(square, at), weights)
            apart = [(composed_score(scores(square, at), weights) - true).norm(dim=0) for scores in learned]
            error = (schedule.sigma(at) * torch.stack(apart).mean(dim=0)).cpu().numpy()
            width = float(axis[1] - axis[0])
            edges = np.append(axis.cpu().numpy() - width / 2, float(axis[-1]) + width / 2)
            seen, _, _ = np.histogram2d(cloud[1].numpy().ravel(), cloud[0].numpy().ravel(), bins=(edges, edges))
            x, y = (each.cpu().numpy().ravel() for each in square)
            columns = {"x": x, "y": y, "error": error.ravel(), "visited": seen.ravel() / cloud[0].numel()}
            rows.append(pd.DataFrame({"setting": setting, "t": t} | columns))
    return pd.concat(rows, ignore_index=True)


def _trajectories(
    exact: Scores, weights: Tensor, error_map: ErrorMap, task: Task, sampling: Sampling, generator: torch.Generator
) -> list[Tensor]:
    """Where the naive sampler with exact scores is at the times of the map, from noise to data: (2, swarms, 1) each."""
    seen: dict[float, Tensor] = {}

    def watched(x: Tensor, t: Tensor) -> Tensor:
        seen[float(t)] = x.cpu()
        return exact(x, t)

    _sample(Composed(watched, weights), 1, error_map.swarms, task, sampling, generator)
    return [seen[min(seen, key=lambda t: abs(t - wanted))] for wanted in sorted(error_map.times, reverse=True)]


# ---------------------------------------------------------------------------------------------------------------
# What they share


def _scores(
    what: Composition, model: str, samples: int | str, run: int, task: Task, device: str, folder: Path
) -> Scores:
    """Exact scores, or those of the networks that were trained on N samples in one run."""
    if model == ANALYTIC:
        return mixture_scores([source.to(device) for source in what.sources], schedule_of(task))
    path = folder / "networks" / f"{what.name}_{model}.safetensors"
    return learned_scores(path, what.name, model, int(samples), run, task=task, device=device)


def _field(
    what: Composition, model: str, samples: int | str, run: int, task: Task, sampling: Sampling, device: str,
    folder: Path = Path(),
) -> Field:  # fmt: skip
    """The composition of exact or learned scores."""
    scores = _scores(what, model, samples, run, task, device, folder)
    return _affordable(Composed(scores, what.weights.to(device)), model, task, sampling)


def _affordable(field: Composed, model: str, task: Task, sampling: Sampling) -> Field:
    """Networks are asked on grids that all swarms share; exact scores cost less than a grid of them."""
    return field if model == ANALYTIC else GridField(field, schedule_of(task), sampling.nodes, sampling.bound)


def _sample(
    field: Field, particles: int, swarms: int, task: Task, sampling: Sampling, generator: torch.Generator
) -> Tensor:
    """One draw from each swarm, (swarms, 2)."""
    sampler = Sampler(
        sampling.steps, sampling.dynamics, sampling.resampling, sampling.threshold, sampling.clip, sampling.centring,
        sampling.noise_on_last_step,
    )  # fmt: skip
    return sample_in_parts(
        field, swarms=swarms, particles=particles, shape=(2,), sampler=sampler, schedule=schedule_of(task),
        generator=generator,
    )  # fmt: skip
