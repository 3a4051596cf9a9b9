"""What the sets of images, the networks and the figures of paper 5 are called."""

from dataclasses import dataclass
from typing import Literal

SLUG = "feature_guidance"
Kind = Literal["guided", "mixture", "labelled"]

IMAGES = {
    "gray": "Gray textures, a class for each",
    "colour": "The same textures in colour",
    "single": "Many images of one gray texture",
    "six": "Six classes of many images each",
    "ten": "Ten classes of many images each",
    "gaussians": "Two Gaussians in the space of images",
}


@dataclass(frozen=True)
class Network:
    """What a network is trained on, and what it is told: another image of the class, nothing, or the class's name."""

    images: str
    kind: Kind


NETWORKS = {
    "guided": Network("gray", "guided"),
    "mixture": Network("gray", "mixture"),
    "labelled": Network("gray", "labelled"),
    "single": Network("single", "guided"),
    "colour": Network("colour", "guided"),
    "six": Network("six", "guided"),
    "six_mixture": Network("six", "mixture"),
    "ten": Network("ten", "guided"),
    "gaussians": Network("gaussians", "guided"),
    "gaussians_labelled": Network("gaussians", "labelled"),
}

# Which networks each artifact needs; the first is the one under study.
USES = {
    "figure2": ("guided", "mixture"),
    "figure3": ("guided", "mixture", "single"),
    "figure4": ("guided", "mixture"),
    "figure5": ("guided",),
    "figure6": ("gaussians", "gaussians_labelled"),
    "figure7": ("guided", "mixture"),
    "figure8": ("guided",),
    "figure10": ("guided",),
    "figure11": ("colour",),
    "figure12": ("guided",),
    "figure13": ("guided", "mixture"),
    "figure14": ("six",),
    "figure15": ("six", "six_mixture"),
    "figure16": ("ten",),
    "free_guidance": ("labelled", "guided"),
}
