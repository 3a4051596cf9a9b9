"""A run that is killed goes on, and ends in the same bytes."""

import json
import os
import random
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from project import Project

pytestmark = pytest.mark.workflow

SEED = 1
LONG = json.dumps({"figure2": {"trials": 200}})  # one job of these runs through its cells for seconds
WITHOUT_TIMES = ["*.csv", "*.md", "coupled_inference/*.*"]


def kill_when(project: Project, reached: Callable[[Path], bool], delay: float) -> None:
    """Start the run, wait until its tree is as far as wanted and a moment longer, and kill all of it."""
    run = subprocess.Popen(
        project.command(coupled_inference=LONG),
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 240
    try:
        while not reached(project.root / "results/smoke/coupled_inference"):
            assert run.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline, "the run never came that far"
            time.sleep(0.02)
        time.sleep(delay)
        assert run.poll() is None, "the run ended before it could be killed"
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


def parts_made(count: int) -> Callable[[Path], bool]:
    return lambda tree: len(list(tree.glob("parts/*.csv"))) >= count


def inside_a_long_job(tree: Path) -> bool:
    """Some of its cells are finished, and the job is not."""
    return len(list(tree.glob("cells/figure2/*.json"))) >= 2


def test_three_kills_change_no_byte(finished: Project, fresh: Project) -> None:
    rng = random.Random(SEED)
    kill_when(fresh, parts_made(rng.randint(1, 2)), delay=rng.uniform(0, 0.5))
    kill_when(fresh, inside_a_long_job, delay=rng.uniform(0, 0.2))
    kill_when(fresh, parts_made(rng.randint(3, 5)), delay=rng.uniform(0, 0.5))
    fresh.finish(coupled_inference=LONG)

    undisturbed = finished.copy(fresh.root.parent / "undisturbed")
    undisturbed.finish(coupled_inference=LONG)
    assert fresh.sha256(*WITHOUT_TIMES) == undisturbed.sha256(*WITHOUT_TIMES)
    assert not list(fresh.root.glob("results/**/.partial-*"))
