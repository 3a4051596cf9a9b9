"""How often training goes over a set of images. No torch: the workflow reads it."""

from recompose.papers.feature_guidance.settings import Training

GRAY = ("gray_textures", "one_texture")
"""Sets that most figures are about; training passes over the others may be fewer."""


def passes(training: Training, images: str) -> int:
    """The epochs of a set of images."""
    return training.epochs if images in GRAY else training.other_epochs
