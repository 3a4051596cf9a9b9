"""A rule that fails says why, leaves nothing half made, and stops nothing that does not need it."""

import pytest
from project import Project

pytestmark = pytest.mark.workflow

BREAKS_HALFWAY = """

class _DryPen:
    def set_layout_engine(self, _):
        pass

    def savefig(self, path, **_):
        if path.suffix == ".svg":
            raise ValueError("the pen is dry")
        path.write_bytes(b"half a picture")


def figure5(*frames):
    return _DryPen()
"""


def test_a_failing_rule(project: Project) -> None:
    other = project.tree / "weighted_composition/figure1.png"
    for path in [other, project.tree / "coupled_inference/figure5.png"]:
        path.unlink()
    project.append("src/recompose/papers/coupled_inference/figures.py", BREAKS_HALFWAY)

    failed = project.snakemake("--keep-going", "figures")

    assert failed.returncode != 0
    assert "Traceback" in failed.stdout and "ValueError: the pen is dry" in failed.stdout
    log = (project.tree / "logs/coupled_inference/figure5_figure.log").read_text()
    assert "Traceback" in log and "ValueError: the pen is dry" in log
    assert not list((project.tree / "coupled_inference").rglob("*figure5.[ps][nv]g*"))
    assert other.exists()
    assert set(project.jobs("figures")) == {"figures", "coupled_inference_figure5"}
