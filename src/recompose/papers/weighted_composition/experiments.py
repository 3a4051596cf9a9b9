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
from recompose.diffusion.feynman_kac import Sampler, Scores, composed_score, sample_in_parts
from recompose.diffusion.grid_scores import GridScores
from recompose.diffusion.mixtures import mixture_scores
from recompose.metrics.mean_discrepancy import mean_discrepancy, median_bandwidth
from recompose.metrics.sliced_wasserstein import directions, sliced_wasserstein
from recompose.papers.weighted_composition.names import ANALYTIC, MODELS, SETTINGS
from recompose.papers.weighted_composition.networks import SLUG, SOURCES, learned_scores, schedule_of
from recompose.papers.weighted_composition.settings import ErrorMap, Figure1, Grid, Sampling, Task
from recompose.randomness import numpy_generator, torch_generator
from recompose.sweeps import WHOLE, Batch, CellStore, Row, sweep


def distances(
    *, task: Task, sampling: Sampling, device: str, folder: Path,
    batch: Batch = WHOLE, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """How far samples of the composition are from true ones: SW2 and MMD^2, for every N, K and run.

    `floor` is the same distance between two sets of true samples.
    """
    sources: list[tuple[str, int | str]] = [(ANALYTIC, ANALYTIC), *product(MODELS, task.samples)]
    named = {
        f"{setting} {model} N={samples} run={run}": (setting, model, samples, run)
        for run in range(task.runs)
        for model, samples in sources
        for setting in SETTINGS
    }
    measure = partial(_measure, task=task, sampling=sampling, device=device, folder=folder)
    return sweep(named, measure, batch, cells)


def _measure(
    setting: str, model: str, samples: int | str, run: int, task: Task, sampling: Sampling, device: str, folder: Path
) -> list[Row]:
    """All swarm sizes of one network, or of the exact scores; the largest swarms make the grids."""
    target, floors = _true_samples(setting, task.reading, sampling, run)
    what = composition(setting, task.reading, sampling.weights)
    scores = _shared(_scores(what, model, samples, run, task, device, folder), task, sampling)
    rows = []
    for particles in sorted(sampling.particles, reverse=True):
        generator = torch_generator(SLUG, "distances", setting, model, samples, run, particles, device=device)
        found = _sample(scores, what.weights, particles, sampling.outputs, task, sampling, generator)
        for metric, value in _distances(found.cpu().double().numpy(), target, sampling.directions).items():
            place = {"setting": setting, "model": model, "metric": metric, "samples": samples, "particles": particles}
            rows.append(place | {"run": run, "value": value, "floor": floors[metric]})
    return rows


@lru_cache(maxsize=16)
def _true_samples(setting: str, reading: str, sampling: Sampling, run: int) -> tuple[np.ndarray, dict[str, float]]:
    """The true samples of a run, and how far a second set of them is away."""
    what = composition(setting, reading, sampling.weights)  # type: ignore[arg-type]
    drawn = [what.target(sampling.outputs, torch_generator(SLUG, setting, "target", run, part)) for part in range(2)]
    first, second = (each.double().numpy() for each in drawn)
    return first, _distances(second, first, sampling.directions)


def _distances(found: np.ndarray, target: np.ndarray, count: int) -> dict[str, float]:
    along = directions(count, target.shape[1], numpy_generator(SLUG, "directions"))
    return {
        "sw2": sliced_wasserstein(found, target, along),
        "mmd2": mean_discrepancy(found, target, median_bandwidth(found, target)),
    }


def grid(*, grid: Grid, task: Task, sampling: Sampling, device: str, folder: Path) -> pd.DataFrame:
    """Whether scores from a grid do what the networks themselves do: the same distances from both, in every setting.

    `direct` and `grid` draw the same random numbers, `again` others: how far two direct evaluations are apart is the
    Monte-Carlo error. `evaluated` is the share of places at which the grid asked the networks. The conditional
    networks of the largest N.
    """
    rows = []
    for setting, run in product(SETTINGS, range(min(grid.runs, task.runs))):
        what = composition(setting, task.reading, sampling.weights)
        target, _ = _true_samples(setting, task.reading, sampling, run)
        direct = _scores(what, "conditional", max(task.samples), run, task, device, folder)
        shared = _shared(direct, task, sampling)
        ways: dict[str, tuple[Scores, int]] = {"direct": (direct, 0), "grid": (shared, 0), "again": (direct, 1)}
        found = {}
        for way, (scores, seed) in ways.items():
            generator = torch_generator(SLUG, "grid", setting, run, seed, device=device)
            drawn = _sample(scores, what.weights, grid.particles, sampling.outputs, task, sampling, generator)
            found[way] = _distances(drawn.cpu().double().numpy(), target, sampling.directions)
        rows += [
            {"setting": setting, "metric": metric, "particles": grid.particles, "run": run}
            | {"evaluated": shared.evaluated / shared.asked}
            | {way: values[metric] for way, values in found.items()}
            for metric in found["direct"]
        ]
    return _agreement(pd.DataFrame(rows))


def _agreement(frame: pd.DataFrame) -> pd.DataFrame:
    """Add `apart`: the mean of grid - direct over the runs, in units of its standard error.

    Paths from the grid soon part from those of direct evaluation: their distances differ like those of two direct
    evaluations, by `monte_carlo`, the root mean square of again - direct.
    """
    apart = frame.assign(difference=frame.grid - frame.direct, squared=(frame.again - frame.direct) ** 2)
    numbers = apart.groupby(["setting", "metric"], sort=False)[["difference", "squared"]].mean().reset_index()
    numbers["monte_carlo"] = numbers.pop("squared") ** 0.5
    numbers["apart"] = numbers.difference / numbers.monte_carlo * frame.run.nunique() ** 0.5
    return frame.merge(numbers, on=["setting", "metric"])


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
            shared = _shared(scores, task, sampling)
            generator = torch_generator(SLUG, "figure1", kind, source, device=device)
            found = _sample(
                shared, weights, 1 if alone else figure1.particles, figure1.outputs, task, sampling, generator
            )
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
        clouds = _trajectories(exact, weights, error_map, task, sampling, torch_generator(SLUG, "error_map", setting))
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

    _sample(watched, weights, 1, error_map.swarms, task, sampling, generator)
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


def _shared(scores: Scores, task: Task, sampling: Sampling) -> GridScores:
    """The same scores from grids that all swarms share."""
    return GridScores(scores, schedule_of(task), sampling.nodes, sampling.bound)


def _sample(
    scores: Scores, weights: Tensor, particles: int, swarms: int, task: Task, sampling: Sampling,
    generator: torch.Generator,
) -> Tensor:  # fmt: skip
    """One draw from each swarm, (swarms, 2)."""
    sampler = Sampler(
        sampling.steps, sampling.dynamics, sampling.resampling, sampling.threshold, sampling.clip, sampling.centring,
        sampling.noise_on_last_step,
    )  # fmt: skip
    return sample_in_parts(
        scores, weights.to(generator.device), swarms=swarms, particles=particles, shape=(2,), sampler=sampler,
        schedule=schedule_of(task), generator=generator,
    )  # fmt: skip
