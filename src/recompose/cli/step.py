"""One step of the workflow: settings in; an artifact, written whole, and its record out."""

import hashlib
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import create_model

from recompose.blocks import Block
from recompose.config import ConfigError, block, load_config
from recompose.config.loading import Layer, validate
from recompose.config.models import Config
from recompose.errors import RecomposeError
from recompose.machine import resolve_device
from recompose.storage import read_csv, require_format
from recompose.workflow.code import code_hash
from recompose.workflow.provenance import busy_seconds, read_record, record, require_unchanged, sha256_of, sidecar_of
from recompose.workflow.run import join

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

Function = Callable[..., Any]


class Step:
    """What the commands that make an artifact have in common: where it goes, from which settings and code."""

    def __init__(self, tree: Path, module: str, paper: str | None = None, settings: str | None = None) -> None:
        self.tree, self.modules, self.paper, self.settings = tree, [module], paper, parse(settings)
        self.device = "cpu"
        self.inputs: dict[Path, str] = {}
        self.started, self.busy = time.perf_counter(), -sum(os.times()[:4])  # a process, and those that it has started

    def call(self, function: Function, *arguments: Any, **offered: Any) -> Any:
        """Call a function with its settings as models, and with those of the offered arguments it takes."""
        values = dict(self.settings)
        device, scale = values.pop("device", "auto"), values.pop("scale", None)
        if torch := sys.modules.get("torch"):  # what does without it starts at once
            torch.set_num_threads(1)  # jobs are the parallelism, and bytes must not depend on the cores
        if takes(function, "device"):
            self.device = resolve_device(device)
        offered |= {"device": self.device, "scale": scale}
        given = {key: value for key, value in offered.items() if takes(function, key)}
        return function(*arguments, **_models(self.paper, values), **given)

    def keep(self, reads: Iterable[str]) -> None:
        """Of the settings those that are read: each of them has to be there."""
        lacking = [key for key in reads if key not in self.settings]
        if lacking:
            raise RecomposeError(
                f"--settings: {', '.join(lacking)} is read too; add it, or leave --settings out for the configuration's"
            )
        self.settings = {key: self.settings[key] for key in ("scale", "device", *reads) if key in self.settings}

    def require_unchanged(self, files: Iterable[Path]) -> None:
        """Refuse files that are artifacts and were changed since they were made."""
        require_unchanged(files, self.tree)

    def reads(self, files: Iterable[Path]) -> None:
        """Note the hashes of other files that are about to be read: they may be edited before the work is done.

        One that is not there is missed by whoever reads it.
        """
        files = [path for path in files if path.exists()]
        self.require_unchanged(files)
        self.inputs |= {path: sha256_of(path) for path in files}

    def frames(self, inputs: list[Path]) -> "list[pd.DataFrame | dict[str, np.ndarray]]":
        """What some files hold, numbers or images; refused where one is an artifact that was changed since."""
        self.require_unchanged(inputs)
        return [_images(path) if path.suffix == ".safetensors" else read_csv(path) for path in inputs]

    def fingerprint(self, *more: Path) -> str:
        """What the rows of a cell depend on: settings, device, code, the files that are read."""
        device = resolve_device(self.settings.get("device", "auto"))
        lacking = next((path for path in more if not path.exists()), None)
        if lacking:
            raise RecomposeError(f"{lacking}: no such file; make it first")
        read = [*self.inputs.values(), *map(sha256_of, more)]
        depends = [self.settings, device, read, code_hash(*self.modules)]
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]

    def inherit(self, parts: Iterable[Path]) -> None:
        """Take over what these parts' jobs read, the device, the time and, unless they are given, the settings."""
        for part in parts:
            if part.is_relative_to(self.tree) and sidecar_of(part, self.tree).exists():
                made = read_record(sidecar_of(part, self.tree))
                self.inputs |= {Path(name): sha256 for name, sha256 in made["inputs"].items()}
                self.device = made["device"]
                self.settings = self.settings or made["settings"]
                self.started -= made["wall_seconds"]
                self.busy += busy_seconds(made)

    def save(self, value: Any, output: Path, write: Callable[[Any, Path], None]) -> None:
        """Write the artifact, and the record beside it."""
        write(value, output)
        record(
            output,
            tree=self.tree,
            modules=self.modules,
            paper=self.paper,
            settings=self.settings,
            inputs=self.inputs,
            device=self.device,
            seconds=time.perf_counter() - self.started,
            processor=self.busy + sum(os.times()[:4]),
        )


def _images(path: Path) -> "dict[str, np.ndarray]":
    from safetensors.numpy import load_file

    try:
        return load_file(path)
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of images ({error}); delete it and run again") from error


def parse(settings: str | None) -> dict[str, Any]:
    """Read the settings that a rule passes on."""
    try:
        values = json.loads(settings or "{}")
    except ValueError as error:
        raise RecomposeError(f"--settings: not valid JSON ({error}): {settings:.60}") from None
    if not isinstance(values, dict):
        raise RecomposeError(f"--settings: expected a JSON object, found {settings:.60}")
    return values


def takes(function: Function, name: str) -> bool:
    """Whether a function has a parameter of this name."""
    return name in inspect.signature(function).parameters


def resolve(paper: str, scale: str | None, *keys: str) -> str:
    """The settings that the workflow would pass: these blocks as config/ has them."""
    return json.dumps(block(load_config(scale=scale), paper, *keys))


def _models(paper: str | None, values: dict[str, Any]) -> dict[str, Any]:
    """Plain values as the blocks of a paper that its functions take."""
    if not values:
        return {}
    fields = type(getattr(Config(), str(paper))).model_fields
    # Without the rules between blocks: they held for the configuration, of which this is a part.
    alone: dict[str, Any] = {key: (each.annotation, each) for key, each in fields.items()}
    model = create_model("Settings", __base__=Block, **alone)
    blocks, mistakes = validate(model, [Layer("--settings", values)])
    if mistakes:
        raise ConfigError(mistakes)
    return {key: getattr(blocks, key) for key in values}


def hyperparameter_files(paper: str, folder: Path, source: str | None) -> list[Path]:
    """The files that the hyperparameters come from, by the setting of that name."""
    match source:
        case "published":
            return [Path(f"config/published/{paper}.csv")]
        case "tuned":
            return [Path(f"config/tuned/{paper}.yaml")]
        case "search":
            return sorted(folder.glob("search/*.yaml"))
        case _:
            return []


def tree_of_scale(scale: str | None, results: Path | None = None) -> Path:
    """The results tree of a scale, or the one named; refused if an incompatible version wrote it."""
    tree = results or Path("results", load_config(scale=scale).scale)
    require_format(tree)
    join(tree)
    return tree


def function_of(paper: str, where: str) -> Function:
    """A paper's function: `module:name`."""
    module, _, name = where.partition(":")
    function: Function = getattr(import_module(f"recompose.papers.{paper}.{module}"), name)
    return function
