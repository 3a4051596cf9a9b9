"""docs/reliability.md: a table whose rows stand at the tests that show them."""

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
PAGE = HERE.parents[1] / "docs/reliability.md"

INTRODUCTION = """\
# What happens when something goes wrong

<!-- made by the tests: pytest tests/faults -->

Each row of the table stands at a test in [tests/faults](../tests/faults), and `pytest tests/faults` writes this page
once all of them have passed. To lose something would mean a result, or a byte of one; work that was under way is done
again.

Files are whole or not there: each is written beside its place, brought to the disk, and renamed. Long work is kept in
pieces, a job's finished cells, a checkpoint a minute of a training, the journal of a search; they carry a hash of all
that they depend on, and one of other settings or code is as good as not there. Random numbers are drawn by name and
never by order, so work that goes on ends in the bytes of work that was never stopped.

Every artifact has a record with its checksum. Nothing is built on a file that differs from its record, and
`recompose verify` names all such files. One run at a time writes a results tree, by a lock that the operating system
drops when the run ends, however it ends. What runs again is decided by contents and not by dates: with each output
stand the settings, the code and the files that people write, as they were when its run began.
"""


class Row(NamedTuple):
    """A fault, and what happens; every test also shows that nothing is lost."""

    fault: str
    afterwards: str


def rows() -> Iterator[Row]:
    """The rows that stand at tests, or at the single cases of one."""
    for path in sorted(HERE.glob("test_*.py")):
        for function in vars(import_module(path.stem)).values():
            for mark in getattr(function, "pytestmark", []) if callable(function) else []:
                cases = mark.args[1] if mark.name == "parametrize" else []
                inner = [each for case in cases if isinstance(case, type(pytest.param())) for each in case.marks]
                yield from (Row(*each.args) for each in [mark, *inner] if each.name == "faults")


def page() -> str:
    """The page as its rows say."""
    lines = [f"| {row.fault} | {row.afterwards} | nothing |" for row in rows()]
    return "\n".join([INTRODUCTION, "| fault | what happens | what is lost |", "|---|---|---|", *lines]) + "\n"
