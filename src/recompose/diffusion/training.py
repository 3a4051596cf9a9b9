"""How the networks of all papers are trained: one loop, whose every step depends on its number alone."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from recompose.blocks import Optimizer
from recompose.diffusion.checkpoints import CHECKPOINT_SECONDS, load_checkpoint, save_checkpoint
from recompose.errors import RecomposeError

RECENT = 100
"""Steps over which a line of progress averages the loss."""

Loss = Callable[[int], Tensor]
"""The loss of a step, counted from 0, on a batch that it draws itself.

What it draws must depend on the step and on names alone (`recompose.randomness`), never on the steps before: then a
training that was stopped ends in the same weights. It returns a scalar, or (networks,): the losses of networks that are
stacked and do not see each other.
"""


@dataclass(frozen=True)
class Halving:
    """The learning rate is halved after every so many steps."""

    every: int

    def factor(self, step: int, steps: int) -> float:
        """What the learning rate is multiplied with in a step, counted from 0."""
        return 0.5 ** (step // self.every)


@dataclass(frozen=True)
class Cosine:
    """The learning rate grows linearly from zero for some steps, and falls to zero as half a period of a cosine.

    diffusers' `get_cosine_schedule_with_warmup`; the cosine is that of Loshchilov & Hutter (2017).
    """

    warm_up: int = 0

    def factor(self, step: int, steps: int) -> float:
        """What the learning rate is multiplied with in a step, counted from 0, of so many."""
        if step < self.warm_up:
            return step / self.warm_up
        return 0.5 * (1 + math.cos(math.pi * (step - self.warm_up) / max(1, steps - self.warm_up)))


@dataclass(frozen=True)
class Training:
    """How a network is trained: by an optimizer whose other parameters are its library's defaults."""

    steps: int
    learning_rate: float
    annealing: Halving | Cosine | None = None
    """What becomes of the learning rate; None: it stays."""
    weight_decay: float = 0.0
    """Decoupled from the gradient, which makes Adam AdamW (Loshchilov & Hutter, 2019); diffusers' habit is 0.01."""
    clip: float | None = None
    """The largest norm of the gradient of all parameters together; a longer one is scaled down to it."""
    average: float | None = None
    """Decay d of the moving average of the weights that replaces them in the end; None for the last ones themselves."""
    average_warm_up: bool = False
    """Whether the average forgets its start: see `moving_average`."""
    precision: Literal["fp32", "bf16"] = "fp32"
    """Of matrix products and convolutions; weights, losses and the optimizer are fp32 in any case."""
    compiled: bool = False
    """Whether torch.compile makes kernels of the network's own; on a processor it takes a C++ compiler."""
    optimizer: Optimizer = "adam"
    """See `optimizer_of`."""
    fused: bool = True
    """Of Adam: whether a step is one kernel: faster, and other in the last digits than PyTorch's plain one."""

    def rate(self, step: int) -> float:
        """The learning rate of a step, counted from 0."""
        return self.learning_rate * (self.annealing.factor(step, self.steps) if self.annealing else 1.0)


