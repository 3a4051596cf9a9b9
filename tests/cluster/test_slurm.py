"""The workflow on a SLURM cluster: the same bytes, whatever happens to jobs, nodes and the controller."""

import json
import os
import re
import shutil
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
ITERATIONS = 4000
"""Of a training that is long enough to be cancelled on its way."""
FIGURE5 = "results/smoke/coupled_inference/figure5.csv"
NETWORKS = "results/smoke/weighted_composition/networks/f_id_conditional.safetensors"
CELLS, TRAINING = "coupled_inference_figure5_part", "weighted_composition_network"
LOGS = {CELLS: "coupled_inference/figure5.0-of-1.log", TRAINING: "weighted_composition/network_f_id_conditional.log"}

LEFT = {"PENDING", "RUNNING"}


class Run:
    """A run of the workflow through SLURM, and its output so far."""

    def __init__(self, project: Project, *arguments: str, **config: object) -> None:
        soon = ["--slurm-init-seconds-before-status-checks", "1"]
        self.project = project
        self.path = project.root / "run.log"
        with self.path.open("w") as log:
            self.process = subprocess.Popen(
                project.command(*arguments, "--profile", "profiles/slurm", *soon, cores=None, **config),
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


def at_work(slurm: Cluster, project: Project, rule: str) -> Job:
    """The job of a rule, once its command runs."""
    until(f"the command of {rule} runs", (project.root / "results/smoke/logs" / LOGS[rule]).exists, seconds=120)
    (job,) = jobs_of(slurm, project, rule)
    assert job.state == "RUNNING"
    return job


def visible_gpus(project: Project, node: str) -> str | None:
    """The GPUs that the one command of a run on a node may see."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if node_of(process) == node and process.name() == "recompose" and process.cwd() == str(project.root):
                found.append(process.environ().get("CUDA_VISIBLE_DEVICES"))
    (visible,) = found
    return visible


def jobs_of(slurm: Cluster, project: Project, rule: str) -> list[Job]:
    """The jobs of a rule, from the first attempt to the last."""
    return [job for job in slurm.jobs(project.root) if job.comment.startswith(f"rule_{rule}")]


def same(project: Project, probed: Project, *patterns: str) -> bool:
    """Whether files of this run are there, and have the bytes of the run without SLURM."""
    made = project.sha256(*patterns)
    return bool(made) and made == {name: probed.sha256(*patterns)[name] for name in made}


def test_a_chain_of_each_paper(slurm: Cluster, probed: Project, fresh: Project) -> None:
    with run(fresh) as started:
        started.finish(600)
    assert fresh.sha256(*NUMBERS) == probed.sha256(*NUMBERS)
    assert (fresh.root / "results/smoke/index.html").exists()
    jobs = slurm.jobs(fresh.root)
    assert {job.state for job in jobs} == {"COMPLETED"}
    # Training and sampling of networks go to the node with the GPU, the rest to the others; what is short to none.
    assert {job.comment.split("_wildcards_")[0] for job in jobs if job.partition == "gpu"} == {
        "rule_weighted_composition_network",
        "rule_weighted_composition_figure1_numbers",
        "rule_sami_of_disks_network",
        "rule_concept_discovery_digits_backbone_network",
        "rule_concept_discovery_digits_judge_network",
        "rule_concept_discovery_explored_numbers",
        "rule_feature_guidance_guided_network",
        "rule_feature_guidance_figure8_numbers",
    }
    assert not [job for job in jobs if any(word in job.comment for word in ["scorecard", "notebook", "page"])]


def test_a_cancelled_training_and_a_dead_node(slurm: Cluster, probed: Project, fresh: Project) -> None:
    longer = {"weighted_composition": json.dumps({"networks": {"iterations": ITERATIONS}})}
    fresh.edit("src/recompose/diffusion/checkpoints.py", "CHECKPOINT_SECONDS = 60.0", "CHECKPOINT_SECONDS = 0.0")
    with run(fresh, FIGURE5, NETWORKS, **longer) as started:
        cells = at_work(slurm, fresh, CELLS)
        assert visible_gpus(fresh, cells.node) == ""
        slurm.pull_the_plug(cells.node)

        training = at_work(slurm, fresh, TRAINING)
        assert visible_gpus(fresh, training.node) == "0"
        until("it has a checkpoint", lambda: iterations_done(fresh) > 0, seconds=60)
        subprocess.run(["scancel", training.id], check=True)
        until("it is cancelled", lambda: jobs_of(slurm, fresh, TRAINING)[0].state == "CANCELLED", seconds=30)
        done = iterations_done(fresh)
        assert 0 < done < ITERATIONS
        started.finish()

    assert same(fresh, probed, "coupled_inference/figure5.csv")
    lost, again = jobs_of(slurm, fresh, CELLS)
    assert (lost.state, again.state) == ("NODE_FAIL", "COMPLETED")
    assert {lost.node, again.node} == {"cpu1", "cpu2"}
    assert (lost.memory, again.memory) == ("4000M", "8000M")

    log = (fresh.root / "results/smoke/logs" / LOGS[TRAINING]).read_text()
    reported = re.findall(rf"^f_id, conditional: (\d+)/{ITERATIONS} iterations", log, re.M)
    assert [int(each) for each in reported] == list(range(done + 50, ITERATIONS + 1, 50))
    cancelled, resumed = jobs_of(slurm, fresh, TRAINING)
    assert (cancelled.state, resumed.state) == ("CANCELLED", "COMPLETED")
    assert (cancelled.limit, resumed.limit) == ("30:00", "1:00:00")

    trained = fresh.sha256("weighted_composition/networks/*")
    shutil.rmtree(fresh.root / "results/smoke/weighted_composition")
    fresh.finish(NETWORKS, **longer)  # without an interruption
    assert fresh.sha256("weighted_composition/networks/*") == trained != {}


def iterations_done(project: Project) -> int:
    """How far the training is by its checkpoint, if it has one."""
    for path in project.tree.glob("weighted_composition/cells/networks/f_id_conditional-*.safetensors"):
        with safe_open(path, framework="np") as file:
            return int(file.metadata()["done"])
    return 0


def test_an_edit_reaches_no_job_of_the_run(slurm: Cluster, fresh: Project) -> None:
    with run(fresh, FIGURE5) as started:
        until("a job is in the queue", lambda: slurm.jobs(fresh.root), seconds=120)
        fresh.append("config/config.yaml", "\ncoupled_inference: {figure5: {trials: 16")  # an editor that saves half
        started.finish()
    record = json.loads((fresh.tree / "coupled_inference/provenance/figure5.csv.json").read_text())
    assert record["settings"]["figure5"]["trials"] == 8


def test_ctrl_c_leaves_no_job(slurm: Cluster, fresh: Project) -> None:
    with run(fresh) as started:
        until("jobs run and wait", lambda: states(slurm, fresh) >= LEFT, seconds=120)
        os.killpg(started.process.pid, signal.SIGINT)
        assert started.end(60) != 0
    until("no job is left", lambda: not states(slurm, fresh) & LEFT, seconds=10)


def states(slurm: Cluster, project: Project) -> set[str]:
    return {job.state for job in slurm.jobs(project.root)}


def test_grouped_cells_are_one_job_and_without_gpus_all_are_on_cpus(
    slurm: Cluster, probed: Project, fresh: Project
) -> None:
    grouped = ["--groups", "coupled_inference_figure5_part=cells", "--group-components", "cells=4", "--cores", "2"]
    with run(fresh, FIGURE5, NETWORKS, *grouped, execution="{batches: 4}", cluster="{gpus: 0}") as started:
        started.finish()
    assert same(fresh, probed, "coupled_inference/figure5.csv", "weighted_composition/networks/*")
    assert len(list(fresh.root.glob("results/smoke/coupled_inference/parts/figure5.*-of-4.csv"))) == 4
    jobs = slurm.jobs(fresh.root)
    assert len(jobs) == 2  # the cells, and the networks
    assert {(job.state, job.partition) for job in jobs} == {("COMPLETED", "cpu")}


def test_a_controller_that_is_away_for_too_long(slurm: Cluster, probed: Project, fresh: Project) -> None:
    fresh.edit("src/recompose/workflow/cluster.py", "PATIENCE = 120.0", "PATIENCE = 30.0")
    with run(fresh, FIGURE5) as started:
        at_work(slurm, fresh, CELLS)
        slurm.stop("slurmctld")
        away = time.monotonic()
        time.sleep(20)
        until("the run has asked in vain", lambda: "Falling back to 'sacct'" in started.output(), seconds=60)
        slurm.start("slurmctld")
        assert started.end(90) != 0
        assert time.monotonic() - away + 90 < 180  # with all of its patience
    assert "the cluster has not said for too long what became of the jobs" in started.output()
    until("no job is left", lambda: not states(slurm, fresh) & LEFT, seconds=10)
    with run(fresh, FIGURE5) as again:
        again.finish()
    assert same(fresh, probed, "coupled_inference/figure5.csv")
