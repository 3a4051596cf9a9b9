"""Denoisers of images, blind to the noise level, trained alone or under a condition (paper 5, Algorithms 2 and 4)."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from recompose.diffusion.checkpoints import CHECKPOINT_SECONDS, load_checkpoint, save_checkpoint
from recompose.errors import RecomposeError
from recompose.randomness import torch_generator

Condition = Callable[[Tensor, Tensor, torch.Generator], Tensor | None]
"""What the network is told of a batch, from other images of the same classes, the classes, and random numbers."""


@dataclass(frozen=True)
class Training:
    """How a denoiser is trained; Adam's other parameters are its defaults."""

    epochs: int
    batch: int
    learning_rate: float
    halve_every: int
    """Epochs after which the learning rate is halved."""
    average: float | None = None
    """Decay of the moving average of the weights that replaces them in the end; None for the last ones themselves."""
    precision: str = "fp32"
    """fp32 or bf16, of the convolutions; weights, losses and the optimizer are fp32 in any case."""
    compiled: bool = False


@dataclass(frozen=True)
class LabelledImages:
    """images: (images, channels, height, width), bytes or intensities; labels: (images,)."""

    images: Tensor
    labels: Tensor

    def batch(self, chosen: Tensor, device: str) -> Tensor:
        """Some of them, with intensities in [0, 1]."""
        return intensities(self.images[chosen], device)


def intensities(images: Tensor, device: str = "cpu") -> Tensor:
    """Bytes as numbers in [0, 1], laid out with the channels last: convolutions on processors want them so."""
    numbers = images.to(device).float()
    numbers = numbers / 255 if images.dtype == torch.uint8 else numbers
    return numbers.contiguous(memory_format=torch.channels_last)


def placed(network: nn.Module, device: str) -> None:
    """Move a network to a device, its weights in the order that images have there."""
    network.to(device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]


def train(
    network: nn.Module,
    data: LabelledImages,
    training: Training,
    *,
    names: tuple[str | int, ...],
    condition: Condition,
    device: str = "cpu",
    checkpoint: Path | None = None,
    report: Callable[[str], None] = print,
) -> Tensor:
    """Train to predict the noise sigma z in x + sigma z, sigma uniform in [0, 1]; the loss of every step.

    The loss is |sigma z - f|^2 per pixel (Algorithms 2 and 4; their score is s = -f). An epoch goes through all images
    in an order of chance; the condition of an image x may be made from x', another of its class: the images of a class
    are permuted for that. Random numbers depend on the names and the step: a training that was stopped ends in the same
    weights. Raises RecomposeError where the loss is no number.
    """
    placed(network, device)
    if training.compiled:
        network.compile()
    optimizer = torch.optim.Adam(network.parameters(), lr=training.learning_rate, fused=True)
    averages = {name: value.detach().clone() for name, value in network.named_parameters()}
    identity = {"names": repr(names), "training": repr(training), "data": repr(tuple(data.images.shape))}
    each = -(-len(data.images) // training.batch)
    losses = torch.full((training.epochs * each,), torch.nan)
    start = 0
    if checkpoint and checkpoint.exists():
        start, more = load_checkpoint(checkpoint, network, optimizer, identity)
        losses = more.pop("losses")
        averages |= {name: value.to(device) for name, value in more.items()}
        report(f"goes on after step {start} of {len(losses)}")

    def save(done: int) -> None:
        assert checkpoint
        more = averages if training.average else {}
        save_checkpoint(checkpoint, network, optimizer, identity, done, more | {"losses": losses})

    saved = begun = time.monotonic()
    lower = torch.autocast(device, torch.bfloat16, enabled=training.precision == "bf16")
    for step in range(start, len(losses)):
        epoch, place = divmod(step, each)
        if place == 0 or step == start:
            order, partner = _epoch(data.labels, torch_generator(*names, "epoch", epoch))
            for group in optimizer.param_groups:
                group["lr"] = training.learning_rate * 0.5 ** (epoch // training.halve_every)
        chosen = order[place * training.batch : (place + 1) * training.batch]
        generator = torch_generator(*names, "step", step)
        x = data.batch(chosen, device)
        sigma = torch.rand((len(x), 1, 1, 1), generator=generator).to(device)
        noise = sigma * torch.randn(x.shape, generator=generator).to(device)
        optimizer.zero_grad(set_to_none=True)
        with lower:
            told = condition(data.batch(partner[chosen], device), data.labels[chosen].to(device), generator)
            predicted = network(x + noise, told)
        loss = (predicted.float() - noise).square().mean()
        loss.backward()
        optimizer.step()
        losses[step] = loss.detach()
        if training.average:
            for name, value in network.named_parameters():
                averages[name].lerp_(value.detach(), 1 - training.average)
        if time.monotonic() - saved > CHECKPOINT_SECONDS:
            saved = time.monotonic()
            _require_finite(losses[step], names)
            left = (len(losses) - step - 1) * (saved - begun) / (step + 1 - start)
            recent = losses[max(0, step - 99) : step + 1].mean()
            report(f"step {step + 1}/{len(losses)}, loss {recent:.5f}, {left:.0f} s left")
            if checkpoint:
                save(step + 1)
    if len(losses):
        _require_finite(losses[-1], names)
    if checkpoint and start < len(losses):
        save(len(losses))
    if training.average:
        network.load_state_dict(averages, strict=False)
    return losses


def _epoch(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """An order of all images, and of each image another of its class, both of chance."""
    order = torch.randperm(len(labels), generator=generator)
    shuffled = order[labels[order].argsort(stable=True)]
    partner = torch.empty_like(order)
    partner[labels.argsort(stable=True)] = shuffled
    return order, partner


def _require_finite(loss: Tensor, names: tuple[str | int, ...]) -> None:
    if not torch.isfinite(loss):
        raise RecomposeError(f"{' '.join(map(str, names))}: the loss is no number any more; lower learning_rate")
