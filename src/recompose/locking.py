"""One writer at a time."""

import fcntl
from pathlib import Path
from typing import IO

from recompose.errors import RecomposeError


def hold(tree: str | Path) -> IO[str]:
    """Be the only one who writes a results tree, as long as the returned file is open.

    The operating system drops the lock when the process ends, however it ends.
    """
    try:
        lock = Path(tree, ".lock").open("w")  # noqa: SIM115, it is to stay open
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise RecomposeError(f"another run is writing {tree}; wait for it, or stop it") from None
    except OSError as error:
        raise RecomposeError(f"cannot write {tree}: {str(error.strerror).lower()}") from error
    return lock
