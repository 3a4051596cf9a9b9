"""Bring results back from a DVC remote, and go by none that is not what it should be.

Trust starts in git: `dvc.lock` has the md5 of every output, and of the listing of every folder, which has those of its
files. Among these is the manifest, which has the sha256, the settings and the code of every artifact.
"""

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml
from dvc.config import NoRemoteError
from dvc.exceptions import DvcException
from dvc.fs.callbacks import TqdmCallback
from dvc.repo import Repo

from recompose.config import Config
from recompose.errors import RecomposeError
from recompose.storage import atomic, read_json, require_format
from recompose.workflow.metadata import NAME, adopt, entries
from recompose.workflow.provenance import MANIFEST, read_manifest, sha256_of, sidecar_of, verify
from recompose.workflow.run import taken

LOCK = Path("dvc.lock")
_MISSING = "missing in the DVC remote"
_FOLDER = ".dir"
"""The end of a folder's md5, which is that of its listing."""

Hashes = dict[Path, str]
"""Outputs, each with its md5."""


@dataclass
class Restored:
    """What a restore came to."""

    placed: int = 0
    there: int = 0
    """so many files stood in their places already"""
    own: dict[Path, str] = field(default_factory=dict)
    """what is the user's, and DVC has not: its stage was left alone"""
    refused: dict[Path, str] = field(default_factory=dict)
    """what is missing or damaged, and how"""
    waiting: set[Path] = field(default_factory=set)
    """what was made from something refused, and was left out as well"""
    stale: list[str] = field(default_factory=list)
    """what was made with other settings, code or inputs than today's, a line each"""

    @property
    def findings(self) -> list[str]:
        """What is left to the next run, or to the user, a line each."""
        return [*(f"{path}: {why}" for path, why in (self.own | self.refused).items()), *self.stale]


def restore(tree: Path, config: Config) -> Restored:
    """Put the results that `dvc.lock` has in their places, each after its check, and let Snakemake go by them.

    What fails is not there afterwards, nor is what was made from it: the next run makes both. A file of the user's that
    DVC has not is never replaced: the stage that it belongs to is left alone.
    """
    stages, done = locked(tree), Restored()
    require_format(tree)
    try:
        with taken(tree), Repo() as repo, repo.lock:
            store = Store(repo)
            stages = _stages_to_restore(stages, store, tree, done)
            good = _place_what_is_good(stages, store, tree, done)
    except (DvcException, ImportError) as error:  # the latter: what the kind of remote needs is not installed
        raise RecomposeError(f"DVC: {' '.join(str(error).split())}") from error
    adopt([path for path in good if _is_copy(path)])
    if tree / MANIFEST in good:
        done.stale = [line for line in verify(tree, config) if Path(line.partition(": ")[0]) in good]
    return done


def locked(tree: Path) -> list[Hashes]:
    """The outputs in a tree that `dvc.lock` has, stage by stage."""
    try:
        content = yaml.safe_load(LOCK.read_text(encoding="utf-8"))
        stages = [{Path(out["path"]): out["md5"] for out in stage["outs"]} for stage in content["stages"].values()]
    except FileNotFoundError:
        raise RecomposeError(f"{LOCK}: no such file; `dvc repro` writes it, and git shares it") from None
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
        raise RecomposeError(f"{LOCK}: not a lock file of DVC; take it from git: git checkout {LOCK}") from error
    here = [{path: md5 for path, md5 in outs.items() if path.is_relative_to(tree)} for outs in stages]
    if not any(here):
        trees = sorted({path.parts[1] for outs in stages for path in outs})
        raise RecomposeError(f"{LOCK} has no results of scale {tree.name}; it has those of {', '.join(trees)}")
    return [outs for outs in here if outs]


class Store:
    """DVC's cache, and the remote behind it."""

    def __init__(self, repo: Repo) -> None:
        self.repo, self.cache = repo, repo.cache.local
        self.lacks: dict[str, str] = {}
        """what cannot be had, and why"""

    def path(self, md5: str) -> Path:
        """Where an object stands in the cache."""
        return Path(self.cache.oid_to_path(md5))

    def has(self, md5: str) -> bool:
        """Whether an object is in the cache; one that is not what its name says is removed."""
        if _md5(self.path(md5)) == md5.removesuffix(_FOLDER):
            return True
        self.path(md5).unlink(missing_ok=True)
        return False

    def fetch(self, objects: Iterable[str]) -> bool:
        """Bring objects into the cache; whether any is there then."""
        objects = set(objects)
        if wanted := sorted(md5 for md5 in objects if not self.has(md5)):
            try:
                remote = self.repo.cloud.get_remote_odb()
            except NoRemoteError:
                fix = "dvc remote add --default storage <folder or address>"
                raise RecomposeError(f"no DVC remote to restore from; name it: {fix}") from None
            errors: dict[str, BaseException] = {}
            with TqdmCallback(desc="fetching", unit="file") as progress:
                places = [remote.oid_to_path(md5) for md5 in wanted]
                self.cache.add(places, remote.fs, wanted, callback=progress, on_error=errors.__setitem__)
            self.lacks |= {md5: _reason(errors.get(md5)) for md5 in wanted if not self.has(md5)}
        return bool(objects - self.lacks.keys())


