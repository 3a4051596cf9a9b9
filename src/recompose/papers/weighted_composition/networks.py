"""The networks of paper 2 (appendix F.1): how they are trained, kept, and made into scores."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from recompose.datasets.compositions import composition
from recompose.diffusion.noise_prediction import Task, network_input, score_of, train
from recompose.diffusion.schedules import VariancePreserving
from recompose.diffusion.training import Cosine, Training
from recompose.errors import RecomposeError
from recompose.machine import require_memory, resolve_precision
from recompose.networks import files
from recompose.networks.stacked import StackedMLP, noise_predictors
from recompose.papers.weighted_composition import settings as configuration
from recompose.randomness import torch_generator

if TYPE_CHECKING:  # a sampler that changes is no reason to train anew
    from recompose.diffusion.feynman_kac import Scores

SLUG = "weighted_composition"
SOURCES = ("a1", "a2", "0")


def networks(
    name: str, *, task: configuration.Task, networks: configuration.Networks, device: str,
    checkpoint: Path | None = None,
) -> tuple[files.Kept, None]:  # fmt: skip
    """Train the networks of `<setting>_<model>`: for every N and run a conditional one, or one for each source.

    All train together. The tensors are those of a StackedMLP, its networks in the order of `_tasks`; with them goes
    what they were trained with. Data depend on the setting, N, the run and the source: both kinds of models, and all
    that is made from them, see the same.
    """
    setting, _, model = name.rpartition("_")
    tasks = _tasks(setting, model, task)
    precision = resolve_precision(networks.precision, device)
    _require_room(tasks, networks, device)
    stack = noise_predictors(tasks, networks.width, networks.layers)
    annealing = Cosine() if networks.annealing == "cosine" else None
    training = Training(networks.iterations, networks.learning_rate, annealing, precision=precision)
    print(f"{setting}, {model}: {len(tasks)} networks, {precision} on {device}", flush=True)
    train(
        stack,
        tasks,
        training,
        batch=networks.batch,
        schedule=schedule_of(task),
        device=device,
        name=f"{setting}, {model}",
        checkpoint=checkpoint,
    )
    return files.kept(stack, _identity(setting, model, task) | {"precision": precision}), None


def schedule_of(task: configuration.Task) -> VariancePreserving:
    """The noising process that is configured."""
    return VariancePreserving(task.b_min, task.b_max)


def _tasks(setting: str, model: str, task: configuration.Task) -> list[Task]:
    """What each network learns: by N, then by run, and if they are separate by source."""
    sources = composition(setting, task.reading).sources
    tasks = []
    for samples in task.samples:
        for run in range(task.runs):
            place = (SLUG, setting, samples, run)
            drawn = {
                name: source.sample(samples, torch_generator(*place, "data", name))
                for name, source in zip(SOURCES, sources, strict=True)
            }
            if model == "conditional":
                tasks.append(Task((*place, model), torch.stack(list(drawn.values()))))
            else:
                tasks += [Task((*place, model, name), data.unsqueeze(0)) for name, data in drawn.items()]
    return tasks


def _require_room(tasks: list[Task], networks: configuration.Networks, device: str) -> None:
    """Weights, gradients and Adam's two moments; and of each layer what the backward pass needs, twice."""
    if device == "cpu":
        parameters = networks.layers * networks.width * (networks.width + 1)
        activations = 3 * networks.layers * networks.batch * networks.width
        require_memory(4.0 * len(tasks) * (4 * parameters + activations), f"training {len(tasks)} networks at once")


def _identity(setting: str, model: str, task: configuration.Task) -> dict[str, str]:
    """What a file of networks has to agree in with those who read it."""
    return {"setting": setting, "model": model, "task": task.model_dump_json()}


def learned_scores(
    path: Path, setting: str, model: str, samples: int, run: int, *, task: configuration.Task, device: str = "cpu"
) -> "Scores":
    """The scores of the networks that were trained on N samples in one run; others stay in their file.

    Raises RecomposeError where the file is of other settings, or lacks the network of a source.
    """
    each = len(SOURCES) if model == "separate" else 1
    place = (task.samples.index(samples) * task.runs + run) * each
    identity = _identity(setting, model, task)
    _, tensors = files.read(path, identity, rows=slice(place, place + each))
    missing = [name for name, tensor in tensors.items() if len(tensor) != each]
    if missing or not tensors:
        wanted = ", ".join(SOURCES) if each > 1 else "all sources"
        what = f"run {run} with N = {samples} for {wanted}"
        raise RecomposeError(f"{path}: no network of {what}; delete it and run again")
    widths = [tensor.shape[1] for tensor in _numbered(tensors, "weights")]
    stack = StackedMLP.of([*widths, 2], each, tensors)
    return network_scores(stack.to(device).requires_grad_(False), model, schedule_of(task))


def _numbered(tensors: Mapping[str, Tensor], kind: str) -> list[Tensor]:
    return [tensors[f"{kind}.{number}"] for number in range(len(tensors) // 2)]


def network_scores(stack: StackedMLP, model: str, schedule: VariancePreserving) -> "Scores":
    """The scores that networks predict: one network for all sources, or one for each."""

    def scores(x: Tensor, t: Tensor) -> Tensor:
        points = x.flatten(1).T.expand(len(SOURCES), -1, -1)  # (sources, points, dimension)
        if model == "conditional":
            predicted = stack(network_input(t, points).flatten(0, 1).unsqueeze(0))[0].view(*points.shape[:2], -1)
        else:
            predicted = stack(torch.cat([t.expand(*points.shape[:2], 1), points], dim=-1))
        return score_of(predicted, t, schedule).mT.reshape(len(SOURCES), *x.shape)

    return scores
