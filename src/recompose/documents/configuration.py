"""What is made from the models of the configuration: every key with its default, and what it means."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from recompose.config.expectations import Schema, expectation, resolve
from recompose.config.models import Config
from recompose.papers import papers

_INTRODUCTION = """\
# Configuration

<!-- made from the models: recompose config reference -->

`config.yaml` is the file to edit: any key below may stand in it. Later layers win: the defaults here, then
`scales/<scale>.yaml`, then `config.yaml`, then the files of `--configfile`, then `--config`:

    snakemake --cores all --config scale=smoke coupled_inference='{"table1": {"trials": 50}}'

A change reruns exactly the steps that read the key. Every mistake is reported at once, before anything runs;
`recompose config check` does only that. `scales/small.yaml` is made from the defaults
(`recompose config defaults`); `smoke.yaml` and `paper.yaml` list what differs from them.
"""

_HEADER = "# The scale small: all defaults. Made from the models (recompose config defaults): edit ../config.yaml."


def defaults() -> str:
    """Every key of the papers with its default, as YAML."""
    root = Config.model_json_schema()
    values = Config().model_dump(mode="json")
    of_papers = {slug: root["properties"][slug] for slug in papers()}  # other keys do not belong to a scale
    return "\n".join([_HEADER, *_yaml(of_papers, values, root, indent=0)]) + "\n"


def _yaml(properties: Schema, values: Mapping[str, Any], root: Schema, indent: int) -> Iterator[str]:
    space = " " * indent
    for name, part in properties.items():
        if _is_block(part, root):
            inner = resolve(part, root)
            yield ""
            yield f"{space}# {_summary(inner)}"
            yield f"{space}{name}:"
            yield from _yaml(inner["properties"], values[name], root, indent + 2)
        else:
            yield f"{space}{name}: {_inline(values[name])}  # {part['description']}"


def schema() -> str:
    """The JSON schema of the configuration."""
    return json.dumps(Config.model_json_schema(), indent=2) + "\n"


def reference() -> str:
    """Every key with its default, what it expects and what it means, as Markdown."""
    root = Config.model_json_schema()
    return "\n".join([_INTRODUCTION, *_sections("", root, Config().model_dump(mode="json"), root)]) + "\n"


def _sections(name: str, block: Schema, values: Mapping[str, Any], root: Schema) -> Iterator[str]:
    keys = {key: part for key, part in block["properties"].items() if not _is_block(part, root)}
    yield f"## {f'`{name}`' if name else 'Top'}\n\n{_summary(block)}\n"
    if keys:
        yield "| key | default | expected | meaning |\n|---|---|---|---|"
        for key, part in keys.items():
            default, expected = _inline(values[key]), expectation(part, root)
            yield f"| `{key}` | `{default}` | {expected} | {part['description']} |"
        yield ""
    for key, part in block["properties"].items():
        if key not in keys:
            yield from _sections(f"{name}.{key}".lstrip("."), resolve(part, root), values[key], root)


def _is_block(part: Schema, root: Schema) -> bool:
    return resolve(part, root).get("type") == "object"


def _summary(block: Schema) -> str:
    return " ".join(block.get("description", "").split("\n\n")[0].split())


def _inline(value: Any) -> str:
    return yaml.safe_dump([value], default_flow_style=True, width=10**6).strip()[1:-1]
