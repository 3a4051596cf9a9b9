"""What samples and networks are called in tables and figures of paper 5."""

from recompose.papers.feature_guidance.names import NETWORKS

TITLES = {
    "figure10": "guided, gray (Figure 10)",
    "averaged_conditions": "guided, gray, conditions of many images",
    "free_guidance": "classifier-free, gray",
    "figure11": "guided, colour (Figure 11)",
    "figure14": "guided, six classes (Figure 14)",
    "figure16": "guided, ten classes (Figure 16)",
}
"""Whose samples are judged: figures, and methods beside the paper's."""


def titled(name: str) -> str:
    """What samples are called in table and figure; a new method by its name."""
    return TITLES.get(name, f"{name.replace('_', ' ')}, gray")


SETS = {
    "gray_textures": "gray textures",
    "colour_textures": "textures in colour",
    "one_texture": "one texture",
    "six_groups": "six classes",
    "ten_groups": "ten classes",
    "two_gaussians": "two Gaussians",
}
"""Sets of images, in few words."""
KINDS = {
    "guided": "guided",
    "fixed": "guided, factors of one",
    "mixture": "mixture",
    "labelled": "told the label",
}
"""What a network is told."""


def network_titled(name: str) -> str:
    """What a network is called in a figure.

    >>> network_titled("six_fixed")
    'six classes: guided, factors of one'
    """
    return f"{SETS[NETWORKS[name].images]}: {KINDS[NETWORKS[name].kind]}"
