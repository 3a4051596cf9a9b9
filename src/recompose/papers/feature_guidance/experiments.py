"""What paper 5 measures, artifact by artifact, each from the networks it needs (`names.USES`)."""

from collections.abc import Callable
from pathlib import Path

import torch

from recompose.blocks import Block
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import load_images
from recompose.papers.feature_guidance.denoising import Measured, figure2, figure3
from recompose.papers.feature_guidance.embedding import figure4, figure5, figure15
from recompose.papers.feature_guidance.gaussians import figure6
from recompose.papers.feature_guidance.guidance import Bench
from recompose.papers.feature_guidance.interpolation import figure8
from recompose.papers.feature_guidance.names import NETWORKS, USES
from recompose.papers.feature_guidance.networks import trained
from recompose.papers.feature_guidance.partial import figure12, figure13
from recompose.papers.feature_guidance.sampling import figure7, figure10, figure11, figure14, figure16, free_guidance

MEASURES: dict[str, Callable[..., Measured]] = {
    function.__name__: function
    for function in (
        figure2, figure3, figure4, figure5, figure6, figure7, figure8, figure10, figure11, figure12, figure13,
        figure14, figure16, free_guidance,
    )
} | {"figure15": figure15}  # fmt: skip


def measured(name: str, folder: Path, *, network: configuration.Network, device: str, **blocks: Block) -> Measured:
    """One artifact, from the files of images and networks in the paper's folder."""
    with torch.inference_mode():
        return MEASURES[name](*benches(name, folder, network, device), **blocks)


def benches(name: str, folder: Path, network: configuration.Network, device: str) -> list[Bench]:
    """The images and networks of an artifact; one bench for each set of images."""
    found = []
    for images in dict.fromkeys(NETWORKS[each].images for each in USES[name]):
        train, test = load_images(folder / "images" / f"{images}.safetensors")
        networks = {
            each: trained(folder / "networks" / f"{each}.safetensors", network=network, device=device)
            for each in USES[name]
            if NETWORKS[each].images == images
        }
        found.append(Bench(train, test, networks, device))
    return found
