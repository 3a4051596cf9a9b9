"""Finished parts of a long job that are tensors, one safetensors file each: `recompose.sweeps` keeps those of rows."""

from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError, safe_open
from torch import Tensor

from recompose.storage import write_tensors
from recompose.sweeps import CellStore

Tensors = dict[str, Tensor]


def kept_tensors(cells: CellStore | None, name: str, make: Callable[[], Tensors]) -> Tensors:
    """What was made before a run was stopped, or is made now and kept.

    A file of another fingerprint is as good as absent, and so is one that a kill cut short.
    """
    if cells is None:
        return make()
    path = Path(cells.folder) / f"{name}.safetensors"
    try:
        with safe_open(path, framework="pt") as file:
            if (file.metadata() or {}).get("fingerprint") == cells.fingerprint:
                return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (OSError, SafetensorError):  # not there, or cut short
        pass
    made = make()
    write_tensors((made, {"fingerprint": cells.fingerprint}), path)
    return made
