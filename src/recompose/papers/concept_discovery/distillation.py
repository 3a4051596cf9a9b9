"""Distillation of a teacher into the model (section 3.3): an adapter and a new class learn its images, Eq. 15."""

from typing import Any

import torch
from torch import Tensor

from recompose.diffusion.training import Training, fit
from recompose.networks.adapters import Adapted
from recompose.papers.concept_discovery.networks import SCHEDULE, Kind, denoising_loss
from recompose.papers.concept_discovery.settings import Distillation
from recompose.randomness import torch_generator

DRIFTED_AT = (100, 300, 500, 700, 900)
"""Steps t at which the drift of the null branch is measured."""


def distilled(
    network: Any, images: Tensor, kind: Kind, settings: Distillation, names: tuple[str | int, ...]
) -> tuple[Adapted, float]:
    """A network that has learned the images of a query's teacher as a new class, and how far its null branch drifted.

    images: the pool, bytes, (images, 3, size, size); names: the key of all random numbers.
    """
    adapted = Adapted(network, settings.rank, names)
    null = adapted.new - 1
    steps = settings.epochs * max(1, len(images) // settings.batch)
    new = torch.full((len(images),), adapted.new)
    loss = denoising_loss(
        adapted, images, new, kind=kind, batch=settings.batch, dropout=settings.dropout, null=null, names=names
    )
    with torch.enable_grad():
        fit(
            adapted, loss, Training(steps, settings.learning_rate), name=" ".join(map(str, names)), identity={},
            report=lambda line: None,
        )  # fmt: skip
    adapted.eval()
    return adapted, null_drift(network, adapted, images, names)


@torch.no_grad()
def null_drift(network: Any, adapted: Adapted, images: Tensor, names: tuple[str | int, ...]) -> float:
    """How far what is predicted without a class has moved, relative to what it was: root mean squares over images."""
    device = next(adapted.parameters()).device
    clean = images.to(device).float() / 127.5 - 1
    noise = torch.randn(clean.shape, generator=torch_generator(*names, "drift")).to(device)
    labels = torch.full((len(clean),), adapted.new - 1, device=device)
    moved, was = 0.0, 0.0
    for t in DRIFTED_AT:
        x = float(SCHEDULE.alpha[t]) * clean + float(SCHEDULE.sigma[t]) * noise
        told = torch.tensor(t - 1, device=device)
        before = network(x, told, labels).float()
        moved += float((adapted(x, told, labels).float() - before).square().sum())
        was += float(before.square().sum())
    return (moved / was) ** 0.5
