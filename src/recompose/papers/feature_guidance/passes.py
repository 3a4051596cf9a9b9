"""How often training goes over a set of images. No torch: the workflow reads it."""

from recompose.papers.feature_guidance.settings import Training


def passes(training: Training, images: str) -> int:
    """The epochs of a set of images."""
    return {"gray_textures": training.epochs, "one_texture": training.single_epochs}.get(images, training.other_epochs)


def halving(training: Training, images: str) -> int:
    """The epochs after which the learning rate is halved: for the one texture as often on the way as for all."""
    if images == "one_texture":
        return max(1, round(training.halve_every * training.single_epochs / training.epochs))
    return training.halve_every
