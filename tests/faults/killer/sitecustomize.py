"""Kills a whole run when a file is about to come into its place: set PYTHONPATH to this folder and KILL_BEFORE."""

import os
import signal
import sys


def _kill(event, arguments):
    if event == "os.rename" and os.environ["KILL_BEFORE"] in str(arguments[1]):
        os.killpg(0, signal.SIGKILL)


if "KILL_BEFORE" in os.environ:
    sys.addaudithook(_kill)
