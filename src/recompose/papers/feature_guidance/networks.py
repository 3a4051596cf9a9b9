"""The networks of paper 5: how they are trained, kept and read."""

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from safetensors import safe_open
from torch import Tensor

from recompose.diffusion.denoising import Condition, Training, placed, train
from recompose.errors import RecomposeError
from recompose.machine import resolve_precision
from recompose.networks.unet import FeatureUNet, LabelledUNet
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import load_images
from recompose.papers.feature_guidance.names import NETWORKS, SLUG, Kind
from recompose.papers.feature_guidance.passes import passes

ABOUT = "about"
"""The one key of a file's metadata: safetensors writes several in an order of chance, and equal files differ."""
CURVE = 50
"""Steps that a point of the loss curve averages."""

Trained = tuple[dict[str, Tensor], dict[str, str]]


def networks(
    name: str, *, folder: Path, network: configuration.Network, training: configuration.Training, device: str,
    checkpoint: Path | None = None,
) -> tuple[Trained, pd.DataFrame]:  # fmt: skip
    """Train one network on its images: its tensors, with what it is in their metadata; and its loss curve."""
    data, _ = load_images(folder / "images" / f"{NETWORKS[name].images}.safetensors")
    precision = resolve_precision(training.precision, device)
    kind, classes, channels = NETWORKS[name].kind, int(data.labels.max()) + 1, data.images.shape[1]
    made = untrained(name, network, classes, channels)
    print(f"{name}: {len(data.images)} images of {classes} classes, {precision} on {device}", flush=True)
    own = {"epochs": passes(training, NETWORKS[name].images), "precision": precision}
    how = Training(**training.model_dump(exclude={"other_epochs", "drop_label"}) | own)
    report: Callable[[str], None] = lambda line: print(f"{name}: {line}", flush=True)  # noqa: E731
    condition = condition_of(kind, made, training.drop_label)
    losses = train(
        made, data, how, names=(SLUG, name), condition=condition, device=device, checkpoint=checkpoint, report=report
    )
    tensors = {name: value.detach().cpu().contiguous() for name, value in made.named_parameters()}
    about = _identity(name, network) | {"classes": classes, "channels": channels, "precision": precision}
    return (tensors, {ABOUT: json.dumps(about)}), _curve(name, losses)


def condition_of(kind: Kind, network: FeatureUNet, drop: float) -> Condition:
    """What a network is told while it is trained (Algorithms 2 and 4; Ho & Salimans, 2022)."""

    def nothing(others: Tensor, labels: Tensor, generator: torch.Generator) -> None:
        return None

    def another_image(others: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        return network.features(others)

    def label(others: Tensor, labels: Tensor, generator: torch.Generator) -> Tensor:
        kept = torch.rand(len(labels), generator=generator).to(labels.device) >= drop
        assert isinstance(network, LabelledUNet)
        return network.labels((labels + 1) * kept)

    conditions: dict[Kind, Condition] = {"mixture": nothing, "guided": another_image, "labelled": label}
    return conditions[kind]


def untrained(name: str, network: configuration.Network, classes: int, channels: int) -> FeatureUNet:
    """The network of this name before training; those of one set of images begin alike."""
    shape = network.model_dump(exclude={"gain"})
    place = (SLUG, NETWORKS[name].images)
    if NETWORKS[name].kind == "labelled":
        return LabelledUNet(place, classes=classes, channels=channels, **shape)
    return FeatureUNet(place, gain=network.gain, channels=channels, **shape)


def trained(path: Path, *, network: configuration.Network, device: str = "cpu") -> FeatureUNet:
    """A network from its file. Raises RecomposeError where it is of another architecture than the configured one."""
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[ABOUT])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; train the networks first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of a network ({error}); delete it and run again") from error
    for key, expected in _identity(path.stem, network).items():
        if about.get(key) != expected:
            raise RecomposeError(
                f"{path}: a network of another {key} ({about.get(key)} instead of {expected}); delete it and run again"
            )
    made = untrained(path.stem, network, about["classes"], about["channels"])
    made.load_state_dict(tensors)
    placed(made, device)
    return made.eval().requires_grad_(False)


def _identity(name: str, network: configuration.Network) -> dict[str, str]:
    return {"name": name, "architecture": network.model_dump_json()}


def _curve(name: str, losses: Tensor) -> pd.DataFrame:
    """The mean loss of every few steps, as the peak signal-to-noise ratio too."""
    parts = torch.split(losses, CURVE)
    steps = torch.tensor([len(part) for part in parts]).cumsum(0)
    means = torch.stack([part.mean() for part in parts])
    columns = {"network": name, "step": steps, "loss": means, "psnr": -10 * means.log10()}
    return pd.DataFrame({key: value.numpy() if isinstance(value, Tensor) else value for key, value in columns.items()})
