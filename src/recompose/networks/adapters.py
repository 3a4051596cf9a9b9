"""Low-rank adapters (Hu et al., 2022) on a frozen U-Net, and one new class (paper 4, section 3.3)."""

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor, nn

from recompose.networks import files
from recompose.networks.diffusers_unet import ClassUNet, Shape
from recompose.randomness import seed_of, torch_generator

NEW = 0.01
"""Deviation of the new class's row in the beginning."""


class Adapted(nn.Module):
    """A frozen class-conditional U-Net with an adapter on every linear and convolutional layer, and a class more.

    Only the adapter's factors and the new row are trained. The second factors begin at zero, so that it begins as its
    base; the null class passes through the adapter too, and drifts as it learns.
    """

    def __init__(self, base: ClassUNet, rank: int, names: tuple[str | int, ...]) -> None:
        """names: the key of what it begins with; alpha is twice the rank. The base itself stays as it is."""
        from peft import LoraConfig, inject_adapter_in_model  # late: it takes seconds to import

        super().__init__()
        self.base = copy.deepcopy(base).requires_grad_(False)
        unet = self.base.unet
        kinds = (nn.Linear, nn.Conv2d)
        targets = [name for name, module in unet.named_modules() if isinstance(module, kinds)]
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of(*names, "adapter"))
            config = LoraConfig(r=rank, lora_alpha=2 * rank, lora_dropout=0.0, target_modules=targets)
            self.base.unet = inject_adapter_in_model(config, unet)
        classes, width = unet.class_embedding.weight.shape
        self.new = classes
        drawn = torch.randn(width, generator=torch_generator(*names, "new class"))
        self.row = nn.Parameter(NEW * drawn.to(unet.class_embedding.weight))
        self.base.unet.class_embedding = _OneMore(unet.class_embedding, self.row)

    def forward(self, x: Tensor, t: Tensor | float, labels: Tensor) -> Tensor:
        """As the base; one past its last class is the new one."""
        found: Tensor = self.base(x, t, labels)
        return found

    @property
    def shape(self) -> Shape:
        """That of its base, with a class more."""
        return replace(self.base.shape, classes=self.new + 1)

    def learned(self) -> dict[str, Tensor]:
        """What is trained, by name."""
        return {name: each for name, each in self.named_parameters() if each.requires_grad}

    def merge(self) -> None:
        """Add the learned products to the weights, for good: asked afterwards it is as fast as its base."""
        from peft.tuners.lora import LoraLayer

        for module in self.modules():
            if isinstance(module, LoraLayer):
                module.merge()


def kept(learned: Mapping[str, Tensor], base: ClassUNet, rank: int) -> files.Kept:
    """What an adapter has learned, as it goes into a file: its factors and the new class's row, not its base."""
    tensors = {name: each.detach().cpu().contiguous() for name, each in learned.items()}
    return tensors, {files.ABOUT: json.dumps(_identity(base, rank))}


def from_file(path: Path, base: ClassUNet, rank: int) -> Adapted:
    """An adapter from its file, on its base. Raises RecomposeError where it is of another base or rank."""
    _, tensors = files.read(path, _identity(base, rank))
    adapted = Adapted(base, rank, (path.name,))
    adapted.load_state_dict({**adapted.state_dict(), **tensors})
    return adapted.eval()


def _identity(base: ClassUNet, rank: int) -> dict[str, object]:
    """By what an adapter knows its base: the weights themselves."""
    digest = hashlib.sha256()
    for name, each in base.state_dict().items():
        digest.update(name.encode() + each.cpu().contiguous().numpy().tobytes())
    return {"base": digest.hexdigest(), "rank": rank}


class _OneMore(nn.Module):
    """A table of rows, frozen, and one more."""

    def __init__(self, table: nn.Embedding, row: nn.Parameter) -> None:
        super().__init__()
        self.table, self.row = table, row

    def forward(self, labels: Tensor) -> Tensor:
        return nn.functional.embedding(labels, torch.cat([self.table.weight, self.row[None]]))
