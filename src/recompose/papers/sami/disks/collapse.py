"""The largest weight of the KL before latents collapse (appendix A.5), and what smaller ones do to them."""

from pathlib import Path

import numpy as np
import pandas as pd

from recompose.papers.sami.data import SLUG, Images, load_images
from recompose.papers.sami.disks.measures import latent_rows
from recompose.papers.sami.informativeness import collapsed
from recompose.papers.sami.measuring import row_of_error
from recompose.papers.sami.networks import trained
from recompose.papers.sami.passes import RAISES
from recompose.papers.sami.settings import Autoencoder, Collapse, Disks, Measures
from recompose.sweeps import WHOLE, CellStore, Row, sweep

RAISE = 10.0
"""By how much the largest weight is raised where latents outlast it."""


def collapse(
    *, folder: Path, device: str, disks: Disks, disks_networks: Autoencoder, disks_measures: Measures,
    disks_collapse: Collapse, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows as those of `disks`, by `weight` of the KL, each of a training of its own, with `collapsed`: 0 or 1.

    Latents have collapsed where it is shown that guidance takes hardly anything off the error of the noise. After the
    weights that are asked for come tenfold ones until latents have collapsed, a few at most; then further ones between
    the largest that leaves something in the latents and the least above it that does not, each half way on a
    logarithmic scale. Where latents tell nothing at the least weight either, it is not the weight's doing but that of a
    training that is too short: none counts as collapsed, and nothing is searched for. The error at the largest weight
    stands once more, at the place `largest`.
    """
    data = load_images(folder, "disks")

    def at(weight: float) -> pd.DataFrame:
        asked = (weight, data, disks, disks_networks, disks_measures, disks_collapse.epochs, device)
        return sweep({f"weight {weight:.6g}": asked}, _measured, WHOLE, cells)

    found = {weight: at(weight) for weight in sorted(disks_collapse.weights)}
    for _ in range(RAISES):
        least, largest = min(found), max(found)
        if not (_tells(found[least]) and _tells(found[largest])):
            break
        found[RAISE * largest] = at(RAISE * largest)
    for _ in range(disks_collapse.halvings):
        ends = _bracket(found)
        if ends is None:
            break
        weight = float(np.prod(ends) ** 0.5)
        found[weight] = at(weight)
    lost = _lost(found)
    for weight, rows in found.items():
        rows.insert(1, "collapsed", float(weight in lost))
    last = found[max(found)]
    summary = last[last.quantity == "error"].assign(place="largest")
    return pd.concat([*(found[weight] for weight in sorted(found)), summary], ignore_index=True)


def _tells(rows: pd.DataFrame) -> bool:
    """Whether the latents of a training tell anything."""
    return not collapsed(rows[rows.quantity == "error"].ci_low.item())


def _lost(found: dict[float, pd.DataFrame]) -> set[float]:
    """The weights that latents have collapsed at; none where those of the least one tell nothing either."""
    return {weight for weight in found if not _tells(found[weight])} if _tells(found[min(found)]) else set()


def _bracket(found: dict[float, pd.DataFrame]) -> tuple[float, float] | None:
    """The largest weight that leaves something in the latents, and the least above it that does not; None without."""
    lost = _lost(found)
    kept = max(weight for weight in found if weight not in lost)
    above = [weight for weight in lost if weight > kept]
    return (kept, min(above)) if above else None


def _measured(
    weight: float, data: Images, disks: Disks, settings: Autoencoder, measures: Measures, epochs: int, device: str
) -> list[Row]:
    first = min(settings.first_weight, weight)
    asked = settings.model_copy(update={"weight": weight, "first_weight": first, "epochs": epochs})
    name = f"collapse {weight:.6g}"
    pair, _ = trained(data.train, asked, (SLUG, name), device=device, report=lambda line: None)
    rows = [*latent_rows(pair, data, disks, measures, name, device), row_of_error(pair, data, asked, name, device)]
    return [{"weight": weight, **row} for row in rows]
