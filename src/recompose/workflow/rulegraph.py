"""The rule graph of the README: Snakemake's own, with the rules of one step of a paper drawn as one."""

import re
import subprocess
import sys
from collections.abc import Iterable
from graphlib import TopologicalSorter
from pathlib import Path

from recompose.config import Config
from recompose.errors import RecomposeError
from recompose.storage import write_text

PAPERS = tuple(name for name in Config.model_fields if Path(__file__).parents[1].joinpath("papers", name).is_dir())

STEPS = {
    r"\w+_images": "sets of images",
    r"networks_\d+|\w+_network": "networks",
    r"\w+_part": "cells, in batches",
    r"\w+_numbers|distances": "numbers",
    r"notebook": "notebook",
    r"\w+": "tables and figures",
}
"""The steps of a paper, by what follows its name in the names of their rules; the first that fits."""

SECTION = re.compile(r"(?<=<!-- rule graph -->\n).*(?=<!-- /rule graph -->)", re.S)
"""Where it stands in the README."""

Node = tuple[str, str]
"""A paper, or nothing, and a step."""


def rule_edges() -> list[tuple[str, str]]:
    """Which rule comes before which, over all rules of the target `all`, as Snakemake says."""
    command = [sys.executable, "-m", "snakemake", "--rulegraph", "mermaid-js", "--forceall", "--config", "scale=small"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise RecomposeError(f"{' '.join(command[1:])} failed:\n{done.stderr}")
    names = dict(re.findall(r"^\t(id\d+)\[(\w+)\]$", done.stdout, re.M))
    edges = re.findall(r"^\t(id\d+) --> (id\d+)$", done.stdout, re.M)
    return [(names[before], names[after]) for before, after in edges]


def step_of(rule: str) -> Node:
    """The step that a rule belongs to; a rule over all papers is one of its own.

    >>> step_of("weighted_composition_networks_3")
    ('weighted_composition', 'networks')
    """
    for paper in PAPERS:
        if rule.startswith(f"{paper}_"):
            rest = rule.removeprefix(f"{paper}_")
            return paper, next(step for pattern, step in STEPS.items() if re.fullmatch(pattern, rest))
    return "", rule


def merged(edges: Iterable[tuple[str, str]]) -> dict[Node, set[Node]]:
    """The steps, each with those it waits for: what others of these wait for already is left out."""
    waits: dict[Node, set[Node]] = {}
    for before, after in sorted(edges):
        if after != "all" and step_of(before) != step_of(after):
            waits.setdefault(step_of(before), set())
            waits.setdefault(step_of(after), set()).add(step_of(before))
    ancestors: dict[Node, set[Node]] = {}
    for node in TopologicalSorter(waits).static_order():
        ancestors[node] = waits[node].union(*(ancestors[each] for each in waits[node]))
    return {
        node: {each for each in waits[node] if not any(each in ancestors[other] for other in waits[node])}
        for node in sorted(waits)
    }


def mermaid(graph: dict[Node, set[Node]]) -> str:
    """The graph as the Markdown that GitHub draws."""
    names = {node: re.sub(r"\W+", "_", " ".join(node).strip()) for node in graph}
    lines = ["flowchart LR"]
    for paper in PAPERS:
        inside = [f"    {names[node]}[{node[1]}]" for node in graph if node[0] == paper]
        lines += [f"    {line}" for line in (f"subgraph {paper}[{paper.replace('_', ' ')}]", *inside, "end")]
    lines += [f"    {names[each]} --> {names[node]}" for node in graph for each in sorted(graph[node])]
    return "\n".join(["```mermaid", *lines, "```", ""])


def write_rulegraph(check: bool = False, path: Path = Path("README.md")) -> None:
    """Draw the graph between its marks in the README, or only check that it is what the rules say."""
    text = path.read_text(encoding="utf-8")
    if not SECTION.search(text):
        raise RecomposeError(f"{path}: no <!-- rule graph --> ... <!-- /rule graph -->")
    drawn = SECTION.sub(lambda _: mermaid(merged(rule_edges())), text)
    if not check:
        write_text(drawn, path)
    elif drawn != text:
        raise RecomposeError(f"{path}: the graph is not what the rules say; run: recompose rulegraph")