def _reason(error: BaseException | None) -> str:
    match error:
        case None:
            return f"refused, the DVC remote has other bytes than {LOCK} tells of"
        case FileNotFoundError():
            return _MISSING
        case _:
            return f"not readable from the DVC remote ({' '.join(str(error).split())})"


def _stages_to_restore(stages: list[Hashes], store: Store, tree: Path, done: Restored) -> list[Hashes]:
    """The files of each stage that has nothing of the user's own in its place."""
    if not store.fetch(md5 for outs in stages for md5 in outs.values()):
        if set(store.lacks.values()) == {_MISSING}:
            raise RecomposeError(f"the DVC remote has none of the results in {LOCK}; `dvc push` where they were made")
        raise RecomposeError(f"nothing can be restored: {'; '.join(sorted(set(store.lacks.values())))}")
    free = []
    for outs in stages:
        files = _files(outs, store)
        own = sorted(path for path, md5 in files.items() if _is_own(path, md5, store, tree))
        if own:
            more = f" with {len(own) - 1} more" if len(own) > 1 else ""
            done.own[own[0]] = f"your own{more}, and not in {LOCK}; to have what is, move {tree} away"
        else:
            done.refused |= {
                out: store.lacks[md5] for out, md5 in outs.items() if _is_folder(md5) and md5 in store.lacks
            }
            free.append(files)
    return free


def _files(outs: Hashes, store: Store) -> Hashes:
    """The files of a stage: a folder is replaced by those in its listing, if that can be had."""
    files = {path: md5 for path, md5 in outs.items() if not _is_folder(md5)}
    for folder in (path for path, md5 in outs.items() if _is_folder(md5) and md5 not in store.lacks):
        listing = json.loads(store.path(outs[folder]).read_text(encoding="utf-8"))
        files |= {folder / entry["relpath"]: entry["md5"] for entry in listing}
    return files


def _is_folder(md5: str) -> bool:
    return md5.endswith(_FOLDER)


def _is_own(path: Path, md5: str, store: Store, tree: Path) -> bool:
    """Whether a file is another one than that of an md5, DVC has it in no version, and it is as it was made."""
    here = _md5(path)
    if here in (None, md5) or store.has(here):
        return False
    record = sidecar_of(path, tree)
    return not record.exists() or sha256_of(path) == read_json(record)["sha256"]


def _place_what_is_good(stages: list[Hashes], store: Store, tree: Path, done: Restored) -> set[Path]:
    """Put in its place what stands every check, and remove what does not; the files that are good now."""
    files = {path: md5 for stage in stages for path, md5 in stage.items()}
    absent = {path: md5 for path, md5 in files.items() if _md5(path) != md5}
    store.fetch(absent.values())
    done.refused |= {path: store.lacks[md5] for path, md5 in absent.items() if md5 in store.lacks}
    sources = {path: store.path(md5) if path in absent else path for path, md5 in files.items()}
    for path in done.refused:
        sources.pop(path, None)
    if tree / MANIFEST in sources:
        _place(sources[tree / MANIFEST], tree / MANIFEST)
        done.refused |= _unlike_the_manifest(sources, tree)
    done.waiting = _left_out(stages, sources, done.refused, tree)
    good = sources.keys() - done.refused.keys() - done.waiting
    for path in absent:
        if path in good:
            _place(sources[path], path)
        else:
            path.unlink(missing_ok=True)  # damaged, or of another version, which DVC has
    done.placed, done.there = len(good & absent.keys()), len(good - absent.keys())
    return good


def _unlike_the_manifest(sources: Mapping[Path, Path], tree: Path) -> dict[Path, str]:
    """The files that are not those the manifest tells of."""
    told = {tree / name: entry.get("sha256") for name, entry in read_manifest(tree).items()}
    unlike = [path for path in sources.keys() & told.keys() if sha256_of(sources[path]) != told[path]]
    return {path: "refused, the manifest tells of other bytes" for path in sorted(unlike)}


def _left_out(stages: list[Hashes], sources: Mapping[Path, Path], refused: Mapping[Path, str], tree: Path) -> set[Path]:
    """What was made from something refused, directly or not, and what nothing is known of without it."""
    reads: dict[Path, set[Path]] = {}
    left = set[Path]()
    for stage in stages:
        copies = [path for path in stage if _is_copy(path) and path in sources]
        if not copies:  # nothing tells with which settings and code these were made
            left |= stage.keys()
        for entry in (entry for copy in copies for entry in entries(sources[copy])):
            reads[Path(entry["path"])] = set(map(Path, entry["record"]["input"]))
        left |= {path for path in stage if sidecar_of(path, tree) in refused}
    inputs = {path for read in reads.values() for path in read if path.is_relative_to(tree)}
    left |= {path for path in inputs - sources.keys() if not path.exists()}  # of a folder without its listing
    while more := {path for path, read in reads.items() if read & (left | refused.keys())} - left:
        left |= more
    return (left & sources.keys()) - refused.keys()


def _is_copy(path: Path) -> bool:
    """Whether a file is a copy of what Snakemake knows."""
    return path.match(NAME)


def _place(source: Path, path: Path) -> None:
    if source != path:
        with atomic(path) as temporary:
            shutil.copyfile(source, temporary)


def _md5(path: Path) -> str | None:
    """The name that DVC gives to a content, in `dvc.lock` as in the cache; None where there is no file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    except FileNotFoundError:
        return None
