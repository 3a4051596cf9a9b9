"""Who says which factors an image shows: a small classifier for each, whose features distances are measured in."""

from math import log2
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from recompose.diffusion.curves import loss_curve
from recompose.diffusion.training import Cosine, Loss, Training, fit
from recompose.errors import named
from recompose.networks import files
from recompose.networks.judges import disturbed, trunk
from recompose.papers.concept_discovery import settings as configuration
from recompose.papers.concept_discovery.data import SLUG, Images, centred, load_images
from recompose.randomness import seed_of, torch_generator


class Judge(nn.Module):
    """Classifiers that share nothing, so that none learns a factor from another: convolutions, features, a line."""

    def __init__(self, size: int, values: tuple[int, ...], settings: configuration.Judge) -> None:
        """values: how many each factor takes. Their start is drawn from their names."""
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(SLUG, "judge", "start"))
            widths = [settings.width * round(log2(count)) for count in values]
            self.trunks = nn.ModuleList(trunk(3, size, width, settings.features) for width in widths)
            self.lines = nn.ModuleList(nn.Linear(settings.features, count) for count in values)

    def features(self, x: Tensor) -> Tensor:
        """What the classifiers decide by: (images, 3, size, size) in [-1, 1] -> (images, factors * features)."""
        return torch.cat([trunk(x) for trunk in self.trunks], dim=1)

    def forward(self, x: Tensor) -> list[Tensor]:
        """(images, 3, size, size) in [-1, 1] -> of each factor the logits of its values."""
        return [line(trunk(x)) for trunk, line in zip(self.trunks, self.lines, strict=True)]

    def says(self, x: Tensor) -> Tensor:
        """The likeliest value of each factor: (images, factors)."""
        return self.sure(x)[1]

    def sure(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """The probability of the likeliest value of each factor, and that value: (images, factors) both."""
        likeliest = [torch.softmax(logits, dim=1).max(dim=1) for logits in self(x)]
        probability, value = (torch.stack(part, dim=1) for part in zip(*likeliest, strict=True))
        return probability, value


def networks(
    name: str, *, folder: Path, device: str, checkpoint: Path | None = None, **blocks: Any
) -> tuple[files.Kept, pd.DataFrame]:
    """Train the judge of a benchmark, `<benchmark>_judge`, on images of all combinations: tensors, loss curve."""
    data = load_images(folder, name.partition("_")[0])
    settings: configuration.Judge = blocks[name]
    judge = Judge(data.train.shape[-1], values_of(data), settings).to(device)
    losses = fit(
        judge,
        _loss(judge, data, batch=settings.batch, names=(SLUG, name)),
        Training(settings.iterations, settings.learning_rate, Cosine()),
        name=name,
        identity={"names": name, "batch": str(settings.batch)},
        checkpoint=checkpoint,
    )
    with named(name):
        return files.kept(judge, _identity(data, settings)), loss_curve(name, losses)


def trained_judge(folder: Path, benchmark: str, data: Images, settings: configuration.Judge) -> Judge:
    """The judge of a benchmark from its file."""
    _, tensors = files.read(folder / "networks" / f"{benchmark}_judge.safetensors", _identity(data, settings))
    judge = Judge(data.train.shape[-1], values_of(data), settings)
    judge.load_state_dict(tensors)
    return judge.eval().requires_grad_(False)


def values_of(data: Images) -> tuple[int, ...]:
    """How many values each factor can take: two at least, though rare attributes may be in no class."""
    return tuple(max(2, int(each) + 1) for each in data.judging_factors.amax(dim=0))


def _identity(data: Images, settings: configuration.Judge) -> dict[str, Any]:
    kept = settings.model_dump(include={"width", "features"})
    return {"size": data.train.shape[-1], "values": values_of(data), **kept}


def _loss(judge: Judge, data: Images, *, batch: int, names: tuple[str | int, ...]) -> Loss:
    """Cross-entropy of every factor, summed, on images a little noisy and moved by a pixel at most."""
    device = next(judge.parameters()).device

    def loss(step: int) -> Tensor:
        generator = torch_generator(*names, "step", step)
        chosen = torch.randint(len(data.judging), (batch,), generator=generator)
        seen = disturbed(centred(data.judging[chosen], device), generator)
        known = data.judging_factors[chosen].to(device)
        parts = zip(judge(seen), known.T, strict=True)
        return torch.stack([cross_entropy(logits.float(), right) for logits, right in parts]).sum()

    return loss