def fit(
    network: nn.Module,
    loss: Loss,
    training: Training,
    *,
    name: str,
    identity: Mapping[str, str],
    checkpoint: Path | None = None,
    every: int = 1,
    report: Callable[[str], None] | None = None,
) -> Tensor:
    """Train a network where it stands; the loss of every step, (steps,), of several networks their mean.

    network: all that is trained, as one module on the device of choice. Parameters without `requires_grad` keep their
    bits; whether batch normalization and dropout are in training mode is the caller's to say, as with the parts of a
    network that stay as they are.
    loss: computed under autocast where the precision is lower: differences are taken of `predicted.float()`.
    name: says in messages which training it is. report: takes the lines on its progress; None prints them, as
    `telling` does. identity: what it is of, in words (its names, its data): a checkpoint has to agree in it, in the
    training and in the network's shapes.
    checkpoint: the file to go on from, and to write at most once a minute, and in the end; one of a training that is
    done has nothing left to do. every: progress is told, and kept, between so many steps only.

    Raises RecomposeError where the loss is no number, or the checkpoint is of something else. Losses of several
    networks may be none: the others finish, and the caller finds out which ones failed.
    """
    report = report or telling(name)
    device = next(network.parameters()).device
    trained = [parameter for parameter in network.parameters() if parameter.requires_grad]
    optimizer = optimizer_of(trained, training)
    average = moving_average(network, training.average, warm_up=training.average_warm_up) if training.average else None
    losses = torch.full((training.steps,), torch.nan, device=device)
    whole = {**identity, "training": repr(training)}
    start = 0
    if checkpoint and checkpoint.exists():
        start = load_checkpoint(checkpoint, network, optimizer, whole, losses=losses, average=average)
        report(f"goes on after step {start} of {training.steps}")
    if training.compiled:
        network.compile()

    lower = torch.autocast(device.type, torch.bfloat16, enabled=training.precision == "bf16")
    saved = begun = time.monotonic()
    for step in range(start, training.steps):
        for group in optimizer.param_groups:
            group["lr"] = training.rate(step)
        optimizer.zero_grad(set_to_none=True)
        with lower:
            found = loss(step)
        found.sum().backward()  # type: ignore[no-untyped-call]
        if training.clip:
            nn.utils.clip_grad_norm_(trained, training.clip)
        optimizer.step()
        if average:
            average.update_parameters(network)
        losses[step] = found.detach().mean()

        done = step + 1
        pause = done % every == 0 and time.monotonic() - saved > CHECKPOINT_SECONDS
        if pause or done == training.steps:
            if found.ndim == 0:
                _require_finite(losses[:done], name)
            if checkpoint:
                save_checkpoint(checkpoint, network, optimizer, whole, done, losses=losses, average=average)
            saved = time.monotonic()
            left = (training.steps - done) * (saved - begun) / (done - start)
            recent = float(losses[max(0, done - RECENT) : done].mean())
            report(f"{done}/{training.steps} iterations, mean loss {recent:.4g}, {left:.0f} s left")
    if average:
        network.load_state_dict(average.module.state_dict())
    return losses.cpu()


def steps_of_epoch(count: int, batch: int) -> int:
    """How many steps see all of so many images once; the last one may be of fewer."""
    return -(-count // batch)


def telling(name: str) -> Callable[[str], None]:
    """How a training is told of unless its caller says otherwise: in lines that begin with its name."""
    return lambda line: print(f"{name}: {line}", flush=True)


def optimizer_of(parameters: list[nn.Parameter], training: Training) -> torch.optim.Optimizer:
    """Adam (Kingma & Ba, 2015), or SOAP (Vyas et al., 2024): Adam along the axes of Shampoo's preconditioner.

    SOAP comes to a loss in a fraction of Adam's steps; each takes products with matrices of the size of a layer's
    channels, whatever the batch. Weights decay apart from the gradient with both.
    """
    rate, decay = training.learning_rate, training.weight_decay
    if training.optimizer == "soap":
        from pytorch_optimizer import SOAP  # late: it takes seconds to import

        return SOAP(parameters, lr=rate, weight_decay=decay)
    return torch.optim.Adam(parameters, lr=rate, weight_decay=decay, decoupled_weight_decay=True, fused=training.fused)


def moving_average(network: nn.Module, decay: float, *, warm_up: bool) -> AveragedModel:
    """An exponential moving average of a network's weights and floating buffers, w <- d w + (1 - d) (those of a step).

    Plain, it begins with the weights before the first step, which count d^n after n steps. With a warm-up the weights
    after the first step begin it, and when n are in it the decay is min(d, (1 + n) / (10 + n)), as in the code of
    paper 2 and diffusers' `EMAModel`: it is of about the last tenth of the steps until that is as long as d asks for.
    (Division by 1 - d^n, as in Adam, would leave nothing of the start either, but until then all steps count alike, the
    first, which are far off, as much as the last.)

    The running statistics of batch normalization are averaged like the weights, for the averaged network's activations
    are spread as theirs are on the average; counts are copied.
    """

    @torch.no_grad()
    def update(averages: list[Tensor], values: list[Tensor], n: Tensor) -> None:
        if not averages[0].is_floating_point():
            torch._foreach_copy_(averages, values)
            return
        now = min(decay, (1 + float(n)) / (10 + float(n))) if warm_up else decay
        torch._foreach_lerp_(averages, values, 1 - now)

    average = AveragedModel(network, multi_avg_fn=update, use_buffers=True)  # type: ignore[arg-type]
    if not warm_up:
        average.update_parameters(network)
    return average


def _require_finite(losses: Tensor, name: str) -> None:
    wrong = (~torch.isfinite(losses)).nonzero()
    if len(wrong):
        raise RecomposeError(f"{name}: the loss of step {int(wrong[0]) + 1} is no number; lower learning_rate")
