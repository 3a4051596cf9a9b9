"""The tables of rooms made from what the judge saw. No torch here, so it is quick."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from recompose.metrics.intervals import NORMAL, Interval
from recompose.papers.weighted_composition.rooms.mixtures import CELLS, base_both_for, composed, mixtures
from recompose.papers.weighted_composition.rooms.names import OUTCOMES, SETTINGS, SOURCES
from recompose.papers.weighted_composition.rooms.settings import Rooms

PLACE = ["setting", "model", "source", "particles"]
SENTENCE = 0.9604
"""The share of couch + X that "nearly all" means: that of the composition in distribution."""


def rooms_fractions(judged: pd.DataFrame, *, rooms: Rooms) -> pd.DataFrame:
    """What shares of the composition's samples show which outcome, beside the exact class weights of what is composed.

    `variant`: the exact weights if couch + X were so rare in the base that the paper's sentence were true.
    """
    compositions = judged[judged.source == "composition"]
    exact = {setting: exact_outcomes(composed(mixtures(setting, rooms))) for setting in SETTINGS}
    variant = {
        setting: exact_outcomes(composed(mixtures(setting, as_the_sentence_says(rooms)))) for setting in SETTINGS
    }
    frame = _fractions(compositions)
    for name, known in (("exact", exact), ("variant", variant)):
        frame[name] = [known[setting][outcome] for setting, outcome in zip(frame.setting, frame.outcome, strict=True)]
    return frame.drop(columns="source")


def exact_outcomes(weights: np.ndarray) -> dict[str, float]:
    """Class weights as outcomes: none is warped."""
    return {**dict(zip(CELLS, map(float, weights), strict=True)), "warped": 0.0}


def as_the_sentence_says(rooms: Rooms) -> Rooms:
    """The same rooms, mixed so that couch + X has nearly all of the composition out of distribution too."""
    return rooms.model_copy(update={"base_both": base_both_for(SENTENCE, rooms.beta)})


def _fractions(judged: pd.DataFrame) -> pd.DataFrame:
    """The share of each outcome among all particles, with its interval over the swarms."""
    rows = []
    for place, swarms in judged.groupby(PLACE, sort=False):
        for outcome in OUTCOMES:
            particles = int(swarms.particles.iloc[0])
            found = clustered_share(swarms[outcome].to_numpy(), particles)
            here = dict(zip(PLACE, place, strict=True)) | {"outcome": outcome}
            rows.append(here | found.columns(len(swarms) * particles))
    return pd.DataFrame(rows)


def clustered_share(shares: np.ndarray, size: int) -> Interval:
    """The mean share of swarms of so many particles, with Wilson's interval for as many trials as they are worth.

    Particles of a swarm share ancestors. p (1 - p) over the variance of the mean between swarms says how many
    independent ones would vary as much (Kish, 1965): at least the swarms, at most all particles. shares: (swarms,)

    >>> [round(each, 3) for each in clustered_share(np.zeros(50), 1)]
    [0.0, 0.0, 0.071]
    """
    count, mean = len(shares), float(shares.mean())
    between = float(shares.var(ddof=1)) / count if count > 1 else 0.0
    worth = np.clip(mean * (1 - mean) / between if between > 0 else count, count, count * size)
    centre = (mean + NORMAL**2 / (2 * worth)) / (1 + NORMAL**2 / worth)
    half = NORMAL * np.sqrt(mean * (1 - mean) / worth + NORMAL**2 / (4 * worth**2)) / (1 + NORMAL**2 / worth)
    return Interval(mean, float(max(0.0, min(centre - half, mean))), float(min(1.0, max(centre + half, mean))))


def rooms(rooms_fractions: pd.DataFrame) -> pd.DataFrame:
    """A row for each setting, model and K: all shares, and how far they are from the exact ones (total variation)."""
    rows = []
    for place, outcomes in rooms_fractions.groupby(["setting", "model", "particles"], sort=False):
        row = dict(zip(("setting", "model", "particles"), place, strict=True))
        for each in outcomes.to_dict("records"):
            row |= {f"{each['outcome']}{end}": each[name] for name, end in ENDS.items()}
        apart = 0.5 * (outcomes["mean"] - outcomes.exact).abs().sum()
        exact = dict(zip(outcomes.outcome, outcomes.exact, strict=True))
        variant = dict(zip(outcomes.outcome, outcomes.variant, strict=True))
        rows.append(row | {"exact_both": exact["both"], "variant_both": variant["both"], "apart": apart})
    return pd.DataFrame(rows)


ENDS = {"mean": "", "ci_low": "_ci_low", "ci_high": "_ci_high"}


def rooms_conditions(judged: pd.DataFrame, errors: pd.DataFrame, *, rooms: Rooms) -> pd.DataFrame:
    """How well networks know the conditions that they were trained on: shares of classes, and errors of velocities."""
    alone = _fractions(judged[judged.source != "composition"])
    alone["exact"] = list(_exact_alone(alone, rooms))
    alone["apart"] = (alone["mean"] - alone.exact).abs()
    error = errors.set_index(["setting", "model", "source"]).error
    keys = zip(alone.setting, alone.model, alone.source, strict=True)
    return alone.drop(columns="particles").assign(error=[error[key] for key in keys])


def _exact_alone(frame: pd.DataFrame, rooms: Rooms) -> Iterator[float]:
    for setting, source, outcome in zip(frame.setting, frame.source, frame.outcome, strict=True):
        yield exact_outcomes(mixtures(setting, rooms)[SOURCES.index(source)])[outcome]


def rooms_weights(*courses: pd.DataFrame) -> pd.DataFrame:
    """The course of the weights of every setting and model; of the variance its sum on the way as well."""
    frame = pd.concat(courses, ignore_index=True)
    variance = frame[frame.quantity == "variance"]
    ends = ["mean", "ci_low", "ci_high"]
    whole = variance.groupby(["setting", "model", "particles"], sort=False)[ends].cumsum()
    return pd.concat([frame, variance.assign(quantity="total_variance", **whole)], ignore_index=True)
