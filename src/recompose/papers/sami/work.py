"""How much work the jobs of paper 3 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.networks.unet_operations import operations
from recompose.papers.sami.settings import Autoencoder, Sami, SpriteMeasures

ACTIVATIONS = 40
"""Numbers that training keeps for every channel and place of a level."""


def works(paper: Sami) -> dict[str, Work]:
    """The work of each network and of the jobs that ask it."""
    size, settings, measures = paper.disks.size, paper.disks_networks, paper.disks_measures
    encoder, denoiser = passes(size, settings)
    trained, held = training(size, paper.disks.train, settings)
    faces, faces_held = training(paper.faces.size, paper.faces.train, paper.faces_networks)
    trainings = len(paper.disks_collapse.weights) + paper.disks_collapse.halvings
    sampled = 1e-12 * (2 * encoder + denoiser) * measures.sampling_steps * measures.conditions * measures.samples
    sprites, sprites_held = training(paper.dsprites.size, paper.dsprites.train, paper.dsprites_networks)
    sprites_held += 1e-6 * paper.dsprites.size**2 * (paper.dsprites.train + paper.dsprites.test)  # a job reads them all
    further, scores = paper.dsprites_trainings, paper.dsprites_scores
    sprite_encoder, sprite_denoiser = passes(paper.dsprites.size, paper.dsprites_networks)
    along = 1e-12 * (2 * sprite_encoder + sprite_denoiser) * scores.moves * scores.runs
    return {
        "disks_networks": Work(trained * settings.epochs, 0, held),
        "disks_control": Work(trained * settings.epochs / 2, 0, held),
        "figure2": Work(0.1 * sampled, 1, held),
        "disks": Work(sampled, 1, held),
        "collapse": Work(trained * paper.disks_collapse.epochs * trainings, 1, held),
        "theory": Work(0, 1, 100),
        "faces_networks": Work(faces * paper.faces_networks.epochs, 0, faces_held),
        "dsprites_networks": Work(sprites * paper.dsprites_networks.epochs, 0, sprites_held),
        "dsprites_trainings": Work(sprites * paper.dsprites_networks.epochs * (further.count - 1), 0, sprites_held),
        "dsprites_vaes": Work(sprites / 3 * further.vae_epochs * 2 * further.count, 0, sprites_held),
        "dsprites": Work(0, evaluation(paper.dsprites_measures, further.count), sprites_held),
        "figure6": Work(along, 1, sprites_held),
        "time_input": Work(trained * paper.disks_time_input.epochs * 2 * paper.disks_time_input.trainings, 1, held),
    }


def evaluation(measures: SpriteMeasures, trainings: int) -> float:
    """Minutes of all evaluations of three methods: 5 rounds of DCI with 1000 images take 2.5 s, beside the device."""
    return 3 * trainings * measures.repeats * 2.5 / 60 * measures.rounds / 5 * measures.fitted / 1000


def training(size: int, images: int, settings: Autoencoder, channels: int = 1) -> tuple[float, float]:
    """Teraflop of an epoch, 9 passes of the encoder and 3 of the denoiser an image, and megabytes held meanwhile."""
    encoder, denoiser = passes(size, settings, channels)
    held = 4e-6 * ACTIVATIONS * settings.batch * settings.base * size**2
    return 1e-12 * (9 * encoder + 3 * denoiser) * images, held


def passes(size: int, settings: Autoencoder, channels: int = 1) -> tuple[float, float]:
    """Operations of an image's way through the encoder, and through the denoiser."""
    widths = [settings.base * each for each in (*settings.multipliers, settings.middle)]
    strided = settings.of in ("disks", "dsprites")
    encoder = _strided(size, settings.encoder, channels) if strided else _half(size, settings.encoder, channels)
    return encoder, operations(size, channels, widths, 1)


def _strided(side: int, widths: tuple[int, ...], inputs: int) -> float:
    """Convolutions of stride 2."""
    total = 0.0
    for width in widths:
        side = (side + 1) // 2
        total += 2 * 9 * side**2 * inputs * width
        inputs = width
    return total


def _half(side: int, widths: tuple[int, ...], inputs: int) -> float:
    """Two convolutions a level, the side halved after each; the last level's second one returns to the first width."""
    total = 0.0
    for number, width in enumerate(widths):
        last = number == len(widths) - 1
        total += 2 * 9 * side**2 * (inputs * width + width * (widths[0] if last else width))
        inputs, side = width, side // 2
    return total
