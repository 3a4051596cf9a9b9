"""Read YAML as people mean it: `8e-3` is a number, and a key that stands twice is a mistake."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from recompose.errors import RecomposeError


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, which keeps a list of the keys that stand twice."""

    def __init__(self, stream: str):
        super().__init__(stream)
        self.twice: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value]
        for position, (key, value) in enumerate(node.value):
            if key.value in names[:position]:
                written = f" = {value.value}" if isinstance(value, yaml.ScalarNode) else ""
                line = key.start_mark.line + 1
                self.twice.append(f"line {line}: {key.value}{written}: the key stands twice; keep one")
        return super().construct_mapping(node, deep)


# YAML 1.1 asks for a dot in 8e-3; everybody else does not.
_Loader.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(r"[-+]?\d+[eE][-+]?\d+$"), list("-+0123456789"))


def read_yaml(root: Path, name: str) -> tuple[dict[str, Any], list[str]]:
    """The mapping in the file `name` below `root`, and what is wrong with the file."""
    try:
        text = (root / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise RecomposeError(f"{name}: no such file; run this in the folder of the repository") from None
    except UnicodeDecodeError as error:
        return {}, [f"{name}: not UTF-8 text ({error.reason} at byte {error.start}); save it as UTF-8"]
    loader = _Loader(text)
    try:
        values = loader.get_single_data()
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
    return values, [f"{name}: {mistake}" for mistake in loader.twice]


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
