"""The code that runs is that of the folder it runs in, and its commit is the one that is recorded."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recompose.errors import RecomposeError
from recompose.machine import require_own_source

ROOT = Path(__file__).parents[2]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the source in a folder of somebody's own repository."""
    copy = tmp_path / "own" / "unpacked"
    shutil.copytree(ROOT / "src/recompose", copy / "src/recompose", ignore=shutil.ignore_patterns("__pycache__"))
    author = ["-c", "user.name=t", "-c", "user.email=t@t"]
    for command in (["init", "-q"], [*author, "commit", "-q", "--allow-empty", "-m", "t"]):
        subprocess.run(["git", "-C", str(tmp_path / "own"), *command], check=True)
    return copy


def python(code: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=folder, env=os.environ | variables, capture_output=True, text=True)


def test_the_code_of_another_checkout_is_refused(copy: Path, tmp_path: Path) -> None:
    with pytest.raises(RecomposeError, match=f"that of {ROOT}, and this is {copy}"):
        require_own_source(copy)
    require_own_source(ROOT)
    require_own_source(tmp_path)  # no checkout: whose code runs there is nobody's business


def test_a_command_in_another_checkout_says_so_and_its_own_code_runs(copy: Path) -> None:
    """As when an environment was copied with its folder, or another checkout's is active."""
    command = "import sys; sys.argv = ['recompose', '--help']; from recompose.cli import main; main()"
    other = python(command, copy, PYTHONPATH=str(ROOT / "src"))
    assert (other.returncode, other.stdout) == (2, "")
    assert other.stderr.startswith("error: the code that would run is that of ") and other.stderr.count("\n") == 1
    own = python(command, copy, PYTHONPATH="src")  # as dvc.yaml does, for experiments in folders of their own
    assert own.returncode == 0, own.stderr


def test_the_commit_of_a_repository_around_this_one_is_not_recorded(copy: Path) -> None:
    told = python("from recompose.workflow.provenance import _commit; print(_commit())", copy, PYTHONPATH="src")
    assert told.stdout == "(None, None)\n", told.stderr
