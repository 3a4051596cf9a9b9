"""A training that was stopped goes on: weights, buffers, the optimizer's moments and all else, in one file."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from torch import Tensor, nn

from recompose.errors import RecomposeError
from recompose.storage import write_tensors

CHECKPOINT_SECONDS = 60.0


def save_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    identity: Mapping[str, str],
    done: int,
    *,
    losses: Tensor,
    average: nn.Module | None = None,
) -> None:
    """Write the state after `done` steps: parameters, buffers, moments, the loss of every step, a moving average.

    identity: what the training is of, as words that `load_checkpoint` compares.
    """
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()} | {"losses": losses}
    moments: dict[str, Tensor] = {}
    numbers: dict[str, dict[str, float]] = {}
    for name, parameter in network.named_parameters():
        state = optimizer.state.get(parameter, {})  # a frozen parameter has none
        moments |= {f"optimizer.{name}.{key}": value for key, value in _tensors(state)}
        numbers[name] = {key: value for key, value in state.items() if isinstance(value, int | float)}
    if average:
        tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    plain = {name: value.detach().contiguous() for name, value in (tensors | moments).items()}
    kept = {
        "numbers": json.dumps(numbers),
        "counted": json.dumps([group.get("step") for group in optimizer.param_groups]),
        "strides": json.dumps({name: value.stride() for name, value in moments.items()}),
    }
    write_tensors((plain, {**identity, **_of(network), **kept, "done": str(done)}), path)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Optimizer,
    identity: Mapping[str, str],
    *,
    losses: Tensor,
    average: nn.Module | None = None,
) -> int:
    """Put the state back into a network, an optimizer, losses and an average that are new; the steps that are done.

    Raises RecomposeError where the file is damaged, or is of another training, other data or another network.
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
    network.load_state_dict(_under("network", tensors))
    strides, numbers = json.loads(metadata["strides"]), json.loads(metadata["numbers"])
    # They lie in memory as they did: the order decides how sums over them are rounded.
    moments = {
        name: torch.empty_strided(tensors[name].shape, each).copy_(tensors[name]) for name, each in strides.items()
    }
    for name, parameter in network.named_parameters():
        state = _state(_under(f"optimizer.{name}", moments), parameter.device)
        if state:
            if not optimizer.defaults.get(
                "fused"
            ):  # but for one kernel that does all on the device, Adam counts elsewhere
                state |= {key: value.cpu() for key, value in state.items() if key == "step"}
            optimizer.state[parameter] = state | numbers[name]
    for group, counted in zip(optimizer.param_groups, json.loads(metadata["counted"]), strict=True):
        if counted is not None:
            group["step"] = counted
    if average:
        average.load_state_dict(_under("average", tensors))
    losses.copy_(tensors["losses"])
    return int(metadata["done"])


def _tensors(state: Mapping[str, Any]) -> Iterator[tuple[str, Tensor]]:
    """What an optimizer keeps of a parameter: tensors, and lists of them, in which an empty list is none."""
    for key, value in state.items():
        if isinstance(value, Tensor):
            yield key, value
        elif isinstance(value, list):
            yield from (
                (f"{key}.{place}", each if isinstance(each, Tensor) else torch.empty(0))
                for place, each in enumerate(value)
            )


def _state(tensors: Mapping[str, Tensor], device: torch.device) -> dict[str, Any]:
    """The same out of its tensors."""
    state: dict[str, Any] = {}
    for key, value in tensors.items():
        name, dot, _ = key.partition(".")
        if dot:
            state.setdefault(name, []).append(value.to(device) if value.numel() else [])
        else:
            state[name] = value.to(device)
    return state


def _under(place: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors below a place, named from there."""
    return {name.removeprefix(f"{place}."): value for name, value in tensors.items() if name.startswith(f"{place}.")}


def _of(network: nn.Module) -> dict[str, str]:
    return {"networks": repr({name: tuple(value.shape) for name, value in network.state_dict().items()})}
