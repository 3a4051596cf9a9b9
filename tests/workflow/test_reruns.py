"""What reruns: exactly what depends on an edit. The tests ask `snakemake -n`."""

import json

import pandas as pd
import pytest
from project import Project

pytestmark = pytest.mark.workflow

PAPER = "coupled_inference"
PACKAGE = "src/recompose/papers/coupled_inference"
SWEEPS = ["table1", "figure2", "figure3", "figure4", "figure5", "figure6"]
DRAWN = ["figure2", "figure3", "figure4", "figure5", "figure6", "capacity_figure"]
WRITTEN = ["table1", "capacity_table", "table_search"]
NOTEBOOKS = {f"{PAPER}_notebook", "weighted_composition_notebook", "feature_guidance_notebook"}
OVER_ALL = {"scorecard", "manifest", "page", "all", *NOTEBOOKS}
SAMPLED = {
    f"weighted_composition_{name}"
    for name in ("distances_part", "figure1_numbers", "error_map_numbers", "grid_numbers")
}
"""The rules of paper 2 that sample."""


def rules(*names: str) -> set[str]:
    return {f"{PAPER}_{name}" for name in names}


def parts(*artifacts: str) -> set[str]:
    return rules(*(f"{artifact}_part" for artifact in artifacts))


def test_a_finished_tree_needs_nothing(project: Project) -> None:
    assert project.jobs() == {}


@pytest.mark.parametrize("artifact", ["figure6", "figure7", "figure8", "figure10", "figure11", "figure14", "figure16"])
def test_the_smoke_samples_of_paper_5_climb(finished: Project, artifact: str) -> None:
    """Networks that are hardly trained may see no noise at all; then nothing of the sampler would run."""
    taken = pd.read_csv(finished.tree / f"feature_guidance/{artifact}.csv").iterations.dropna()
    assert taken.min() > 0 and taken.max() < 100


def test_times_do_not_count(project: Project) -> None:
    for folder in ["src", "config", "workflow", "results"]:
        for path in (project.root / folder).rglob("*"):
            path.touch()
    assert project.jobs() == {}


def test_words_do_not_count(project: Project) -> None:
    for module in [
        "storage.py",
        "randomness.py",
        f"papers/{PAPER}/experiments.py",
        f"papers/{PAPER}/figures.py",
    ]:
        project.edit(f"src/recompose/{module}", '"""', '"""Said otherwise. ')
        project.append(f"src/recompose/{module}", "\n\n# one more thought\n")
    for file in [
        "Snakefile",
        "workflow/rules/common.smk",
        "workflow/rules/report.smk",
        f"workflow/rules/{PAPER}.smk",
    ]:
        project.append(file, "\n# one more thought\n")
    assert project.jobs() == {}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("cli/paper.py", set()),
        ("judgement/scorecard.py", {"scorecard"}),
        ("judgement/page.py", {"page"}),
        ("judgement/notebook.py", NOTEBOOKS),
        ("diffusion/particles.py", SAMPLED | {"weighted_composition_theorems_numbers"}),
        (
            "papers/weighted_composition/tables.py",
            {
                "weighted_composition_tables",
                "weighted_composition_theorems",
                "weighted_composition_grid",
            },
        ),
        ("datasets/labelled_images.py", {"feature_guidance_all_images"}),
        ("networks/unet.py", {"feature_guidance_all_network"}),
        ("diffusion/score_ascent.py", {"feature_guidance_all_numbers"}),
        ("metrics/classes.py", {"feature_guidance_all_numbers"}),
        (f"papers/{PAPER}/figures.py", rules(*DRAWN)),
        (f"papers/{PAPER}/tables.py", rules(*WRITTEN)),
        (f"papers/{PAPER}/experiments.py", parts(*SWEEPS) | rules("table_search_numbers")),
    ],
)
def test_an_edited_module_reruns_what_imports_it(project: Project, module: str, expected: set[str]) -> None:
    project.append(f"src/recompose/{module}", "\n\nANSWER = 42\n")
    assert project.changed() == expected


def test_an_edited_solver_reruns_the_numbers_and_all_that_follows(project: Project) -> None:
    solver = sorted((project.root / PACKAGE / "solvers").glob("[a-z]*.py"))[0]
    project.append(str(solver.relative_to(project.root)), "\n\nANSWER = 42\n")
    jobs = set(project.jobs())
    assert parts(*SWEEPS) | rules(*DRAWN, *WRITTEN) | OVER_ALL <= jobs
    assert f"{PAPER}_search_variant" not in jobs


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("table1", {"trials": 40}, parts("table1")),
        ("figure4", {"trials": 40}, parts("figure4")),
        ("capacity", {"threshold": 0.9}, rules("capacity_numbers")),
        ("methods", ["resonator"], parts("table1", "figure2", "figure3")),
    ],
)
def test_a_changed_key_reruns_its_readers(project: Project, key: str, value: object, expected: set[str]) -> None:
    assert project.changed(coupled_inference=json.dumps({key: value})) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("sampling", {"clip": 5.0}, SAMPLED),
        ("networks", {"iterations": 50}, {"weighted_composition_networks_0"}),
        ("theorems", {"steps": 11}, {"weighted_composition_theorems_numbers"}),
    ],
)
def test_a_key_of_paper_2_reruns_its_readers(project: Project, key: str, value: object, expected: set[str]) -> None:
    assert project.changed(weighted_composition=json.dumps({key: value})) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("images", {"classes": 9}, {"feature_guidance_all_images"}),
        ("training", {"epochs": 2}, {"feature_guidance_all_network"}),
        ("sampling", {"step": 0.4}, {"feature_guidance_all_numbers"}),
    ],
)
def test_a_key_of_paper_5_reruns_its_readers(project: Project, key: str, value: object, expected: set[str]) -> None:
    assert project.changed(feature_guidance=json.dumps({key: value})) == expected


def test_a_rerun_reaches_what_depends_on_it_and_nothing_else(project: Project) -> None:
    jobs = project.jobs(coupled_inference=json.dumps({"figure4": {"trials": 40}}))
    assert set(jobs) == rules("figure4_part", "figure4_numbers", "figure4") | OVER_ALL


def test_another_scale_has_a_tree_of_its_own(project: Project) -> None:
    small = project.jobs(scale="small")
    assert small["all"] == 1 and sum(small.values()) < 300
    assert project.jobs() == {}


def test_targets_are_known(project: Project) -> None:
    overall = ["all", "tables", "figures", "scorecard", "page", PAPER, f"{PAPER}_notebook"]
    artifacts = rules(*SWEEPS, "capacity", "table_search")
    assert project.jobs(*overall, *artifacts) == {}


def test_a_path_is_a_target(project: Project) -> None:
    (project.root / "results/smoke" / PAPER / "figure4.png").unlink()
    assert project.jobs(f"results/smoke/{PAPER}/figure4.svg") == {}
    assert project.jobs(f"results/smoke/{PAPER}/figure4.png") == {f"{PAPER}_figure4": 1}


def test_a_search_is_a_target_of_its_own(project: Project) -> None:
    assert project.jobs(f"{PAPER}_search") == {f"{PAPER}_search": 1, f"{PAPER}_search_variant": 4}
    assert project.jobs(coupled_inference='{"hyperparameters": "search"}')[f"{PAPER}_search_variant"] == 4
