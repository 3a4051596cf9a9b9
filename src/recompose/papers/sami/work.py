"""How much work the jobs of paper 3 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.networks.unet_operations import operations
from recompose.papers.sami.settings import Autoencoder, Sami

ACTIVATIONS = 40
"""Numbers that training keeps for every channel and place of a level."""


def works(paper: Sami) -> dict[str, Work]:
    """The work of each network and of the jobs that ask it."""
    size, settings, measures = paper.disks.size, paper.disks_networks, paper.disks_measures
    encoder, denoiser = passes(size, settings)
    held = 4e-6 * ACTIVATIONS * settings.batch * settings.base * size**2
    trained = 1e-12 * (9 * encoder + 3 * denoiser) * paper.disks.train
    trainings = len(paper.disks_collapse.weights) + paper.disks_collapse.halvings
    sampled = 1e-12 * (2 * encoder + denoiser) * measures.sampling_steps * measures.conditions * measures.samples
    return {
        "disks_networks": Work(trained * settings.epochs, 0, held),
        "disks_control": Work(trained * settings.epochs / 2, 0, held),
        "figure2": Work(0.1 * sampled, 1, held),
        "disks": Work(sampled, 1, held),
        "collapse": Work(trained * paper.disks_collapse.epochs * trainings, 1, held),
        "theory": Work(0, 1, 100),
    }


def passes(size: int, settings: Autoencoder) -> tuple[float, float]:
    """Operations of an image's way through the encoder, and through the denoiser."""
    encoder, inputs, side = 0.0, 1, size
    for width in settings.encoder:
        side = (side + 1) // 2
        encoder += 2 * 9 * side**2 * inputs * width
        inputs = width
    widths = [settings.base * each for each in (*settings.multipliers, settings.middle)]
    return encoder, operations(size, 1, widths, 1)
