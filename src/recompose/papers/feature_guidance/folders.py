"""Which folders sets of images are read from. No torch: the workflow reads it."""

from pathlib import Path

from recompose.papers.feature_guidance.names import GROUPS
from recompose.papers.feature_guidance.settings import Images


def folders(name: str, images: Images) -> list[str]:
    """The folders of the real data that a set of images is made from; none where it is generated."""
    if name in GROUPS:
        return sorted(map(str, Path("data").glob("*/"))) if images.multi == "archives" else []
    if name == "two_gaussians" or images.source == "generated":
        return []
    return ["data/one_texture" if name == "one_texture" else "data/textures"]
