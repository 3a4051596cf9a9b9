"""Machines, folders and file systems that are not as one expects: all works, or one line says what to do."""

import pytest
from project import Project

pytestmark = pytest.mark.workflow


@pytest.mark.parametrize("home", ["/proc/read-only", None], ids=["where nothing can be written", "unset"])
def test_a_home_that_cannot_be_written(fresh: Project, home: str | None) -> None:
    variables = {"XDG_CACHE_HOME": "/proc/read-only", **({"HOME": home} if home else {})}
    without = [] if home else ["env", "--unset=HOME"]
    run = fresh.start(*without, *fresh.command("-n"), **variables)
    told = run.communicate(timeout=300)[0]
    assert run.returncode == 0 and "coupled inference figure5" in told, told
