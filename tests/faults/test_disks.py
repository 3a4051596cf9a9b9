"""Disks that are full or read-only: real ones, each in a mount namespace of its own."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from project import Project
from state import state


@dataclass(frozen=True)
class Mounted(Project):
    """A project as those processes see it that have something else mounted on its results."""

    keeper: int = 0

    @property
    def tree(self) -> Path:
        """The mounted folder, seen from outside."""
        return Path(f"/proc/{self.keeper}/root{self.root}/results/smoke")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        enter = ["nsenter", f"--target={self.keeper}", "--user", "--mount", "--preserve-credentials"]
        return super().run(*enter, "env", f"--chdir={self.root}", *command)

    def fill(self, room: int) -> Path:
        """A file that takes all the room that is left but so many bytes."""
        filler = self.tree.parent / "filler"
        with filler.open("wb", buffering=0) as file:
            with suppress(OSError):
                while file.write(bytes(4096)):
                    pass
            file.truncate(file.tell() - room)
        return filler


@contextmanager
def mounted(project: Project, mount: str) -> Iterator[Mounted]:
    """Mount something on the results of a project, for its own commands alone."""
    command = ["unshare", "--mount", "--map-root-user", "sh", "-c", f"{mount} && echo mounted && exec cat"]
    try:
        keeper = subprocess.Popen(command, cwd=project.root, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    except FileNotFoundError:
        pytest.skip("there is no unshare here")
    with keeper:
        if keeper.stdout.readline() != "mounted\n":
            pytest.skip("mounting is not allowed here")
        yield Mounted(project.root, project.artifacts, keeper.pid)


def told(done: subprocess.CompletedProcess[str]) -> str:
    """The line that tells why a command has failed."""
    assert done.returncode != 0 and "Traceback" not in done.stdout, done.stdout
    (line,) = {line.strip() for line in done.stdout.splitlines() if line.startswith("error: ")}
    return line


@pytest.mark.faults(
    "the disk is full while an artifact, a checkpoint, the manifest or the page is written",
    "one line names the file; no half-written file is left; with room again, the same command goes on",
)
@pytest.mark.parametrize(
    ("missing", "target", "refused"),
    [
        ("coupled_inference/figure5.png", "coupled_inference_figure5", "coupled_inference/"),
        (
            "weighted_composition/networks/f_id_conditional.safetensors",
            "weighted_composition_networks",
            "weighted_composition/cells/networks/f_id_conditional-",  # its checkpoint, which is written first
        ),
        ("manifest.json", "results/smoke/manifest.json", ""),
        ("index.html", "page", ""),
    ],
    ids=["artifact", "checkpoint", "manifest", "page"],
)
def test_a_full_disk(probed: Project, project: Project, missing: str, target: str, refused: str) -> None:
    with mounted(project, "mount -t tmpfs -o size=24m none results") as small:
        shutil.copytree(probed.tree, small.tree)
        (small.tree / missing).unlink()
        filler = small.fill(room=4096)
        line = told(small.snakemake(target))
        assert line.startswith(f"error: cannot write results/smoke/{refused}"), line
        assert "no space left on device" in line.lower()
        assert not (small.tree / missing).exists() and not list(small.tree.rglob(".partial-*"))
        filler.unlink()
        small.finish(target)
        small.finish()
        assert state(small) == state(probed)


@pytest.mark.faults(
    "the disk is full, and has no room for a line in a log",
    "the run itself says that the disk is full",
)
def test_a_disk_that_is_full_to_the_last_byte(probed: Project, project: Project) -> None:
    with mounted(project, "mount -t tmpfs -o size=24m none results") as small:
        shutil.copytree(probed.tree, small.tree)
        (small.tree / "index.html").unlink()
        filler = small.fill(room=0)
        assert "\nrecompose: the disk of results/smoke is full\n" in small.snakemake("page").stdout
        filler.unlink()
        small.finish()
        assert state(small) == state(probed)


@pytest.mark.faults(
    "the disk of temporary files is full",
    "a run says so in one line before it begins, and names TMPDIR",
)
def test_a_full_disk_of_temporary_files(probed: Project, project: Project) -> None:
    (project.tree / "index.html").unlink()
    with mounted(project, "mkdir temporary && mount -t tmpfs -o size=32k none temporary") as small:
        folder = project.root / "temporary"
        line = told(small.run("env", f"TMPDIR={folder}", *small.command("page")))
        assert line == f"error: no room for temporary files in {folder}; make some, or set TMPDIR to another folder"
        project.finish()
    assert state(project) == state(probed)


@pytest.mark.faults(
    "a file grows beyond a quota or a limit",
    "one line names the file, and the old one stays as it was",
)
def test_a_limit_on_the_size_of_files(probed: Project, project: Project) -> None:
    folder, tree = "results/smoke/coupled_inference", ["--results", "results/smoke"]
    checkpoint = "results/smoke/weighted_composition/cells/networks/f_id_conditional-"
    for command, path in {
        ("coupled-inference", "gather", "figure5", "--batches", "1", *tree): f"{folder}/figure5.csv",
        ("coupled-inference", "plot", "figure5", *tree): f"{folder}/figure5.png",
        ("weighted-composition", "networks", "f_id_conditional", "--scale", "smoke"): checkpoint,
        ("manifest", "--scale", "smoke"): "results/smoke/manifest.json",
        ("page", "--scale", "smoke"): "results/smoke/index.html",
    }.items():
        line = told(project.run("prlimit", "--fsize=256", "recompose", *command))
        assert line.startswith(f"error: cannot write {path}") and "file too large" in line.lower(), line
    assert state(project) == state(probed)


@pytest.mark.faults(
    "the results are on a read-only mount",
    "a run says so in one line before it begins; what only reads works as ever",
)
def test_a_read_only_mount(probed: Project, project: Project) -> None:
    (project.tree / "index.html").unlink()
    with mounted(project, "mount --bind results results && mount -o remount,ro,bind results") as kept:
        assert told(kept.snakemake()) == "error: cannot write results/smoke: read-only file system"
        assert set(kept.jobs()) == {"page", "all"}
        assert kept.run("recompose", "verify", "--scale", "smoke").stdout == "ok\n"
    project.finish()
    assert state(project) == state(probed)
