"""How much work the jobs of rooms are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.networks.diffusers_unet_operations import operations
from recompose.papers.weighted_composition.rooms.names import CLASSES, JUDGE, PARTS, SAMPLES, SOURCES, network_names
from recompose.papers.weighted_composition.rooms.settings import Rooms, RoomsNetworks
from recompose.papers.weighted_composition.settings import WeightedComposition

PAIRS = tuple(SAMPLES.values())
"""Settings and models."""
TOGETHER = ("rooms", "rooms_samples")
"""What is one job where jobs are few: all networks, and all samples, which have their own entries as well."""
SECONDS_A_ROOM = 1e-2
"""Rendering one of 64 x 64 pixels, from which smaller ones are averaged; larger ones by their pixels."""
FLOATS = 12
"""Activations that training keeps for each output of a residual block, of its convolutions, norms and sums."""


def works(paper: WeightedComposition) -> dict[str, Work]:
    """The work of the images, of each network, and of sampling a setting and model."""
    rooms, networks, sampling = paper.rooms, paper.rooms_networks, paper.rooms_sampling
    pass_ = operations(rooms.size, networks.patch, networks.widths, networks.layers)
    held = activations(rooms, networks)
    trained = Work(
        3e-12 * pass_ * networks.batch * networks.iterations, 0, 4e-6 * held * networks.batch + _megabytes(rooms)
    )
    moved = sum(k * swarms for k, swarms in zip(sampling.particles, sampling.swarms, strict=True))
    passes = len(SOURCES) * sampling.steps * (moved + len(SOURCES) * sampling.alone)
    widest = 8e-6 * rooms.size**2 * max(networks.widths) * sampling.at_once
    judged = paper.rooms_judge.batch * paper.rooms_judge.iterations
    count = len(CLASSES) * sum(getattr(rooms, part) for part in PARTS)
    sampled = Work(1e-12 * pass_ * passes, 0, widest + 1e-4 * rooms.size**2 * 1024)
    return {
        "rooms": _times(trained, sum(len(network_names(*pair)) for pair in PAIRS)),
        "rooms_samples": _times(sampled, len(PAIRS)),
        "images": Work(0, count * SECONDS_A_ROOM * max(1, rooms.size / 64) ** 2 / 60, 2 * _megabytes(rooms)),
        JUDGE: Work(3e-12 * 5 * 36 * rooms.size**2 * paper.rooms_judge.width**2 * judged, 0, _megabytes(rooms)),
        **{f"rooms_{setting}_{model}": _times(trained, len(network_names(setting, model))) for setting, model in PAIRS},
        **dict.fromkeys(SAMPLES, sampled),
    }


def _times(work: Work, count: int) -> Work:
    """So many one after another."""
    return Work(count * work.teraflop, count * work.minutes, work.megabytes)


def activations(rooms: Rooms, networks: RoomsNetworks) -> float:
    """Numbers that training keeps of an image."""
    places = (rooms.size / networks.patch) ** 2
    blocks = 2 * networks.layers + 1
    return sum(FLOATS * blocks * width * places / 4**level for level, width in enumerate(networks.widths))


def _megabytes(rooms: Rooms) -> float:
    """All images of the set."""
    return 1e-6 * len(CLASSES) * sum(getattr(rooms, part) for part in PARTS) * 3 * rooms.size**2
