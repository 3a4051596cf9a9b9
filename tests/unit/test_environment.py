"""The pins stand in one place; everything that repeats them agrees."""

import importlib.metadata
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet
from rattler import MatchSpec

ROOT = Path(__file__).parents[2]
CONDA_NAMES = {"torch": "pytorch"}
"""Where conda-forge has another name."""


def project() -> dict[str, str]:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


PYTHONS = SpecifierSet(project()["requires-python"])


def pins(path: str) -> dict[str, str]:
    lines = [line.strip() for line in (ROOT / path).read_text().splitlines()]
    entries = [line.split("==") for line in lines if line and not line.startswith("#")]
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in entries}


def conda() -> tuple[list[MatchSpec], dict[str, str]]:
    entries = yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
    specs = [MatchSpec(entry, strict=True) for entry in entries if isinstance(entry, str)]
    (with_pip,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return specs, dict(entry.split("==") for entry in with_pip if "==" in entry)


def test_conda_has_the_same_pins():
    specs, with_pip = conda()
    found = {str(spec.name.normalized): str(spec.version) for spec in specs if spec.version}
    assert found.pop("python") == project()["requires-python"]
    wanted = {CONDA_NAMES.get(name, name): f"=={version}" for name, version in pins("requirements.txt").items()}
    assert found | {name: f"=={version}" for name, version in with_pip.items()} == wanted


def test_every_pin_is_exact_and_free_of_a_build():
    versions = {**pins("requirements.txt"), **pins("requirements.lock")}
    assert all(re.fullmatch(r"[0-9][0-9a-z.]*", version) for version in versions.values()), versions


def test_the_lock_pins_everything_else():
    assert not pins("requirements.txt").keys() & pins("requirements.lock").keys()
    unpinned = set()
    pinned = {**pins("requirements.txt"), **pins("requirements.lock")}
    for name in pinned:
        for requirement in importlib.metadata.requires(name) or []:
            needed, _, marker = requirement.partition(";")
            match = re.match(r"[\w.-]+", needed)
            assert match
            other = re.sub(r"[-_.]+", "-", match[0]).lower()
            if not marker and other not in pinned:
                unpinned.add(other)
    assert not unpinned - {"setuptools"}


def test_what_is_installed_is_what_is_pinned():
    for name, version in pins("requirements.txt").items():
        assert importlib.metadata.version(name).split("+")[0] == version, name


def test_every_pin_is_for_every_python_that_is_named():
    """Also for the first 3.11, or nearly: Debian 12 has 3.11.2."""
    named = [version for version in ("3.11.0", "3.12.0", "3.13.0", "3.14.0") if version in PYTHONS]
    assert len(named) == 3
    for name in {**pins("requirements.txt"), **pins("requirements.lock")}:
        wanted = SpecifierSet(importlib.metadata.metadata(name)["Requires-Python"] or "")
        assert all(version in wanted for version in named), f"{name} is for {wanted}"


@pytest.mark.parametrize("version", ["(2, 7, 18)", "(3, 10, 13)", "(3, 14, 0)", "(4, 0, 0)"])
def test_another_python_is_told_in_one_line(tmp_path, version):
    for name in ("Makefile", "requirements.txt", "requirements.lock", "pyproject.toml"):
        (tmp_path / name).write_text((ROOT / name).read_text())
    old = tmp_path / "python3"
    old.write_text(f'#!/bin/sh\nexec "{sys.executable}" -c "import sys; sys.version_info = {version}; $2"\n')
    old.chmod(0o755)
    done = subprocess.run(
        ["make", "test", f"PYTHON={old}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env={"PATH": os.defpath},
    )
    assert done.returncode != 0
    assert done.stderr.splitlines()[0].startswith(f"error: {old} is not Python 3.11, 3.12 or 3.13; name one that is")
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("folder", ["plain", "with spaces and é", "100 %, (2)"])
def test_a_moved_environment_is_made_anew(tmp_path, folder):
    """Its scripts have the folder inside that they were made in; in its place it is left alone."""
    here = tmp_path / folder
    (here / ".venv").mkdir(parents=True)
    for name in ("requirements.txt", "requirements.lock", "pyproject.toml", "Makefile"):
        (here / name).write_text((ROOT / name).read_text())

    def asked(written: str) -> str:
        (here / ".venv/.ready").write_text(written)
        done = subprocess.run(["make", "-n", "test"], cwd=here, capture_output=True, text=True, check=True)
        return done.stdout

    assert "venv --clear" not in asked(f"{here}\n")
    assert "venv --clear" in asked(f"{tmp_path / 'elsewhere'}\n")


def test_where_the_source_is_stands_in_no_encoding():
    """Python reads it before anything else, in the encoding of the locale: under LC_ALL=C an accent would end it."""
    (path,) = Path(sysconfig.get_path("purelib")).glob("__editable__.recompose-*.pth")
    source = path.read_text(encoding="ascii").strip()
    assert not Path(source).is_absolute() and (path.parent / source).resolve() == ROOT / "src"


def test_everything_imported_is_pinned():
    """An import that no pin provides would break on the next machine."""
    provided = importlib.metadata.packages_distributions()
    assert project()["name"] == "recompose"
    pinned = pins("requirements.txt")
    for path in sorted((ROOT / "src").rglob("*.py")):
        for module in re.findall(r"^\s*(?:import|from) ([a-z]\w*)", path.read_text(), flags=re.MULTILINE):
            names = {re.sub(r"[-_.]+", "-", name).lower() for name in provided.get(module, [])}
            assert not names or names & {*pinned, "recompose"}, f"{path.name} imports {module}"
