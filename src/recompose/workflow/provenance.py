"""Where each number comes from: a record beside each artifact, and their check."""

import hashlib
import json
import os
import platform
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from types import MappingProxyType
from typing import Any

from recompose.artifacts import Artifact, Paper
from recompose.config import Config, block
from recompose.errors import RecomposeError
from recompose.storage import read_json, write_json
from recompose.workflow.code import code_hash, module_hashes

MANIFEST = "manifest.json"
_PACKAGE = "recompose"
_CHANGED = "changed since it was made (its sha256 differs); delete it, and the next run makes it again"
_GONE_BY = {"path", "sha256", "inputs", "settings", "device", "wall_seconds"}
"""What steps and checks read of a record."""
_VERSIONS = ("torch", "diffusers", "numpy", "pandas", "recompose")


def content_hash(*files: str | Path) -> str:
    """One hash of the contents of these files; one that is missing is missed by whoever reads it.

    A folder, of photographs, is known by the names and sizes of all its files: to read them would take minutes.
    """
    digests = [_listing(path) if path.is_dir() else sha256_of(path) for path in map(Path, files) if path.exists()]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()[:16]


def _listing(folder: Path) -> list[tuple[str, int]]:
    """The files below a folder, in linked folders too, each with its size; a link to nothing has none."""
    found = (Path(place, name) for place, _, names in os.walk(folder, followlinks=True) for name in names)
    return sorted((str(path.relative_to(folder)), path.stat().st_size if path.exists() else -1) for path in found)


def sidecar_of(artifact: str | Path, tree: str | Path) -> Path:
    """Where an artifact's record stands: `<tree>/<slug>/provenance/<file name>.json`.

    >>> sidecar_of("results/small/coupled_inference/table1.csv", "results/small").as_posix()
    'results/small/coupled_inference/provenance/table1.csv.json'
    """
    inside = Path(artifact).relative_to(tree)
    slug = inside.parts[0] if len(inside.parts) > 1 else ""
    return Path(tree, slug, "provenance", f"{inside.name}.json")


def record(
    artifact: str | Path,
    *,
    tree: str | Path,
    modules: Sequence[str],
    paper: str | None = None,
    settings: Mapping[str, Any] | None = None,
    inputs: Mapping[Path, str] = MappingProxyType({}),
    device: str = "cpu",
    seconds: float = 0.0,
    processor: float = 0.0,
    command: Sequence[str] | None = None,
) -> Path:
    """Write the record of a finished artifact beside it, and return the record's path.

    `inputs` are the files that were read and are no artifacts of the tree, which have records of their own, each with
    its sha256 when it was read. seconds: how long it took; processor: for how long of these a core was busy, which
    other work on the machine hardly changes.
    """
    artifact, tree = Path(artifact), Path(tree)
    commit, dirty = _commit()
    path = sidecar_of(artifact, tree)
    content = {
        "path": artifact.relative_to(tree).as_posix(),
        "sha256": sha256_of(artifact),
        "bytes": artifact.stat().st_size,
        "paper": paper,
        "settings": dict(settings or {}),
        "inputs": {path.as_posix(): sha256 for path, sha256 in inputs.items()},
        "modules": list(modules),
        "code": code_hash(*modules),
        "module_hashes": module_hashes(*modules),
        "commit": commit,
        "dirty": dirty,
        "versions": _versions(),
        "device": device,
        "wall_seconds": round(seconds, 3),
        "processor_seconds": round(processor, 3),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": list(command if command is not None else [_PACKAGE, *sys.argv[1:]]),
    }
    write_json(content, path)
    return path


def read_record(path: Path) -> dict[str, Any]:
    """The record that stands in a file.

    Raises RecomposeError where it lacks what others go by: it was edited, or is of something else.
    """
    content = read_json(path)
    if not isinstance(content, dict) or not content.keys() >= _GONE_BY:
        raise RecomposeError(f"{path}: not a whole record; delete it and the file that it is of, and run again")
    return content


def busy_seconds(record: Mapping[str, Any]) -> float:
    """For how long making an artifact kept a core busy; a record of before that was noted knows how long it took."""
    return float(record.get("processor_seconds", record["wall_seconds"]))


def require_unchanged(artifacts: Iterable[Path], tree: str | Path) -> None:
    """Refuse to build on artifacts that differ from their records: edited, damaged, or copied over."""
    changed = [
        path
        for path in artifacts
        if path.is_relative_to(tree)
        and (sidecar := sidecar_of(path, tree)).exists()
        and path.exists()
        and sha256_of(path) != read_record(sidecar)["sha256"]
    ]
    if changed:
        raise RecomposeError("\n".join(f"{path}: {_CHANGED}" for path in changed))


def require_tree_unchanged(tree: str | Path) -> None:
    """Refuse to vouch for a tree in which an artifact differs from its record."""
    records = [read_record(path) for path in sorted(Path(tree).glob("**/provenance/*.json"))]
    require_unchanged([Path(tree, entry["path"]) for entry in records], tree)


