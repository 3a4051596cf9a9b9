"""Who judges samples of rooms: a small classifier for each object, and one for whether it is a room at all."""

from pathlib import Path

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, grid_sample, interpolate

from recompose.datasets.labelled_images import LabelledImages
from recompose.diffusion.curves import loss_curve
from recompose.diffusion.sampling import noise_like
from recompose.diffusion.training import Cosine, Loss, Training, fit
from recompose.errors import named
from recompose.networks import files
from recompose.networks.layout import placed
from recompose.papers.weighted_composition.rooms import settings as configuration
from recompose.papers.weighted_composition.rooms.data import load_rooms
from recompose.papers.weighted_composition.rooms.names import CLASSES, OBJECTS
from recompose.papers.weighted_composition.rooms.networks import SLUG, centred
from recompose.randomness import seed_of, torch_generator

INTACT = "intact"
ASKED = (*OBJECTS, INTACT)
"""What each classifier is asked."""
COARSE = 4
"""Pixels of the side at which a classifier has seen enough."""


class Judge(nn.Module):
    """Four classifiers that share nothing: 3x3 convolutions, each level half as large, down to 4x4, and a line."""

    def __init__(self, size: int, width: int) -> None:
        """Their start is drawn from their names."""
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(SLUG, "judge", "start"))
            self.trunks = nn.ModuleList(_trunk(size, width) for _ in ASKED)
            self.lines = nn.ModuleList(nn.Linear(2 * width * COARSE**2, 1) for _ in ASKED)

    def features(self, x: Tensor) -> Tensor:
        """What the classifiers see before they decide: (images, 3, size, size) in [-1, 1] -> (images, features)."""
        return torch.cat([trunk(x) for trunk in self.trunks], dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """(images, 3, size, size) in [-1, 1] -> logits, (images, asked)."""
        return torch.cat([line(trunk(x)) for trunk, line in zip(self.trunks, self.lines, strict=True)], dim=1)

    def intact(self, x: Tensor) -> Tensor:
        """What the last classifier alone says, whether it is a room: logits, (images,)."""
        logits: Tensor = self.lines[-1](self.trunks[-1](x))
        return logits[:, 0]


def _trunk(size: int, width: int) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv2d(3, width, 3, padding=1), nn.ReLU()]
    inputs = width
    while size > COARSE:
        layers += [nn.AvgPool2d(2), nn.Conv2d(inputs, 2 * width, 3, padding=1), nn.ReLU()]
        inputs, size = 2 * width, size // 2
    return nn.Sequential(*layers, nn.Flatten())


def networks(
    name: str, *, folder: Path, rooms: configuration.Rooms, rooms_judge: configuration.RoomsJudge, device: str,
    checkpoint: Path | None = None,
) -> tuple[files.Kept, pd.DataFrame]:  # fmt: skip
    """Train the judge on images that no other network sees: its tensors and its loss curve."""
    data = load_rooms(folder / "images" / "rooms.safetensors", "judging")
    judge = Judge(rooms.size, rooms_judge.width)
    placed(judge, device)
    losses = fit(
        judge,
        _loss(judge, data, batch=rooms_judge.batch, names=(SLUG, name)),
        Training(rooms_judge.iterations, rooms_judge.learning_rate, Cosine()),
        name=name,
        identity={"names": name, "batch": str(rooms_judge.batch), "rooms": rooms.model_dump_json()},
        checkpoint=checkpoint,
    )
    with named(name):
        return files.kept(judge, _identity(rooms, rooms_judge)), loss_curve(name, losses)


def trained_judge(
    path: Path, rooms: configuration.Rooms, rooms_judge: configuration.RoomsJudge, device: str = "cpu"
) -> Judge:
    """The judge from its file."""
    _, tensors = files.read(path, _identity(rooms, rooms_judge))
    judge = Judge(rooms.size, rooms_judge.width)
    judge.load_state_dict(tensors)
    placed(judge, device)
    return judge.eval().requires_grad_(False)


def _identity(rooms: configuration.Rooms, rooms_judge: configuration.RoomsJudge) -> dict[str, str]:
    return {"rooms": rooms.model_dump_json(), "width": str(rooms_judge.width)}


def holds(labels: Tensor) -> Tensor:
    """Which objects an image of each class holds: (images,) -> (images, objects), zeros and ones."""
    rows = [[float(each in objects) for each in OBJECTS] for objects in CLASSES.values()]
    return torch.tensor(rows, device=labels.device)[labels]


