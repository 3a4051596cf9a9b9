"""A copy of the project as a git repository with a DVC remote, as co-authors have it."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

from project import Project

ARTIFACTS = (
    "[coupled_inference_figure5, coupled_inference_capacity, weighted_composition_figure1,"
    " sami_theory, concept_discovery_digits_coarsening, feature_guidance_figure8]"
)
"""The probe, and what has numbers that `dvc metrics` and `dvc plots` compare."""


class Versions(Project):
    """A repository `project`; beside it stands its DVC remote, the folder `storage`."""

    @property
    def storage(self) -> Path:
        """The DVC remote."""
        return self.root.parent / "storage"

    def must(self, *command: str) -> str:
        """Run a command to a good end."""
        done = self.run(*command)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def dvc(self, *arguments: str) -> str:
        """Run a DVC command to a good end."""
        return self.must("dvc", *arguments)

    def commit(self, *names: str) -> None:
        """Commit files."""
        author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        self.must("git", "add", *names)
        self.must("git", *author, "commit", "--quiet", "--message", " ".join(names))

    def begin(self, probed: Project) -> None:
        """Make the repository of a project with its probe, and push its results; the configuration says which."""
        probed.copy(self.root)
        self.edit("config/config.yaml", "scale: small", f"artifacts: {ARTIFACTS}\nscale: smoke")
        self.must("git", "init", "--quiet")
        self.must("recompose", "plots-page")
        self.dvc("remote", "add", "--default", "storage", "../storage")
        self.commit(".")
        self.dvc("repro")
        self.commit("dvc.lock")
        self.dvc("push")

    def copy_with_remote(self, to: Path) -> "Versions":
        """A copy of both."""
        shutil.copytree(self.storage, to / "storage")
        return self.copy(to / "project")

    def clone(self, to: Path) -> "Versions":
        """A clone without results, and a copy of the remote."""
        shutil.copytree(self.storage, to / "storage")
        self.must("git", "clone", "--quiet", ".", str(to / "project"))
        return replace(self, root=to / "project")

    def back(self) -> None:
        """Take the committed version."""
        self.must("git", "checkout", "--quiet", ".")
        self.dvc("checkout")

    def stored(self, name: str) -> Path:
        """Where the remote has a file of the smoke tree."""
        inside = name.partition("/")[2]
        listings = (self.storage / "files/md5").glob("*/*.dir")
        found = [entry for path in listings for entry in json.loads(path.read_text()) if entry["relpath"] == inside]
        (md5,) = {entry["md5"] for entry in found}
        return self.storage / "files/md5" / md5[:2] / md5[2:]
