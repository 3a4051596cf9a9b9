"""What a run on a cluster needs beside its executor."""

import os

import pytest

from recompose.workflow.cluster import hide_devices


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
