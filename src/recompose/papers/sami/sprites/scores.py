"""Norms of scores along conditional sampling runs on dSprites (Figure 6), and how many bumps they have."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch
from scipy.ndimage import gaussian_filter1d
from scipy.signal import find_peaks
from torch import Tensor

from recompose.metrics.intervals import Interval, student_interval, wilson_interval
from recompose.papers.sami.data import SLUG, centred, load_images
from recompose.papers.sami.networks import from_file, schedule_of
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.sampling import ancestral, guided_noise, noise_of, score_of
from recompose.papers.sami.settings import Autoencoder, Scores
from recompose.papers.sami.sprites.networks import FIRST
from recompose.randomness import torch_generator
from recompose.sweeps import Row

SMOOTHING = 0.02
"""Standard deviation of the Gaussian that curves are smoothed with, as a share of all steps."""
PROMINENCE = 1.25
"""A bump rises to so many times the higher of the lowest places between it and the next higher one, on either side."""


def figure6(*, folder: Path, device: str, dsprites_networks: Autoencoder, dsprites_scores: Scores) -> pd.DataFrame:
    """Rows: quantity, of which score, in which run, at which step t.

    `magnitude`: the norm of the `prior` score, of the `posterior` score, which is guided, the `difference` of these two
    norms, without its sign, and the norm of the `guidance` score, which is the scores' difference; in the run `one`,
    and the mean over `all`. Of the last two also `bumps`, how many a run has, and `two`, the share of runs with two.
    """
    data = load_images(folder, "dsprites")
    pair = from_file(folder, FIRST, data.train, dsprites_networks, device)
    t, norms = magnitudes(pair, centred(data.test[: dsprites_scores.runs]), dsprites_networks, dsprites_scores, device)
    rows = []
    for of, each in norms.items():
        for place, values in zip(t, each.T, strict=True):
            rows.append(_row("magnitude", of, "one", place, values[0], values[0], values[0], 1))
            rows.append(_row("magnitude", of, "all", place, *student_interval(values), len(values)))
    for of in ("difference", "guidance"):
        found = np.array([float(len(bumps(curve))) for curve in norms[of]])
        rows.append(_row("bumps", of, "all", 0, *student_interval(found), len(found)))
        rows.append(_row("two", of, "all", 0, *wilson_interval((found == 2).astype(float)), len(found)))
    return pd.DataFrame(rows)


def _row(quantity: str, of: str, run: str, t: int, mean: float, low: float, high: float, n: int) -> Row:
    return {"quantity": quantity, "of": of, "run": run, "t": t, **Interval(mean, low, high).columns(n)}


def magnitudes(
    pair: Pair, conditions: Tensor, settings: Autoencoder, scores: Scores, device: str
) -> tuple[list[int], dict[str, np.ndarray]]:
    """The steps of a run, from noise to images, and the norms of each score, (runs, steps)."""
    schedule, generator = schedule_of(settings), torch_generator(SLUG, "figure6", "samples")
    with torch.no_grad():
        of = pair.encoder(conditions.to(device), None)
    z = of.sample(torch.randn(of.mean.shape, generator=generator).to(device))
    start = torch.randn(conditions.shape, generator=generator).to(device)
    steps: list[int] = []
    found: dict[str, list[Tensor]] = {"prior": [], "posterior": [], "difference": [], "guidance": []}

    def watch(t: int, noise: Tensor, taken: Tensor) -> None:
        prior, posterior, guidance = (
            each.flatten(1).norm(dim=1).double().cpu() / float(schedule.sigma[t])
            for each in (noise, noise - taken, taken)
        )
        steps.append(t)
        for name, each in zip(found, (prior, posterior, (posterior - prior).abs(), guidance), strict=True):
            found[name].append(each)

    predict = guided_noise(noise_of(pair.decoder), score_of(pair.encoder, z), schedule, watch)
    ancestral(predict, start, schedule, generator, moves=scores.moves, variance="large", clip=scores.clip)
    return steps, {name: torch.stack(each, dim=1).numpy() for name, each in found.items()}


def bumps(curve: np.ndarray) -> np.ndarray:
    """The places of bumps of a curve of positive numbers, (steps,), smoothed: maxima inside that stand out.

    On a logarithmic scale, for norms of scores grow by orders of magnitude towards the data.
    """
    smooth = gaussian_filter1d(curve, SMOOTHING * len(curve), mode="nearest")
    places, _ = find_peaks(np.log(np.maximum(smooth, np.finfo(float).tiny)), prominence=np.log(PROMINENCE))
    return np.asarray(places)
