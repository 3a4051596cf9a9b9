"""One Ctrl-C stops a run, also at the moments at which Snakemake alone would lose it.

Once a test of Snakemake alone fails, a version of it has learned that, and recompose.workflow.interrupts can go.
"""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from project import ROOT

pytestmark = pytest.mark.workflow

SNAKEFILE = """
import os, signal, sys, time
from logging.handlers import QueueHandler
from pathlib import Path
from threading import Condition, Event, Thread, Timer, current_thread, enumerate, get_ident, main_thread

from recompose.workflow.interrupts import heed_ctrl_c

heard = Event()
(queue,) = [handler.queue for handler in logger.handlers if isinstance(handler, QueueHandler)]


class Pressed(Condition):
    def __enter__(self):
        entered = super().__enter__()
        if current_thread() is main_thread():
            queue.not_full.__class__ = Condition
            signal.raise_signal(signal.SIGINT)
        return entered


def while_it_logs():
    queue.not_full.__class__ = Pressed


def while_it_falls_asleep():
    # For the main thread it is the same if another one gets the signal: it is told, and not woken.
    while not Path("begun").exists() or any(isinstance(thread, Timer) for thread in enumerate()):
        time.sleep(0.1)  # Timer: the scheduler looks again a second after it has started jobs
    time.sleep(0.5)
    signal.pthread_kill(get_ident(), signal.SIGINT)


def judge(press, seconds):
    press()
    if not heard.wait(seconds):
        os._exit(99)
    Path("go").touch()


def hear():
    executor, cancel = workflow.scheduler._executor, workflow.scheduler._executor.cancel
    executor.cancel = lambda: (heard.set(), cancel())


rule job:
    output: "done"
    shell: "touch begun; until [ -e go ]; do sleep 0.1; done; touch {output}"


onstart:
    hear()
    if config["heeds"]:
        heed_ctrl_c(workflow)
    Thread(target=judge, args=(globals()[config["moment"]], 60 if config["heeds"] else 2), daemon=True).start()
"""


AGAIN = """

onerror:
    signal.raise_signal(signal.SIGINT)
"""


TERMINAL = """
import os, signal, time
from pathlib import Path
from threading import Thread

from recompose.workflow.interrupts import heed_ctrl_c


rule job:
    output: "done"
    shell: "touch begun; sleep 60; touch {output}" if not config["fails"] else "exit 1"


def press():
    while not Path("begun").exists():
        time.sleep(0.1)
    os.killpg(0, signal.SIGINT)


onstart:
    heed_ctrl_c(workflow)
    Thread(target=press, daemon=True).start()
"""


@pytest.mark.parametrize("moment", ["while_it_logs", "while_it_falls_asleep"])
@pytest.mark.parametrize("heeds", [True, False], ids=["ours", "Snakemake alone"])
def test_ctrl_c(tmp_path: Path, moment: str, heeds: bool) -> None:
    status, told = press(tmp_path, SNAKEFILE, moment, heeds)
    assert status == (1 if heeds else 99), told
    assert ("Terminating processes" in told) == heeds, told


def test_ctrl_c_again_while_the_run_ends(tmp_path: Path) -> None:
    status, told = press(tmp_path, SNAKEFILE + AGAIN, "while_it_falls_asleep", heeds=True)
    assert status == 1 and "Terminating processes" in told and "Traceback" not in told, told


def test_jobs_that_a_ctrl_c_ends_have_not_failed(tmp_path: Path) -> None:
    """In a terminal it comes to the jobs as well, which end with an error."""
    (tmp_path / "Snakefile").write_text(TERMINAL)
    status, told = end(start(tmp_path, "fails=False"))
    assert status == 1 and "Terminating processes" in told and "Failed" not in told, told
    (tmp_path / "begun").unlink()
    status, told = end(start(tmp_path, "fails=True"))
    assert status == 1 and "Failed" in told, told


def press(tmp_path: Path, snakefile: str, moment: str, heeds: bool) -> tuple[int, str]:
    """What becomes of a run that is interrupted at some moment, and what it prints."""
    (tmp_path / "Snakefile").write_text(snakefile)
    return end(start(tmp_path, f"moment={moment}", f"heeds={heeds}"))


def start(tmp_path: Path, *settings: str) -> subprocess.Popen[str]:
    """A run of the Snakefile of a folder, in a process group of its own."""
    return subprocess.Popen(
        [Path(sys.executable).with_name("snakemake"), "--cores", "1", "--logger", "rich", "--config", *settings],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src"), "XDG_CACHE_HOME": str(tmp_path)},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def end(run: subprocess.Popen[str]) -> tuple[int, str]:
    """How a run ends, and what it printed."""
    try:
        status = run.wait(180)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(run.pid, signal.SIGKILL)
    return status, run.stdout.read()
