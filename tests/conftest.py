"""The finished smoke tree, made once, and copies of it for each test."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import Project, copy_project


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with its smoke tree, made once for all test processes; tests work on copies of it."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with (shared / "finished.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = shared / "finished.done"
        if not done.exists():
            shutil.rmtree(shared / "finished", ignore_errors=True)
            copy_project(shared / "finished").finish()
            done.touch()
    return Project(shared / "finished")


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the finished project."""
    yield finished.copy(tmp_path / "project")
    shutil.rmtree(tmp_path / "project", ignore_errors=True)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Project]:
    """A copy of the project without outputs."""
    yield copy_project(tmp_path / "fresh")
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
