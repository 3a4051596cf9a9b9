"""What the settings, models and tables of paper 2 are called, and in which order they stand."""

from dataclasses import dataclass

SETTINGS = {
    "f_id": "Factorized, in distribution",
    "nf_id": "Not factorized, in distribution",
    "f_ood": "Factorized, out of distribution",
    "nf_ood": "Not factorized, out of distribution",
    "gmm_id": "Mixtures, in distribution",
    "gmm_ood": "Mixtures, out of distribution",
}
"""In the order of the paper's tables."""

GAUSSIAN, MIXTURES = tuple(SETTINGS)[:4], tuple(SETTINGS)[4:]
MODELS = ("conditional", "separate")
"""One network that is told its source, or one for each source."""
ANALYTIC = "analytic"
"""Exact scores: the last of the numbers of training samples."""
METRICS = {"sw2": "SW₂", "mmd2": "MMD²"}


@dataclass(frozen=True)
class Table:
    """What a table of the paper holds: one metric of one kind of model, in some settings."""

    settings: tuple[str, ...]
    model: str
    metric: str


def _tables() -> dict[str, Table]:
    found = [
        Table(GAUSSIAN, "conditional", "sw2"),
        Table(MIXTURES, "conditional", "sw2"),
        Table(GAUSSIAN, "separate", "sw2"),
    ]
    for family in (GAUSSIAN, MIXTURES):  # appendix H.1 to H.4: each setting by itself, each metric
        for model in MODELS:
            found += [Table((setting,), model, metric) for setting in family for metric in METRICS]
    return {f"table{number}": table for number, table in enumerate(found, start=1)}


TABLES = _tables()
"""Tables 1-27 of the paper.

>>> TABLES["table10"]
Table(settings=('nf_ood',), model='conditional', metric='sw2')
>>> TABLES["table27"]
Table(settings=('gmm_ood',), model='separate', metric='mmd2')
"""
