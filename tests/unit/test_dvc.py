"""dvc.yaml is read by DVC, names what is there, and leaves the work to Snakemake."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from made_up_results import PAPERS

from recompose.judgement.plots_page import plots_page
from recompose.storage import read_csv

ROOT = Path(__file__).parents[2]
TARGETS = sorted([*PAPERS, "page"])


def pipeline() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "dvc.yaml").read_text())


def stages() -> dict[str, dict[str, Any]]:
    return pipeline()["stages"]


def dvc(folder: Path, *arguments: str) -> str:
    """What a DVC command prints."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A commit of what DVC reads: its files, the configuration, and what the stages depend on."""
    folder = tmp_path_factory.mktemp("dvc")
    needed = {dep for stage in stages().values() for dep in stage["deps"] if not dep.startswith("results/")}
    for name in sorted({"dvc.yaml", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "config", *needed}):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, dirs_exist_ok=True)
        else:
            shutil.copy(ROOT / name, folder / name)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    for command in (["init", "-q"], ["add", "--all"], [*author, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    return folder


def test_one_stage_per_paper_and_one_for_all() -> None:
    assert sorted(stages()) == TARGETS
    for target, stage in stages().items():
        assert stage["cmd"] == f"PYTHONPATH=src snakemake --cores all -- {target}"


def test_every_paper_follows_all_sources_and_the_page_all_papers() -> None:
    *papers, page = (stages()[name] for name in [*PAPERS, "page"])
    for paper in papers:
        assert {"Snakefile", "config/claims", "config/published", "config/tuned", "workflow"} <= set(paper["deps"])
        assert paper["deps"] == papers[0]["deps"]
    assert {f"results/${{scale}}/{paper}" for paper in PAPERS} < set(page["deps"])
    for stage in stages().values():
        assert stage["params"] == [{"config/config.yaml": None}, {"config/scales/${scale}.yaml": None}]


def test_outputs_are_never_deleted_before_a_run() -> None:
    for stage in stages().values():
        for out in [*stage["outs"], *stage.get("metrics", [])]:
            ((path, options),) = out.items()
            assert options["persist"], path


def test_dvc_reads_the_stages(repository: Path) -> None:
    assert dvc(repository, "stage", "list", "--name-only").split() == [*PAPERS, "page"]
    shown = dvc(repository, "repro", "--dry", *PAPERS)
    assert all(f"> PYTHONPATH=src snakemake --cores all -- {paper}\n" in shown for paper in PAPERS)
    assert all(f'"{paper}" -> "page"' in dvc(repository, "dag", "--dot") for paper in PAPERS)


def test_dvc_compares_parameters_and_follows_the_scale(repository: Path) -> None:
    path = repository / "config/config.yaml"
    before = path.read_text()
    assert "scale: small" in before
    path.write_text(before.replace("scale: small", "scale: smoke"))
    try:
        assert "scale small smoke" in " ".join(dvc(repository, "params", "diff").split())
        assert "results/smoke/coupled_inference" in dvc(repository, "stage", "list")
    finally:
        path.write_text(before)


def test_every_figure_is_a_plot() -> None:
    made = (ROOT / "results/reference/small").glob("*/*.png")
    listed = [plot for plot in pipeline()["plots"] if isinstance(plot, str)]
    assert sorted(listed) == sorted(f"results/${{scale}}/{path.parent.name}/{path.name}" for path in made)


def test_lines_are_columns_of_results_and_have_templates() -> None:
    lines = [definition for plot in pipeline()["plots"] if isinstance(plot, dict) for definition in plot.values()]
    assert len(lines) == len(PAPERS)
    for line in lines:
        ((path, column),) = line["y"].items()
        columns = read_csv(ROOT / path.replace("${scale}", "reference/small")).columns
        template = json.loads((ROOT / f".dvc/plots/{line['template']}.json").read_text())
        inner = template["spec"]["encoding"]
        fields = [channel["field"] for channel in inner.values() if "field" in channel]
        own = {field for field in fields if field != "rev" and not field.startswith("<DVC")}
        assert {line["x"], column, *own} <= set(columns)


def test_artifacts_are_there(repository: Path) -> None:
    artifacts = pipeline()["artifacts"]
    assert {artifact["type"] for artifact in artifacts.values()} == {"model", "settings"}
    assert (ROOT / artifacts["decomposition-hyperparameters"]["path"]).is_file()


def test_plots_need_no_network() -> None:
    page = plots_page()
    assert all(placeholder in page for placeholder in ("{plot_divs}", "{refresh_tag}"))
    assert "{scripts}" not in page  # which DVC would fill with addresses
    assert page.count("<script>") == page.count("</script>") == 3
    assert not re.search(r"<(script|link)[^>]*(src|href)", page)


def test_nothing_is_reported_to_anyone() -> None:
    config = (ROOT / ".dvc/config").read_text()
    assert "analytics = false" in config
    assert "check_update = false" in config
