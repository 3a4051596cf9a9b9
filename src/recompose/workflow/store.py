"""What DVC has of the results: `dvc.lock`, the cache, and the remote behind it; objects by their md5.

DVC finds the cache and the remote, and brings the objects. It is not asked for checks, since it makes too few. By
default `dvc pull` looks at nothing that it brings. With `verify = true` for the remote it does, and then one damaged or
missing file takes the whole folder away that it belongs to. What stands in the cache it takes for sound, verified or
not, because it made it read-only. So every object is hashed here (DVC 3.67; tests/unit/test_restoring.py).
"""

from collections.abc import Iterable
from pathlib import Path

import yaml
from dvc.config import NoRemoteError
from dvc.fs.callbacks import TqdmCallback
from dvc.repo import Repo
from dvc_data.hashfile.hash import file_md5
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree

from recompose.errors import RecomposeError

LOCK = Path("dvc.lock")
MISSING = "missing in the DVC remote"

Hashes = dict[Path, str]
"""Outputs, each with its md5; that of a folder is the md5 of its listing, and ends in `.dir`."""


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


def is_folder(md5: str) -> bool:
    """Whether an md5 is that of a folder's listing."""
    return md5.endswith(".dir")


def md5_of(path: Path) -> str | None:
    """The md5 of a file; None where there is none."""
    return file_md5(str(path)) if path.is_file() else None


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
        if md5_of(self.path(md5)) == md5.removesuffix(".dir"):
            return True
        self.path(md5).unlink(missing_ok=True)
        return False

    def fetch(self, objects: Iterable[str]) -> bool:
        """Bring objects into the cache, and note those that cannot be had; whether any is there then."""
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

    def files(self, outs: Hashes) -> Hashes:
        """The files of some outputs: a folder is replaced by those in its listing, if that can be had."""
        files = {path: md5 for path, md5 in outs.items() if not is_folder(md5)}
        for folder, md5 in outs.items():
            if is_folder(md5) and md5 not in self.lacks:
                listing = Tree.load(self.cache, HashInfo("md5", md5))
                files |= {folder.joinpath(*key): hashed.value for key, _, hashed in listing}
        return files


def _reason(error: BaseException | None) -> str:
    match error:
        case None:
            return f"refused, the DVC remote has other bytes than {LOCK} tells of"
        case FileNotFoundError():
            return MISSING
        case _:
            return f"not readable from the DVC remote ({' '.join(str(error).split())})"
