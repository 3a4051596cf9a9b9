"""What the README shows works, and what it points to is there."""

import re
from pathlib import Path

import pytest
import torch

from recompose.datasets.products import bound_products
from recompose.metrics.decomposition import decomposition_accuracy
from recompose.papers import papers
from recompose.papers.coupled_inference import solvers

ROOT = Path(__file__).parents[2]
TEXTS = [
    "README.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    *(f"docs/{path.name}" for path in ROOT.glob("docs/*.md")),
]
README = (ROOT / "README.md").read_text()


def test_the_method_of_the_readme_works(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(solvers, "SOLVERS", dict(solvers.SOLVERS))
    (example,) = re.findall(r"```python\n(.*?)```", README, re.S)
    exec(compile(example, "README.md", "exec"), {"__name__": "readme"})

    drawn = bound_products("unit", "readme", sets=2, factors=3, dimension=600, size=4, trials=20)
    found = solvers.SOLVERS["cubic_resonator"](
        drawn.codebooks, drawn.bound, iterations=50, generator=torch.Generator().manual_seed(0)
    )
    assert decomposition_accuracy(found.numpy(), drawn.chosen.numpy()).mean() > 0.9


@pytest.mark.parametrize("text", TEXTS)
def test_links_lead_to_files(text: str) -> None:
    path = ROOT / text
    for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text()):
        assert (path.parent / link).exists(), link


def test_the_documented_targets_are_those_of_the_tables() -> None:
    """Rules are made in loops over the tables; which of them Snakemake knows, tests/workflow/test_reruns.py shows."""
    named = re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/targets.md").read_text(), re.M)
    wanted = set()
    for slug, paper in papers().items():
        wanted |= {f"{slug}_{each.name}" for each in paper.artifacts if not each.name.endswith("_summary")}
        groups = {"images": paper.data, "networks": paper.networks}
        wanted |= {f"{slug}_{group}" for group, files in groups.items() if files}
    assert len(named) == len(wanted) and set(named) == wanted
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    targets = {*wanted, "all", "tables", "figures", "scorecard", "page", *papers()}
    shown = re.findall(r"(?:--cores all|mermaid-js) (\w+)\b(?!/)", README)
    assert len(shown) > 5
    for target in shown:
        assert target in targets or f"rule {target}:" in rules, target
