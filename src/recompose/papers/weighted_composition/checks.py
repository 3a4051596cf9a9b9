"""What the models of the settings cannot see, because to know it takes torch."""

from recompose.errors import named
from recompose.papers.weighted_composition.names import SETTINGS
from recompose.papers.weighted_composition.settings import WeightedComposition

USUAL = (1.0, 1.0, -1.0)
"""Known to compose to a distribution."""


def check(settings: WeightedComposition) -> None:
    """Refuse weights that compose to no distribution and correctors that are none."""
    if settings.correctors.methods != "all":
        from recompose.papers.weighted_composition.correctors import chosen

        with named("weighted_composition.correctors.methods"):
            chosen(settings.correctors.methods)
    if settings.sampling.weights != USUAL:
        from recompose.datasets.compositions import composition

        for setting in SETTINGS:
            composition(setting, settings.task.reading, settings.sampling.weights)
