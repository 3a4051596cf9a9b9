"""Bring results back from a DVC remote, and go by none that is not what it should be.

Trust starts in git: `dvc.lock` has the md5 of every output, and of the listing of every folder, which has those of its
files. Among these is the manifest, which has the sha256, the settings and the code of every artifact. `dvc pull` and
`dvc checkout` bring the same files (see `store` for what they check). Beyond them a restore

- names each file that is missing or damaged, in the remote or in the cache, and places the others of its folder;
- refuses what the manifest tells of otherwise, for md5s alone do not say that files belong together;
- leaves out what was made from something refused, since nothing could be built on it;
- leaves a stage alone that has the user's own results in its place, where DVC would refuse all stages;
- lets Snakemake go by what it has placed, and names what was made with other settings or code than today's.
"""

import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dvc.exceptions import DvcException
from dvc.repo import Repo

from recompose.config import Config
from recompose.errors import RecomposeError
from recompose.storage import atomic, read_json, require_format
from recompose.workflow.metadata import NAME, entries, take_up
from recompose.workflow.provenance import MANIFEST, read_manifest, sha256_of, sidecar_of, verify
from recompose.workflow.run import taken
from recompose.workflow.store import LOCK, MISSING, Hashes, Store, is_folder, locked, md5_of


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
    take_up([path for path in good if _is_copy(path)])
    if tree / MANIFEST in good:
        done.stale = [line for line in verify(tree, config) if Path(line.partition(": ")[0]) in good]
    return done


def _stages_to_restore(stages: list[Hashes], store: Store, tree: Path, done: Restored) -> list[Hashes]:
    """The files of each stage that has nothing of the user's own in its place."""
    if not store.fetch(md5 for outs in stages for md5 in outs.values()):
        if set(store.lacks.values()) == {MISSING}:
            raise RecomposeError(f"the DVC remote has none of the results in {LOCK}; `dvc push` where they were made")
        raise RecomposeError(f"nothing can be restored: {'; '.join(sorted(set(store.lacks.values())))}")
    free = []
    for outs in stages:
        files = store.files(outs)
        own = sorted(path for path, md5 in files.items() if _is_own(path, md5, store, tree))
        if own:
            more = f" with {len(own) - 1} more" if len(own) > 1 else ""
            done.own[own[0]] = f"your own{more}, and not in {LOCK}; to have what is, move {tree} away"
        else:
            done.refused |= {
                out: store.lacks[md5] for out, md5 in outs.items() if is_folder(md5) and md5 in store.lacks
            }
            free.append(files)
    return free


def _is_own(path: Path, md5: str, store: Store, tree: Path) -> bool:
    """Whether a file is another one than that of an md5, DVC has it in no version, and it is as it was made."""
    here = md5_of(path)
    if here in (None, md5) or store.has(here):
        return False
    record = sidecar_of(path, tree)
    return not record.exists() or sha256_of(path) == read_json(record)["sha256"]


def _place_what_is_good(stages: list[Hashes], store: Store, tree: Path, done: Restored) -> set[Path]:
    """Put in its place what stands every check, and remove what does not; the files that are good now."""
    files = {path: md5 for stage in stages for path, md5 in stage.items()}
    absent = {path: md5 for path, md5 in files.items() if md5_of(path) != md5}
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
