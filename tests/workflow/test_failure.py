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


def test_a_failing_rule(whole: Project) -> None:
    tree = whole.root / "results/smoke"
    for artifact in ["capacity", "figure5"]:
        (tree / f"coupled_inference/{artifact}.png").unlink()
    whole.append("src/recompose/papers/coupled_inference/figures.py", BREAKS_HALFWAY)

    failed = whole.snakemake("--keep-going", "figures", "tables")

    assert failed.returncode != 0
    assert "Traceback" in failed.stdout and "ValueError: the pen is dry" in failed.stdout
    log = (tree / "logs/coupled_inference/figure5_figure.log").read_text()
    assert "Traceback" in log and "ValueError: the pen is dry" in log
    assert not list((tree / "coupled_inference").rglob("*figure5.[ps][nv]g*"))
    assert (tree / "coupled_inference/capacity.png").exists()
    assert set(whole.jobs("figures", "tables")) == {"figures", "coupled_inference_figure5"}
