"""dvc.yaml is read by DVC, names what is there, and leaves the work to Snakemake."""

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PAPERS = sorted(path.parent.name for path in (ROOT / "src/recompose/papers").glob("*/__init__.py"))
TARGETS = sorted([*PAPERS, "scorecard"])


def stages() -> dict[str, dict[str, Any]]:
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]


def dvc(folder: Path, *arguments: str) -> str:
    """What a DVC command prints."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commit of what DVC reads: its files, the configuration, and what the stages depend on."""
    folder = tmp_path_factory.mktemp("dvc")
    needed = {dep for stage in stages().values() for dep in stage["deps"]}
    for name in sorted({"dvc.yaml", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "config", *needed}):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, folder / name)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "--all"], [*author, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_one_stage_per_paper_and_one_for_the_verdicts() -> None:
    assert sorted(stages()) == TARGETS
    for target, stage in stages().items():
        assert stage["cmd"] == f"snakemake --cores all -- {target}"


def test_outputs_are_never_deleted_before_a_run() -> None:
    for stage in stages().values():
        for out in [*stage["outs"], *stage.get("metrics", [])]:
            ((path, options),) = out.items()
            assert options["persist"], path


def test_dvc_reads_the_stages(repository: Path) -> None:
    assert dvc(repository, "stage", "list", "--name-only").split() == [*PAPERS, "scorecard"]
    shown = dvc(repository, "repro", "--dry")
    assert all(f"> snakemake --cores all -- {target}\n" in shown for target in TARGETS)


def test_dvc_compares_parameters_and_follows_the_scale(repository: Path) -> None:
    path = repository / "config/config.yaml"
    before = path.read_text()
    assert "scale: small" in before
    path.write_text(before.replace("scale: small", "scale: smoke"))
    try:
        assert "scale small smoke" in " ".join(dvc(repository, "params", "diff").split())
        assert "results/smoke/coupled_inference" in dvc(repository, "stage", "list")
    finally:
        path.write_text(before)


def test_nothing_is_reported_to_anyone() -> None:
    config = (ROOT / ".dvc/config").read_text()
    assert "analytics = false" in config
    assert "check_update = false" in config
