"""Table 1: the configuration that runs, beside the published one. No torch here, so it is quick."""

from collections.abc import Callable

import pandas as pd

from recompose.papers.sami.aggregation import printed
from recompose.papers.sami.portraits.joined import joined
from recompose.papers.sami.settings import Autoencoder, Disks, Encoding, Faces, FrozenDenoiser
from recompose.sweeps import Row

Value = float | str
BODIES = {"disks": "ConvNet", "dsprites": "ConvNet", "celeba": "Half-UNet", "celeba_hq": "Half-UNet"}
"""The encoder of each set."""
PARAMETERS: dict[str, Callable[[Disks | Faces, Autoencoder], Value]] = {
    "encoder": lambda images, networks: BODIES[networks.of],
    "encoder_channels": lambda images, networks: _listed(networks.encoder),
    "encoder_nonlinearity": lambda images, networks: "SiLU" if networks.of == "celeba_hq" else "ReLU",
    "denoiser": lambda images, networks: "UNet (no attn)",
    "denoiser_channels": lambda images, networks: networks.base,
    "denoiser_multipliers": lambda images, networks: f"{_listed(networks.multipliers)}, middle {networks.middle}",
    "steps": lambda images, networks: networks.steps,
    "latents": lambda images, networks: networks.latents,
    "weight": lambda images, networks: networks.weight,
    "reduction": lambda images, networks: networks.reduction.replace("_", " "),
    "noise": lambda images, networks: networks.noise.title(),
    "size": lambda images, networks: images.size,
    "train": lambda images, networks: images.train,
    "batch": lambda images, networks: networks.batch,
    "epochs": lambda images, networks: networks.epochs,
    "learning_rate": lambda images, networks: networks.learning_rate,
    "timesteps": lambda images, networks: "Uniform" if networks.timesteps == 1 else f"T u^{networks.timesteps:g}",
    "optimizer": lambda images, networks: "Adam (without weight decay)",
}
"""Rows of the table, as they run."""


def _listed(values: tuple[int, ...]) -> str:
    return f"[{', '.join(map(str, values))}]"


def table1(
    *, disks: Disks, disks_networks: Autoencoder, faces: Faces, faces_networks: Autoencoder, portraits: Faces,
    portraits_denoiser: FrozenDenoiser, portraits_networks: Encoding,
) -> pd.DataFrame:  # fmt: skip
    """Rows a parameter of a set: `value` as it runs and as `published`, or as words, `run` and `printed`.

    `kind`: number or words, of what runs. Of portraits images, epochs and steps are those of the encoder; their
    denoiser is left as it is.
    """
    running: dict[str, tuple[Disks | Faces, Autoencoder]] = {
        "disks": (disks, disks_networks),
        "celeba": (faces, faces_networks),
        "celeba_hq": (portraits, joined(portraits_denoiser, portraits_networks)),
    }
    frozen = _frozen(portraits_denoiser)
    known = printed("table1").set_index(["case", "quantity"])
    rows: list[Row] = []
    for name, blocks in running.items():
        for parameter, of in PARAMETERS.items():
            there = (name, parameter) in known.index
            value = frozen[parameter] if name == "celeba_hq" and parameter in frozen else of(*blocks)
            kind = "words" if isinstance(value, str) else "number"
            rows.append(
                {
                    "parameter": parameter,
                    "set": name,
                    "kind": kind,
                    "value": value if kind == "number" else None,
                    "published": known.value[name, parameter] if there else None,
                    "run": value if kind == "words" else None,
                    "printed": known.text[name, parameter] if there else None,
                }
            )
    return pd.DataFrame(rows).astype({"value": "Float64", "published": float})  # words have no number


def _frozen(denoiser: FrozenDenoiser) -> dict[str, str]:
    """What is said otherwise of a denoiser that is not trained with the encoder.

    One that comes trained brings its own channels: those that are set are of DiffAE's denoiser, which is trained.
    """
    if denoiser.pretrained:
        own = dict.fromkeys(("denoiser_channels", "denoiser_multipliers"), "its own")
        return {"denoiser": "UNet (pretrained, frozen)", **own}
    return {"denoiser": "UNet (no attn, frozen)"}
