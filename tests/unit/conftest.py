"""What several tests use."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

# Two test processes with two threads each wait for one another on two cores; as in the jobs, one thread is one process.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SOURCE = Path(__file__).parents[2] / "src" / "recompose"


class Package:
    """A copy of the package that a test can edit, and run in an empty folder."""

    def __init__(self, folder: Path):
        self.source, self.folder = folder / "src", folder / "run"
        self.folder.mkdir(parents=True)
        shutil.copytree(SOURCE, self.source / "recompose", ignore=shutil.ignore_patterns("__pycache__"))

    def write(self, name: str, text: str) -> None:
        path = self.source / "recompose" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run Python on this copy."""
        environment = os.environ | {"PYTHONPATH": str(self.source)}
        command = [sys.executable, *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True)


@pytest.fixture
def package(tmp_path):
    return Package(tmp_path / "package")
