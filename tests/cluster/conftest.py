"""The cluster, and the smoke tree of a run without it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from project import ROOT, Project, copy_project
from slurm import Cluster, cluster


@pytest.fixture(scope="session")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster of all tests."""
    with cluster(tmp_path_factory.mktemp("slurm")) as running:
        yield running


@pytest.fixture
def slurm(started: Cluster) -> Cluster:
    """The cluster, idle, whatever the test before has done to it."""
    started.clear()
    return started


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project with a smoke tree made without SLURM: the repository itself, if its own is up to date."""
    if Project(ROOT).run("recompose", "verify", "--scale", "smoke").returncode == 0:
        return Project(ROOT)
    made = copy_project(tmp_path_factory.mktemp("local"))
    made.finish()
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Project]:
    """A copy of the project without outputs."""
    yield copy_project(tmp_path / "fresh")
    shutil.rmtree(tmp_path / "fresh", ignore_errors=True)
