"""What every run needs beside Snakemake: a results tree to itself, and dates that make sense."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recompose.errors import RecomposeError


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
        raise RecomposeError(f"cannot write {tree}: {os.strerror(error.errno or 0).lower()}") from error
    return lock


def is_full(tree: str | Path) -> bool:
    """Whether a line of text may be too much for the disk of a results tree."""
    return shutil.disk_usage(tree).free < 2**16


def settle_dates(*folders: str | Path) -> None:
    """Date files that are dated in the future to now, in the order they have: the clock was set back.

    Snakemake takes an output that is older than its input for a fault, and would miss what is made before that date.
    """
    now = time.time()
    files = [path for folder in folders for path in Path(folder).rglob("*") if path.is_file()]
    dates = {path: date for path in files if (date := path.stat().st_mtime) > now}
    for place, path in enumerate(sorted(dates, key=dates.__getitem__)):
        try:
            os.utime(path, (now, now - (len(dates) - place) / 1000))
        except OSError as error:
            reason = os.strerror(error.errno or 0).lower()
            raise RecomposeError(f"{path} is dated in the future, and cannot be dated anew: {reason}") from error
