"""What Snakemake knows of each output, kept beside the results, so that it goes wherever they go.

Snakemake decides what reruns by its records in `.snakemake`: with which parameters, code and inputs it made an output.
DVC puts other versions of the results in their place, and brings them to other folders, beneath these records. So a run
leaves a copy of them in the tree, and a run that finds a copy it has not seen goes by that one.
"""

import itertools
import json
import os
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from snakemake.persistence import MetadataRecord
from snakemake.persistence.file import FilePersistence

from recompose.errors import RecomposeError
from recompose.storage import is_its_own, read_json, write_json, write_text
from recompose.workflow.provenance import sha256_of

NAME = "provenance/snakemake.jsonl"
"""A line per output, in each paper's folder; of the outputs over all papers, in the tree."""

_SEEN = Path(".snakemake/recompose.json")

# 1980: older than every source, and no result newer than another. Snakemake compares the contents of inputs that are
# newer than an output, each time it is asked; so it compares those of all sources, and no networks of gigabytes.
_LONG_AGO = 315532800


def keep(tree: Path) -> None:
    """Write what Snakemake knows of the outputs in a tree beside them, with the hash of each."""
    known = FilePersistence()
    kept = defaultdict(list)
    for path in sorted(tree.rglob("*")):
        record = known._read_record(path.as_posix())
        if record and path.is_file():
            entry = {"path": path.as_posix(), "sha256": sha256_of(path), "record": record.model_dump()}
            kept[_home(path, tree) / NAME].append(json.dumps(entry))
    for file, lines in kept.items():
        write_text("".join(f"{line}\n" for line in lines), file)
    _mark_seen(list(kept))


def take_over(tree: Path) -> list[Path]:
    """Go by the copies in a tree that Snakemake has not seen; the outputs that the next run makes again.

    They are not those that the copies tell of, or were made from other versions of the results than are there now.
    """
    seen = _seen()
    unseen = [file for file in copies(tree) if seen.get(file.as_posix()) != sha256_of(file)]
    unknown = take_up(unseen)
    return [*unknown, *_made_from_others(tree, unknown)] if unseen else []


def take_up(files: list[Path]) -> list[Path]:
    """Make these copies Snakemake's own records."""
    known, unknown = FilePersistence(), []
    for entry in (entry for file in files for entry in entries(file)):
        path = Path(entry["path"])
        if not path.exists():
            continue
        if sha256_of(path) == entry["sha256"]:
            known._write_record(entry["path"], MetadataRecord(**entry["record"]))
            known._unmark_incomplete(entry["path"])
            _date(path)
        else:
            known._mark_incomplete(entry["path"], None)
            unknown.append(path)
    _mark_seen(files)
    return unknown


def _made_from_others(tree: Path, unknown: list[Path]) -> list[Path]:
    """The outputs that were made from another version of a result than is there; the next run makes them again.

    Snakemake compares the contents of inputs that are newer than an output, and other versions may be older. Inputs of
    unknown making are left out: they are made again, and then Snakemake compares them itself.
    """
    known, found = FilePersistence(), []
    sha256 = cache(sha256_of)

    def differs(name: str, checksum: str) -> bool:
        path = Path(name)
        compared = path.is_relative_to(tree) and path not in unknown and path.is_file()
        return compared and checksum != f"sha256:{sha256(path)}"

    for path in (Path(entry["path"]) for file in copies(tree) for entry in entries(file)):
        record = known._read_record(path.as_posix())
        if record and path.exists() and any(itertools.starmap(differs, (record.input_checksums or {}).items())):
            known._mark_incomplete(path.as_posix(), None)
            found.append(path)
    return found


def _date(path: Path) -> None:
    """Date an output long ago. One that is not its own stays as it is: Snakemake has more contents to compare then."""
    try:
        if is_its_own(path):
            os.utime(path, (_LONG_AGO, _LONG_AGO))
    except OSError as error:
        raise RecomposeError(f"cannot write {path}: {str(error.strerror).lower()}") from error


def copies(tree: Path) -> list[Path]:
    """The copies in a tree."""
    return sorted([*tree.glob(NAME), *tree.glob(f"*/{NAME}")])


def entries(file: Path) -> Iterator[dict[str, Any]]:
    """The outputs that a copy tells of: each with its `path`, its `sha256` and Snakemake's `record`."""
    try:
        yield from map(json.loads, file.read_text(encoding="utf-8").splitlines())
    except ValueError as error:
        raise RecomposeError(f"{file}: not readable as lines of JSON ({error}); delete it and run again") from error


def _home(path: Path, tree: Path) -> Path:
    """The paper's folder that an output stands in, else the tree."""
    folder = tree / path.relative_to(tree).parts[0]
    return folder if (folder / "provenance").is_dir() else tree


def _seen() -> dict[str, str]:
    return read_json(_SEEN) if _SEEN.exists() else {}


def _mark_seen(files: list[Path]) -> None:
    write_json(_seen() | {file.as_posix(): sha256_of(file) for file in files}, _SEEN)
