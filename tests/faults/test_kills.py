"""A run that is killed goes on, and ends in the same bytes."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from project import Project
from safetensors import safe_open
from state import state

SEED = 1
KILLS = 20
KILLER = Path(__file__).parent / "killer"


def until(what: str, reached: Callable[[], object], run: "subprocess.Popen[str]", seconds: float = 600) -> None:
    """Wait for it while a run goes on."""
    deadline = time.monotonic() + seconds
    while not reached():
        assert run.poll() is None, f"the run ended before: {what}"
        assert time.monotonic() < deadline, f"not within {seconds} s: {what}"
        time.sleep(0.01)


def kill(run: "subprocess.Popen[str]") -> None:
    """Kill a run with all of its jobs, at once and without a word."""
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()


@pytest.mark.faults(
    "`kill -9` of a run with all of its jobs, twenty times from the first job to the last",
    "the same command goes on from the finished cells, and ends in the same bytes",
)
def test_twenty_kills_change_no_byte(probed: Project, fresh: Project) -> None:
    rng = random.Random(SEED)
    logs = fresh.tree / "logs"
    jobs = len(list((probed.tree / "logs").rglob("*.log")))

    def at_work(started: float, begun: int) -> bool:
        """Whether so many jobs have begun since the first run, and one of them in this run."""
        dates = []
        for path in logs.rglob("*.log"):
            with suppress(FileNotFoundError):  # Snakemake removes the old one
                dates.append(path.stat().st_mtime)
        return len(dates) >= begun and max(dates) > started

    last = jobs - 3  # the scorecard and the page take longer than the random delay
    for number in range(KILLS):  # one in each twentieth of the jobs
        begun = 1 + (number * last + rng.randrange(last)) // KILLS
        started = time.time()
        run = fresh.start(*fresh.command(), output=subprocess.DEVNULL)
        try:
            until(f"{begun} of {jobs} jobs", lambda started=started, begun=begun: at_work(started, begun), run)
            time.sleep(rng.uniform(0, 2))
            assert run.poll() is None, f"the run ended before kill {number + 1}"
        finally:
            kill(run)
    fresh.finish()
    assert state(fresh) == state(probed)


@pytest.mark.parametrize(
    ("missing", "killed_before", "target"),
    [
        pytest.param(
            "coupled_inference/figure5.csv",
            "coupled_inference/figure5.csv",
            "results/smoke/coupled_inference/figure5.csv",
            marks=pytest.mark.faults(
                "`kill -9` while an artifact, its record, a checkpoint, the manifest or the page is written",
                "the half-written file stands beside its place until the same command has made a whole one",
            ),
            id="artifact",
        ),
        pytest.param(
            "coupled_inference/figure5.csv",
            "provenance/figure5.csv.json",
            "results/smoke/coupled_inference/figure5.csv",
            id="record",
        ),
        pytest.param(
            "weighted_composition/networks/nf_id_conditional.safetensors",
            "cells/networks/nf_id_conditional",
            "weighted_composition_networks",
            id="checkpoint",
        ),
        pytest.param("manifest.json", "smoke/manifest.json", "results/smoke/manifest.json", id="manifest"),
        pytest.param("index.html", "smoke/index.html", "page", id="page"),
    ],
)
def test_a_kill_while_a_file_is_written(
    probed: Project, project: Project, missing: str, killed_before: str, target: str
) -> None:
    (project.tree / missing).unlink()
    paths = os.pathsep.join([str(KILLER), project.environment["PYTHONPATH"]])
    run = project.start(
        *project.command(target), output=subprocess.DEVNULL, PYTHONPATH=paths, KILL_BEFORE=killed_before
    )
    assert run.wait(300) == -signal.SIGKILL
    (half,) = project.tree.rglob(".partial-*")
    assert half.stat().st_size and not half.with_name(half.name.removeprefix(".partial-")).exists()
    project.finish(target)
    project.finish()
    assert state(project) == state(probed)


SAVES_AT_ONCE = """
from recompose.cli import main
from recompose.diffusion import training

training.CHECKPOINT_SECONDS = 0
main()
"""


ITERATIONS = 9000


def iterations_done(project: Project) -> int:
    """How far the checkpoint of a training is, if there is one."""
    for checkpoint in project.tree.glob("weighted_composition/cells/networks/f_*.safetensors"):
        with safe_open(checkpoint, framework="pt") as file:
            return int(file.metadata()["done"])
    return 0


@pytest.mark.faults(
    "`kill -9` in the middle of a training",
    "it goes on from its checkpoint, which is at most a minute old, and ends in the same weights",
)
def test_kills_inside_a_training(fresh: Project) -> None:
    networks, tree = (
        fresh.tree / "weighted_composition/networks/f_id_conditional.safetensors",
        ["--results", "results/smoke"],
    )
    sizes = {"width": 16, "layers": 2, "iterations": ITERATIONS, "batch": 60}
    settings = {"scale": "smoke", "device": "cpu", "task": {"runs": 2, "samples": [100]}, "networks": sizes}
    command = ["weighted-composition", "networks", "f_id_conditional", "--settings", json.dumps(settings), *tree]
    rng, kept = random.Random(SEED), 0
    for _ in range(3):
        run = fresh.start(sys.executable, "-c", SAVES_AT_ONCE, *command, output=subprocess.DEVNULL)
        try:
            until("a checkpoint", lambda kept=kept: iterations_done(fresh) > kept, run)
            time.sleep(rng.uniform(0, 0.5))
        finally:
            kill(run)
        assert kept < iterations_done(fresh) < ITERATIONS  # one that begins anew would be further back
        kept = iterations_done(fresh)
    assert fresh.run("recompose", *command).returncode == 0
    resumed = networks.read_bytes()
    assert iterations_done(fresh) == 0
    assert fresh.run("recompose", *command).returncode == 0
    assert networks.read_bytes() == resumed
