"""DVC and Snakemake side by side: after the commands of the one, the other has to do what really changed."""

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from versions import Versions

from recompose.storage import is_its_own
from recompose.workflow.provenance import sha256_of

pytestmark = pytest.mark.workflow

THRESHOLD = "config/config.yaml:+coupled_inference.capacity.threshold=0.5"
CAPACITY = "coupled_inference.headline.capacity_of_five_factors."
READERS = {"coupled_inference_capacity_numbers"}
RESULTS = [
    "[a-z]*.*",
    "coupled_inference/**/*",
    "weighted_composition/**/*",
    "sami/**/*",
    "concept_discovery/**/*",
    "feature_guidance/**/*",
    "notebooks/*",
    "provenance/*",
]
"""All that is shared of a results tree: neither logs nor benchmarks."""


@pytest.fixture
def versions(pushed: Versions, tmp_path: Path) -> Iterator[Versions]:
    """A copy of the repository and its remote."""
    yield pushed.copy_with_remote(tmp_path / "versions")
    shutil.rmtree(tmp_path / "versions", ignore_errors=True)


@pytest.fixture
def clone(pushed: Versions, tmp_path: Path) -> Iterator[Versions]:
    """A clone of the repository, without results, and a copy of the remote."""
    yield pushed.clone(tmp_path / "clone")
    shutil.rmtree(tmp_path / "clone", ignore_errors=True)


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


def metrics(versions: Versions, *arguments: str) -> dict[str, dict[str, float]]:
    """The metrics that differ, old and new."""
    shown = json.loads(versions.dvc("metrics", "diff", "--json", *arguments))
    return shown.get("results/smoke/scorecard.json", {})


def test_after_repro_and_push(versions: Versions) -> None:
    assert versions.jobs() == {}
    assert "up to date" in versions.dvc("status")
    assert "up to date" in versions.dvc("push")
    assert metrics(versions) == {}
    assert versions.jobs() == {}


def test_a_plain_run_is_a_change_that_repro_takes_in(versions: Versions) -> None:
    versions.finish("coupled_inference_figure5", "--force")
    assert "modified: results/smoke/coupled_inference" in " ".join(versions.dvc("status").split())
    before = versions.sha256("coupled_inference/**/*")
    versions.dvc("repro")
    assert versions.sha256("coupled_inference/**/*") == before
    assert "up to date" in versions.dvc("status")
    assert versions.jobs() == {}
    versions.back()
    assert versions.jobs() == {}


@pytest.mark.parametrize("kind", ["symlink", "hardlink"])
def test_results_that_are_links_to_the_cache(versions: Versions, kind: str) -> None:
    """DVC tells whether an object is sound by its date, and others may share it."""

    def cached() -> dict[Path, tuple[int, int, str]]:
        files = [path for path in (versions.root / ".dvc/cache/files").rglob("*") if path.is_file()]
        return {path: (path.stat().st_mtime_ns, path.stat().st_mode, sha256_of(path)) for path in files}

    versions.dvc("config", "--local", "cache.type", kind)
    versions.dvc("checkout", "--relink")
    before, figure = cached(), versions.tree / "coupled_inference/figure5.png"
    assert figure.is_symlink() if kind == "symlink" else figure.stat().st_nlink == 2
    assert versions.jobs() == {}
    versions.finish("coupled_inference_figure5", "--force")
    assert is_its_own(figure) and cached() == before
    assert versions.must("recompose", "verify") == "ok\n"


