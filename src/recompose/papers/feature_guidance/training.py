"""What the networks of paper 5 are trained for: to see the noise, at a level they are not told (Algorithms 2 and 4)."""

import functools
from collections.abc import Callable

import torch
from torch import Tensor, nn

from recompose.datasets.labelled_images import LabelledImages
from recompose.diffusion.training import Loss
from recompose.randomness import torch_generator

Condition = Callable[[Tensor, Tensor, torch.Generator], Tensor | None]
"""What the network is told of a batch, from other images of the same classes, the classes, and random numbers."""


def steps_of_epoch(data: LabelledImages, batch: int) -> int:
    """How many steps go through all images; the last one may be of fewer."""
    return -(-len(data.images) // batch)


def noise_loss(
    network: nn.Module, data: LabelledImages, *, batch: int, names: tuple[str | int, ...], condition: Condition
) -> Loss:
    """The loss |sigma z - f|^2 per pixel, f predicted from x + sigma z, sigma uniform in [0, 1].

    So Algorithms 2 and 4; their score is s = -f. An epoch goes through all images in an order of chance; the condition
    of an image x may be made from x', another of its class: the images of a class are permuted for that. Random numbers
    depend on the names and the step.
    """
    device = next(network.parameters()).device
    each = steps_of_epoch(data, batch)

    @functools.lru_cache(maxsize=1)
    def drawn(number: int) -> tuple[Tensor, Tensor]:
        return epoch(data.labels, torch_generator(*names, "epoch", number))

    def loss(step: int) -> Tensor:
        number, place = divmod(step, each)
        order, partner = drawn(number)
        chosen = order[place * batch : (place + 1) * batch]
        generator = torch_generator(*names, "step", step)
        x = data.batch(chosen, device)
        sigma = torch.rand((len(x), 1, 1, 1), generator=generator).to(device)
        noise = sigma * torch.randn(x.shape, generator=generator).to(device)
        told = condition(data.batch(partner[chosen], device), data.labels[chosen].to(device), generator)
        return (network(x + noise, told).float() - noise).square().mean()

    return loss


def epoch(labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """An order of all images, and of each image another of its class, both of chance."""
    order = torch.randperm(len(labels), generator=generator)
    shuffled = order[labels[order].argsort(stable=True)]
    partner = torch.empty_like(order)
    partner[labels.argsort(stable=True)] = shuffled
    return order, partner
