"""A run that is killed goes on, and ends in the same bytes."""

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
WITHOUT_TIMES = [
    "*.csv",
    "*.md",
    "coupled_inference/*.*",
    "coupled_inference/parts/*",
    "notebooks/*",
    "weighted_composition/*.*",
]


def kill_when(project: Project, reached: Callable[[Path], bool], delay: float) -> None:
    """Start the run, wait until its tree is as far as wanted and a moment longer, and kill all of it."""
    run = subprocess.Popen(
        project.command(),
        cwd=project.root,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 600
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


def made(pattern: str, count: int) -> Callable[[Path], bool]:
    return lambda tree: len(list(tree.glob(pattern))) >= count


def test_three_kills_change_no_byte(finished: Project, fresh: Project) -> None:
    rng = random.Random(SEED)
    # Inside a long job: some of its cells are finished, and the job is not.
    kill_when(fresh, made("cells/figure2/*.json", rng.randint(2, 20)), delay=rng.uniform(0, 0.2))
    assert not list(fresh.root.glob("results/smoke/coupled_inference/parts/figure2.*"))
    kill_when(fresh, made("parts/*.csv", rng.randint(1, 4)), delay=rng.uniform(0, 0.5))
    kill_when(fresh, made("*.csv", rng.randint(1, 4)), delay=rng.uniform(0, 0.5))
    fresh.finish()
    assert fresh.sha256(*WITHOUT_TIMES) == finished.sha256(*WITHOUT_TIMES)
    assert not list(fresh.root.glob("results/**/.partial-*"))
