"""The networks of rooms (appendix F.3): how they are trained, kept, and asked for velocities."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from recompose.datasets.labelled_images import LabelledImages, intensities
from recompose.diffusion.curves import loss_curve
from recompose.diffusion.predictions import target
from recompose.diffusion.schedules import Schedule, ddpm_schedule, zero_terminal_snr
from recompose.diffusion.training import Cosine, Loss, Training, fit
from recompose.errors import named
from recompose.machine import resolve_precision
from recompose.networks import files
from recompose.networks.diffusers_unet import ClassUNet, Shape, from_file, kept
from recompose.papers.weighted_composition.rooms import settings as configuration
from recompose.papers.weighted_composition.rooms.data import load_rooms
from recompose.papers.weighted_composition.rooms.mixtures import CELLS, mixtures
from recompose.papers.weighted_composition.rooms.names import CLASSES, NETWORKS, SETTINGS, SOURCES, network_names
from recompose.randomness import torch_generator

SLUG = "weighted_composition"
Velocities = Callable[[Tensor, int], Tensor]
"""x: (images, 3, size, size) and the step t, as `Schedule` counts -> (sources, images, 3, size, size)"""
ALL = tuple(range(len(SOURCES)))


def networks(
    name: str, *, folder: Path, rooms: configuration.Rooms, rooms_networks: configuration.RoomsNetworks, device: str,
    checkpoint: Path | None = None,
) -> tuple[files.Kept, pd.DataFrame]:  # fmt: skip
    """Train the network of a setting's conditions, or of one of them: its tensors and its loss curve."""
    data = load_rooms(folder / "images" / "rooms.safetensors", "train")
    precision = resolve_precision(rooms_networks.precision, device)
    network = ClassUNet((SLUG, name), shape_of(name, rooms, rooms_networks))
    network.to(device)
    print(f"{name}: {len(data.images)} images, {precision} on {device}", flush=True)
    losses = fit(
        network,
        velocity_loss(network, data, mixed(name, rooms), batch=rooms_networks.batch, names=(SLUG, name)),
        Training(
            steps=rooms_networks.iterations,
            learning_rate=rooms_networks.learning_rate,
            optimizer=rooms_networks.optimizer,
            annealing=Cosine(rooms_networks.warm_up),
            weight_decay=rooms_networks.weight_decay,
            average=rooms_networks.average,
            average_warm_up=True,
            precision=precision,
        ),
        name=name,
        identity={"names": name, "batch": str(rooms_networks.batch), "rooms": rooms.model_dump_json()},
        checkpoint=checkpoint,
    )
    with named(name):
        return kept(network, name, precision), loss_curve(name, losses)


def shape_of(name: str, rooms: configuration.Rooms, networks: configuration.RoomsNetworks) -> Shape:
    """A conditional network has a row of its embedding for each condition, a separate one a single row."""
    _, model = NETWORKS[name]
    return Shape(
        size=rooms.size,
        widths=networks.widths,
        attention=networks.attention,
        layers=networks.layers,
        classes=networks.embeddings if model == "conditional" else 1,
        patch=networks.patch,
    )


def mixed(name: str, rooms: configuration.Rooms) -> Tensor:
    """How the conditions that a network learns mix the six classes: (conditions, classes), rows sum to one."""
    setting, model = NETWORKS[name]
    of_cells = torch.from_numpy(mixtures(setting, rooms))
    shown, places = SETTINGS[setting].classes(), list(CLASSES)
    found = torch.zeros(len(SOURCES), len(CLASSES), dtype=torch.float64)
    found[:, [places.index(shown[cell]) for cell in CELLS]] = of_cells
    return found if model == "conditional" else found[[SOURCES.index(name.rpartition("_")[2])]]


def schedule_of() -> Schedule:
    """DDPM's, with nothing left of the image at T = 1000 (Lin et al., 2024)."""
    return zero_terminal_snr(ddpm_schedule())


def velocity_loss(
    network: ClassUNet, data: LabelledImages, mixed: Tensor, *, batch: int, names: tuple[str | int, ...]
) -> Loss:
    """The mean square of f(x_t, t, condition) - v, t uniform (appendix F.3).

    An image is drawn by its condition, which is uniform, then by its class, which the condition's mixture draws, and
    then among those of the class, all with replacement; half of the images are mirrored. Random numbers depend on the
    names and the step. data: class by class, as many of each.
    """
    device = next(network.parameters()).device
    schedule, each = schedule_of(), len(data.images) // len(CLASSES)

    def loss(step: int) -> Tensor:
        generator = torch_generator(*names, "step", step)
        conditions = torch.randint(len(mixed), (batch,), generator=generator)
        classes = torch.multinomial(mixed[conditions], 1, generator=generator).squeeze(1)
        chosen = classes * each + torch.randint(each, (batch,), generator=generator)
        flipped = torch.rand(batch, generator=generator) < 0.5
        t = torch.randint(1, schedule.steps + 1, (batch,), generator=generator)
        clean = centred(data.images[chosen], device)
        clean = torch.where(flipped.to(device)[:, None, None, None], clean.flip(-1), clean)
        noise = torch.randn(clean.shape, generator=generator).to(device)
        alpha, sigma = (scale[:, None, None, None] for scale in schedule.at(t.to(device)))
        found = network(alpha * clean + sigma * noise, t.to(device) - 1, conditions.to(device))
        return (found.float() - target(clean, noise, alpha, sigma, "velocity")).square().mean()

    return loss


def centred(images: Tensor, device: str | torch.device = "cpu") -> Tensor:
    """Bytes as numbers in [-1, 1], channel by channel: normalizations over groups of few channels want them so."""
    return (2 * intensities(images, device) - 1).contiguous()


def learned_velocities(
    folder: Path, setting: str, model: str, *, rooms: configuration.Rooms,
    rooms_networks: configuration.RoomsNetworks, at_once: int, device: str, sources: tuple[int, ...] = ALL,
) -> Velocities:  # fmt: skip
    """What the networks of a setting predict under some of its conditions; a network sees so many images at once.

    A conditional network sees an image once under each condition, all of them together; of separate ones each sees it
    once. More at once is no gain: of 768 each took 1.6 times what one of 256 did, whose activations stay in the cache.
    """
    read = [
        from_file(
            folder / "networks" / f"{name}.safetensors", name, shape_of(name, rooms, rooms_networks), device=device
        )
        for name in network_names(setting, model)
    ]

    def velocities(x: Tensor, t: int) -> Tensor:
        told = torch.tensor(t - 1, device=x.device)
        if model == "separate":
            first = torch.zeros(len(x), dtype=torch.long, device=x.device)
            return torch.stack([read[source](x, told, first) for source in sources])
        labels = torch.tensor(sources, device=x.device).repeat_interleave(len(x))
        return read[0](x.repeat(len(sources), 1, 1, 1), told, labels).unflatten(0, (len(sources), len(x)))

    together = max(1, at_once // len(sources)) if model == "conditional" else at_once

    def in_parts(x: Tensor, t: int) -> Tensor:
        return torch.cat([velocities(part, t).float() for part in x.split(together)], dim=1)  # type: ignore[no-untyped-call]

    return in_parts
