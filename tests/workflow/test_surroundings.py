"""Machines, folders and file systems that are not as one expects: all works, or one line says what to do."""

import shutil
from pathlib import Path

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


@pytest.mark.parametrize("way", ["--directory", "--snakefile"])
def test_another_folder_is_not_worked_in(fresh: Project, way: str) -> None:
    elsewhere = fresh.root.parent / "elsewhere"
    elsewhere.mkdir()
    given = [way, str(elsewhere)] if way == "--directory" else [way, str(fresh.root / "Snakefile")]
    run = fresh.start("sh", "-c", 'cd "$0" && exec "$@"', str(fresh.root if way == "--directory" else elsewhere),
                      *fresh.command("-n", *given))  # fmt: skip
    told = run.communicate(timeout=300)[0]
    assert run.returncode != 0 and "Traceback" not in told
    assert f"error: this runs in {fresh.root}, not in {elsewhere}: go there first, and leave out --directory" in told


def test_an_environment_that_nobody_activated(fresh: Project) -> None:
    """Snakemake is called by its path: its jobs find the command that is installed beside it."""
    snakemake = shutil.which("snakemake", path=fresh.environment["PATH"])
    assert snakemake
    without = [each for each in fresh.environment["PATH"].split(":") if not Path(each, "recompose").exists()]
    run = fresh.start(snakemake, *fresh.command("sami_table1")[1:], PATH=":".join(without))
    told = run.communicate(timeout=300)[0]
    assert run.returncode == 0, told


def test_a_misspelt_target_is_told_in_a_line(fresh: Project) -> None:
    run = fresh.snakemake("-n", "coupled_inference_figur2", "--forcerun", "sami_nothing_of_the_kind")
    told = run.stdout
    assert run.returncode != 0 and "Exception" not in told
    assert 'error: coupled_inference_figur2: no such target; did you mean "coupled_inference_figure2"?' in told
    assert "error: sami_nothing_of_the_kind: no such target; all are in docs/targets.md" in told


def test_a_folder_of_photographs_is_read(fresh: Project) -> None:
    textures = fresh.root / "data/textures"
    textures.mkdir(parents=True)
    (textures / "brick.png").write_bytes(b"what a dry run does not look into")
    images = "results/smoke/feature_guidance/images/gray_textures.safetensors"
    assert fresh.jobs(images, feature_guidance='{"images": {"source": "photographs"}}') == {
        "feature_guidance_gray_textures_images": 1
    }
