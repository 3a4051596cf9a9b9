"""The cluster of all tests; `probed` is the run without it that theirs are compared with."""

from collections.abc import Iterator

import pytest
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
