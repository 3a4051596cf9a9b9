"""What the models of the settings cannot see, because to know it takes torch."""

from recompose.papers.weighted_composition.names import SETTINGS
from recompose.papers.weighted_composition.settings import WeightedComposition

USUAL = (1.0, 1.0, -1.0)
"""Known to compose to a distribution."""


def check(settings: WeightedComposition) -> None:
    """Refuse weights that compose to no distribution."""
    if settings.sampling.weights != USUAL:
        from recompose.datasets.compositions import composition

        for setting in SETTINGS:
            composition(setting, settings.task.reading, settings.sampling.weights)
