"""Ctrl-C, which one press has to do: a run on a cluster that goes on holds jobs that nobody wants."""

import os
import signal
import sys
import threading
import time
from types import FrameType, TracebackType
from typing import Any

from snakemake.logging import LogEvent, logger

HURRY = 3.0
"""Seconds in which a second Ctrl-C means no more than the first: by then a run has ended, but for one that hangs."""


def end_without_traceback() -> None:
    """Let a Ctrl-C that nobody catches end in a line: one while the rules are read, or a second one."""
    otherwise = sys.excepthook

    def tell(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("recompose: interrupted; the same command goes on from here", file=sys.stderr)
        else:
            otherwise(kind, error, trace)

    sys.excepthook = tell


def heed_ctrl_c(workflow: Any) -> None:
    """Let one Ctrl-C stop the run, whatever the run is doing.

    Python raises KeyboardInterrupt wherever the main thread happens to be. There it can leave a lock behind that
    `with` has just taken, that of logging's queue for one, and the scheduler, which first of all logs that it is
    terminating, waits for it for ever. Or it comes just before the thread falls asleep, and is not raised until a job
    ends; or as asyncio begins a coroutine, and turns into a CancelledError, at which no job is cancelled. So an
    interrupt is only noted at first, and raised where the scheduler waits for news: it holds nothing there, and cancels
    all jobs; that each of them ends is not told as a failure. One that follows at once means the same, and would break
    into Snakemake's own end; a later one is Python's again.

    Checked with Snakemake 9.27.1 (November 2026), whose `scheduler._open_jobs` this replaces. It can go once Snakemake
    itself does no more than note an interrupt; tests/workflow/test_interrupts.py says when that is so.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return  # ignored, as behind nohup
    gate = workflow.scheduler._open_jobs = _Gate()
    logger.addFilter(lambda record: not (gate.interrupted and getattr(record, "event", None) == LogEvent.JOB_ERROR))
    told, tell = os.pipe()
    os.set_blocking(tell, False)
    signal.set_wakeup_fd(tell, warn_on_full_buffer=False)  # told even while the main thread sleeps
    signal.signal(signal.SIGINT, _once)
    threading.Thread(target=_open_at_ctrl_c, args=(gate, told), daemon=True).start()


class _Gate(threading.Semaphore):
    """What the scheduler waits at. It begins open, for the first round."""

    interrupted = False

    def acquire(self, blocking: bool = True, timeout: float | None = None) -> bool:
        passed = super().acquire(blocking, timeout)
        if self.interrupted:
            raise KeyboardInterrupt
        return passed


def _once(signum: int, frame: FrameType | None) -> None:
    """Take no lock here: the main thread, which runs this, may hold it."""
    pressed = time.monotonic()

    def again(signum: int, frame: FrameType | None) -> None:
        if time.monotonic() - pressed > HURRY:
            signal.signal(signum, signal.default_int_handler)
            signal.default_int_handler(signum, frame)

    signal.signal(signum, again)


def _open_at_ctrl_c(gate: _Gate, told: int) -> None:
    while signal.SIGINT not in os.read(told, 256):  # the numbers of the signals that came
        pass
    gate.interrupted = True
    gate.release()
