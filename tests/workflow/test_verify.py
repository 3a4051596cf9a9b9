"""`recompose verify` names what is missing, changed or stale."""

import pytest
from project import Project

pytestmark = pytest.mark.workflow

FIGURE5 = "results/smoke/coupled_inference/figure5.csv"


def findings(project: Project) -> list[str]:
    """What verify prints; it must fail exactly if it prints a finding."""
    done = project.run("recompose", "verify", "--scale", "smoke")
    assert "Traceback" not in done.stdout
    if done.returncode == 0:
        assert done.stdout == "ok\n"
        return []
    return done.stdout.splitlines()


def test_verify(project: Project) -> None:
    assert findings(project) == []

    figure5 = project.root / FIGURE5
    content = figure5.read_bytes()
    figure5.unlink()
    assert findings(project) == [f"{FIGURE5}: missing"]

    middle = len(content) // 2
    figure5.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    (changed,) = findings(project)
    assert changed.startswith(f"{FIGURE5}: changed")
    refused = project.snakemake()  # nothing is built on it
    assert refused.returncode != 0 and f"{FIGURE5}: changed since it was made" in refused.stdout
    figure5.unlink()  # as the message says
    project.finish()
    assert figure5.read_bytes() == content and findings(project) == []


def test_verify_of_everything(whole: Project) -> None:
    assert findings(whole) == []

    block = "\ncoupled_inference: {capacity: {threshold: 0.5}}\n"
    whole.append("config/config.yaml", block)
    (stale,) = findings(whole)
    assert "capacity.csv" in stale and "capacity.threshold" in stale and "0.5" in stale
    whole.edit("config/config.yaml", block, "")

    whole.append("src/recompose/papers/coupled_inference/tables.py", '\n\nprint(end="")\n')
    stale_tables = findings(whole)
    assert len(stale_tables) == 4
    assert all("recompose.papers.coupled_inference.tables" in line for line in stale_tables)
