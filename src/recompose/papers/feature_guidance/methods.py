"""How samples of a class are drawn, beside the paper's way (Figure 10). A new method is one function here."""

from collections.abc import Callable

import torch
from torch import Tensor

from recompose.diffusion.score_ascent import Residual
from recompose.networks.unet import LabelledUNet
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.guidance import Bench, free_residual, residual_of

Method = Callable[[Bench, Tensor, configuration.Samples], Residual]
"""Images and their networks (of the gray textures `guided`, `labelled`, `mixture`), the class of each image, (images,),
and the block `samples` -> the projected score by which those images are sampled."""
METHODS: dict[str, Method] = {}
"""By their names, in the order of figure and table."""


def method(function: Method) -> Method:
    """Let a function stand in the figure of methods and in the table of quality under its name."""
    METHODS[function.__name__] = function
    return function


def guided(bench: Bench, labels: Tensor, samples: configuration.Samples) -> Residual:
    """The paper's own: the guided score, each condition phi_y from one training image, or as many as are set."""
    return _conditioned(bench, labels, samples.conditions)


@method
def averaged_conditions(bench: Bench, labels: Tensor, samples: configuration.Samples) -> Residual:
    """The same with each condition averaged over many images (n_y of Appendix B)."""
    return _conditioned(bench, labels, samples.many)


@method
def free_guidance(bench: Bench, labels: Tensor, samples: configuration.Samples) -> Residual:
    """Classifier-free guidance (Ho & Salimans, 2022) of a network of the same size, trained for as many steps."""
    network = bench.networks["labelled"]
    assert isinstance(network, LabelledUNet)
    return free_residual(network, labels.to(bench.device), samples.weight)


def _conditioned(bench: Bench, labels: Tensor, count: int) -> Residual:
    """The guided score of these classes, each condition from so many training images."""
    conditions = torch.stack([bench.condition(label, count) for label in range(int(labels.max()) + 1)])
    return residual_of(bench.network, conditions[labels])
