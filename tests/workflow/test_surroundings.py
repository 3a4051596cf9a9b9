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


@pytest.mark.parametrize("way", ["to", "from"])
def test_a_run_in_another_folder(fresh: Project, way: str) -> None:
    there = fresh.root / "config"
    here, how = (fresh.root, ["--directory", "config"]) if way == "to" else (there, ["--snakefile", "../Snakefile"])
    line = f"error: {there} is not the project's folder; run it there: cd {fresh.root}, no --directory"
    done = fresh.run("env", f"--chdir={here}", *fresh.command("-n", *how))
    assert done.returncode != 0 and line in done.stdout.splitlines() and "Traceback" not in done.stdout, done.stdout
