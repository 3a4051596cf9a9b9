"""The baselines Top-1 and Top-3 (section 4.2): trained classes under which the denoising loss of a query is least."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from recompose.diffusion.schedules import Schedule
from recompose.papers.concept_discovery.modes import Noise, Time

ClassNoise = Callable[[Tensor, Time, Tensor], Tensor]
"""x_t: (images, ...), the step t and the classes, (images,) -> the noise in it, of x's shape."""


def class_losses(
    noise: ClassNoise, query: Tensor, classes: int, schedule: Schedule, times: Sequence[int], drawn: Tensor
) -> Tensor:
    """l(c), the mean over times of |eps - eps_theta(alpha x_q + sigma eps, t, c)|^2 for each trained class: (classes,).

    query: (...); drawn: (times, ...), one noise for each time, the same under every class.
    """
    labels = torch.arange(classes, device=query.device)
    total = torch.zeros(classes, device=query.device)
    for t, eps in zip(times, drawn, strict=True):
        x = float(schedule.alpha[t]) * query + float(schedule.sigma[t]) * eps
        seen = noise(x.expand(classes, *x.shape), t, labels)
        total += (seen - eps).square().flatten(1).sum(dim=1)
    return total / len(times)


def nearest_classes(losses: Tensor, count: int, temperature: float) -> tuple[Tensor, Tensor]:
    """The classes of smallest loss, and their weights softmax(-l / tau): (count,) each, the nearest first."""
    least, nearest = losses.topk(count, largest=False)
    return nearest, torch.softmax(-least / temperature, dim=0)


def composed_noise(noise: ClassNoise, nearest: Tensor, weights: Tensor) -> Noise:
    """Several classes as one teacher (Liu et al., 2022): the weighted sum of their predictions, weights summing to one.

    nearest, weights: (images, k). In Eq. 13 it is eps_0 + w sum_k w_k (eps_k - eps_0).
    """

    def predicted(x: Tensor, t: Time) -> Tensor:
        parts = [
            noise(x, t, nearest[:, k]) * weights[:, k].view(-1, *[1] * (x.ndim - 1)) for k in range(nearest.shape[1])
        ]
        return torch.stack(parts).sum(dim=0)

    return predicted
