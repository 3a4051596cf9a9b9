"""From files and the command line to one validated configuration, with every mistake told at once.

Later layers win: the models' defaults, `config/scales/<scale>.yaml`, `config/config.yaml`, the command line, of which
`--config` wins over the files of `--configfile`.
"""

import json
import math
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from recompose.blocks import SCALES
from recompose.config import expectations
from recompose.config.models import Config
from recompose.config.reading import read_texts, read_yaml
from recompose.errors import RecomposeError, closest, nearest


class ConfigError(RecomposeError):
    """All mistakes of a configuration, one line each."""

    def __init__(self, mistakes: Sequence[str]):
        super().__init__("\n".join(mistakes))
        self.mistakes = tuple(mistakes)


@dataclass(frozen=True)
class Layer:
    """Values and where they come from."""

    origin: str
    values: dict[str, Any]


def load_config(
    overrides: Mapping[str, Any] | None = None,
    root: str | Path = ".",
    scale: str | None = None,
    files: Iterable[str | Path] = (),
) -> Config:
    """The validated configuration of the repository at `root`; a ConfigError lists all mistakes at once.

    The files are those of `--configfile`. What Snakemake has read of them would not do: it takes the last of two equal
    keys, and 0100 for 64.
    """
    root, layers, mistakes = Path(root), list[Layer](), list[str]()

    def add(name: str, place: int) -> None:
        values, found = read_yaml(root, name)
        layers.insert(place, Layer(name, values))
        mistakes.extend(found)

    for file in (
        "config/config.yaml",
        *(os.path.relpath(os.path.realpath(file), os.path.realpath(root)) for file in files),
    ):
        add(file, len(layers))
    layers.append(Layer("--config", read_texts(overrides or {})))
    if scale:
        layers.append(Layer("--scale", {"scale": scale}))
    chosen = next((layer.values["scale"] for layer in reversed(layers) if "scale" in layer.values), Config().scale)
    if chosen in SCALES:  # an unknown one is a mistake that the validation finds
        add(f"config/scales/{chosen}.yaml", 0)
    config, found = validate(Config, layers)
    if mistakes + found:
        raise ConfigError(mistakes + found)
    assert isinstance(config, Config)
    return config


def block(config: Config, paper: str, *keys: str) -> dict[str, Any]:
    """The named keys of one paper as plain JSON values, with scale and device: what a rule depends on."""
    settings = getattr(config, paper).model_dump(mode="json")
    return {"scale": config.scale, "device": config.device} | {key: settings[key] for key in keys}


def validate(model: type[BaseModel], layers: Sequence[Layer]) -> tuple[BaseModel | None, list[str]]:
    """Validate merged layers, and list every mistake.

    A wrong value hides the checks that need it. So after each round the wrong keys are taken out and the
    rest is validated again, until nothing is left to say.
    """
    values = _own_defaults(model)
    for layer in layers:
        values = _merge(values, layer.values)
    mistakes: dict[str, None] = {}  # an ordered set
    while True:
        try:
            # JSON is what the rules pass on. Strict: "5" is not 5; and a JSON list may stand for a tuple.
            valid = model.model_validate_json(json.dumps(values, default=str), strict=True)
            return valid, list(mistakes)
        except ValidationError as error:
            found = {_path_in(values, e["loc"]): e for e in error.errors()}
        schema = _schema(model)
        # A list whose every entry is wrong is also said to be too short.
        found = {path: e for path, e in found.items() if not any(path == p[: len(path)] != p for p in found)}
        for path, e in found.items():
            value = _at(values, path)
            is_block = expectations.schema_at(path, schema).get("type") == "object"
            if not (value is None and is_block):  # a heading whose keys are all commented out is fine
                mistakes[_mistake(path, value, e, schema, layers)] = None
        if () in found:
            return None, list(mistakes)
        for path in found:
            while isinstance(path[-1], int):  # entries cannot go one by one without moving the others
                path = path[:-1]
            _at(values, path[:-1]).pop(path[-1], None)


@cache  # what was expected; to make it takes as long as all of the validation, and each round of mistakes asks for it
def _schema(model: type[BaseModel]) -> expectations.Schema:
    return model.model_json_schema()


def _mistake(
    path: expectations.Path,
    value: Any,
    error: Mapping[str, Any],
    schema: expectations.Schema,
    layers: Sequence[Layer],
) -> str:
    """One line: where, which key, which value, what is expected."""
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
    start = f"{_origin(path, layers)}: {dotted}"
    if error["type"] == "value_error":  # a rule between keys: its message names them
        return f"{start}: {error['ctx']['error']}"
    written = yaml.safe_dump([value], default_flow_style=True, width=10**6).strip()[1:-1]
    start = f"{start} = {written if len(written) <= 60 else written[:57] + '...'}"
    if error["type"] == "extra_forbidden":
        known = expectations.schema_at(path[:-1], schema).get("properties", {})
        return f"{start}: unknown key; {nearest(str(path[-1]), known)}"
    expected = expectations.schema_at(path, schema)
    if isinstance(value, float) and not math.isfinite(value):
        return f"{start}: expected a finite number"
    close = closest(str(value), map(str, expected.get("enum", ())))  # an option may be a number
    return f"{start}: expected {expectations.expectation(expected, schema)}{f'; {close}' if close else ''}"


def _origin(path: expectations.Path, layers: Sequence[Layer]) -> str:
    """The last layer that sets this key, or anything in it."""
    for layer in reversed(layers):
        if _path_in(layer.values, path) == path:
            return layer.origin
    return layers[-1].origin


def _path_in(values: Any, path: Sequence[str | int]) -> expectations.Path:
    """The longest beginning of a path that exists: pydantic's locations go on into the options of a union."""
    for depth, part in enumerate(path):
        try:
            values = values[part]
        except (KeyError, IndexError, TypeError):
            return tuple(path[:depth])
    return tuple(path)


def _at(values: Any, path: Sequence[str | int]) -> Any:
    for part in path:
        values = values[part]
    return values


def _own_defaults(model: type[BaseModel]) -> dict[str, Any]:
    """What blocks of a model are by default, where that differs from the defaults of their kind.

    Blocks of one kind may have defaults of their own; without these, to set one key would reset the others.
    """
    found: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if isinstance(field.default, BaseModel):
            own = field.default.model_dump(mode="json", exclude_unset=True)
            merged = _merge(_own_defaults(type(field.default)), own)
            found |= {name: merged} if merged else {}
    return found


def _merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """The upper values over the lower ones, mapping by mapping. Lists are replaced whole."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = _merge(below if isinstance(below, Mapping) else {}, value)
        elif not (value is None and isinstance(below, Mapping)):  # an empty heading overrides nothing
            merged[key] = value
    return merged
