"""How much work the jobs of paper 5 are, from the settings alone: on a cluster they ask for time and memory by it.

Convolutions are counted. No torch: the workflow reads it.
"""

from math import log

from recompose.artifacts import Work
from recompose.papers.feature_guidance.names import GROUPS, NETWORKS
from recompose.papers.feature_guidance.passes import passes
from recompose.papers.feature_guidance.settings import FeatureGuidance, Images, Network

OTHERS = 3
"""Passes that the other methods of sampling take together where the paper's takes one."""
FLOATS = 3
"""An activation is kept before the normalization, after it, and after the ReLU."""


def works(paper: FeatureGuidance) -> dict[str, Work]:
    """The work of each rule that trains a network or samples from some, by what follows the paper's name in its own."""
    found = {f"{name}_network": _training(paper, name) for name in NETWORKS}
    return found | {f"{name}_numbers": _sampling(paper, passes) for name, passes in _passes(paper).items()}


def operations(network: Network, channels: int = 1) -> float:
    """Multiplications and additions of one pass, for each pixel of the image."""
    widths = [network.width * 2**level for level in range(network.levels + 1)]
    products = 9.0 * widths[0] * channels
    for level, width in enumerate(widths[:-1]):
        inputs = widths[level - 1] if level else channels
        last = network.decoder - (1 if level == 0 else 0)
        encoder = 9 * width * (inputs + (network.encoder - 1) * width)
        decoder = 9 * width * width * (2 + last - 1) + width * widths[level + 1]
        products += (encoder + decoder) / 4**level
    products += 9 * widths[-1] * (widths[-2] + (network.middle - 1) * widths[-1]) / 4**network.levels
    return 2 * products


def activations(network: Network) -> float:
    """Numbers that training keeps of an image, for each of its pixels."""
    widths = [network.width * 2**level for level in range(network.levels)]
    convolutions = network.encoder + network.decoder
    of_levels = sum(width * (FLOATS * convolutions + 3) / 4**level for level, width in enumerate(widths))
    return of_levels + FLOATS * network.middle * 2 * widths[-1] / 4**network.levels


def _training(paper: FeatureGuidance, name: str) -> Work:
    """Forward, and twice as much backward; the same for the images of conditions, of which there are fewer."""
    pixels, count, channels = _images(paper, NETWORKS[name].images)
    seen = 1 + 1 / paper.training.shared if NETWORKS[name].kind in ("guided", "fixed") else 1
    flop = 3 * seen * operations(paper.network, channels) * pixels
    held = 4 * seen * activations(paper.network) * pixels * paper.training.batch + 2 * count * pixels * channels
    return Work(1e-12 * flop * count * passes(paper.training, NETWORKS[name].images), 0, 1e-6 * held)


def _sampling(paper: FeatureGuidance, pixels: float) -> Work:
    """So many pixels are sampled, from the first noise to the last."""
    sampling = paper.sampling
    iterations = min(log(sampling.start / sampling.final) / (sampling.noise * sampling.step) + 1, sampling.limit)
    return Work(1e-12 * operations(paper.network) * pixels * iterations, 0, 0)


def _passes(paper: FeatureGuidance) -> dict[str, float]:
    """How many pixels each artifact samples."""
    patch, samples, partial = paper.images.patch**2, paper.samples, paper.partial
    grouped = paper.images.group_patch**2
    judged = min(samples.measured, paper.images.classes) * samples.seeds
    measured = max(partial.measured, partial.classes)
    free = paper.gaussians.samples * 2 * (1 + 2 * len(paper.gaussians.weights))
    return {
        "figure6": free * paper.gaussians.patch**2,
        "figure7": (3 * samples.classes + 3 + samples.larger**2 * samples.classes / 2) * patch,
        "figure8": paper.interpolation.pairs * paper.interpolation.steps * samples.seeds * patch,
        "figure10": judged * patch,
        "figure11": min(samples.measured, paper.images.colour_classes) * samples.seeds * patch,
        "figure12": (1 + measured) * len(partial.levels) * patch,
        "figure13": measured * (1 + len(partial.levels)) * patch,
        "figure14": GROUPS["six_groups"] * samples.seeds * grouped,
        "figure16": GROUPS["ten_groups"] * samples.seeds * grouped,
        "methods": OTHERS * judged * patch,
    }


def _images(paper: FeatureGuidance, name: str) -> tuple[int, int, int]:
    """Pixels of an image, how many there are to train on, and their channels."""
    images = paper.images
    if name == "two_gaussians":
        return paper.gaussians.patch**2, paper.gaussians.images, 1
    if name in GROUPS:
        each = _patches(images, images.size // 2, images.group_patch)
        return images.group_patch**2, GROUPS[name] * images.members * each, 3
    textures = {
        "gray_textures": images.classes,
        "colour_textures": images.colour_classes,
        "one_texture": images.single,
    }
    count = textures[name] * _patches(images, images.size, images.patch)
    return images.patch**2, count, 3 if name == "colour_textures" else 1


def _patches(images: Images, size: int, patch: int) -> int:
    return (size // patch) ** 2 - images.held_out
