"""The same configuration gives the same bytes, however the work is divided."""

import shutil

import pytest
from project import Project

pytestmark = pytest.mark.workflow

TARGETS = ["coupled_inference", "weighted_composition", "feature_guidance", "scorecard"]
NUMBERS = ["*.csv", "*/*.csv", "*/networks/*", "feature_guidance/*.safetensors", "feature_guidance/images/*"]


@pytest.mark.parametrize(("cores", "batches"), [(1, None), (2, 3)])
def test_neither_cores_nor_batches_change_a_byte(project: Project, cores: int, batches: int | None) -> None:
    expected = project.sha256(*NUMBERS)
    assert len(expected) > 8
    shutil.rmtree(project.root / "results")
    project.finish(*TARGETS, cores=cores, **({"execution": f"{{batches: {batches}}}"} if batches else {}))
    assert project.sha256(*NUMBERS) == expected
