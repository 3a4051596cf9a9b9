"""The largest weight of the KL before latents collapse (appendix A.5), and what smaller ones do to them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recompose.papers.sami.data import SLUG, Images, load_images
from recompose.papers.sami.disks.measures import latent_rows
from recompose.papers.sami.measuring import row_of_error
from recompose.papers.sami.networks import trained
from recompose.papers.sami.settings import Autoencoder, Collapse, Disks, Measures
from recompose.sweeps import WHOLE, CellStore, sweep

Row = dict[str, Any]
COLLAPSED = 0.1
"""Nats of an image's posterior below which nothing is left in it."""


def collapse(
    *, folder: Path, device: str, disks: Disks, disks_networks: Autoencoder, disks_measures: Measures,
    disks_collapse: Collapse, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows as those of `disks`, by `weight` of the KL, each of a training of its own, with `collapsed`: 0 or 1.

    After the weights that are asked for, further ones lie between the largest that leaves something in the latents and
    the least above it that does not, each half way on a logarithmic scale; there are none where all weights are alike.
    The divergence at the largest weight stands once more, at the place `largest`.
    """
    data = load_images(folder, "disks")

    def at(weight: float) -> pd.DataFrame:
        asked = (weight, data, disks, disks_networks, disks_measures, disks_collapse.epochs, device)
        return sweep({f"weight {weight:.6g}": asked}, _measured, WHOLE, cells)

    found = {weight: at(weight) for weight in sorted(disks_collapse.weights)}
    for _ in range(disks_collapse.halvings):
        ends = _bracket(found)
        if ends is None:
            break
        weight = float(np.prod(ends) ** 0.5)
        found[weight] = at(weight)
    last = found[max(found)]
    summary = last[last.quantity == "divergence"].assign(place="largest")
    return pd.concat([*(found[weight] for weight in sorted(found)), summary], ignore_index=True)


def _bracket(found: dict[float, pd.DataFrame]) -> tuple[float, float] | None:
    """The largest weight that leaves something in the latents, and the least above it that does not; None without."""
    collapsed = {weight: bool(rows.collapsed.iloc[0]) for weight, rows in found.items()}
    kept = max((weight for weight in found if not collapsed[weight]), default=np.inf)
    lost = [weight for weight in found if collapsed[weight] and weight > kept]
    return (kept, min(lost)) if lost else None


def _measured(
    weight: float, data: Images, disks: Disks, settings: Autoencoder, measures: Measures, epochs: int, device: str
) -> list[Row]:
    first = min(settings.first_weight, weight)
    asked = settings.model_copy(update={"weight": weight, "first_weight": first, "epochs": epochs})
    name = f"collapse {weight:.6g}"
    pair, _ = trained(data.train, asked, (SLUG, name), device=device, report=lambda line: None)
    rows = [*latent_rows(pair, data, disks, measures, name, device), row_of_error(pair, data, asked, name, device)]
    divergence = next(row["mean"] for row in rows if row["quantity"] == "divergence")
    return [{"weight": weight, "collapsed": float(divergence < COLLAPSED), **row} for row in rows]
