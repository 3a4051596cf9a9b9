"""What a person writes into the configuration is never executed: it is refused, or reaches the command as one word."""

import json
import shutil
from collections.abc import Iterator
from itertools import cycle
from typing import Any

import pandas as pd
import pytest
import yaml
from project import Project

from recompose.config import Config
from recompose.config.expectations import resolve

pytestmark = pytest.mark.workflow

ATTACKS = [
    "; touch pwned",
    "$(touch pwned)",
    "`touch pwned`",
    "a b  c",
    "' ; touch pwned ; '",
    '" ; touch pwned ; "',
    "a\n touch pwned\n",
    "{output} {{wildcards}} \\",
]
METHODS = """
from recompose.papers.coupled_inference.solvers import SOLVERS, solver
from recompose.papers.coupled_inference.solvers.resonators import resonator

for name in {names}:
    def method(*arguments, **options):
        return resonator(*arguments, **options)

    method.__name__ = name
    solver(method)
"""


def choices(part: dict[str, Any], schema: dict[str, Any], key: str = "") -> Iterator[str]:
    """The keys that take one of some words."""
    part = resolve(part, schema)
    if "enum" in part:
        yield key
    for name, inner in part.get("properties", {}).items():
        yield from choices(inner, schema, f"{key}.{name}".lstrip("."))


SCHEMA = Config.model_json_schema()
CHOICES = list(choices(SCHEMA, SCHEMA))


def attacked() -> dict[str, Any]:
    """A configuration with an attack in the place of every choice."""
    config: dict[str, Any] = {}
    for key, attack in zip(CHOICES, cycle(ATTACKS), strict=False):
        *blocks, last = key.split(".")
        within = config
        for block in blocks:
            within = within.setdefault(block, {})
        within[last] = attack
    return config


def refusals(project: Project, *command: str) -> list[str]:
    """The lines that tell what is wrong; nothing else has happened."""
    before = project.sha256("**/*")
    refused = project.run(*command)
    assert refused.returncode != 0 and "Traceback" not in refused.stdout
    assert not list(project.root.rglob("pwned"))
    assert project.sha256("**/*") == before
    return [line for line in refused.stdout.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("way", ["file", "command line"])
def test_a_text_that_is_no_option_is_refused(project: Project, way: str) -> None:
    config = attacked()
    if way == "file":
        (project.root / "config/config.yaml").write_text(yaml.safe_dump(config))
        lines = refusals(project, "snakemake", "--cores", "2")
    else:
        given = [f"{key}={value if isinstance(value, str) else json.dumps(value)}" for key, value in config.items()]
        lines = refusals(project, "snakemake", "--cores", "2", "--config", *given)
    assert len(CHOICES) >= len(ATTACKS)
    assert [key for key in CHOICES if sum(f": {key} = " in line for line in lines) != 1] == []
    assert len(lines) == len(CHOICES), lines


@pytest.mark.parametrize("attack", ["$(touch pwned)", "a\n touch pwned\n"])
def test_an_unknown_method_is_refused_in_one_line(project: Project, attack: str) -> None:
    (project.root / "config/config.yaml").write_text(
        yaml.safe_dump({"scale": "smoke", "coupled_inference": {"methods": [attack]}})
    )
    (line,) = refusals(project, "snakemake", "--cores", "2")
    assert "unknown method" in line


def test_names_that_look_like_commands_are_names(project: Project) -> None:
    """Methods are the only free texts; here are some with the worst of names, in a folder whose name is no better."""
    folder = project.root.rename(project.root.with_name("a b'; touch pwned; $(touch pwned)"))
    moved = Project(folder)
    try:
        solvers = moved.root / "src/recompose/papers/coupled_inference/solvers"
        (solvers / "attacks.py").write_text(METHODS.format(names=ATTACKS))
        (moved.root / "config/config.yaml").write_text(
            yaml.safe_dump({"scale": "smoke", "coupled_inference": {"methods": ATTACKS}})
        )
        table1 = "results/smoke/coupled_inference/table1.csv"
        done = moved.run("snakemake", table1, "--cores", "2")
        assert done.returncode == 0, done.stdout
        assert set(pd.read_csv(moved.root / table1).method) == set(ATTACKS)
        assert not list(folder.parent.rglob("pwned"))
    finally:
        shutil.rmtree(folder)
