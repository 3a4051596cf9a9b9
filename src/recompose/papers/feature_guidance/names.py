"""What the sets of images, the networks and the figures of paper 5 are called."""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["guided", "fixed", "mixture", "labelled"]

IMAGES = {
    "gray_textures": "Gray textures, a class for each",
    "colour_textures": "The same textures in colour",
    "one_texture": "Many images of one gray texture",
    "six_groups": "Six classes of many images each",
    "ten_groups": "Ten classes of many images each",
    "two_gaussians": "Two Gaussians in the space of images",
}

GROUPS = {"six_groups": 6, "ten_groups": 10}
"""Sets whose classes are of many images each, and how many classes they have."""

ONE_TEXTURE = 1
"""The class with a network of its own in Figure 3: wood, as there."""


@dataclass(frozen=True)
class Network:
    """What a network is trained on, and what it is told: another image of the class, nothing, or the class's name.

    `fixed`: guided, with factors that stay at one.
    """

    images: str
    kind: Kind


NETWORKS = {
    "guided": Network("gray_textures", "guided"),
    "mixture": Network("gray_textures", "mixture"),
    "labelled": Network("gray_textures", "labelled"),
    "single": Network("one_texture", "guided"),
    "colour": Network("colour_textures", "guided"),
    "six": Network("six_groups", "guided"),
    "six_fixed": Network("six_groups", "fixed"),
    "six_mixture": Network("six_groups", "mixture"),
    "ten": Network("ten_groups", "guided"),
    "gaussians": Network("two_gaussians", "guided"),
    "gaussians_labelled": Network("two_gaussians", "labelled"),
}
