"""The workflow on a SLURM cluster: the same bytes, whatever happens to jobs, nodes and the controller."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest
from project import Project
from safetensors import safe_open
from slurm import Cluster, Job, node_of, until

pytestmark = pytest.mark.cluster

NUMBERS = ["*.csv", "*/*.csv"]
FIGURE5 = "results/smoke/coupled_inference/figure5.csv"
FIGURE5_LOG = "coupled_inference/figure5.0-of-1.log"
NETWORKS = "results/smoke/weighted_composition/networks/f_id_conditional.safetensors"

GONE_ON = {"COMPLETED", "CANCELLED", "FAILED", "NODE_FAIL"}


class Run:
    """A run of the workflow through SLURM, and its output so far."""

    def __init__(self, project: Project, *arguments: str, **config: object) -> None:
        settings = [f"{key}={value}" for key, value in ({"scale": "smoke"} | config).items()]
        soon = ["--slurm-init-seconds-before-status-checks", "1"]
        self.project = project
        self.path = project.root / "run.log"
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                ["snakemake", *arguments, "--profile", "profiles/slurm", *soon, "--config", *settings],
                cwd=project.root,
                env=project.environment | {"CUDA_VISIBLE_DEVICES": "7"},  # of the login node: no job may take it over
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


def visible_gpus(project: Project) -> str | None:
    """The GPUs that the command of the one job of a run may see."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if node_of(process) and process.name() == "recompose" and process.cwd() == str(project.root):
                found.append(process.environ().get("CUDA_VISIBLE_DEVICES"))
    (visible,) = found
    return visible


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


def test_a_cancelled_training_goes_on_from_its_checkpoint(slurm: Cluster, fresh: Project) -> None:
    longer = {"execution": "{batches: 12}", "weighted_composition": "{networks: {iterations: 10000}}"}
    fresh.edit("src/recompose/diffusion/noise_prediction.py", "CHECKPOINT_SECONDS = 60.0", "CHECKPOINT_SECONDS = 0.0")
    checkpoints = fresh.root / "results/smoke/weighted_composition/cells/networks"
    log = "weighted_composition/networks.0-of-12.log"
    with run(fresh, NETWORKS, **longer) as started:
        job = at_work(slurm, fresh, log)
        until("there is a checkpoint", lambda: list(checkpoints.glob("f_id_*.safetensors")), seconds=60)
        assert visible_gpus(fresh) == "0"
        subprocess.run(["scancel", job.id], check=True)
        until("it is cancelled", lambda: slurm.jobs(fresh.root)[0].state == "CANCELLED", seconds=30)
        (checkpoint,) = checkpoints.glob("f_id_*.safetensors")
        with safe_open(checkpoint, framework="np") as file:
            done = int(file.metadata()["done"])
        started.finish()
    assert 0 < done < 10000
    reported = re.findall(r"(\d+)/10000 iterations", (fresh.root / "results/smoke/logs" / log).read_text())
    assert int(reported[0]) == done + 50

    first, second = slurm.jobs(fresh.root)
    assert (first.state, second.state) == ("CANCELLED", "COMPLETED")
    assert int(second.memory[:-1]) == 2 * int(first.memory[:-1])
    assert (first.limit, second.limit) == ("30:00", "1:00:00")

    resumed = fresh.sha256("weighted_composition/networks/*")
    (fresh.root / NETWORKS).unlink()
    fresh.finish(NETWORKS, **longer)  # without an interruption
    assert fresh.sha256("weighted_composition/networks/*") == resumed != {}


def test_a_job_whose_node_dies_ends_on_the_other(slurm: Cluster, local: Project, fresh: Project) -> None:
    with run(fresh, FIGURE5) as started:
        job = at_work(slurm, fresh, FIGURE5_LOG)
        assert visible_gpus(fresh) == ""
        slurm.pull_the_plug(job.node)
        started.finish()
    assert same(fresh, local, "coupled_inference/figure5.csv")
    lost, again = slurm.jobs(fresh.root)
    assert (lost.state, again.state) == ("NODE_FAIL", "COMPLETED")
    assert {lost.node, again.node} == {"cpu1", "cpu2"}


def test_a_controller_that_is_away_for_a_while(slurm: Cluster, local: Project, fresh: Project) -> None:
    with run(fresh, FIGURE5) as started:
        at_work(slurm, fresh, FIGURE5_LOG)
        slurm.stop("slurmctld")
        time.sleep(20)
        slurm.start("slurmctld")
        started.finish(180)
    assert same(fresh, local, "coupled_inference/figure5.csv")


def test_a_run_that_lost_its_jobs_stops_and_goes_on(slurm: Cluster, local: Project, fresh: Project) -> None:
    # An executor that asks once, and half a minute of patience: with five times and two minutes it is the same, later.
    fresh.edit("src/recompose/cluster.py", "PATIENCE = 120.0", "PATIENCE = 20.0")
    with run(fresh, FIGURE5, "--slurm-status-attempts", "1") as started:
        at_work(slurm, fresh, FIGURE5_LOG)
        slurm.stop("slurmctld")
        assert started.end(120) != 0
    assert "the cluster has not said for too long what became of the jobs" in started.output()
    slurm.clear()
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


def test_without_gpus_networks_are_trained_on_cpus(slurm: Cluster, fresh: Project) -> None:
    fresh.edit("profiles/slurm/config.yaml", "  gpu: 1 ", "  gpu: 0 ")
    with run(fresh, NETWORKS, execution="{batches: 12}") as started:
        started.finish()
    (job,) = slurm.jobs(fresh.root)
    assert (job.state, job.partition) == ("COMPLETED", "cpu")
