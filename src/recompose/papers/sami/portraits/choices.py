"""What the attributes that an encoder learns depend on (A.5): the KL's weight, the latents, and the steps it sees."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recompose.datasets.faces import ATTRIBUTES
from recompose.metrics.attribute_capture import attribute_capture, aurocs
from recompose.metrics.intervals import bootstrap
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.informativeness import ratio
from recompose.papers.sami.measuring import row
from recompose.papers.sami.portraits.measures import Known, known, latent_rows, noise_errors
from recompose.papers.sami.portraits.networks import trained_encoder
from recompose.papers.sami.posterior import means_of
from recompose.papers.sami.settings import Autoencoder, Choices, Encoding, FrozenDenoiser, PortraitsMeasures
from recompose.randomness import numpy_generator
from recompose.sweeps import WHOLE, CellStore, Row, sweep

FACTORS = {"weight": "weights", "latents": "latents", "timesteps": "timesteps"}
"""What is varied, and the key of its values."""
RESAMPLES = 100


def choices(
    *, folder: Path, device: str, portraits_denoiser: FrozenDenoiser, portraits_networks: Encoding,
    portraits_measures: PortraitsMeasures, portraits_choices: Choices, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows by `factor`, its `value` and quantity, each of a training of its own on the frozen denoiser.

    One factor has another value at a time; the others are those of `portraits_networks`. All trainings begin alike and
    see the same images and noise. `captured` attributes and `tad`, their total AUROC difference; `gap`: how far the
    best latent is ahead of the second best, the mean over all attributes; `divergence`, `active` and `error` as of
    portraits.
    """
    of = known(folder, portraits_denoiser, portraits_networks, device)
    asked: dict[str, dict[str, Any]] = {}
    for factor, key in FACTORS.items():
        for value in getattr(portraits_choices, key):
            changed = {name: getattr(of.settings, name) for name in FACTORS} | {factor: value}
            asked[", ".join(f"{name} {each:g}" for name, each in changed.items())] = changed
    found = sweep(
        {name: (name, of, changed, portraits_measures, portraits_choices.epochs, device)
         for name, changed in asked.items()},
        _measured, WHOLE, cells,
    )  # fmt: skip
    parts = []
    for factor in FACTORS:
        others = [name for name in FACTORS if name != factor]
        here = np.logical_and.reduce([found[name] == getattr(of.settings, name) for name in others])
        parts.append(found[here].assign(factor=factor, value=found[factor][here]).sort_values("value", kind="stable"))
    return pd.concat(parts, ignore_index=True)[["factor", "value", "quantity", "mean", "ci_low", "ci_high", "n"]]


def _measured(
    name: str, of: Known, changed: dict[str, Any], measures: PortraitsMeasures, epochs: int, device: str
) -> list[Row]:
    first = min(of.settings.first_weight, changed["weight"])
    settings: Autoencoder = of.settings.model_copy(update={**changed, "first_weight": first, "epochs": epochs})
    pair, _ = trained_encoder(
        of.data.train, of.denoiser, settings, (SLUG, "choices"), device=device, report=lambda line: None
    )
    squares = noise_errors(pair, of, measures.model_copy(update={"repeats": 1}), "choices", device).mean(axis=0)
    rows = latent_rows(pair, of.data, device)
    rows.append(row("error", "", *ratio(squares, numpy_generator(SLUG, "choices", name, "error")), len(squares)))
    rows += attribute_rows(means_of(pair.encoder, of.data.test, device), of.data.test_factors.numpy(), name)
    return [{**changed, **{key: each[key] for key in each if key != "place"}} for each in rows]


def attribute_rows(codes: np.ndarray, attributes: np.ndarray, name: str) -> list[Row]:
    """What latents (images, latents) tell of attributes (images, 40), resampled over images."""
    latents, seen = codes.shape[1], np.concatenate([codes, attributes], axis=1)

    def told(values: np.ndarray) -> np.ndarray:
        here, has = values[:, :latents], values[:, latents:]
        found = attribute_capture(here, has, ATTRIBUTES)
        areas = np.sort(aurocs(here, has.astype(bool)), axis=1)
        return np.array([found.captured, found.tad, np.nanmean(areas[:, -1] - areas[:, -2])])

    generator = numpy_generator(SLUG, "choices", name, "attributes")
    value, low, high = bootstrap(seen, told, generator=generator, resamples=RESAMPLES, holds=True)
    keys = ("captured", "tad", "gap")
    return [row(key, "", value[n], low[n], high[n], len(codes)) for n, key in enumerate(keys)]
