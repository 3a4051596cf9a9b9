"""The rule graph of the README follows the rules."""

import pytest
from project import Project

pytestmark = pytest.mark.workflow


def test_the_rule_graph_is_drawn_from_the_rules(fresh: Project) -> None:
    readme = fresh.root / "README.md"
    before = readme.read_text()
    fresh.append("Snakefile", '\n\nrule proof:\n    input: rules.page.output\n    output: touch("proof")\n')
    fresh.edit("Snakefile", "        rules.page.output,\n", '        rules.page.output,\n        "proof",\n')

    refused = fresh.run("recompose", "rulegraph", "--check")
    assert refused.returncode == 2
    assert refused.stdout == "error: README.md: the graph is not what the rules say; run: recompose rulegraph\n"

    assert fresh.run("recompose", "rulegraph").returncode == 0
    last = "    weighted_composition_notebook --> page\n"
    assert last in before
    assert readme.read_text() == before.replace(last, f"{last}    page --> proof\n")
