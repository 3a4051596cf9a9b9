"""The encoder of disks with the noise level as input, and without it, as the paper's (section 4)."""

from pathlib import Path

import pandas as pd

from recompose.papers.sami.data import SLUG, Images, load_images
from recompose.papers.sami.disks.measures import latent_rows
from recompose.papers.sami.measuring import row_of_error
from recompose.papers.sami.networks import trained
from recompose.papers.sami.settings import Autoencoder, Disks, Measures, TimeInput
from recompose.sweeps import WHOLE, CellStore, Row, sweep


def time_input(
    *, folder: Path, device: str, disks: Disks, disks_networks: Autoencoder, disks_measures: Measures,
    disks_time_input: TimeInput, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows as those of `disks`, by `encoder`, `with` the noise level or `without`, each of its `training`.

    Both encoders are trained equally long, with one weight of the KL, and in trainings of one number they see the same
    images under the same noise in the same order.
    """
    data = load_images(folder, "disks")
    cells_of = {
        f"{encoder} {number}": (encoder, number, data, disks, disks_networks, disks_measures, disks_time_input, device)
        for encoder in ("without", "with")
        for number in range(1, disks_time_input.trainings + 1)
    }
    return sweep(cells_of, _measured, WHOLE, cells)


def _measured(
    encoder: str, number: int, data: Images, disks: Disks, settings: Autoencoder, measures: Measures, asked: TimeInput,
    device: str,
) -> list[Row]:  # fmt: skip
    changed = settings.model_copy(update={"time_input": encoder == "with", "epochs": asked.epochs})
    name = f"time_input {number}"
    pair, _ = trained(data.train, changed, (SLUG, name), device=device, report=lambda line: None)
    rows = [*latent_rows(pair, data, disks, measures, name, device), row_of_error(pair, data, changed, name, device)]
    return [{"encoder": encoder, "training": number, **row} for row in rows]
