"""The workflow on a SLURM cluster: the same bytes, whatever happens to jobs, nodes and the controller."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from project import Project
from slurm import Cluster, Job, until

pytestmark = pytest.mark.cluster

NUMBERS = ["*.csv", "*/*.csv"]
FIGURE5 = "results/smoke/coupled_inference/figure5.csv"


GONE_ON = {"COMPLETED", "CANCELLED", "FAILED", "NODE_FAIL"}


class Run:
    """A run of the workflow through SLURM, and its output so far."""

    def __init__(self, project: Project, *arguments: str, **config: object) -> None:
        settings = [f"{key}={value}" for key, value in ({"scale": "smoke"} | config).items()]
        self.project = project
        self.path = project.root / "run.log"
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                ["snakemake", *arguments, "--profile", "profiles/slurm", "--config", *settings],
                cwd=project.root,
                env=project.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def output(self) -> str:
        return self.path.read_text()

    def end(self, seconds: float) -> int:
        """Its exit status; a run that hangs fails the test."""
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"the run hangs; after {seconds} s:\n{self.output()}")

    def finish(self, seconds: float = 300) -> None:
        assert self.end(seconds) == 0, self.output()


@contextmanager
def run(project: Project, *arguments: str, **config: object) -> Iterator[Run]:
    """Start a run; nothing of it outlives the test."""
    started = Run(project, *arguments, **config)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            os.killpg(started.process.pid, signal.SIGKILL)
            started.process.wait()


def at_work(slurm: Cluster, project: Project, log: str) -> Job:
    """The one job of a run, once its command runs."""
    until("the job's command runs", (project.root / "results/smoke/logs" / log).exists, seconds=120)
    (job,) = slurm.jobs(project.root)
    assert job.state == "RUNNING"
    return job


def same(project: Project, local: Project, *patterns: str) -> bool:
    """Whether files of this run are there, and have the bytes of the run without SLURM."""
    made = project.sha256(*patterns)
    return bool(made) and made == {name: local.sha256(*patterns)[name] for name in made}


def test_the_whole_workflow(slurm: Cluster, local: Project, fresh: Project) -> None:
    with run(fresh) as started:
        started.finish(600)
    assert fresh.sha256(*NUMBERS) == local.sha256(*NUMBERS)
    assert (fresh.root / "results/smoke/index.html").exists()
    jobs = slurm.jobs(fresh.root)
    assert {job.state for job in jobs} == {"COMPLETED"}
    # Training and sampling of networks go to the node with the GPU, the rest to the others; what is short to none.
    assert {job.comment.split("_wildcards_")[0] for job in jobs if job.partition == "gpu"} == {
        f"rule_weighted_composition_{name}"
        for name in ["networks_0", "distances_part", "figure1_numbers", "error_map_numbers", "grid_numbers"]
    }
    assert not [job for job in jobs if any(word in job.comment for word in ["scorecard", "notebook", "page"])]


def test_a_cancelled_job_runs_again_with_more_memory(slurm: Cluster, local: Project, fresh: Project) -> None:
    with run(fresh, FIGURE5) as started:
        job = at_work(slurm, fresh, "coupled_inference/figure5.0-of-1.log")
        subprocess.run(["scancel", job.id], check=True)
        started.finish()
    assert same(fresh, local, "coupled_inference/figure5.csv")
    assert [job.state for job in slurm.jobs(fresh.root)] == ["CANCELLED", "COMPLETED"]
    assert [job.memory for job in slurm.jobs(fresh.root)] == ["4000M", "8000M"]


def test_a_job_whose_node_dies_ends_on_the_other(slurm: Cluster, local: Project, fresh: Project) -> None:
    with run(fresh, FIGURE5) as started:
        job = at_work(slurm, fresh, "coupled_inference/figure5.0-of-1.log")
        slurm.pull_the_plug(job.node)
        started.finish()
    assert same(fresh, local, "coupled_inference/figure5.csv")
    lost, again = slurm.jobs(fresh.root)
    assert (lost.state, again.state) == ("NODE_FAIL", "COMPLETED")
    assert {lost.node, again.node} == {"cpu1", "cpu2"}


@pytest.mark.parametrize("seconds", [20, 60])
def test_a_controller_that_is_away_for_a_while(slurm: Cluster, local: Project, fresh: Project, seconds: int) -> None:
    with run(fresh, FIGURE5) as started:
        at_work(slurm, fresh, "coupled_inference/figure5.0-of-1.log")
        slurm.stop("slurmctld")
        time.sleep(seconds)
        slurm.start("slurmctld")
        status = started.end(180)
        output = started.output()
    if status:  # the executor has asked in vain too often, and has lost its job
        assert "has not said for too long what became of the jobs" in output
        with run(fresh, FIGURE5) as again:
            again.finish()
    assert same(fresh, local, "coupled_inference/figure5.csv")


def test_ctrl_c_leaves_no_job(slurm: Cluster, fresh: Project) -> None:
    with run(fresh) as started:
        until("jobs run and wait", lambda: states(slurm, fresh) >= {"RUNNING", "PENDING"}, seconds=120)
        os.killpg(started.process.pid, signal.SIGINT)
        assert started.end(60) != 0
    until("the queue is empty", lambda: states(slurm, fresh) <= GONE_ON, seconds=30)


def states(slurm: Cluster, project: Project) -> set[str]:
    return {job.state for job in slurm.jobs(project.root)}


def test_grouped_cells_are_one_job(slurm: Cluster, local: Project, fresh: Project) -> None:
    grouped = ["--groups", "coupled_inference_figure5_part=cells", "--group-components", "cells=4", "--cores", "2"]
    with run(fresh, FIGURE5, *grouped, execution="{batches: 4}") as started:
        started.finish()
    assert same(fresh, local, "coupled_inference/figure5.csv")
    assert len(list(fresh.root.glob("results/smoke/coupled_inference/parts/figure5.*-of-4.csv"))) == 4
    (job,) = slurm.jobs(fresh.root)
    assert job.state == "COMPLETED"


def test_without_gpus_everything_runs_on_cpus(slurm: Cluster, fresh: Project) -> None:
    fresh.edit("profiles/slurm/config.yaml", "  gpu: 1 ", "  gpu: 0 ")
    with run(fresh, "weighted_composition_networks") as started:
        started.finish()
    (job,) = slurm.jobs(fresh.root)
    assert (job.state, job.partition) == ("COMPLETED", "cpu")
