"""What a run on a cluster needs beside its executor."""

import os
from typing import Any

import pytest

from recompose.artifacts import Work
from recompose.config.models import Cluster
from recompose.workflow.cluster import MEGABYTES, hide_devices, needs

SITE = Cluster(cpu_partition="thin", gpu_partition="thick", gpu_teraflops=10, cpu_teraflops=0.1, longest=600)
WORK = Work(teraflop=60_000, minutes=20, megabytes=1000)
"""100 minutes of SITE's GPUs."""


def asked(resources: dict[str, Any], attempt: int = 1, wildcards: Any = None) -> tuple[int, int]:
    """Memory (MB) and run time (minutes) that a job asks for."""
    memory, time = (resources[key](wildcards, attempt) for key in ("mem_mb", "runtime"))
    assert isinstance(memory, int) and isinstance(time, int)  # as SLURM takes them
    return memory, time


def test_a_job_asks_for_what_its_work_takes() -> None:
    """Half an hour to spare, twice the minutes beside the device, and the operations at the site's rate."""
    assert asked(needs(SITE, WORK, gpu=True)) == (MEGABYTES + 1000, 30 + 2 * 20 + 100)
    more = Work(teraflop=120_000, minutes=40, megabytes=9000)
    assert asked(needs(SITE, more, gpu=True)) == (MEGABYTES + 9000, 30 + 2 * 40 + 200)
    assert asked(needs(SITE)) == (MEGABYTES, 120)


def test_a_job_that_was_killed_asks_for_more_up_to_what_the_site_allows() -> None:
    jobs = needs(SITE, WORK, gpu=True)
    assert [asked(jobs, attempt) for attempt in (1, 2, 3)] == [
        (attempt * (MEGABYTES + 1000), attempt * 170) for attempt in (1, 2, 3)
    ]
    assert asked(jobs, 4) == (4 * (MEGABYTES + 1000), 600)
    assert [asked(needs(SITE), attempt) for attempt in (1, 2)] == [(MEGABYTES, 120), (2 * MEGABYTES, 240)]


def test_work_may_depend_on_the_wildcards() -> None:
    known = {"little": Work(0, 0, 0), "much": WORK}
    jobs = needs(SITE, lambda wildcards: known[wildcards], gpu=True)
    assert asked(jobs, wildcards="little") == (MEGABYTES, 30)
    assert asked(jobs, 2, "much") == (2 * (MEGABYTES + 1000), 340)


def test_jobs_go_where_their_devices_are() -> None:
    assert needs(SITE, WORK, gpu=True).items() >= {"slurm_partition": "thick", "gpu": 1}.items()
    assert needs(SITE.model_copy(update={"gpus": 2}), WORK, gpu=True)["gpu"] == 2
    for beside in (needs(SITE, WORK), needs(SITE)):
        assert beside["slurm_partition"] == "thin" and "gpu" not in beside
    assert asked(needs(SITE.model_copy(update={"longest": 20_000}), WORK))[1] == 30 + 2 * 20 + 10_000  # by their rate


def test_without_gpus_all_go_to_the_cpus_and_for_longer() -> None:
    without = SITE.model_copy(update={"gpus": 0, "longest": 20_000})
    jobs = needs(without, WORK, gpu=True)
    assert jobs["slurm_partition"] == "thin" and "gpu" not in jobs
    assert asked(jobs) == (MEGABYTES + 1000, 30 + 2 * 20 + 10_000)
    assert asked(needs(without.model_copy(update={"longest": 600}), WORK, gpu=True))[1] == 600


def test_an_account_is_named_where_there_is_one() -> None:
    assert "slurm_account" not in needs(SITE)
    site = SITE.model_copy(update={"account": "bound"})
    assert needs(site)["slurm_account"] == needs(site, WORK, gpu=True)["slurm_account"] == "bound"


@pytest.mark.parametrize(
    ("slurm", "visible"),
    [
        ({}, "0,1"),  # no job of SLURM: what the user says holds
        ({"SLURM_JOB_ID": "7"}, ""),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": ""}, ""),
        ({"SLURM_JOB_ID": "7", "SLURM_JOB_GPUS": "0,1"}, "0,1"),
        ({"SLURM_JOB_ID": "7", "SLURM_STEP_GPUS": "0,1"}, "0,1"),
    ],
)
def test_a_job_without_gpus_sees_none(monkeypatch: pytest.MonkeyPatch, slurm: dict[str, str], visible: str) -> None:
    for key in [key for key in os.environ if key.startswith("SLURM_")]:
        monkeypatch.delenv(key)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1")
    for key, value in slurm.items():
        monkeypatch.setenv(key, value)
    hide_devices()
    assert os.environ["CUDA_VISIBLE_DEVICES"] == visible
