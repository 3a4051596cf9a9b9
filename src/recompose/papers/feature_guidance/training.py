"""What the networks of paper 5 are trained for: to see the noise, at a level they are not told (Algorithms 2 and 4)."""

import functools
from collections.abc import Callable
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

from recompose.datasets.labelled_images import LabelledImages
from recompose.diffusion.training import Loss, steps_of_epoch
from recompose.randomness import torch_generator

LossOf = Literal["sigma_z", "z"]
SMALLEST = 0.2
"""The noise below which the loss of z weighs all alike: its weight would grow without bound."""


class Told(NamedTuple):
    """What a condition may be made of: other images and, for each image of the batch, which of these is its own; the
    classes, (images,); and random numbers."""

    others: Tensor
    which: Tensor
    labels: Tensor
    generator: torch.Generator


Condition = Callable[[Told], Tensor | None]
"""What the network is told of the images of a batch, (images, features), or nothing."""


def noise_loss(
    network: nn.Module, data: LabelledImages, *, batch: int, names: tuple[str | int, ...], condition: Condition,
    shared: int = 1, of: LossOf = "sigma_z",
) -> Loss:  # fmt: skip
    """The loss |sigma z - f|^2 per pixel, f predicted from x + sigma z, sigma uniform in [0, 1].

    So Algorithms 2 and 4; their score is s = -f. With `of` z it is |z - f / sigma|^2 as section 4 has it, which weighs
    little noise more. An epoch goes through all images in an order of chance; the condition of an image x may be made
    from x', another of its class, which `shared` images of a class have in common: see `epoch`. Random numbers depend
    on the names and the step.
    """
    device = next(network.parameters()).device
    each = steps_of_epoch(len(data.images), batch)

    @functools.lru_cache(maxsize=1)
    def drawn(number: int) -> tuple[Tensor, Tensor]:
        return epoch(data.labels, torch_generator(*names, "epoch", number), shared)

    def loss(step: int) -> Tensor:
        number, place = divmod(step, each)
        order, partner = drawn(number)
        chosen = order[place * batch : (place + 1) * batch]
        generator = torch_generator(*names, "step", step)
        x = data.batch(chosen, device)
        sigma = torch.rand((len(x), 1, 1, 1), generator=generator).to(device)
        noise = sigma * torch.randn(x.shape, generator=generator).to(device)
        others, which = torch.unique(partner[chosen], return_inverse=True)
        told = condition(Told(data.batch(others, device), which, data.labels[chosen].to(device), generator))
        error = network(x + noise, told).float() - noise
        return (error / sigma.clamp_min(SMALLEST) if of == "z" else error).square().mean()

    return loss


def epoch(labels: Tensor, generator: torch.Generator, shared: int = 1) -> tuple[Tensor, Tensor]:
    """An order of all images, and of each image another of its class, both of chance.

    `shared` images of a class, fewer where it is small, follow one another and have the other one, which is none of
    them, in common. Over many epochs every image is told of every other one of its class equally often, as with 1.
    An image that is alone in its class is its own other.
    """
    runs: list[Tensor] = []
    partner = torch.empty_like(labels)
    mixed = torch.randperm(len(labels), generator=generator)
    for label in torch.unique(labels):
        members = mixed[labels[mixed] == label]
        of_class = torch.split(members, max(1, min(shared, len(members) - 1)))
        runs += of_class
        for run, following in zip(of_class, [*of_class[1:], of_class[0]], strict=True):
            partner[run] = following[0]
    order = torch.cat([runs[place] for place in torch.randperm(len(runs), generator=generator)])
    return order, partner
