"""A clock that was set back leaves files that are dated in the future."""

import json
import os
import re
import subprocess
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from project import Project
from state import state

DAYS = 86400.0


def set_back(project: Project, days: float) -> None:
    """Give every file the date that it has for a clock that was set back by so many days."""
    for path in project.root.rglob("*"):
        if path.is_file():
            date = path.stat().st_mtime + days * DAYS
            os.utime(path, (date, date))


def dates(project: Project) -> dict[Path, float]:
    """Those of the files that people write."""
    written = [path for name in ("config", "src", "workflow") for path in project.root.joinpath(name).rglob("*")]
    return {path: path.stat().st_mtime for path in written if path.is_file() and "__pycache__" not in path.parts}


@pytest.mark.faults(
    "the clock is set back, and all that was made is dated in the future",
    "what is finished stays finished, and an edit is noticed; the next run dates the results anew, and its jobs "
    "succeed; what people write keeps its dates, and a line says so",
)
def test_outputs_from_the_future(probed: Project, project: Project) -> None:
    set_back(project, days=10)
    assert project.jobs() == {}
    project.edit("config/claims/coupled_inference.yaml", "title: ", "title: Said otherwise. ")
    assert project.changed() == {"scorecard", "coupled_inference_notebook"}
    project.edit("config/claims/coupled_inference.yaml", "title: Said otherwise. ", "title: ")
    assert project.jobs() == {}
    (project.tree / "coupled_inference/figure5.csv").unlink()
    (project.tree / "scorecard.csv").unlink()  # which reads files that people write
    written = dates(project)
    told = " ".join(project.finish().split())
    assert re.search(r"\bconfig/\S+ and \d+ more are dated in the future: .* touch dates them anew", told)
    assert state(project) == state(probed) and dates(project) == written
    assert project.jobs() == {}
    assert all(path.stat().st_mtime <= time.time() for path in project.tree.rglob("*"))


@pytest.mark.faults(
    "the clock is set back, and the next run is stopped half-way",
    "what it has made anew counts as newer than what was made from the old files",
)
def test_an_interruption_after_the_clock_was_set_back(project: Project) -> None:
    set_back(project, days=10)
    changed = '{"figure5": {"trials": 16}}'
    project.finish("results/smoke/coupled_inference/figure5.csv", coupled_inference=changed)  # and no further
    assert set(project.jobs("coupled_inference_figure5", coupled_inference=changed)) == {"coupled_inference_figure5"}


def faketime(folder: Path) -> Path:
    """Debian's library that tells processes another time, unpacked in a folder."""
    try:
        for command in (["apt-get", "download", "--quiet", "libfaketime"], ["sh", "-c", "dpkg -x libfaketime_*.deb ."]):
            subprocess.run(command, cwd=folder, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("libfaketime cannot be had here")
    return next(folder.glob("usr/lib/*/faketime/libfaketimeMT.so.1"))


def earlier(project: Project, folder: Path, days: int) -> dict[str, str]:
    """The environment of a process that lives so many days ago.

    The monotonic clock keeps its time, since threads that wait on it would wait for ever; but then the library fails
    a sleep until a moment of that clock (EINVAL), which is what `time.sleep` is. A wait in `select` does as well.
    """
    shim = "import select, time\ntime.sleep = lambda seconds: select.select([], [], [], seconds) and None\n"
    (folder / "sitecustomize.py").write_text(shim)
    paths = os.pathsep.join([str(folder), project.environment["PYTHONPATH"]])
    clock = {"LD_PRELOAD": str(faketime(folder)), "FAKETIME": f"-{days}d", "DONT_FAKE_MONOTONIC": "1"}
    return {**clock, "PYTHONPATH": paths}


def test_a_run_under_an_earlier_clock(probed: Project, project: Project, tmp_path: Path) -> None:
    (project.tree / "coupled_inference/figure5.csv").unlink()
    (project.tree / "coupled_inference/parts/figure5.0-of-1.csv").unlink()
    command = project.command("results/smoke/coupled_inference/figure5.csv", "scorecard")
    run = project.start(*command, **earlier(project, tmp_path, days=10))
    output, _ = run.communicate(timeout=300)
    assert run.returncode == 0, output
    record = json.loads((project.tree / "coupled_inference/provenance/figure5.csv.json").read_text())
    assert datetime.fromisoformat(record["date"]) < datetime.now(UTC) - timedelta(days=9)
    project.finish()
    assert state(project) == state(probed)
