"""A run on a cluster ends with the configuration that it began with."""

import json

import pytest
from project import Project
from slurm import Cluster, until

pytestmark = pytest.mark.cluster


def test_an_edit_reaches_no_job_of_the_run(slurm: Cluster, fresh: Project) -> None:
    target = "results/smoke/coupled_inference/figure5.csv"
    run = fresh.start("snakemake", target, "--profile", "profiles/slurm", "--config", "scale=smoke")
    until("a job is in the queue", lambda: slurm.jobs(fresh.root), seconds=120)
    fresh.append("config/config.yaml", "\ncoupled_inference: {figure5: {trials: 16")  # an editor that saves half
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    record = json.loads((fresh.tree / "coupled_inference/provenance/figure5.csv.json").read_text())
    assert record["settings"]["figure5"]["trials"] == 8
