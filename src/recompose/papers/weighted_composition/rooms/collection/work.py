"""How much work the collection of rooms is, for what a cluster is asked for."""

from recompose.artifacts import Work
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection

GENERATED = 24e-3 * (100 + 256)
"""10^12 operations of a step of an image of 256 x 256: two for each of 12 billion weights, at each token of both."""
EMBEDDED = 0.6e-3 * 257
"""The same of an embedding, of 0.3 billion weights."""
MEGABYTES = 40_000
"""Of main memory, through which the generator's weights go to the GPU."""


def works(settings: RoomsCollection) -> dict[str, Work]:
    """The work of each step for one class, at the most: what is there already takes none."""
    image = GENERATED * settings.steps * (settings.resolution / 256) ** 2
    embeddings = EMBEDDED * settings.candidates
    more = (image + EMBEDDED) * (settings.limit - settings.candidates)
    return {
        "candidates": Work(image * settings.candidates, minutes=10, megabytes=MEGABYTES),
        "embeddings": Work(embeddings, minutes=5, megabytes=4000),
        "accepted": Work(embeddings + more, minutes=20, megabytes=MEGABYTES),
    }
