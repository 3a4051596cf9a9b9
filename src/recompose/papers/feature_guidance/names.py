"""What the sets of images, the networks and the figures of paper 5 are called."""

from dataclasses import dataclass
from typing import Literal

SLUG = "feature_guidance"
Kind = Literal["guided", "mixture", "labelled"]

IMAGES = {
    "gray_textures": "Gray textures, a class for each",
    "colour_textures": "The same textures in colour",
    "one_texture": "Many images of one gray texture",
    "six_groups": "Six classes of many images each",
    "ten_groups": "Ten classes of many images each",
    "two_gaussians": "Two Gaussians in the space of images",
}

GRAY = ("gray_textures", "one_texture")
"""Sets that most figures are about; training passes over the others may be fewer."""
GROUPS = {"six_groups": 6, "ten_groups": 10}
"""Sets whose classes are of many images each, and how many classes they have."""


@dataclass(frozen=True)
class Network:
    """What a network is trained on, and what it is told: another image of the class, nothing, or the class's name."""

    images: str
    kind: Kind


NETWORKS = {
    "guided": Network("gray_textures", "guided"),
    "mixture": Network("gray_textures", "mixture"),
    "labelled": Network("gray_textures", "labelled"),
    "single": Network("one_texture", "guided"),
    "colour": Network("colour_textures", "guided"),
    "six": Network("six_groups", "guided"),
    "six_mixture": Network("six_groups", "mixture"),
    "ten": Network("ten_groups", "guided"),
    "gaussians": Network("two_gaussians", "guided"),
    "gaussians_labelled": Network("two_gaussians", "labelled"),
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

IMAGELESS = ("figure3", "figure6")
"""Those whose figures show no images."""
SAMPLED = ("figure10", "free_guidance", "figure11", "figure14", "figure16")
"""Those whose samples the table of quality judges."""

DERIVED = {"embedding": ("figure5",), "components": ("figure6",), "quality": SAMPLED}
"""Tables, and the artifacts from whose numbers each is made."""
