"""Further trainings on dSprites: of SAMI with other random numbers, and of VAEs with its encoder (appendix A.7).

Each of two files holds several networks, so that a job of little work does not begin for each of them.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from torch import Tensor, nn

from recompose.diffusion.curves import loss_curve
from recompose.errors import named
from recompose.networks import files
from recompose.papers.sami.data import SLUG, load_images
from recompose.papers.sami.networks import (
    file_of,
    from_file,
    identity_of,
    trained,
    trained_control,
    untrained,
    untrained_control,
)
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.settings import Autoencoder, Trainings

FIRST = "dsprites_networks"
"""The file of SAMI's first training, which is like that of any set of images."""
FURTHER = "dsprites_trainings"
VAES = "dsprites_vaes"
METHODS = ("SAMI", "VAE", "beta-VAE")
Trained = dict[tuple[str, int], Pair]
"""By method, and the number of its training."""


def networks(
    name: str, *, folder: Path, device: str, dsprites_networks: Autoencoder, dsprites_trainings: Trainings,
    checkpoint: Path | None = None,
) -> tuple[files.Kept, pd.DataFrame]:  # fmt: skip
    """Train all networks of a file, one after another: their tensors and loss curves."""
    images = load_images(folder, "dsprites").train
    made, curves, used = nn.ModuleDict(), [], []
    for method, number in _held(name, dsprites_trainings):
        key = _key(method, number)
        one = checkpoint and checkpoint.with_name(f"{checkpoint.stem}-{key}{checkpoint.suffix}")
        used += [one] if one else []
        settings = of_method(method, dsprites_networks, dsprites_trainings)
        train: Callable[..., tuple[Pair, Tensor]] = trained if method == "SAMI" else trained_control
        made[key], losses = train(images, settings, (SLUG, "dsprites", key), device=device, checkpoint=one)
        curves.append(loss_curve(key, losses))
    with named(name):
        kept = files.kept(made, identity_of(name, dsprites_networks, images))
    for path in used:
        path.unlink(missing_ok=True)
    return kept, pd.concat(curves, ignore_index=True)


def of_method(method: str, settings: Autoencoder, trainings: Trainings) -> Autoencoder:
    """How a method is trained: VAEs by an error that is summed over an image, to which their weights belong."""
    if method == "SAMI":
        return settings
    weight = 1.0 if method == "VAE" else trainings.beta
    changed = {"weight": weight, "reduction": "pixel_sum", "epochs": trainings.vae_epochs}
    return settings.model_copy(update=changed)


def all_trained(folder: Path, images: Tensor, settings: Autoencoder, trainings: Trainings, device: str) -> Trained:
    """Every training from its file, for use: SAMI's first, its further ones, VAEs."""
    found: Trained = {("SAMI", 1): from_file(folder, FIRST, images, settings, device)}
    for name in (FURTHER, VAES):
        here: Trained = {}
        for method, number in _held(name, trainings):
            start = untrained if method == "SAMI" else untrained_control
            here[method, number] = start(images, settings, (SLUG, name))
        made = nn.ModuleDict({_key(*each): pair for each, pair in here.items()})
        _, tensors = files.read(file_of(folder, name), identity_of(name, settings, images))
        made.load_state_dict(tensors)
        made.to(device).eval().requires_grad_(False)
        found |= here
    return {each: found[each] for each in sorted(found, key=lambda each: (METHODS.index(each[0]), each[1]))}


def _held(name: str, trainings: Trainings) -> list[tuple[str, int]]:
    """What a file holds: methods, and the numbers of their trainings."""
    if name == FURTHER:
        return [("SAMI", number) for number in range(2, trainings.count + 1)]
    return [(method, number) for method in METHODS[1:] for number in range(1, trainings.count + 1)]


def _key(method: str, number: int) -> str:
    return f"{method} {number}"
