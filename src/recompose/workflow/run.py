"""What every run needs beside Snakemake: a results tree to itself, and dates that make sense."""

import errno
import fcntl
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from recompose.errors import RecomposeError, closest
from recompose.storage import atomic, is_its_own

NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)
"""What a file system without locks says of it: NFS without its lock daemon, Lustre without `flock`, some FUSE."""


def require_own_folder(folder: Path) -> None:
    """Refuse to work anywhere but in the project's folder, where its configuration, claims and results are."""
    if Path.cwd().resolve() != folder.resolve():
        raise RecomposeError(f"this runs in {folder}, not in {Path.cwd()}: go there first, and leave out --directory")


def use_own_commands() -> None:
    """Jobs run the commands of the environment that Snakemake runs in, also where nobody has activated it."""
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])


def lift_rate_limit(workflow: Any) -> None:
    """Start jobs as cores get free, not at most 100 a second, which is Snakemake's default; one that was set stays.

    To look whether more may start its scheduler (9.27.1) wakes after a second, each time that a job has ended and from
    then on in every second: after 300 jobs 300 times, which took a tenth of a core and more.
    """
    limit = workflow.scheduler.job_rate_limiter
    if limit and (limit.max_jobs, limit.timespan) == (100, 1):
        workflow.scheduler.job_rate_limiter = None


def require_targets(words: Iterable[str], rules: Collection[str], papers: Iterable[str]) -> None:
    """Refuse a misspelt target, or a rule in an option: a word of the command line that begins with a paper's name."""
    ours = tuple(f"{paper}_" for paper in papers)
    wrong = [each for each in words if each.startswith(ours) and each.isidentifier() and each not in rules]
    if wrong:
        told = (f"{each}: no such target; {closest(each, rules) or 'all are in docs/targets.md'}" for each in wrong)
        raise RecomposeError("\n".join(told))


def require_keys_once(words: Iterable[str]) -> None:
    """Refuse a key that a command line sets twice behind --config: Snakemake would take the last of its values."""
    among, found = False, set()
    for each in words:
        option, _, rest = each.partition("=")
        if option.startswith("-"):
            among, setting = option in ("--config", "-C"), rest
        else:
            setting = each
        key = setting.partition("=")[0]
        if among and key in found:
            raise RecomposeError(f"--config: {key} stands twice; keep one, and what is within it between braces")
        if among and key:
            found.add(key)


def take(tree: str | Path) -> int:
    """Take a results tree for a run until this process ends, or closes what is returned, unless others are writing it.

    They are another run, or the jobs that a killed one has left behind.
    """
    lock = _lock(
        tree, ".lock", fcntl.LOCK_EX | fcntl.LOCK_NB, f"another run is writing {tree}; wait for it, or stop it"
    )
    told = f"jobs of an earlier run are still writing {tree}; wait for them, or stop them"
    os.close(_lock(tree, ".jobs.lock", fcntl.LOCK_EX | fcntl.LOCK_NB, told))
    return lock


@contextmanager
def taken(tree: str | Path) -> Iterator[None]:
    """Take a results tree inside the block."""
    lock = take(tree)
    try:
        yield
    finally:
        os.close(lock)


def join(tree: str | Path) -> None:
    """Be one of the jobs that write a results tree, until this process ends."""
    _lock(tree, ".jobs.lock", fcntl.LOCK_SH)


def _lock(tree: str | Path, name: str, how: int, told: str = "") -> int:
    """An open file with a lock on it. The operating system drops it with the process: no lock outlives a kill."""
    try:
        lock = os.open(Path(tree, name), os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(lock, how)
    except BlockingIOError:
        raise RecomposeError(told) from None
    except OSError as error:
        reason = os.strerror(error.errno or 0).lower()
        if error.errno in NO_LOCKS:
            remedy = "make results a link to a folder on a file system that has them, such as a local disk"
            raise RecomposeError(f"cannot lock {tree}: its file system has no locks ({reason}); {remedy}") from error
        raise RecomposeError(f"cannot write {tree}: {reason}") from error
    return lock


def is_full(folder: str | Path) -> bool:
    """Whether a line of text may be too much for the disk of a folder."""
    return shutil.disk_usage(folder).free < 2**16


def require_temporary_room() -> None:
    """Refuse to read the rules where temporary files have no room: Snakemake would not say which disk is full.

    It writes some for each file of rules, and for its scheduler. Where TMPDIR cannot be written at all, other
    folders are taken; where it is merely full, they are not.
    """
    folder = os.environ.get("TMPDIR", "")
    if not os.access(folder, os.W_OK):
        folder = tempfile.gettempdir()
    if is_full(folder):
        raise RecomposeError(f"no room for temporary files in {folder}; make some, or set TMPDIR to another folder")


def settle_dates(tree: str | Path) -> None:
    """Date the files of a results tree that are dated in the future to now, in the order they have.

    The clock was set back. Snakemake takes an output that is older than its input for a fault, and would miss what is
    made before that date. A file that is not its own, such as a link to DVC's cache, becomes a copy.
    """
    now = time.time()
    late = dated_ahead(path for path in Path(tree).rglob("*") if path.is_file())
    for place, path in enumerate(late):
        dates = (now, now - (len(late) - place) / 1000)
        if is_its_own(path):
            os.utime(path, dates)
        else:
            with atomic(path) as copy:
                shutil.copyfile(path, copy)
                os.utime(copy, dates)


def dated_ahead(files: Iterable[str | Path]) -> list[Path]:
    """Those of these files that are dated in the future, by their dates."""
    now = time.time()
    dates = {path: path.stat().st_mtime for path in map(Path, files) if path.exists()}
    return sorted((path for path, date in dates.items() if date > now), key=dates.__getitem__)


def accept_dates() -> None:
    """Let outputs be older than their inputs, where people's files are dated in the future and are not ours to touch.

    Snakemake has no option for it: it fails a job after its end. What reruns is decided by contents.
    """
    from snakemake.dag import DAG  # late: every command imports this module, and this takes half a second

    async def accept(*_: object) -> None:
        """Find nothing wrong."""

    DAG.check_output_mtime = accept
