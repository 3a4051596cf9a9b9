"""The images of paper 5 as its networks and measures read them, and the two Gaussians of Figure 6 (section 5.3)."""

import itertools
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recompose.datasets.labelled_images import LabelledImages
from recompose.errors import RecomposeError
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance import settings as configuration
from recompose.randomness import numpy_generator


def load_images(path: Path) -> tuple[LabelledImages, LabelledImages]:
    """The images for training, and those for testing."""
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; make the images first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of images ({error}); delete it and run again") from error
    train, test = (LabelledImages(tensors[part], tensors[f"{part}_labels"]) for part in ("train", "test"))
    return train, test


def means(gaussians: configuration.Gaussians) -> Tensor:
    """The means of the two Gaussians as images, (2, 1, height, width): gray, and a smooth pattern up or down.

    The pattern is a sum of a few waves of low frequency, with random phases: no channel average alone tells them apart.
    """
    generator = numpy_generator(SLUG, "gaussians", "means")
    places = np.arange(gaussians.patch) / gaussians.patch
    waves = [
        np.cos(2 * np.pi * (i * places[:, None] + j * places[None, :] + generator.random()))
        for i, j in itertools.product(range(3), repeat=2)
        if (i, j) != (0, 0)
    ]
    pattern = np.sum(waves, axis=0)
    pattern *= gaussians.contrast / pattern.std()
    return torch.from_numpy(0.5 + 0.5 * np.stack([-pattern, pattern])).float().unsqueeze(1)


def coordinate(x: Tensor, gaussians: configuration.Gaussians) -> Tensor:
    """Where images lie along the line between the means, (images,); 0 and 1 are the means.

    One standard deviation of a component is 1 / separation.
    """
    first, second = means(gaussians).flatten(1)
    return (x.flatten(1) - first) @ (second - first) / (second - first).square().sum()
