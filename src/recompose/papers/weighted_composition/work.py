"""How much work the jobs of paper 2 are, from the settings alone: on a cluster they ask for time and memory by it.

Matrix products are counted; what else takes long was timed on one core, and is so much for a point, a pair, a
particle. No torch: the workflow reads it.
"""

from math import ceil

from recompose.artifacts import Work
from recompose.papers.weighted_composition.names import MODELS, SETTINGS
from recompose.papers.weighted_composition.settings import Networks, Task, WeightedComposition

SOURCES = 3
SECONDS_A_POINT = 1e-7
"""Drawing a point to train on."""
SECONDS_A_PAIR = 1.6e-7
"""Both distances between two sets of n points, for each of the n^2 pairs."""
FLOP_A_PARTICLE = 2.7e3
"""Moving a particle one step takes as long as so many operations: 7.5 million of them a second, at 20 GFLOP/s."""
DIRECT = 3
"""Times as long for a step with exact scores, evaluated at every particle; of mixtures it is the longest."""
FLOP_A_UNIT = 300
"""What a hidden unit takes besides matrix products, for a point that is trained on; most, where they are narrow."""
REFINED = 2
"""Points at which the networks are asked for a grid, over its nodes: 1.0 to 2.4 were seen."""
CORRECTORS = 5
"""Samplers of compositions that are compared."""
DOUBLED = 2
"""The finest grid has so many times the nodes along each axis (`diffusion.grid_field`)."""


def works(paper: WeightedComposition, batches: int) -> dict[str, Work]:
    """The work of training each file of networks, and of a job that samples for each artifact."""
    task, networks, sampling = paper.task, paper.networks, paper.sampling
    training = {f"{setting}_{model}": _training(task, networks, model) for setting in SETTINGS for model in MODELS}

    scores = 2e-12 * SOURCES * _weights(networks, 3 + SOURCES)  # of all sources, at one place
    from_grid = scores * REFINED * sampling.nodes**2 * sampling.steps
    move = 1e-12 * FLOP_A_PARTICLE * sampling.steps
    comparison = _comparison(sampling.outputs)
    held = (
        _file(task, networks, "separate")
        + 36e-6 * sampling.outputs**2
        + 12e-6 * SOURCES * networks.width * (DOUBLED * sampling.nodes) ** 2
    )

    learned = len(MODELS) * len(task.samples)
    cells = ceil(task.runs * len(SETTINGS) * (1 + learned) / batches)
    moved = move * sampling.outputs * sum(sampling.particles)
    alone, by_grid, drawn, mapped = paper.exact, paper.grid, paper.figure1, paper.error_map
    alone_cells = ceil(alone.runs * len(SETTINGS) / batches)
    alone_moved = DIRECT * 1e-12 * FLOP_A_PARTICLE * alone.steps * alone.outputs * sum(alone.particles)
    clipped = len(paper.clipping.settings) * (1 + len(task.samples)) * task.runs
    side_by_side = 2 * CORRECTORS * len(SETTINGS) * min(paper.correctors.runs, task.runs)
    compared = len(SETTINGS) * by_grid.runs
    direct = DIRECT * move * by_grid.outputs * by_grid.particles
    densities, smoothing = 2 * (1 + SOURCES), drawn.outputs * drawn.nodes**2 * SECONDS_A_PAIR / 60
    mapping = scores * task.runs * len(mapped.times) * mapped.nodes**2 + move * mapped.swarms
    known = scores * SOURCES * len(SETTINGS) * learned * task.runs * paper.accuracy.points * paper.accuracy.times
    clips = len(paper.clipping.clips)
    return training | {
        "distances": Work(cells * (from_grid + moved), cells * len(sampling.particles) * comparison, held),
        "exact": Work(alone_cells * alone_moved, 0, 0.1 * alone.outputs),
        "accuracy": Work(known, 0, held),
        "clipping": Work(clipped * (from_grid + clips * move * sampling.outputs * paper.clipping.particles),
                         clipped * clips * comparison, held),
        "correctors": Work(side_by_side * (from_grid + DIRECT * move * sampling.outputs * paper.correctors.particles),
                           side_by_side * comparison / 2, held),
        "grid": Work(compared * REFINED * direct, 0, held),
        "figure1": Work(densities * (from_grid + move * drawn.outputs * drawn.particles), densities * smoothing, held),
        "error_map": Work(len(SETTINGS) * mapping, 0, held),
    }  # fmt: skip


def _comparison(outputs: int) -> float:
    """The minutes that both distances between two sets of points take."""
    return outputs**2 * SECONDS_A_PAIR / 60


def _training(task: Task, networks: Networks, model: str) -> Work:
    """Training the networks of one setting: forward, and twice as much backward."""
    points = _count(task, model) * networks.batch * networks.iterations
    activations = 4e-6 * _count(task, model) * networks.layers * networks.batch * networks.width
    return Work(
        1e-12 * points * (6 * _weights(networks, _inputs(model)) + FLOP_A_UNIT * networks.layers * networks.width),
        points * SECONDS_A_POINT / 60,
        5 * _file(task, networks, model) + 6 * activations,
    )


def _count(task: Task, model: str) -> int:
    """How many networks a setting has."""
    return len(task.samples) * task.runs * (SOURCES if model == "separate" else 1)


def _inputs(model: str) -> int:
    """Time and place; a conditional network is told the source as well."""
    return 3 if model == "separate" else 3 + SOURCES


def _weights(networks: Networks, inputs: int) -> int:
    return networks.width * (inputs + (networks.layers - 1) * networks.width + 2)


def _file(task: Task, networks: Networks, model: str) -> float:
    """The megabytes of the networks of a setting."""
    return 4e-6 * _count(task, model) * _weights(networks, _inputs(model))
