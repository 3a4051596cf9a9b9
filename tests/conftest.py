"""Finished results, made once, and copies of them for each test."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from project import ROOT, Project, copy_project
from versions import Versions


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], object]) -> Path:
    """A folder that is made once for all test processes; tests work on copies of it."""
    base = factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / f"{name}.done"
        if not done.exists():
            shutil.rmtree(shared / name, ignore_errors=True)
            make(shared / name)
            done.touch()
    return shared / name


@pytest.fixture(scope="session")
def probed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with its probe made, a cheap chain of each paper: for what needs a finished run."""
    return Project(once(tmp_path_factory, "probed", lambda folder: copy_project(folder, "probe").finish()), "probe")


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with everything of the scale smoke: for what is about all artifacts."""
    return Project(once(tmp_path_factory, "finished", make_everything))


def make_everything(folder: Path) -> None:
    """Make it, or copy the repository's own, if that is up to date: it takes minutes, and .ci/run has just made it."""
    project, own = copy_project(folder), Project(ROOT)
    if (
        "Nothing to be done" in own.snakemake("-n").stdout
        and own.run("recompose", "verify", "--scale", "smoke").stdout == "ok\n"
    ):
        shutil.copytree(own.tree, project.tree)
    project.finish()
    assert project.jobs() == {}


@pytest.fixture(scope="session")
def pushed(probed: Project, tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """A project as a git repository, its results, a few more than the probe, pushed to a DVC remote beside it."""
    folder = once(tmp_path_factory, "pushed", lambda folder: Versions(folder / "project", "").begin(probed))
    return Versions(folder / "project", "")


@pytest.fixture
def project(probed: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project with its probe, which most tests are content with."""
    yield from a_copy(probed, tmp_path / "project")


@pytest.fixture
def whole(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project with everything."""
    yield from a_copy(finished, tmp_path / "project")


def a_copy(project: Project, to: Path) -> Iterator[Project]:
    """A copy of a project, while a test needs it."""
    yield project.copy(to)
    shutil.rmtree(to, ignore_errors=True)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Project]:
    """A copy of the project without outputs, whose runs make the probe."""
    yield copy_project(tmp_path / "fresh", "probe")
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
