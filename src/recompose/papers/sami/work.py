"""How much work the jobs of paper 3 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from recompose.artifacts import Work
from recompose.networks.unet_operations import operations
from recompose.papers.sami.settings import Autoencoder, Sami

ACTIVATIONS = 40
"""Numbers that training keeps for every channel and place of a level."""

PRETRAINED = 5e11
"""About the operations of google/ddpm-celebahq-256 on an image."""


def works(paper: Sami) -> dict[str, Work]:
    """The work of each network and of the jobs that ask it."""
    size, settings, measures = paper.disks.size, paper.disks_networks, paper.disks_measures
    encoder, denoiser = passes(size, settings)
    trained, held = training(size, paper.disks.train, settings)
    faces, faces_held = training(paper.faces.size, paper.faces.train, paper.faces_networks)
    trainings = len(paper.disks_collapse.weights) + paper.disks_collapse.halvings
    sampled = 1e-12 * (2 * encoder + denoiser) * measures.sampling_steps * measures.conditions * measures.samples
    return {
        "disks_networks": Work(trained * settings.epochs, 0, held),
        "disks_control": Work(trained * settings.epochs / 2, 0, held),
        "figure2": Work(0.1 * sampled, 1, held),
        "disks": Work(sampled, 1, held),
        "collapse": Work(trained * paper.disks_collapse.epochs * trainings, 1, held),
        "theory": Work(0, 1, 100),
        "faces_networks": Work(faces * paper.faces_networks.epochs, 0, faces_held),
        **_frozen(paper),
    }


def _frozen(paper: Sami) -> dict[str, Work]:
    """Of portraits: 3 passes of the denoiser an image for itself, 9 of an encoder and 1 of it for one, 3 of both for
    DiffAE."""
    size, channels, images = paper.portraits.size, paper.portraits.channels, paper.portraits.train
    of, told, measures = paper.portraits_networks, paper.portraits_denoiser, paper.portraits_measures
    both = Autoencoder(**told.model_dump(include={"base", "multipliers", "middle"}) | of.model_dump())
    encoder, denoiser = passes(size, both, channels)
    held = training(size, images, both, channels)[1]
    frozen = PRETRAINED if told.pretrained else denoiser
    once = 1e-12 * images * (9 * encoder + frozen)
    choices = paper.portraits_choices
    trainings = len(choices.weights) + len(choices.latents) + len(choices.timesteps)
    tested = 1e-12 * paper.portraits.test * measures.levels * (3 * encoder + frozen)
    sampled = 1e-12 * (3 * encoder + frozen) * measures.sampling_steps * measures.conditions * measures.samples
    return {
        "portraits_denoiser": Work(0 if told.pretrained else 3e-12 * images * denoiser * told.epochs, 0, held),
        "portraits_networks": Work(once * of.epochs, 0, held),
        "portraits_uniform": Work(once * of.epochs, 0, held),
        "portraits_diffae": Work(3e-12 * images * (encoder + denoiser) * of.epochs, 0, held),
        "figure4": Work(sampled / 2, 1 + paper.videos.count / 50, held),
        "portraits": Work(2 * (tested * measures.repeats + sampled), 1, held),
        "choices": Work(trainings * (once * choices.epochs + tested), 1, held),
    }


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
