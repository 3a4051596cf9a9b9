"""What a run says where there is no terminal, and so no bar: a line when a step is done, and one a minute else."""

import logging
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from snakemake.logging import LogEvent, logger

PAUSE = 60.0
"""Seconds of silence after which a line says what is under way."""
LAST = 4096
"""Bytes at the end of a log in which its last line is looked for."""


def tell_progress() -> None:
    """Print a line for every step of this run that is done, unless there is a terminal, which shows a bar."""
    if sys.stderr.isatty():
        return
    lines = Lines(lambda line: print(line, file=sys.stderr, flush=True))
    logger.addHandler(lines)
    threading.Thread(target=_every_minute, args=(lines,), daemon=True).start()


class Lines(logging.Handler):
    """Follows the events of Snakemake's log, and tells in plain lines how far the run is."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        super().__init__(logging.INFO)
        self.tell = tell
        self.known: dict[int, tuple[str, list[str]]] = {}
        """Jobs by their number: the rule, and the logs."""
        self.running: dict[int, None] = {}
        """In the order of their starts."""
        self.last = ""
        self.told = time.monotonic()

    def emit(self, record: logging.LogRecord) -> None:
        """One event; others than those of jobs are none of this handler's."""
        match getattr(record, "event", None):
            case LogEvent.JOB_INFO:
                self.known[record.jobid] = record.rule_name, [str(each) for each in record.log or []]  # type: ignore[attr-defined]
            case LogEvent.JOB_STARTED:
                self.running |= dict.fromkeys(record.jobs)  # type: ignore[attr-defined]
            case LogEvent.JOB_FINISHED:
                number: int = record.job_id  # type: ignore[attr-defined]
                self.running.pop(number, None)
                self.last, _ = self.known.get(number, (f"job {number}", []))
            case LogEvent.PROGRESS:
                self._say(f"{self.last} is done: {record.done} of {record.total} steps")  # type: ignore[attr-defined]

    def say_what_runs(self) -> None:
        """The steps under way, with the last line of each one's log, if nothing was said for a minute."""
        if self.running and time.monotonic() - self.told >= PAUSE:
            self._say("; ".join(self._at_work(number) for number in list(self.running)))

    def _at_work(self, number: int) -> str:
        rule, logs = self.known.get(number, (f"job {number}", []))
        line = next(filter(None, map(last_line, logs)), "")
        return f"{rule} is under way" + f" ({line})" * bool(line)

    def _say(self, what: str) -> None:
        self.told = time.monotonic()
        self.tell(f"{time.strftime('%H:%M:%S')}  {what}")


def last_line(path: str) -> str:
    """The last line of a log that has something in it; nothing where there is no log."""
    try:
        with Path(path).open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - LAST))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return ""
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _every_minute(lines: Lines) -> None:
    while True:
        time.sleep(PAUSE / 4)
        lines.say_what_runs()
