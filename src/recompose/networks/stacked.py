"""Many small networks of one shape as one: their layers stacked along a leading axis, a batched product each."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from recompose.diffusion.noise_prediction import Task


class StackedMLP(nn.Module):
    """Perceptrons with SiLU between the layers, none of which sees another.

    Its parameters are `weights.i`, (models, inputs, outputs), and `biases.i`, (models, 1, outputs).
    """

    def __init__(self, widths: Sequence[int], generators: Sequence[torch.Generator]) -> None:
        """One network for each generator, which alone draws its start: uniform in +-1/sqrt(inputs), as nn.Linear's."""
        super().__init__()
        weights, biases = [], []
        for inputs, outputs in pairwise(widths):
            bound = inputs**-0.5
            drawn = [torch.rand((inputs + 1, outputs), generator=generator) for generator in generators]
            layer = bound * (2 * torch.stack(drawn) - 1)
            weights.append(nn.Parameter(layer[:, :-1].clone()))
            biases.append(nn.Parameter(layer[:, -1:].clone()))
        self.weights, self.biases = nn.ParameterList(weights), nn.ParameterList(biases)

    @classmethod
    def of(cls, widths: Sequence[int], models: int, tensors: Mapping[str, Tensor]) -> "StackedMLP":
        """Networks with these weights, as `named_parameters` names them."""
        stack = cls(widths, [torch.Generator()] * models)
        stack.load_state_dict(dict(tensors))
        return stack

    def forward(self, x: Tensor) -> Tensor:
        """(models, points, inputs) -> (models, points, outputs)."""
        for place, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            x = torch.baddbmm(bias, x if place == 0 else nn.functional.silu(x), weight)
        return x


def noise_predictors(tasks: Sequence[Task], width: int, layers: int) -> StackedMLP:
    """Untrained networks for these tasks, which have the same numbers of inputs and dimensions."""
    widths = [tasks[0].inputs, *[width] * layers, tasks[0].data.shape[-1]]
    return StackedMLP(widths, [task.generator("start") for task in tasks])
