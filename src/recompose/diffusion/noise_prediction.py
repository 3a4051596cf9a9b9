"""Denoising score matching with networks that predict the noise (Ho et al., 2020), many of them at once."""

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from recompose.diffusion.schedules import NEAREST, VariancePreserving
from recompose.diffusion.training import Loss, Training, fit
from recompose.errors import RecomposeError
from recompose.randomness import torch_generator

SLICE = 50
"""Steps whose random numbers are drawn at once; a checkpoint stands between two slices."""
SMALLEST_VARIANCE = 1e-8


class Divergence(RecomposeError):
    """Some networks ran into NaN; the others finished."""


@dataclass(frozen=True)
class Task:
    """What one network learns: the noise in samples of one or several sources.

    data: (sources, samples, dimension); with several sources the network is told which one it looks at.
    names: the key of all its random numbers.
    """

    names: tuple[str | int | float, ...]
    data: Tensor

    @property
    def inputs(self) -> int:
        """What its network sees of a point: the time, the place, and which source it is from, if there are several."""
        sources, _, dimension = self.data.shape
        return 1 + dimension + (sources if sources > 1 else 0)

    def generator(self, *more: str | int) -> torch.Generator:
        """A generator of its own."""
        return torch_generator(*self.names, *more)


def train(
    network: nn.Module,
    tasks: Sequence[Task],
    training: Training,
    *,
    batch: int,
    schedule: VariancePreserving,
    device: str = "cpu",
    checkpoint: Path | None = None,
    name: str | None = None,
    report: Callable[[str], None] | None = None,
) -> Tensor:
    """Train stacked networks, one for each task, all together; each gets the weights it would get alone.

    network: (networks, points, inputs) -> (networks, points, dimension), none of which sees another. batch: points of a
    step, divided equally among the sources. name, report: as `fit` tells of it; without a name, of how many networks.
    The loss of every step, (steps,), is the mean over the networks. A training that is done stays in its checkpoint.
    Raises Divergence, after the last step, with the names of networks whose loss became NaN; their weights are NaN,
    those of the others as without them.
    """
    network.to(device)
    losses = fit(
        network,
        noise_loss(network, tasks, batch=batch, schedule=schedule, device=device),
        training,
        name=name or f"{len(tasks)} networks",
        identity={"tasks": repr([task.names for task in tasks]), "batch": str(batch)},
        checkpoint=checkpoint,
        every=SLICE,
        report=report,
    )
    finite = torch.stack([torch.isfinite(each).flatten(1).all(dim=1) for each in network.parameters()]).all(dim=0)
    failed = [" ".join(map(str, task.names)) for task, good in zip(tasks, finite.tolist(), strict=True) if not good]
    if failed:
        raise Divergence(f"NaN in the training of {len(failed)} of {len(tasks)} networks: {'; '.join(failed)}")
    return losses


def noise_loss(
    network: nn.Module, tasks: Sequence[Task], *, batch: int, schedule: VariancePreserving, device: str
) -> Loss:
    """The losses of stacked networks, (networks,): |predicted - noise|^2 over the dimensions, its mean over a batch.

    Random numbers come from the task's own generators, slice by slice.
    """

    @functools.lru_cache(maxsize=1)
    def drawn(number: int) -> tuple[Tensor, Tensor]:
        """Of one slice: (steps, networks, batch, inputs) and (steps, networks, batch, dimension)."""
        batches = [_batches(task, batch, number, schedule) for task in tasks]
        inputs, noise = (torch.stack(part, dim=1).to(device) for part in zip(*batches, strict=True))
        return inputs, noise

    def loss(step: int) -> Tensor:
        number, place = divmod(step, SLICE)
        inputs, noise = drawn(number)
        predicted = network(inputs[place])
        return (predicted.float() - noise[place]).square().sum(dim=-1).mean(dim=-1)

    return loss


def _batches(task: Task, batch: int, number: int, schedule: VariancePreserving) -> tuple[Tensor, Tensor]:
    """What a network sees in one slice, and the noise in it: (steps, batch, inputs) and (steps, batch, dimension)."""
    sources, samples, dimension = task.data.shape
    each = batch // sources
    generator = task.generator("slice", number)
    shape = (SLICE, sources, each)
    chosen = torch.randint(samples, shape, generator=generator)
    t = torch.rand((*shape, 1), generator=generator).clamp(NEAREST, 1 - NEAREST)
    noise = torch.randn((*shape, dimension), generator=generator)
    clean = task.data[torch.arange(sources).view(1, -1, 1), chosen]
    seen = network_input(t, schedule.alpha(t) * clean + schedule.sigma(t) * noise)
    return seen.flatten(1, 2), noise.flatten(1, 2)


def network_input(t: Tensor, x: Tensor) -> Tensor:
    """[t, x, which source]; one source needs no name.

    t: (..., sources, points, 1), x: (..., sources, points, dimension)
    """
    sources = x.shape[-3]
    parts = [t.expand(*x.shape[:-1], 1), x]
    if sources > 1:
        names = torch.eye(sources, dtype=x.dtype, device=x.device).unsqueeze(1)
        parts.append(names.expand(*x.shape[:-1], sources))
    return torch.cat(parts, dim=-1)


def score_of(predicted: Tensor, t: Tensor, schedule: VariancePreserving) -> Tensor:
    """The score from the predicted noise, -noise / sigma(t)."""
    return -predicted / schedule.sigma(t).square().clamp_min(SMALLEST_VARIANCE).sqrt()
