"""A training that was stopped goes on: weights, buffers, Adam's moments and what else it needs, in one file."""

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
    *,
    losses: Tensor,
    average: nn.Module | None = None,
) -> None:
    """Write the state after `done` steps: parameters, buffers, moments, the loss of every step, a moving average.

    identity: what the training is of, as words that `load_checkpoint` compares.
    """
    tensors = {f"network.{name}": value for name, value in network.state_dict().items()} | {"losses": losses}
    for name, parameter in network.named_parameters():
        moments = optimizer.state.get(parameter, {}).items()  # a frozen parameter has none
        tensors |= {f"optimizer.{name}.{key}": value for key, value in moments}
    if average:
        tensors |= {f"average.{name}": value for name, value in average.state_dict().items()}
    plain = {name: value.detach().contiguous() for name, value in tensors.items()}
    write_tensors((plain, {**identity, **_of(network), "done": str(done)}), path)


def load_checkpoint(
    path: Path,
    network: nn.Module,
    optimizer: torch.optim.Adam,
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
    for name, parameter in network.named_parameters():
        state = _under(f"optimizer.{name}", tensors)
        if state:
            # Adam counts its steps on the processor, but for one kernel that does all of it on the device.
            step = state.pop("step").to(parameter.device if optimizer.defaults["fused"] else "cpu")
            # Moments lie in memory as their parameter does: the order decides how sums over them are rounded.
            moments = {key: torch.empty_like(parameter).copy_(value) for key, value in state.items()}
            optimizer.state[parameter] = {"step": step} | moments
    if average:
        average.load_state_dict(_under("average", tensors))
    losses.copy_(tensors["losses"])
    return int(metadata["done"])


def _under(place: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The tensors below a place, named from there."""
    return {name.removeprefix(f"{place}."): value for name, value in tensors.items() if name.startswith(f"{place}.")}


def _of(network: nn.Module) -> dict[str, str]:
    return {"networks": repr({name: tuple(value.shape) for name, value in network.state_dict().items()})}
