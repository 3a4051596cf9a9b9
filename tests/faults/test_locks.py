"""A tree is written by one run at a time, and no lock outlives the run that held it."""

import fcntl
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from project import Project
from state import state


def lose(project: Project) -> None:
    """Take away what a run of some seconds makes again."""
    for name in ["figure5.csv", "parts/figure5.0-of-1.csv"]:
        (project.tree / "coupled_inference" / name).unlink()


def until_job(project: Project, run: "subprocess.Popen[str]") -> psutil.Process:
    """The first job of a run, once its command runs."""
    deadline = time.monotonic() + 120
    while True:
        for process in psutil.Process(run.pid).children(recursive=True):
            with suppress(psutil.Error):  # it has ended
                if any(Path(word).name == "recompose" for word in process.cmdline()[:2]):
                    return process
        assert run.poll() is None and time.monotonic() < deadline
        time.sleep(0.05)


def is_locked(path: Path) -> bool:
    """Whether another process has a lock on a file."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.faults(
    "two runs are started at once in one folder",
    "one of them runs; the other one says so, and ends without having touched anything",
)
def test_two_runs_at_once(probed: Project, project: Project) -> None:
    lose(project)
    runs = [project.start(*project.command()) for _ in range(2)]
    told = [run.communicate(timeout=300)[0] for run in runs]
    assert sorted(run.returncode for run in runs) == [0, 1], told
    (refused,) = [text for run, text in zip(runs, told, strict=True) if run.returncode]
    assert "error: another run is writing results/smoke; wait for it, or stop it" in refused
    assert "Traceback" not in refused
    assert state(project) == state(probed)


@pytest.mark.faults(
    "Snakemake alone is killed, and its jobs go on",
    "a new run does not interfere: it says that they are still writing; after them, it goes on",
)
def test_jobs_that_outlive_their_run(probed: Project, project: Project) -> None:
    lose(project)
    run = project.start(*project.command(), output=subprocess.DEVNULL)
    job = until_job(project, run)
    while not is_locked(project.tree / ".jobs.lock"):
        assert job.is_running()
    job.suspend()  # it would end before the next run asks
    os.kill(run.pid, signal.SIGKILL)
    run.wait()
    try:
        refused = project.snakemake()
    finally:
        job.resume()
    assert refused.returncode != 0
    assert "error: jobs of an earlier run are still writing results/smoke" in refused.stdout
    psutil.wait_procs([job], timeout=120)
    project.finish()
    assert state(project) == state(probed)


@pytest.mark.faults(
    "locks that killed runs have left behind, Snakemake's own among them",
    "no lock holds up the next run",
)
def test_a_stale_lock(probed: Project, project: Project) -> None:
    lose(project)
    locking = ["snakemake", "--workflow-profile", "none", "--cores", "1", "--config", "scale=smoke", "artifacts=probe"]
    run = project.start(*locking, output=subprocess.DEVNULL)
    until_job(project, run)
    os.killpg(run.pid, signal.SIGKILL)
    run.wait()
    assert list((project.root / ".snakemake/locks").iterdir())
    assert (project.tree / ".lock").exists()
    project.finish()
    assert state(project) == state(probed)
