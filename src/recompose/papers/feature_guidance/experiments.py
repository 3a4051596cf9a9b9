"""What paper 5 measures, artifact by artifact, each from images and networks."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import torch

from recompose.blocks import Block
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import load_images
from recompose.papers.feature_guidance.denoising import figure2, figure3_classes, fixed_factors
from recompose.papers.feature_guidance.embedding import factors, figure4, figure5, figure15
from recompose.papers.feature_guidance.gaussians import figure6
from recompose.papers.feature_guidance.guidance import Bench
from recompose.papers.feature_guidance.interpolation import figure8
from recompose.papers.feature_guidance.names import NETWORKS
from recompose.papers.feature_guidance.networks import trained
from recompose.papers.feature_guidance.partial import figure12, figure13
from recompose.papers.feature_guidance.sampling import (
    figure7,
    figure10,
    figure11,
    figure14,
    figure16,
    late,
    methods,
)
from recompose.storage import Measured

MEASURES: dict[str, Callable[..., Measured]] = {
    function.__name__: function
    for function in (
        figure2, figure3_classes, figure4, figure5, figure6, figure7, figure8, figure10, figure11, figure12, figure13,
        figure14, figure15, figure16, methods, factors, fixed_factors,
    )
}  # fmt: skip


def measured(
    name: str, *, folder: Path, network_names: Sequence[str], network: configuration.Network, device: str,
    **blocks: Block,
) -> Measured:  # fmt: skip
    """One artifact, from the files of these networks and their images in the paper's folder."""
    with torch.inference_mode():
        found = MEASURES[name](*benches(network_names, folder, network, device), **blocks)
    if isinstance(sampling := blocks.get("sampling"), configuration.Sampling):
        return replace(found, unfinished=late(found.numbers, sampling.limit))
    return found


def benches(network_names: Sequence[str], folder: Path, network: configuration.Network, device: str) -> list[Bench]:
    """The images of some networks, and these; one bench for each set of images, the first one's first."""
    found = []
    for images in dict.fromkeys(NETWORKS[each].images for each in network_names):
        train, test = load_images(folder / "images" / f"{images}.safetensors")
        networks = {
            each: trained(folder / "networks" / f"{each}.safetensors", network=network, device=device)
            for each in network_names
            if NETWORKS[each].images == images
        }
        found.append(Bench(train, test, networks, device))
    return found
