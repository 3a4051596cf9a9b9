"""How networks are kept in a file, and read back: their tensors as safetensors, and what they are beside them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor, nn

from recompose.errors import RecomposeError, require_finite

ABOUT = "about"
"""The one key of a file's metadata: safetensors writes several in an order of chance, and equal files differ."""

Kept = tuple[dict[str, Tensor], dict[str, str]]
"""Tensors and metadata, as `recompose.storage.write_tensors` takes them."""


def kept(network: nn.Module, about: Mapping[str, Any]) -> Kept:
    """A network's parameters and buffers as they go into a file, with what it is: its name, architecture, precision.

    about: what JSON can hold. Raises NotFinite where a weight is not finite: the last step of a training is in no loss.
    """
    tensors = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
    for name, tensor in tensors.items():
        require_finite(tensor, f"the trained weights {name} are not finite; lower learning_rate")
    return tensors, {ABOUT: json.dumps(dict(about))}


def read(
    path: Path, expected: Mapping[str, Any], *, rows: slice | None = None
) -> tuple[dict[str, Any], dict[str, Tensor]]:
    """What networks are, and their tensors, from their file.

    expected: what the reader needs them to be; what the file says beyond that is its own. rows: those of every tensor
    that are read, where a leading axis counts networks; None: all of them.
    Raises RecomposeError where there is no such file, it is damaged, or holds something else than is expected.
    """
    try:
        with safe_open(path, framework="pt") as file:
            about = json.loads((file.metadata() or {})[ABOUT])
            names = list(file.keys())
            tensors = {name: file.get_slice(name)[rows] if rows else file.get_tensor(name) for name in names}
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; train the networks first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of networks ({error}); delete it and run again") from error
    for key, value in json.loads(json.dumps(dict(expected))).items():  # a tuple comes back from a file as a list
        if about.get(key) != value:
            what = f"networks of another {key} ({about.get(key)} instead of {value})"
            raise RecomposeError(f"{path}: {what}; delete it and run again")
    return about, tensors
