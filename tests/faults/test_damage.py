"""Files that were cut short: whoever reads one says so, and a new one has the same bytes."""

from pathlib import Path

import pytest
from project import Project
from state import state

REMAKE = "nothing is built on it: one line names the file; once it is deleted, the next run makes the same one again"


def cut_short(path: Path) -> bytes:
    """Leave half of a file, and return all of it."""
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    return content


@pytest.mark.parametrize(
    ("name", "target", "told"),
    [
        pytest.param(
            "coupled_inference/figure5.csv",
            "coupled_inference_figure5",
            "changed since it was made (its sha256 differs); delete it",
            marks=pytest.mark.faults("a truncated CSV", REMAKE),
        ),
        pytest.param(
            "coupled_inference/parts/figure5.0-of-1.csv",
            "coupled_inference_figure5",
            "changed since it was made (its sha256 differs); delete it",
        ),
        pytest.param(
            "coupled_inference/figure5.png",
            "page",
            "changed since it was made (its sha256 differs); delete it",
            marks=pytest.mark.faults("a truncated PNG", REMAKE),
        ),
        pytest.param(
            "weighted_composition/networks/f_id_conditional.safetensors",
            "weighted_composition_figure1",
            "changed since it was made (its sha256 differs); delete it",
            marks=pytest.mark.faults("a truncated safetensors file", REMAKE),
        ),
        pytest.param(
            "manifest.json",
            "page",
            "not readable as JSON",
            marks=pytest.mark.faults("a truncated manifest", REMAKE),
        ),
    ],
)
def test_a_file_that_was_cut_short(probed: Project, project: Project, name: str, target: str, told: str) -> None:
    path = project.tree / name
    cut_short(path)
    refused = project.snakemake(target)
    assert refused.returncode != 0 and "Traceback" not in refused.stdout
    assert f"error: results/smoke/{name}: {told}" in refused.stdout
    path.unlink()
    project.finish(target)
    project.finish()
    assert state(project) == state(probed)


@pytest.mark.faults(
    "a truncated file of tuned hyperparameters",
    "one line names it and what is missing, before anything runs; with the committed one back, nothing runs again",
)
def test_a_tuned_file_that_was_cut_short(project: Project) -> None:
    tuned = project.root / "config/tuned/coupled_inference.yaml"
    whole = cut_short(tuned)
    refused = project.snakemake("coupled_inference_figure5")
    assert refused.returncode != 0 and "Traceback" not in refused.stdout
    assert "error: config/tuned/coupled_inference.yaml: " in refused.stdout
    tuned.write_bytes(whole)
    assert project.jobs("coupled_inference_figure5") == {}


@pytest.mark.faults(
    "a truncated Optuna journal, and a lock that a killed search has left on it",
    "the search goes on from the last whole line, and finds the same",
)
def test_a_journal_that_was_cut_short(project: Project) -> None:
    command = ["recompose", "coupled-inference", "search", "gaussian", "--scale", "smoke"]
    found = project.tree / "coupled_inference/search/gaussian.yaml"
    assert project.run(*command).returncode == 0
    whole = found.read_bytes()
    (journal,) = found.parent.glob("*.journal")
    cut_short(journal)
    assert not journal.read_bytes().endswith(b"\n")
    journal.with_name(f"{journal.name}.lock").touch()
    for _ in range(2):  # the second one reads what the first one has written after the cut
        found.unlink()
        done = project.run(*command)
        assert done.returncode == 0, done.stdout
        assert found.read_bytes() == whole
