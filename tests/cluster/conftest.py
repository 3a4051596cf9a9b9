"""The cluster, and the tree of a run without it."""

from collections.abc import Iterator

import pytest
from project import Project
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
def local(finished: Project) -> Project:
    """The project with a tree that was made without SLURM."""
    return finished