def test_an_experiment(versions: Versions) -> None:
    (versions.root / "results/smoke/coupled_inference/of_my_own.txt").write_text("mine")
    before = versions.sha256(*RESULTS)
    versions.dvc("exp", "run", "--temp", "--name", "half", "--set-param", THRESHOLD)
    assert versions.sha256(*RESULTS) == before and versions.jobs() == {}
    (versions.root / "results/smoke/coupled_inference/of_my_own.txt").unlink()

    changed = metrics(versions, "HEAD", "half")
    assert changed and all(name.startswith(CAPACITY) for name in changed)
    assert "half" in versions.dvc("exp", "show", "--csv", "--only-changed")
    versions.dvc("exp", "apply", "half")
    assert metrics(versions) == changed and versions.jobs() == {}

    versions.dvc("plots", "diff", "HEAD")
    page = (versions.root / "dvc_plots/index.html").read_text()
    lines = ["coupled_inference/figure2.csv", "concept_discovery/digits_coarsening.csv"]
    points = sum(len((versions.tree / name).read_text().splitlines()) - 1 for name in lines)
    figures = len(versions.sha256("*/*.png"))
    assert points > 50 and page.count('"rev": "HEAD"') == page.count('"rev": "workspace"') == points
    assert figures == 7 and page.count('<img src="static/') == 2 * figures
    assert not re.search(r"<(script|link|img)[^>]*(src|href)\s*=\s*.?(https?:)?//", page)

    versions.back()
    assert metrics(versions) == {} and versions.jobs() == {}


def test_an_experiment_at_another_scale(versions: Versions) -> None:
    versions.edit("config/config.yaml", "scale: smoke", "scale: small")
    versions.commit("config/config.yaml")
    before = versions.sha256(*RESULTS)
    versions.dvc("exp", "run", "--set-param", "config/config.yaml:scale=smoke")
    assert "scale: smoke " in (versions.root / "config/config.yaml").read_text()
    assert versions.sha256(*RESULTS) == before
    assert "Nothing to be done" in versions.must("snakemake", "-n")


def test_a_clone_after_pull(clone: Versions) -> None:
    clone.dvc("pull")
    assert clone.jobs() == {}
    assert clone.changed(coupled_inference=json.dumps({"capacity": {"threshold": 0.5}})) == READERS

    for made in ["results/smoke", ".dvc/cache", ".snakemake"]:
        shutil.rmtree(clone.root / made)
    flip(clone.stored("coupled_inference/capacity.csv"))
    clone.dvc("pull")  # which does not look at what it brings; Snakemake does
    assert clone.changed() == READERS


def test_a_clone_after_restore(pushed: Versions, clone: Versions) -> None:
    restored = clone.must("make", "restore", "READY=", "SCALE=smoke")
    assert f"results/smoke: {len(pushed.sha256(*RESULTS))} files restored, 0 were there\n" in restored
    assert clone.sha256(*RESULTS) == pushed.sha256(*RESULTS)
    assert clone.jobs() == {} and "up to date" in clone.dvc("status")
    assert clone.changed(coupled_inference=json.dumps({"capacity": {"threshold": 0.5}})) == READERS
    clone.append("src/recompose/papers/weighted_composition/figures.py", '\n\nprint(end="")\n')
    assert clone.changed() == {"weighted_composition_figure1"}


def test_a_damaged_file_is_refused_and_made_again(pushed: Versions, clone: Versions) -> None:
    name = "coupled_inference/capacity.csv"
    flip(clone.stored(name))
    refused = clone.run("recompose", "restore")
    assert refused.returncode == 1
    lines = refused.stdout.splitlines()
    assert lines[0].startswith(f"results/smoke/{name}: refused, the DVC remote has other bytes")
    assert len(lines) == 2 and "left out" in lines[1]
    assert not (clone.root / "results/smoke" / name).exists()
    clone.finish()
    numbers = ["*/*.csv", "*/*.md", "*/*.png", "scorecard.*"]
    assert clone.sha256(*numbers) == pushed.sha256(*numbers)
    assert clone.must("recompose", "verify") == "ok\n" and clone.jobs() == {}


def test_a_damaged_step_on_the_way_is_made_again(clone: Versions) -> None:
    name = "weighted_composition/networks/f_id_conditional.safetensors"
    flip(clone.stored(name))
    refused = clone.run("recompose", "restore")
    assert refused.stdout.startswith(f"results/smoke/{name}: refused")
    jobs = clone.jobs()
    assert jobs["weighted_composition_network"] == 1
    assert not [job for job in jobs if job.startswith(("coupled", "sami", "concept", "feature"))]
