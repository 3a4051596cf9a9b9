"""The class-conditional diffusion model (appendix C): how it is trained, kept, and asked for noise."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pandas as pd
import torch
from torch import Tensor

from recompose.diffusion.curves import loss_curve
from recompose.diffusion.predictions import target, to_noise
from recompose.diffusion.schedules import ddpm_schedule
from recompose.diffusion.training import Cosine, Loss, Training, fit
from recompose.errors import RecomposeError, named
from recompose.machine import resolve_precision
from recompose.networks import files
from recompose.networks.diffusers_unet import ClassUNet, Shape, from_file, kept
from recompose.papers.concept_discovery.data import SLUG, Images, centred, load_images
from recompose.papers.concept_discovery.modes import Noise, Time, scales
from recompose.papers.concept_discovery.settings import Backbone
from recompose.randomness import torch_generator

SCHEDULE = ddpm_schedule()
"""beta linear from 1e-4 to .02, T = 1000 (Table 5)."""
Kind = Literal["noise", "velocity"]


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train the network of a benchmark, `<benchmark>_backbone`: its tensors and its loss curve."""
    benchmark = name.partition("_")[0]
    settings: Backbone = blocks[name]
    data = load_images(folder, benchmark)
    precision = resolve_precision(settings.precision, device)
    network = ClassUNet((SLUG, name), shape_of(data.train.shape[-1], data.seen, settings))
    network.to(device)
    print(f"{name}: {len(data.train)} images of {data.seen} classes, {precision} on {device}", flush=True)
    losses = fit(
        network,
        denoising_loss(
            network, data.train, data.train_classes, kind=settings.prediction, batch=settings.batch,
            dropout=settings.dropout, null=data.seen, names=(SLUG, name),
        ),
        Training(
            steps=settings.iterations,
            learning_rate=settings.learning_rate,
            optimizer=settings.optimizer,
            annealing=Cosine(settings.warm_up),
            weight_decay=settings.weight_decay,
            clip=settings.clip,
            average=settings.average,
            average_warm_up=True,
            precision=precision,
        ),
        name=name,
        identity={"names": name, **{key: str(getattr(settings, key)) for key in ("prediction", "batch", "dropout")}},
        checkpoint=checkpoint,
    )  # fmt: skip
    with named(name):
        return kept(network, name, precision), loss_curve(name, losses)


def shape_of(size: int, seen: int, settings: Backbone) -> Shape:
    """The class embedding has a row more than there are classes: the null token's."""
    return Shape(
        size=size,
        widths=settings.widths,
        attention=settings.attention,
        layers=settings.layers,
        classes=seen + 1,
        patch=settings.patch,
    )


def denoising_loss(
    network: Any, images: Tensor, classes: Tensor, *, kind: Kind, batch: int, dropout: float, null: int,
    names: tuple[str | int, ...],
) -> Loss:  # fmt: skip
    """The mean square of f(alpha x_0 + sigma eps, t, c) - eps, t uniform, some classes replaced by the null one.

    Eq. 15 for an adapted network and its one new class. With a velocity for the noise it is the same loss with the
    weight 1 / alpha^2: more on much noise, where classes are decided. images: bytes, (images, 3, size, size); classes:
    (images,). Random numbers depend on the names and the step.
    """
    device = next(network.parameters()).device

    def loss(step: int) -> Tensor:
        generator = torch_generator(*names, "step", step)
        chosen = torch.randint(len(images), (batch,), generator=generator)
        t = torch.randint(1, SCHEDULE.steps + 1, (batch,), generator=generator)
        forgotten = torch.rand(batch, generator=generator) < dropout
        labels = torch.where(forgotten, null, classes[chosen]).to(device)
        clean = centred(images[chosen], device)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        alpha, sigma = (scale[:, None, None, None] for scale in SCHEDULE.at(t.to(device)))
        found = network(alpha * clean + sigma * noise, t.to(device) - 1, labels)
        return (found.float() - target(clean, noise, alpha, sigma, kind)).square().mean()

    return loss


@dataclass(frozen=True)
class Model:
    """A trained network as the method asks it: for noise, and some images at once. It counts what it is asked."""

    network: Any
    null: int
    """the class that is none"""
    kind: Kind
    evaluations: list[int] = field(default_factory=lambda: [0])

    def of_class(self, x: Tensor, t: Time, labels: Tensor) -> Tensor:
        """The noise in x_t by class: (images, 3, size, size), a step t for all or for each, (images,) -> the same as x.

        Raises RecomposeError for images of another size than those that the network was trained on, and for a class
        that it does not have.
        """
        shape = self.network.shape
        if x.shape[1:] != (shape.channels, shape.size, shape.size):
            size = "x".join(map(str, x.shape[1:]))
            raise RecomposeError(
                f"images of {size}, and the network takes {shape.channels}x{shape.size}x{shape.size}; resize them"
            )
        strange = labels[(labels < 0) | (labels >= shape.classes)]
        if len(strange):
            raise RecomposeError(f"class {int(strange[0])}: the network knows 0 to {shape.classes - 1}")
        self.evaluations[0] += len(x)
        told = torch.as_tensor(t, device=x.device).expand(len(x)) - 1
        parts = zip(*(each.split(AT_ONCE) for each in (x, told, labels)), strict=True)  # type: ignore[no-untyped-call]
        found = torch.cat([self.network(*part).float() for part in parts])
        return to_noise(found, x, *scales(x, t, SCHEDULE), self.kind)

    def noise(self, x: Tensor, t: Time) -> Tensor:
        """The noise in x_t without a class."""
        return self.told(self.null)(x, t)

    def told(self, label: int) -> Noise:
        """The noise in x_t of one class."""
        return lambda x, t: self.of_class(x, t, torch.full((len(x),), label, device=x.device))


AT_ONCE = 256
"""Images that go through a network together: on a processor more are no faster."""


def trained_model(folder: Path, benchmark: str, data: Images, settings: Backbone, device: str) -> Model:
    """The network of a benchmark from its file."""
    name = f"{benchmark}_backbone"
    shape = shape_of(data.train.shape[-1], data.seen, settings)
    network = from_file(folder / "networks" / f"{name}.safetensors", name, shape, device=device)
    return Model(network, data.seen, settings.prediction)
