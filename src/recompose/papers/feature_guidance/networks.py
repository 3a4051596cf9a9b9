"""The networks of paper 5: how they are trained, kept and read."""

from pathlib import Path

import pandas as pd
import torch
from torch import Tensor

from recompose.diffusion.curves import loss_curve
from recompose.diffusion.training import Cosine, Halving, Training, fit, steps_of_epoch
from recompose.errors import named
from recompose.machine import resolve_precision
from recompose.networks import files
from recompose.networks.layout import placed
from recompose.networks.unet import FeatureUNet, LabelledUNet
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import load_images
from recompose.papers.feature_guidance.names import NETWORKS, Kind
from recompose.papers.feature_guidance.passes import halving, passes
from recompose.papers.feature_guidance.training import Condition, Told, noise_loss

WARM_UP = 50
"""Steps in which the learning rate grows, where it falls as a cosine; a twentieth of few."""


def networks(
    name: str, *, folder: Path, network: configuration.Network, training: configuration.Training, device: str,
    checkpoint: Path | None = None,
) -> tuple[files.Kept, pd.DataFrame]:  # fmt: skip
    """Train one network on its images: its tensors, with what it is in their metadata; and its loss curve."""
    data, _ = load_images(folder / "images" / f"{NETWORKS[name].images}.safetensors")
    precision = resolve_precision(training.precision, device)
    kind, classes, channels = NETWORKS[name].kind, int(data.labels.max()) + 1, data.images.shape[1]
    made = untrained(name, network, classes, channels)
    placed(made, device)
    print(f"{name}: {len(data.images)} images of {classes} classes, {precision} on {device}", flush=True)
    names, each = (SLUG, name), steps_of_epoch(len(data.images), training.batch)
    condition, steps = condition_of(kind, made, training.drop_label), passes(training, NETWORKS[name].images) * each
    losses = fit(
        made,
        noise_loss(
            made, data, batch=training.batch, names=names, condition=condition, shared=training.shared, of=training.loss
        ),
        Training(
            steps=steps,
            learning_rate=training.learning_rate,
            optimizer=training.optimizer,
            annealing=Cosine(min(WARM_UP, steps // 20))
            if training.annealing == "cosine"
            else Halving(halving(training, NETWORKS[name].images) * each),
            average=training.average,
            average_warm_up=True,
            precision=precision,
            compiled=training.compiled,
        ),
        name=name,
        identity={"names": repr(names), "batch": str(training.batch), "data": repr(tuple(data.images.shape))},
        checkpoint=checkpoint,
    )
    about = _identity(name, network) | {"classes": classes, "channels": channels, "precision": precision}
    with named(name):
        return files.kept(made, about), _curve(name, losses)


def condition_of(kind: Kind, network: FeatureUNet, drop: float) -> Condition:
    """What a network is told while it is trained (Algorithms 2 and 4; Ho & Salimans, 2022)."""

    def nothing(told: Told) -> None:
        return None

    def another_image(told: Told) -> Tensor:
        return network.features(told.others)[told.which]

    def label(told: Told) -> Tensor:
        kept = torch.rand(len(told.labels), generator=told.generator).to(told.labels.device) >= drop
        assert isinstance(network, LabelledUNet)
        return network.labels((told.labels + 1) * kept)

    conditions: dict[Kind, Condition] = {
        "mixture": nothing, "guided": another_image, "fixed": another_image, "labelled": label
    }  # fmt: skip
    return conditions[kind]


def untrained(name: str, network: configuration.Network, classes: int, channels: int) -> FeatureUNet:
    """The network of this name before training; those of one set of images begin alike."""
    shape = network.model_dump(exclude={"gain"})
    place = (SLUG, NETWORKS[name].images)
    if NETWORKS[name].kind == "labelled":
        return LabelledUNet(place, classes=classes, channels=channels, **shape)
    gain = network.gain and NETWORKS[name].kind != "fixed"
    return FeatureUNet(place, gain=gain, channels=channels, **shape)


def trained(path: Path, *, network: configuration.Network, device: str = "cpu") -> FeatureUNet:
    """A network from its file. Raises RecomposeError where it is of another architecture than the configured one."""
    about, tensors = files.read(path, _identity(path.stem, network))
    made = untrained(path.stem, network, about["classes"], about["channels"])
    made.load_state_dict(tensors)
    placed(made, device)
    return made.eval().requires_grad_(False)


def _identity(name: str, network: configuration.Network) -> dict[str, str]:
    return {"name": name, "architecture": network.model_dump_json()}


def _curve(name: str, losses: Tensor) -> pd.DataFrame:
    """The mean loss of every few steps, as the peak signal-to-noise ratio too."""
    frame = loss_curve(name, losses)
    return frame.assign(psnr=-10 * torch.tensor(frame.loss.to_numpy(), dtype=losses.dtype).log10().numpy())
