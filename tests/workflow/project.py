"""A copy of the project that tests may edit, break and kill, and the commands they run in it."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from recompose.papers import papers

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Project:
    """A copy of the project. What runs in it imports the copy's sources."""

    root: Path
    artifacts: str = "all"
    """What its runs make: `all`, `probe`, or a list of targets as YAML; empty: what the configuration says."""

    @property
    def tree(self) -> Path:
        """The results tree of the scale smoke."""
        return self.root / "results/smoke"

    @property
    def environment(self) -> dict[str, str]:
        """The terminal is wide and gray: tests read it."""
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "PYTHONPATH": str(self.root / "src"), "COLUMNS": "300", "NO_COLOR": "1"}
        return {**os.environ, **own, "XDG_CACHE_HOME": str(self.root / ".cache")}

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the copy; what it prints, on either stream, is its stdout."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=1800,
        )

    def start(self, *command: str, output: int = subprocess.PIPE, **variables: str) -> "subprocess.Popen[str]":
        """Start a command in the copy, the head of a group of processes of its own."""
        return subprocess.Popen(
            command,
            cwd=self.root,
            env=self.environment | variables,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def snakemake(self, *arguments: str, cores: int = 2, **config: object) -> subprocess.CompletedProcess[str]:
        """Run Snakemake at the scale smoke."""
        return self.run(*self.command(*arguments, cores=cores, **config))

    def command(self, *arguments: str, cores: int | None = 2, **config: object) -> list[str]:
        """The command line of a run."""
        usual = {"scale": "smoke", **({"artifacts": self.artifacts} if self.artifacts else {})}
        settings = [f"{key}={value}" for key, value in (usual | config).items()]
        return ["snakemake", *arguments, *(["--cores", str(cores)] if cores else []), "--config", *settings]

    def finish(self, *arguments: str, **config: object) -> str:
        """Run Snakemake to a good end."""
        done = self.snakemake(*arguments, **config)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def jobs(self, *arguments: str, **config: object) -> dict[str, int]:
        """What `snakemake -n` would run: how many jobs of each rule."""
        shown = self.finish(*arguments, "-n", **config)
        if "Nothing to be done" in shown:
            return {}
        table = shown.split("Job stats")[1].split("Reasons:")[0]
        counts = {name.replace(" ", "_"): int(count) for name, count in re.findall(r"^ (\S.*?) +(\d+) *$", table, re.M)}
        assert counts.pop("total") == sum(counts.values()), shown
        return counts

    def changed(self, **config: object) -> set[str]:
        """The rules at which `snakemake -n` begins: those with another reason than their inputs' rerun."""
        found = self._begun(**config)
        if "..." in found:  # Snakemake names 50 rules for a reason; of one paper there are fewer
            found |= {rule for slug in papers() for rule in self._begun(slug, **config)}
        return found - {"..."}

    def _begun(self, *targets: str, **config: object) -> set[str]:
        shown = self.finish("-n", *targets, **config)
        if "Nothing to be done" in shown:
            return set()
        reasons = re.findall(r"^    (\S.*):\n        (.+)$", shown.split("Reasons:")[1], re.M)
        return {
            rule for why, rules in reasons if why != "input files updated by another job" for rule in rules.split(", ")
        }

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text that stands in a file."""
        path = self.root / name
        text = path.read_text()
        assert old in text, f"{name} has no {old!r}"
        path.write_text(text.replace(old, new, 1))

    def append(self, name: str, text: str) -> None:
        """Add a text to a file."""
        with (self.root / name).open("a") as file:
            file.write(text)

    def sha256(self, *patterns: str) -> dict[str, str]:
        """The hashes of the files in the smoke tree that match a pattern."""
        paths = sorted({path for pattern in patterns for path in self.tree.glob(pattern) if path.is_file()})
        return {str(path.relative_to(self.tree)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}

    def copy(self, to: Path) -> Self:
        """A copy of the copy, with its outputs, their times and what Snakemake knows of them."""
        shutil.copytree(self.root, to, symlinks=True)
        return replace(self, root=to)


def copy_project(to: Path, artifacts: str = "all") -> Project:
    """What git has or would take, and nothing else."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return Project(to, artifacts)
