"""How disentangled latents of dSprites are, SAMI's and those of VAEs (appendix A.7)."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from recompose.errors import RecomposeError
from recompose.metrics.disentanglement import dci, modularity
from recompose.metrics.intervals import OUTSIDE, student_interval
from recompose.papers.sami.data import AT_ONCE, SLUG, Images, centred, load_images
from recompose.papers.sami.measuring import posterior
from recompose.papers.sami.names import SCORES
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.settings import Autoencoder, SpriteMeasures, Trainings
from recompose.papers.sami.sprites.networks import all_trained
from recompose.randomness import numpy_generator
from recompose.sweeps import WHOLE, CellStore, Row, sweep


def dsprites(
    *, folder: Path, device: str, dsprites_networks: Autoencoder, dsprites_trainings: Trainings,
    dsprites_measures: SpriteMeasures, cells: CellStore | None = None,
) -> pd.DataFrame:  # fmt: skip
    """Rows: method, training, quantity; `mean` and `std` of the repeats of the evaluation of a training.

    training: its number; `repeats`, whose `std` is that of the repeats of all trainings around the mean of each; or
    `all`, the mean and `std` of the means of the trainings. `std_ci_low` and `std_ci_high` are the ends of the interval
    of a deviation by chi square. Each repeat chooses images of its own, the same for every training. Raises
    RecomposeError where the test has too few.
    """
    data = load_images(folder, "dsprites")
    asked = dsprites_measures.fitted + dsprites_measures.judged
    if asked > len(data.test):
        raise RecomposeError(
            f"dsprites_measures: fitted + judged = {asked} of {len(data.test)} images of the test; lower them or raise"
            " dsprites.test"
        )
    made = all_trained(folder, data.train, dsprites_networks, dsprites_trainings, device)
    each = sweep(
        {f"{method} {number}": (method, number, pair, data, dsprites_measures, device)
         for (method, number), pair in made.items()},
        evaluated, WHOLE, cells,
    )  # fmt: skip
    return pd.DataFrame([row for _, rows in each.groupby(["method", "quantity"], sort=False) for row in _summed(rows)])


def evaluated(method: str, number: int, pair: Pair, data: Images, measures: SpriteMeasures, device: str) -> list[Row]:
    """The scores of a training's posterior means in each repeat, and the divergence of its posteriors."""
    parts = [posterior(pair, centred(part), device) for part in torch.split(data.test, AT_ONCE)]
    means, variances = (np.concatenate(each) for each in zip(*parts, strict=True))
    factors = data.test_factors.numpy()
    rows = []
    for repeat in range(measures.repeats):
        generator = numpy_generator(SLUG, "dsprites", "repeat", repeat)
        order = generator.permutation(len(means))
        fitted, judged = order[: measures.fitted], order[measures.fitted :][: measures.judged]
        found = dci(
            means[fitted], factors[fitted], means[judged], factors[judged], generator=generator, rounds=measures.rounds
        )
        scores = {
            "modularity": modularity(means[fitted], factors[fitted]),
            "disentanglement": found.disentanglement,
            "completeness": found.completeness,
            "informativeness": found.informativeness,
            "divergence": float(0.5 * (means**2 + variances - 1 - np.log(variances))[fitted].sum(axis=1).mean()),
        }
        rows += [
            {"method": method, "training": number, "repeat": repeat, "quantity": quantity, "value": scores[quantity]}
            for quantity in SCORES
        ]
    return rows


def _summed(rows: pd.DataFrame) -> list[Row]:
    """The rows of one method and quantity: each training's, and the two spreads."""
    about = {"method": rows.method.iloc[0], "quantity": rows.quantity.iloc[0]}
    values = rows.pivot(index="training", columns="repeat", values="value")
    trainings, repeats = values.shape
    found = [
        _row(about, str(number), *student_interval(each), float(each.std(ddof=1)), repeats - 1)
        for number, each in zip(values.index, values.to_numpy(), strict=True)
    ]
    means = values.mean(axis=1).to_numpy()
    pooled = float(values.var(axis=1, ddof=1).mean() ** 0.5)
    mean = float(means.mean())
    found.append(_row(about, "repeats", mean, mean, mean, pooled, trainings * (repeats - 1)))
    found.append(_row(about, "all", *student_interval(means), float(means.std(ddof=1)), trainings - 1))
    return found


def _row(about: Row, training: str, mean: float, low: float, high: float, std: float, freedom: int) -> Row:
    """freedom: of the deviation, from how many numbers beyond their means it comes."""
    from scipy.special import chdtri  # scipy.stats takes seconds to import

    ends = [std * (freedom / chdtri(freedom, share)) ** 0.5 for share in (OUTSIDE / 2, 1 - OUTSIDE / 2)]
    return {
        **about, "training": training, "mean": mean, "ci_low": low, "ci_high": high,
        "std": std, "std_ci_low": float(ends[0]), "std_ci_high": float(ends[1]), "n": freedom + 1,
    }  # fmt: skip
