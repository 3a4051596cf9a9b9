"""Denoising score matching with networks that predict the noise (Ho et al., 2020), many of them at once."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn

from recompose.diffusion.checkpoints import CHECKPOINT_SECONDS, load_checkpoint, save_checkpoint
from recompose.diffusion.schedules import NEAREST, VariancePreserving
from recompose.errors import RecomposeError
from recompose.randomness import torch_generator

SLICE = 50
"""Iterations whose random numbers are drawn at once; a checkpoint stands between two slices."""
SMALLEST_VARIANCE = 1e-8


@dataclass(frozen=True)
class Training:
    """How the networks are trained; Adam's other parameters are its defaults."""

    iterations: int
    batch: int
    learning_rate: float
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of the matrix products; weights, losses and the optimizer are fp32 in any case."""


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
    schedule: VariancePreserving,
    device: str = "cpu",
    checkpoint: Path | None = None,
    report: Callable[[str], None] = print,
) -> None:
    """Train stacked networks, one for each task, all together; each gets the weights it would get alone.

    network: (networks, points, inputs) -> (networks, points, dimension), none of which sees another.
    The loss of a network is |predicted - noise|^2, summed over the dimensions, its mean over a batch that is divided
    equally among the sources. Random numbers come from the task's own generators, slice by slice: a resumed training
    draws what an uninterrupted one draws, and one that is done stays in its checkpoint. Raises Divergence, after the
    last iteration, with the names of networks whose loss became NaN; their weights are NaN, those of the others as
    without them.
    """
    network.to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=training.learning_rate)
    identity = _identity(tasks, training)
    start = load_checkpoint(checkpoint, network, optimizer, identity)[0] if checkpoint and checkpoint.exists() else 0
    saved = begun = time.monotonic()
    lower = torch.autocast(device, torch.bfloat16, enabled=training.precision == "bf16")
    for first in range(start, training.iterations, SLICE):
        batches = [_batches(task, training, first // SLICE, schedule) for task in tasks]
        inputs, noise = (torch.stack(part, dim=1).to(device) for part in zip(*batches, strict=True))
        for x, target in zip(inputs[: training.iterations - first], noise, strict=False):
            optimizer.zero_grad(set_to_none=True)
            with lower:
                predicted = network(x)
            losses = (predicted.float() - target).square().sum(dim=-1).mean(dim=-1)
            losses.sum().backward()
            optimizer.step()
        done = min(first + SLICE, training.iterations)
        if checkpoint and time.monotonic() - saved > CHECKPOINT_SECONDS:
            save_checkpoint(checkpoint, network, optimizer, identity, done)
            saved = time.monotonic()
            left = (training.iterations - done) * (saved - begun) / (done - start)
            report(f"{done}/{training.iterations} iterations, mean loss {losses.mean():.4f}, {left:.0f} s left")
    if checkpoint and start < training.iterations:
        save_checkpoint(checkpoint, network, optimizer, identity, training.iterations)
    finite = torch.stack([torch.isfinite(each).flatten(1).all(dim=1) for each in network.parameters()]).all(dim=0)
    failed = [" ".join(map(str, task.names)) for task, good in zip(tasks, finite.tolist(), strict=True) if not good]
    if failed:
        raise Divergence(f"NaN in the training of {len(failed)} of {len(tasks)} networks: {'; '.join(failed)}")


def _batches(task: Task, training: Training, number: int, schedule: VariancePreserving) -> tuple[Tensor, Tensor]:
    """What a network sees in one slice, and the noise in it: (iterations, batch, inputs) and (.., batch, dimension)."""
    sources, samples, dimension = task.data.shape
    each = training.batch // sources
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


def _identity(tasks: Sequence[Task], training: Training) -> dict[str, str]:
    return {"tasks": repr([task.names for task in tasks]), "training": repr(training)}
