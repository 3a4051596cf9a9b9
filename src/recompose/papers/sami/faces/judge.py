"""Who says which attributes a face has: a classifier, by whose features sets of images are compared."""

from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from recompose.diffusion.curves import loss_curve
from recompose.diffusion.training import Cosine, Loss, Training, fit
from recompose.errors import named
from recompose.networks import files
from recompose.networks.judges import disturbed, trunk
from recompose.papers.sami import settings as configuration
from recompose.papers.sami.data import SLUG, Images, centred, load_images
from recompose.randomness import seed_of, torch_generator


class Judge(nn.Module):
    """Convolutions, features, and a line for each attribute."""

    def __init__(self, channels: int, size: int, attributes: int, settings: configuration.Judge) -> None:
        """Its start is drawn from its name."""
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(SLUG, "judge", "start"))
            self.trunk = trunk(channels, size, settings.width, settings.features)
            self.line = nn.Linear(settings.features, attributes)

    def features(self, x: Tensor) -> Tensor:
        """What it decides by: (images, channels, size, size) in [-1, 1] -> (images, features), none negative."""
        return self.trunk(x)

    def forward(self, x: Tensor) -> Tensor:
        """(images, channels, size, size) in [-1, 1] -> logits, (images, attributes): positive says that it has it."""
        return self.line(self.trunk(x))


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train the judge of a set, `<set>_judge`, on the images that all networks see: its tensors and its loss curve."""
    data, settings = load_images(folder, name.partition("_")[0]), blocks[name]
    judge = _untrained(data, settings).to(device)
    losses = fit(
        judge,
        _loss(judge, data, batch=settings.batch, names=(SLUG, name)),
        Training(settings.iterations, settings.learning_rate, Cosine()),
        name=name,
        identity={"names": name, "settings": settings.model_dump_json()},
        checkpoint=checkpoint,
    )
    with named(name):
        return files.kept(judge, _identity(data, settings)), loss_curve(name, losses)


def judge_from_file(folder: Path, name: str, data: Images, settings: configuration.Judge, device: str) -> Judge:
    """The trained judge of a set, `<set>_judge`, for use."""
    _, tensors = files.read(folder / "networks" / f"{name}.safetensors", _identity(data, settings))
    judge = _untrained(data, settings)
    judge.load_state_dict(tensors)
    return judge.to(device).eval().requires_grad_(False)


def _untrained(data: Images, settings: configuration.Judge) -> Judge:
    channels, size = data.train.shape[1:3]
    return Judge(channels, size, data.train_factors.shape[1], settings)


def _identity(data: Images, settings: configuration.Judge) -> dict[str, Any]:
    kept = settings.model_dump(include={"width", "features"})
    return {"images": list(data.train.shape[1:]), "attributes": data.train_factors.shape[1], **kept}


def _loss(judge: Judge, data: Images, *, batch: int, names: tuple[str | int, ...]) -> Loss:
    """Binary cross-entropy of every attribute, the mean, on images a little noisy and moved by a pixel at most."""
    device = next(judge.parameters()).device

    def loss(step: int) -> Tensor:
        generator = torch_generator(*names, "step", step)
        chosen = torch.randint(len(data.train), (batch,), generator=generator)
        seen = disturbed(centred(data.train[chosen]).to(device), generator)
        return binary_cross_entropy_with_logits(judge(seen).float(), data.train_factors[chosen].to(device))

    return loss