def sha256_of(path: Path) -> str:
    """The sha256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def _commit() -> tuple[str | None, bool | None]:
    """The commit of the source, and whether anything tracked was edited since; None where it is no repository.

    A copy of the source that lies in somebody's repository is none: that one's commit says nothing of this code.
    """
    root = Path(__file__).parents[3]

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    try:
        if Path(git("rev-parse", "--show-toplevel")).resolve() != root:
            return None, None
        return git("rev-parse", "HEAD"), bool(git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return None, None


@cache
def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in _VERSIONS}


def write_manifest(tree: str | Path) -> Path:
    """Gather the records of a results tree into its manifest."""
    tree = Path(tree)
    # Parts are steps on the way: what they became has a record of its own.
    records = [read_record(path) for path in sorted(tree.glob("**/provenance/*.json"))]
    artifacts = {entry["path"]: entry for entry in records if "/parts/" not in entry["path"]}
    write_json({"artifacts": dict(sorted(artifacts.items()))}, tree / MANIFEST)
    return tree / MANIFEST


def read_manifest(tree: str | Path) -> dict[str, dict[str, Any]]:
    """The artifacts of a tree's manifest, by their path in the tree."""
    path = Path(tree) / MANIFEST
    if not path.exists():
        again = f"snakemake --cores all --config scale={path.parent.name}"
        raise RecomposeError(f"{path}: no such file; the workflow writes it: {again}")
    content = read_json(path)
    artifacts = content.get("artifacts") if isinstance(content, dict) else None
    if not isinstance(artifacts, dict):
        raise RecomposeError(f"{path}: not a manifest; delete it and run again")
    return artifacts


def read_records(tree: str | Path) -> dict[str, dict[str, Any]]:
    """The record of each artifact of a tree's manifest: its own where it has one, for it may have been made since."""
    return {path: _own_or(entry, Path(tree, path), tree) for path, entry in read_manifest(tree).items()}


def _own_or(gathered: dict[str, Any], artifact: Path, tree: str | Path) -> dict[str, Any]:
    """An artifact's own record where it has one, else what the manifest gathered."""
    own = sidecar_of(artifact, tree)
    return read_record(own) if own.exists() else gathered


def made_with(tree: str | Path, paper: Paper, images: str) -> dict[str, Any]:
    """The settings of a paper, as one of its sets of images in a tree was made: by its record, or the manifest's.

    Without either they are the defaults. So results of which nothing is known are those of stand-ins.
    """
    file = Path(tree, paper.slug, paper.record_of(images))
    own = sidecar_of(file, tree)
    if own.exists():
        entry = read_json(own)
    else:
        gathered = read_manifest(tree) if Path(tree, MANIFEST).exists() else {}
        entry = gathered.get(file.relative_to(tree).as_posix(), {"settings": {}})
    settings: dict[str, Any] = getattr(Config(), paper.slug).model_dump(mode="json")
    try:
        return settings | entry["settings"]
    except (KeyError, TypeError) as error:
        raise RecomposeError(f"{file}: its record is not whole ({error!r}); delete it and run again") from error


def caption(paper: Paper, artifact: Artifact, tree: str | Path) -> str:
    """What people read below an artifact of a tree."""
    return paper.caption(artifact, made_with(tree, paper, artifact.stand_in) if artifact.stand_in else {})


def sources(tree: str | Path, paper: Paper) -> set[str]:
    """Where the images are from that a paper's results in a tree were made on."""
    return {each for name, data in paper.sets.items() for each in data.sources(made_with(tree, paper, name))}


def verify(tree: str | Path, config: Config) -> Iterator[str]:
    """Name every artifact of a tree that is missing, changed, stale or without its record, a line each.

    A tree of reference results has no record at all, and none is missing there: the manifest is all there is.
    """
    artifacts = read_manifest(tree)
    records = {path: sidecar_of(Path(tree, path), tree) for path in artifacts}
    recorded = any(each.exists() for each in records.values())
    for path, gathered in artifacts.items():
        file = Path(tree, path)
        if recorded and not records[path].exists():
            yield f"{file}: its record {records[path]} is missing; the next run makes both again"
        try:
            entry = _own_or(gathered, file, tree)
        except RecomposeError as error:
            yield str(error)
            continue
        try:
            if not file.exists():
                yield f"{file}: missing"
            elif sha256_of(file) != entry["sha256"]:
                yield f"{file}: {_CHANGED}"
            for difference in _stale_settings(entry, config):
                yield f"{file}: stale, made with {difference}"
            for name, sha256 in entry["inputs"].items():
                if not Path(name).exists() or sha256_of(Path(name)) != sha256:
                    yield f"{file}: stale, {name} has changed"
            stale = _stale_modules(entry)
            if stale:
                yield f"{file}: stale, the code has changed in {', '.join(stale)}"
        except (KeyError, TypeError, AttributeError) as error:
            manifest = Path(tree, MANIFEST)
            raise RecomposeError(
                f"{manifest}: the entry of {path} is not whole ({error!r}); delete it and run again"
            ) from error


def _stale_settings(entry: Mapping[str, Any], config: Config) -> Iterator[str]:
    if entry["paper"] is None:
        return
    made = entry["settings"]
    keys = [key for key in made if key in type(getattr(config, entry["paper"])).model_fields]
    now = {key: value for key, value in block(config, entry["paper"], *keys).items() if key in made}
    for key, before, after in setting_differences(made, now):
        yield f"{key} = {before}, which is {after} now"


def setting_differences(made: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """The keys in which two blocks of settings differ, each with both values as JSON, or `absent`.

    >>> list(setting_differences({"table1": {"trials": 10}}, {"table1": {"trials": 20}}))
    [('table1.trials', '10', '20')]
    """
    old, new = dict(_flat(made)), dict(_flat(other))
    for key in sorted(old.keys() | new.keys()):
        before, after = (json.dumps(values[key]) if key in values else "absent" for values in (old, new))
        if before != after:
            yield key, before, after


def _flat(values: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{key}.")
        else:
            yield f"{start}{key}", value


def _stale_modules(entry: Mapping[str, Any]) -> list[str]:
    made = entry["module_hashes"]
    try:
        now = module_hashes(*entry["modules"])
    except ModuleNotFoundError:
        now = {}
    return sorted(module for module in made.keys() | now.keys() if made.get(module) != now.get(module))
