"""A training that was stopped goes on: weights, Adam's moments and what else it needs, in one file."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import safe_open
from torch import Tensor, nn

from recompose.errors import RecomposeError
from recompose.storage import write_tensors

CHECKPOINT_SECONDS = 60.0


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Adam,
    identity: Mapping[str, str],
    done: int,
    more: Mapping[str, Tensor] | None = None,
) -> None:
    """Write the state after `done` iterations; `more` are tensors of the training's own, under names of their own."""
    tensors = {name: value.detach().contiguous() for name, value in network.named_parameters()}
    for name, parameter in network.named_parameters():
        moments = optimizer.state[parameter].items()
        tensors |= {f"{name}.{key}": value.clone(memory_format=torch.contiguous_format) for key, value in moments}
    tensors |= {f"more.{name}": value.contiguous() for name, value in (more or {}).items()}
    write_tensors((tensors, {**identity, **_of(network), "done": str(done)}), path)


def load_checkpoint(
    path: Path, network: nn.Module, optimizer: torch.optim.Adam, identity: Mapping[str, str]
) -> tuple[int, dict[str, Tensor]]:
    """Put the state back; the iterations that are done, and the training's own tensors.

    Raises RecomposeError where the file is damaged, or is of another training or network than these.
    """
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable checkpoint ({error}); delete it and run again") from error
    for key, expected in {**identity, **_of(network)}.items():
        if metadata.get(key) != expected:
            raise RecomposeError(f"{path}: a checkpoint of other {key}; delete it and run again")
    for name, parameter in network.named_parameters():
        parameter.data.copy_(tensors[name])
        state = {key.removeprefix(f"{name}."): tensors[key] for key in tensors if key.startswith(f"{name}.")}
        if state:  # a parameter that is not trained has none
            step = state.pop("step")  # Adam counts on the CPU
            moments = {key: torch.empty_like(parameter).copy_(value) for key, value in state.items()}
            optimizer.state[parameter] = {"step": step} | moments
    more = {key.removeprefix("more."): value for key, value in tensors.items() if key.startswith("more.")}
    return int(metadata["done"]), more


def _of(network: nn.Module) -> dict[str, str]:
    return {"networks": repr({name: tuple(parameter.shape) for name, parameter in network.named_parameters()})}
