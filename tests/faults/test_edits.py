"""What is edited while a run is going on waits for the next run."""

import base64
import hashlib
import json
import shutil
import subprocess
import time
from collections.abc import Callable

import pytest
from project import Project
from state import state

from recompose.config import load_config

TARGET = "results/smoke/coupled_inference/figure5.csv"
FIGURE5 = ["figure5.csv", "parts/figure5.0-of-1.csv"]


def lose(project: Project, names: list[str]) -> None:
    for name in names:
        (project.tree / "coupled_inference" / name).unlink()


def wait(run: "subprocess.Popen[str]", reached: Callable[[], object]) -> None:
    """Wait until a run has come so far."""
    while not reached():
        assert run.poll() is None
        time.sleep(0.01)


@pytest.mark.faults(
    "the configuration is edited while a run is going on, or left half-written",
    "the run finishes with the configuration it started with; the next one reruns what reads the edited keys",
)
def test_an_edited_configuration(probed: Project, project: Project) -> None:
    lose(project, FIGURE5)
    networks = [f"results/smoke/{name}" for name in project.sha256("weighted_composition/networks/*")]
    shutil.rmtree(project.tree / "weighted_composition/networks")
    log = project.tree / "logs/coupled_inference/figure5.0-of-1.log"
    log.unlink()
    run = project.start(*project.command(TARGET, *networks))
    wait(run, log.exists)
    project.append("config/config.yaml", "\ncoupled_inference: {figure5: {trials: 16")  # an editor that saves half
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    assert state(project) == state(probed)
    refused = project.snakemake("-n")
    assert refused.returncode != 0 and "error: config/config.yaml: line" in refused.stdout
    project.append("config/config.yaml", "}}\n")
    assert project.changed() == {"coupled_inference_figure5_part"}


@pytest.mark.faults(
    "the configuration is edited while jobs of a run wait in the queue of a cluster",
    "each job has the configuration that the run started with",
)
def test_a_job_on_a_cluster_that_starts_after_an_edit(probed: Project, project: Project) -> None:
    """What a cluster's executor runs on a node: Snakemake again, with the settings that the run handed on."""
    handed_on = base64.b64encode(load_config(root=project.root, scale="smoke").model_dump_json().encode()).decode()
    lose(project, FIGURE5)
    project.append("config/config.yaml", "\ncoupled_inference: {figure5: {trials: 16")
    on_a_node = ["--mode", "remote", "--nolock", "--ignore-incomplete", "--no-hooks", "--force", "--cores", "1"]
    for rule in ["coupled_inference_figure5_part:batch=0", "coupled_inference_figure5_numbers:"]:
        job = ["--target-jobs", rule, "--allowed-rules", rule.partition(":")[0]]
        done = project.run("snakemake", *job, *on_a_node, "--config", f"settings={handed_on}")
        assert done.returncode == 0, done.stdout
    assert state(project) == state(probed)


@pytest.mark.faults(
    "a file of tuned hyperparameters is edited while a job works with it",
    "its record names what it has read, and the next run makes it again, although it is newer than the edit",
)
def test_an_edited_file_that_a_job_has_read(project: Project) -> None:
    tuned = "config/tuned/coupled_inference.yaml"
    read = hashlib.sha256((project.root / tuned).read_bytes()).hexdigest()
    lose(project, FIGURE5)
    run = project.start(*project.command(TARGET))
    wait(run, lambda: list(project.tree.glob("coupled_inference/cells/figure5/*.json")))
    project.edit(tuned, "amplitude: ", "amplitude: 1")
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    record = json.loads((project.tree / "coupled_inference/provenance/figure5.csv.json").read_text())
    assert record["inputs"] == {tuned: read}
    assert set(project.jobs(TARGET)) == {"coupled_inference_figure5_part", "coupled_inference_figure5_numbers"}
