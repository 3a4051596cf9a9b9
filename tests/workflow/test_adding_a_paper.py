"""The toy paper of docs/adding_a_paper.md, added by following it: ten files, none of another paper's."""

import re
import shutil
import sys
from pathlib import Path

import pytest
import yaml
from project import ROOT, Project, copy_project

pytestmark = pytest.mark.workflow

DOCS = (ROOT / "docs/adding_a_paper.md").read_text()
FILES = dict(re.findall(r"^## \d+\. `(.+?)`\n.*?^```\w+\n(.*?)^```$", DOCS, re.M | re.S))
CHOSEN = '["dots_figure1"]'


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A copy of the project with the toy, and its results."""
    project = copy_project(tmp_path_factory.mktemp("toy") / "project")
    for name, text in FILES.items():
        (project.root / name).parent.mkdir(parents=True, exist_ok=True)
        (project.root / name).write_text(text)
    for document in re.findall(r"recompose config (\w+)", DOCS):
        done = project.run("recompose", "config", document)
        assert done.returncode == 0, done.stdout
    project.finish(artifacts=CHOSEN)
    return project


def test_it_is_ten_files_and_no_other_papers() -> None:
    assert len(FILES) == 10
    assert not any((ROOT / name).exists() for name in FILES)


def test_it_has_targets(toy: Project) -> None:
    named = toy.finish("--list-target-rules").split()
    assert {"dots", "dots_figure1", "dots_networks", "dots_images", "dots_notebook"} <= set(named)
    assert toy.jobs("dots", artifacts=CHOSEN) == {}
    assert "| `dots_figure1` | Figure 1: what denoising gains |" in (toy.root / "docs/targets.md").read_text()


def test_its_claim_is_judged(toy: Project) -> None:
    card = (toy.tree / "scorecard.csv").read_text()
    (claim,) = [line for line in card.splitlines() if line.startswith("dots,denoising-gains,")]
    assert ",reproduced," in claim


def test_its_figure_is_on_the_page_and_in_the_notebook(toy: Project) -> None:
    page = (toy.tree / "index.html").read_text()
    assert 'id="dots-figure1"' in page and "PSNR of the denoised image over that of the noisy one" in page
    notebook = (toy.tree / "notebooks/dots.html").read_text()
    assert "The linear denoiser gains at large noise." in notebook and "<img" in notebook


def test_dvc_knows_it(toy: Project) -> None:
    pipeline = yaml.safe_load((toy.root / "dvc.yaml").read_text())
    assert "dots" in pipeline["stages"] and "results/${scale}/dots/figure1.png" in pipeline["plots"]
    assert "results/${scale}/dots" in pipeline["stages"]["page"]["deps"]


def test_two_runs_of_it_are_compared(toy: Project, tmp_path: Path) -> None:
    shutil.copytree(toy.tree, tmp_path / "smoke")
    path = tmp_path / "smoke/dots/figure1.csv"
    lines = path.read_text().splitlines()
    sigma, mean, *rest = lines[1].split(",")
    path.write_text("\n".join([lines[0], ",".join([sigma, str(float(mean) + 1), *rest]), *lines[2:]]) + "\n")
    record = tmp_path / "smoke/dots/provenance/figure1.csv.json"
    record.unlink()  # it was changed on purpose
    told = toy.run("recompose", "diff", "results/smoke", str(tmp_path / "smoke")).stdout
    assert f"at sigma = {sigma}" in told and "1 of 3 rows in both trees changed" in told


def test_it_is_code_like_the_rest(toy: Project) -> None:
    new = [name for name in FILES if name.endswith(".py")]
    for command in (["ruff", "check", *new], ["ruff", "format", "--check", *new], ["lint-imports"]):
        done = toy.run(str(Path(sys.executable).parent / command[0]), *command[1:])
        assert done.returncode == 0, done.stdout
    done = toy.run("snakefmt", "--check", "workflow/rules/dots.smk")
    assert done.returncode == 0, done.stdout
