"""Read YAML as people mean it, by the rules of YAML 1.2; a key that stands twice is a mistake.

`8e-3` and `2.5e1` are numbers, `0100` is a hundred, `1:40` and `no` are texts.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from recompose.errors import RecomposeError


class _Loader(yaml.CSafeLoader):
    """PyYAML's safe loader, the one in C, several times as fast; it keeps a list of the keys that stand twice."""

    def __init__(self, stream: str):
        super().__init__(stream)
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        for position, (key, value) in enumerate(node.value):
            if key.value in names[:position]:
                written = f" = {value.value}" if isinstance(value, yaml.ScalarNode) else ""
                first, line = (each.start_mark.line + 1 for each in (node.value[names.index(key.value)][0], key))
                told = f"{key.value}{written}: the key stands twice, first in line {first}; keep one"
                self.twice.append(f"line {line}: {told}")
        return super().construct_mapping(node, deep)


# PyYAML knows YAML 1.1, to which 0100 is 64, 1:40 is 100, no is false, and 8e-3 and 2.5e1 are texts.
_KINDS = {
    "bool": (r"true|True|TRUE|false|False|FALSE", "tTfF"),
    "int": (r"[-+]?[0-9][0-9_]*|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    "float": (
        r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        "-+.0123456789",
    ),
}
_Loader.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in known if tag.rpartition(":")[2] not in _KINDS]
    for start, known in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _kind, (_pattern, _starts) in _KINDS.items():
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(rf"(?:{_pattern})$"), list(_starts))


def _whole_number(loader: _Loader, node: yaml.ScalarNode) -> int:
    digits = str(node.value).replace("_", "")
    return int(digits, 0) if digits[:2] in ("0o", "0x") else int(digits)


_Loader.add_constructor("tag:yaml.org,2002:int", _whole_number)


def read_yaml(root: Path, name: str) -> tuple[dict[str, Any], list[str]]:
    """The mapping in the file `name` below `root`, and what is wrong with the file."""
    try:
        text = (root / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecomposeError(f"{name}: no such file; run this in the folder of the repository") from None
    except OSError as error:  # a folder, or a file that must not be read
        reason = os.strerror(error.errno or 0).lower()
        raise RecomposeError(f"{name}: cannot be read as a file: {reason}; put the file in its place") from None
    except UnicodeDecodeError as error:
        return {}, [f"{name}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"]
    if odd := yaml.reader.Reader.NON_PRINTABLE.search(text):
        return {}, [f"{name}: a character that no text has ({odd[0]!r} at {odd.start()}); remove it"]
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is not None and (line := _itself_within(node, [])):
            return {}, [f"{name}: line {line}: holds itself (an alias, *, within its own anchor, &); write it out"]
        values = loader.construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return {}, [f"{name}: line {line}: not valid YAML: {error.problem}"]
    except yaml.YAMLError as error:
        return {}, [f"{name}: not valid YAML: {' '.join(str(error).split())}"]
    finally:
        loader.dispose()
    if values is None:  # an empty file, or comments only
        values = {}
    if not isinstance(values, dict):
        return {}, [f"{name}: expected a mapping of keys, found {type(values).__name__} {values!r:.40}"]
    mistakes = [f"{name}: {mistake}" for mistake in loader.twice]
    return _named(values, name, "", mistakes), mistakes


def _itself_within(node: yaml.Node, around: list[yaml.Node]) -> int | None:
    """The line of a part that holds itself; None if none does. `around`: the parts that a node stands in."""
    if node in around:
        return node.start_mark.line + 1
    parts = node.value if isinstance(node, yaml.SequenceNode) else []
    if isinstance(node, yaml.MappingNode):
        parts = [part for pair in node.value for part in pair]
    return next(filter(None, (_itself_within(part, [*around, node]) for part in parts)), None)


def _named(values: dict[Any, Any], name: str, place: str, mistakes: list[str]) -> dict[str, Any]:
    """The same mapping without keys that are no texts, each of which is a mistake."""
    kept = {}
    for key, value in values.items():
        if not isinstance(key, str):
            mistakes.append(f"{name}: {place}{key!r}: a key is a name; put the value behind a name and a colon")
        else:
            kept[key] = _named(value, name, f"{place}{key}.", mistakes) if isinstance(value, dict) else value
    return kept


def read_texts(value: Any) -> Any:
    """Read the texts in a value as YAML: what Snakemake hands on from its command line has `50` as a text.

    >>> read_texts({"table1": {"trials": "50", "factors": ["2", "3"]}, "methods": "all"})
    {'table1': {'trials': 50, 'factors': [2, 3]}, 'methods': 'all'}
    """
    if isinstance(value, Mapping):
        return {key: read_texts(within) for key, within in value.items()}
    if isinstance(value, list):
        return [read_texts(within) for within in value]
    try:
        return yaml.load(value, _Loader) if isinstance(value, str) else value
    except yaml.YAMLError:
        return value
