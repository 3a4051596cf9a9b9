"""Finished trees, made once, and copies of them for each test."""

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from project import Project, copy_project
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
def finished(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with the probe's part of its smoke tree."""
    return Project(once(tmp_path_factory, "finished", lambda folder: copy_project(folder).finish()))


@pytest.fixture(scope="session")
def complete(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with all of its smoke tree, for tests of what reruns."""
    folder = once(tmp_path_factory, "complete", lambda folder: copy_project(folder, "all").finish())
    return Project(folder, "all")


@pytest.fixture(scope="session")
def pushed(tmp_path_factory: pytest.TempPathFactory) -> Versions:
    """The project as a git repository, its results pushed to a DVC remote beside it."""
    folder = once(tmp_path_factory, "pushed", lambda folder: Versions(folder / "project").begin())
    return Versions(folder / "project")


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project with the probe."""
    yield finished.copy(tmp_path / "project")
    shutil.rmtree(tmp_path / "project", ignore_errors=True)


@pytest.fixture
def whole(complete: Project, tmp_path: Path) -> Iterator[Project]:
    """A copy of the project with all of its smoke tree."""
    yield complete.copy(tmp_path / "whole")
    shutil.rmtree(tmp_path / "whole", ignore_errors=True)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Project]:
    """A copy of the project without outputs."""
    yield copy_project(tmp_path / "fresh")
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