def alike(labels: Tensor, others: Tensor) -> Tensor:
    """Which rooms hold the same as the others, or differ by a painting alone: (images,) each."""
    beside = [place for place, each in enumerate(OBJECTS) if each != "painting"]
    return (holds(labels)[:, beside] == holds(others)[:, beside]).all(dim=1)


def _loss(judge: Judge, data: LabelledImages, *, batch: int, names: tuple[str | int, ...]) -> Loss:
    """Binary cross-entropy. Half of a batch are rooms, a little noisy, and half are spoiled ones (`spoiled`).

    What a spoiled room holds is nobody's to say: there only the last classifier is asked.
    """
    device = next(judge.parameters()).device

    def loss(step: int) -> Tensor:
        generator = torch_generator(*names, "step", step)
        chosen, others = torch.randint(len(data.images), (2, batch), generator=generator)
        clean, labels = centred(data.images[chosen], device), data.labels[chosen].to(device)
        flipped = torch.rand(batch, generator=generator) < 0.5
        clean = torch.where(flipped.to(device)[:, None, None, None], clean.flip(-1), clean)
        same = alike(labels, data.labels[others].to(device))
        bad = spoiled(clean, centred(data.images[others], device), same, generator)
        good = clean + NOISE * torch.rand((batch, 1, 1, 1), generator=generator).to(device) * noise_like(
            clean, generator
        )
        logits, of_bad = judge(good), judge.intact(bad)
        known = torch.cat([holds(labels), torch.ones_like(of_bad)[:, None]], dim=1)
        right = binary_cross_entropy_with_logits(logits.float(), known)
        return right + binary_cross_entropy_with_logits(of_bad.float(), torch.zeros_like(of_bad)) / len(ASKED)

    return loss


NOISE, NOISY, NOISIEST = 0.04, 0.06, 0.6
"""Of a pixel's own noise, in units of half the range: the most on images that are rooms still, since samplers leave
some; the least on ones that are spoiled, where walls are grainy to the eye; and the most."""


def spoiled(x: Tensor, others: Tensor, same: Tensor, generator: torch.Generator) -> Tensor:
    """Rooms that are none, each in one of five ways: a double exposure, a collage, a distortion, coarse or fine noise.

    A double exposure or a collage with a room of the same class may be a room, and with one that differs by a painting
    alone too, for a paler or speckled painting is one: those (`same`, (images,), see `alike`) are distorted instead.
    The patches of a collage are smaller than objects, for with larger ones it may be a room of a third class.
    Strengths of fine noise are spread by their logarithm. x, others: (images, 3, size, size) in [-1, 1].
    """
    images, size = len(x), x.shape[-1]
    way = torch.randint(5, (images,), generator=generator).to(x.device)
    way = torch.where(same & (way < 2), 2, way)[:, None, None, None]
    half = 0.35 + 0.3 * torch.rand((images, 1, 1, 1), generator=generator).to(x.device)
    double = half * x + (1 - half) * others
    patches = torch.sigmoid(8 * _smooth(images, 1, size, 8, generator).to(x.device))
    collage = patches * x + (1 - patches) * others
    coarse = 0.8 * _smooth(images, 3, size, size // 2, generator).to(x.device)
    strength = NOISY * (NOISIEST / NOISY) ** torch.rand((images, 1, 1, 1), generator=generator).to(x.device)
    noisy = (x + torch.where(way == 3, coarse, strength * noise_like(x, generator))).clamp(-1, 1)
    found = torch.where(way == 0, double, torch.where(way == 1, collage, noisy))
    return torch.where(way == 2, _distorted(x, generator), found)


def _distorted(x: Tensor, generator: torch.Generator) -> Tensor:
    """Pixels moved by a smooth field, by a sixth of the image in places."""
    images, _, size, _ = x.shape
    shift = 0.35 * _smooth(images, 2, size, 4, generator).to(x.device).movedim(1, -1)
    line = (torch.arange(size, device=x.device) + 0.5) / size * 2 - 1
    grid = torch.stack(torch.meshgrid(line, line, indexing="xy"), dim=-1)
    return grid_sample(x, grid + shift, padding_mode="reflection", align_corners=False)


def _smooth(images: int, channels: int, size: int, coarse: int, generator: torch.Generator) -> Tensor:
    """Gaussian fields with so many independent places along a side."""
    drawn = torch.randn((images, channels, coarse, coarse), generator=generator)
    return interpolate(drawn, size=size, mode="bicubic", align_corners=False)
