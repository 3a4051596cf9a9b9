"""`recompose verify` names what is missing, changed or stale."""

import pytest
from project import Project

pytestmark = pytest.mark.workflow

TABLE1 = "results/smoke/coupled_inference/table1.csv"


def findings(project: Project) -> list[str]:
    """What verify prints; it must fail exactly if it prints a finding."""
    done = project.run("recompose", "verify", "--scale", "smoke")
    assert "Traceback" not in done.stdout
    if done.returncode == 0:
        assert done.stdout == "ok\n"
        return []
    return done.stdout.splitlines()


def test_verify(whole: Project) -> None:
    project = whole
    assert findings(project) == []

    table1 = project.root / TABLE1
    content = table1.read_bytes()
    table1.unlink()
    assert findings(project) == [f"{TABLE1}: missing"]

    middle = len(content) // 2
    table1.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
    (changed,) = findings(project)
    assert changed.startswith(f"{TABLE1}: changed")
    refused = project.snakemake()  # nothing is built on it
    assert refused.returncode != 0 and f"{TABLE1}: changed since it was made" in refused.stdout
    table1.unlink()  # as the message says
    project.finish()
    assert table1.read_bytes() == content and findings(project) == []

    project.append("config/config.yaml", "\ncoupled_inference: {capacity: {threshold: 0.5}}\n")
    (stale,) = findings(project)
    assert "capacity.csv" in stale and "capacity.threshold" in stale and "0.5" in stale
    project.edit("config/config.yaml", "\ncoupled_inference: {capacity: {threshold: 0.5}}\n", "")

    project.append("src/recompose/papers/coupled_inference/tables.py", "\n\nANSWER = 42\n")
    stale_tables = findings(project)
    assert len(stale_tables) == 3
    assert all("recompose.papers.coupled_inference.tables" in line for line in stale_tables)
