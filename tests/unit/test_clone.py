"""A clone has the bytes that were committed, whatever line ends its owner asks git for."""

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
KINDS = ["Snakefile", ".ci/run", "dvc.yaml", "docs/overview.svg", "workflow/schemas/config.schema.json"]
"""What has one file of its kind, and is hashed, parsed or executed."""


def git(folder: Path, *arguments: str) -> str:
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "init.defaultBranch=main"]
    return subprocess.run(["git", *author, *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("autocrlf", ["true", "input", "false"])
def test_a_clone_has_the_same_bytes(tmp_path: Path, autocrlf: str) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    texts = [*KINDS, *(f"{end[1:]}{end}" for end in (".py", ".csv", ".yaml", ".md", ".smk", ".ipynb", ".j2", ".lock"))]
    contents = dict.fromkeys(texts, b"one\ntwo\n")
    # Such bytes git would take for text.
    contents |= {f"picture{end}": b"one\r\ntwo\n" for end in (".png", ".npz", ".safetensors")}
    contents[".gitattributes"] = (ROOT / ".gitattributes").read_bytes()
    for name, content in contents.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_bytes(content)
    for command in (["init"], ["add", "."], ["commit", "--message", "all"]):
        git(here, *command)
    git(tmp_path, "-c", f"core.autocrlf={autocrlf}", "clone", "--config", f"core.autocrlf={autocrlf}", "here", "there")
    assert {name: (there / name).read_bytes() for name in contents} == contents
    assert git(there, "status", "--porcelain") == ""


def test_no_committed_text_has_other_line_ends() -> None:
    ends = {line.split()[0] for line in git(ROOT, "ls-files", "--eol").splitlines()}
    assert ends <= {"i/lf", "i/-text", "i/none"}
