"""What reruns: exactly what depends on an edit. The tests ask `snakemake -n`."""

import json
import re

import pandas as pd
import pytest
from project import Project

from recompose.papers import papers

pytestmark = pytest.mark.workflow

PAPER = "coupled_inference"
PACKAGE = "src/recompose/papers/coupled_inference"
SWEEPS = ["table1", "figure2", "figure3", "figure4", "figure5", "figure6", "restarts"]
DRAWN = ["figure2", "figure3", "figure4", "figure5", "figure6", "capacity_figure", "restarts"]
WRITTEN = ["table1", "capacity_table", "special_case", "table_search"]
NOTEBOOKS = {f"{slug}_notebook" for slug in papers()}
SHOWING_NAMES = ["table_search", "special_case"]
"""Tables that list what the paper's names tell apart, in their order."""
OVER_ALL = {f"{PAPER}_notebook", "scorecard", "manifest", "page", "all"}
SAMPLED = {
    f"weighted_composition_{name}"
    for name in (
        *("distances_part", "exact_part"),
        *("figure1_numbers", "error_map_numbers", "clipping_numbers", "correctors_numbers", "grid_numbers"),
    )
}
"""The rules of paper 2 that sample."""
UNTRAINED = {"weighted_composition_exact_part", "weighted_composition_grid_numbers"}
"""Those that need no network, but import the module that trains them for the schedule."""
ROOMS_TRAINED = {"weighted_composition_rooms_networks", "weighted_composition_rooms_judge_networks"}
ROOMS_SAMPLED = {"weighted_composition_rooms_samples_numbers"}
"""At smoke one job trains all networks of rooms, and one samples from them."""
SCORED = SAMPLED | {f"weighted_composition_{name}_numbers" for name in ("accuracy", "theorems")}
"""And those that ask scores."""
GUIDANCE = papers()["feature_guidance"]
IMAGES = {f"feature_guidance_{name}_images" for name in GUIDANCE.data}
DENOISERS = {f"feature_guidance_{name}_network" for name in GUIDANCE.networks}
MEASURED = {f"feature_guidance_{each.name}_numbers" for each in GUIDANCE.artifacts if each.home == "experiments"}
ASCENDING = {f"feature_guidance_{each.name}_numbers" for each in GUIDANCE.artifacts if "sampling" in each.reads}
"""The rules of paper 5: those that make images, train, measure, and sample."""


SAMI_TRAINED = {f"sami_of_{name}_network" for name in papers()["sami"].data}
"""The rules of paper 3 that train: at smoke one job does all of a set of images."""


CONCEPTS_TRAINED = {f"concept_discovery_of_{name}_network" for name in papers()["concept_discovery"].data}
CONCEPTS_SAMPLED = {f"concept_discovery_{name}_numbers" for name in ("asked", "explored")}
"""The rules of paper 4 that train, and that sample: at smoke one job for both benchmarks."""


DRAWN_BY_ALL = {
    f"{slug}_{each.name}" + "_figure" * ("table" in each.forms)
    for slug, paper in papers().items()
    for each in paper.artifacts
    if "figure" in each.forms
}


def rules(*names: str) -> set[str]:
    return {f"{PAPER}_{name}" for name in names}


def parts(*artifacts: str) -> set[str]:
    return rules(*(f"{artifact}_part" for artifact in artifacts))


def test_a_finished_tree_needs_nothing(whole: Project) -> None:
    assert whole.jobs() == {}


@pytest.mark.parametrize("artifact", ["figure6", "figure7", "figure8", "figure10", "figure11", "figure14", "figure16"])
def test_the_smoke_samples_of_paper_5_climb(finished: Project, artifact: str) -> None:
    """Networks that are hardly trained may see no noise at all; then nothing of the sampler would run."""
    taken = pd.read_csv(finished.tree / f"feature_guidance/{artifact}.csv").iterations.dropna()
    assert taken.min() > 0 and taken.max() < 100


def test_times_do_not_count(whole: Project) -> None:
    for folder in ["src", "config", "workflow", "results"]:
        for path in (whole.root / folder).rglob("*"):
            path.touch()
    assert whole.jobs() == {}


def test_words_do_not_count(whole: Project) -> None:
    for module in [
        "storage.py",
        "randomness.py",
        f"papers/{PAPER}/experiments.py",
        f"papers/{PAPER}/figures.py",
    ]:
        whole.edit(f"src/recompose/{module}", '"""', '"""Said otherwise. ')
        whole.append(f"src/recompose/{module}", "\n\n# one more thought\n")
    for file in [
        "Snakefile",
        "workflow/rules/common.smk",
        "workflow/rules/report.smk",
        f"workflow/rules/{PAPER}.smk",
    ]:
        whole.append(file, "\n# one more thought\n")
    assert whole.jobs() == {}


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("cli/paper.py", set()),
        ("errors.py", set()),
        ("papers/feature_guidance/settings.py", set()),
        ("judgement/scorecard.py", {"scorecard"} | NOTEBOOKS),
        ("judgement/page.py", {"page"}),
        ("judgement/notebook.py", NOTEBOOKS),
        ("diffusion/particles.py", SCORED | ROOMS_SAMPLED),
        (
            "diffusion/training.py",
            DENOISERS | UNTRAINED | ROOMS_TRAINED | SAMI_TRAINED | CONCEPTS_TRAINED | {"weighted_composition_network"},
        ),
        ("datasets/labelled_images.py", IMAGES | {"weighted_composition_rooms_images"}),
        ("networks/unet.py", DENOISERS),
        ("diffusion/score_ascent.py", MEASURED),
        ("metrics/classes.py", MEASURED),
        ("presentation/plotting.py", DRAWN_BY_ALL),
        (f"papers/{PAPER}/names.py", rules(*(f"{each}_numbers" for each in SWEEPS), *SHOWING_NAMES)),
    ],
)
def test_an_edited_module_reruns_what_imports_it(whole: Project, module: str, expected: set[str]) -> None:
    whole.append(f"src/recompose/{module}", "\n\nANSWER = 42\n")
    assert whole.changed() == expected


def test_an_edited_solver_reruns_the_numbers_and_all_that_follows(whole: Project) -> None:
    solver = sorted((whole.root / PACKAGE / "solvers").glob("[a-z]*.py"))[0]
    whole.append(str(solver.relative_to(whole.root)), "\n\nANSWER = 42\n")
    jobs = set(whole.jobs())
    assert (
        parts("table1", "figure2", "figure3") | rules("figure2", "figure3", "table1", "capacity_table") | OVER_ALL
        <= jobs
    )
    assert not jobs & (parts("figure4", "figure5", "figure6") | rules("search_variant"))


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("table1", {"trials": 40}, parts("table1")),
        ("figure4", {"trials": 40}, parts("figure4")),
        ("capacity", {"threshold": 0.9}, rules("capacity_numbers")),
        ("methods", ["resonator"], parts("table1", "figure2", "figure3")),
    ],
)
def test_a_changed_key_reruns_its_readers(whole: Project, key: str, value: object, expected: set[str]) -> None:
    assert whole.changed(coupled_inference=json.dumps({key: value})) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("sampling", {"clip": 5.0}, SAMPLED | {"weighted_composition_discretisation_numbers"}),
        ("networks", {"iterations": 50}, {"weighted_composition_network"}),
        ("theorems", {"steps": 11}, {"weighted_composition_theorems_numbers"}),
        ("rooms", {"variety": 0.3}, {"weighted_composition_rooms_images"}),
        ("rooms_networks", {"iterations": 5}, {"weighted_composition_rooms_networks"}),
        ("rooms_judge", {"iterations": 5}, {"weighted_composition_rooms_judge_networks"}),
        ("rooms_sampling", {"clip": 2.0}, ROOMS_SAMPLED),
    ],
)
def test_a_key_of_paper_2_reruns_its_readers(whole: Project, key: str, value: object, expected: set[str]) -> None:
    assert whole.changed(weighted_composition=json.dumps({key: value})) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("disks", {"train": 17}, {"sami_disks_images", "sami_table1_numbers"}),
        ("disks_networks", {"epochs": 3}, {"sami_of_disks_network", "sami_table1_numbers"}),
        ("faces_networks", {"epochs": 3}, {"sami_of_faces_network", "sami_table1_numbers"}),
        ("faces_baselines", {"beta": 5.0}, {"sami_of_faces_network"}),
        ("faces_judge", {"iterations": 5}, {"sami_of_faces_network"}),
        ("faces_comparison", {"samples": 9}, {"sami_of_faces_numbers", "sami_of_dsprites_numbers"}),
        ("faces_measures", {"pairs": 3}, {"sami_of_faces_numbers"}),
        ("disks_measures", {"samples": 3}, {"sami_of_disks_numbers"}),
        ("disks_time_input", {"epochs": 2}, {"sami_of_disks_numbers"}),
        ("dsprites", {"train": 25}, {"sami_dsprites_images"}),
        ("dsprites_trainings", {"beta": 2}, {"sami_of_dsprites_network"}),
        ("dsprites_scores", {"moves": 4}, {"sami_of_dsprites_numbers"}),
        ("portraits_choices", {"epochs": 2}, {"sami_of_portraits_numbers"}),
        ("theory", {"images": 5}, {"sami_theory_numbers"}),
    ],
)
def test_a_key_of_paper_3_reruns_its_readers(whole: Project, key: str, value: object, expected: set[str]) -> None:
    assert whole.changed(sami=json.dumps({key: value})) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("digits", {"train": 5}, {"concept_discovery_digits_images"}),
        ("digits_backbone", {"iterations": 5}, {"concept_discovery_of_digits_network"}),
        ("digits_judge", {"iterations": 5}, {"concept_discovery_of_digits_network"}),
        ("digits_sampling", {"steps": 4}, CONCEPTS_SAMPLED),
        ("faces", {"train": 5}, {"concept_discovery_faces_images"}),
        ("faces_discovery", {"step": 0.2}, {"concept_discovery_asked_numbers"}),
        ("digits_exploration", {"radius": 0.2}, {"concept_discovery_explored_numbers"}),
    ],
)
def test_a_key_of_paper_4_reruns_its_readers(whole: Project, key: str, value: object, expected: set[str]) -> None:
    assert whole.changed(concept_discovery=json.dumps({key: value})) == expected


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("images", {"classes": 9}, IMAGES),
        ("training", {"epochs": 2}, DENOISERS),
        ("sampling", {"step": 0.4}, ASCENDING),
    ],
)
def test_a_key_of_paper_5_reruns_its_readers(whole: Project, key: str, value: object, expected: set[str]) -> None:
    assert whole.changed(feature_guidance=json.dumps({key: value})) == expected


def test_a_rerun_reaches_what_depends_on_it_and_nothing_else(whole: Project) -> None:
    jobs = whole.jobs(coupled_inference=json.dumps({"figure4": {"trials": 40}}))
    assert set(jobs) == rules("figure4_part", "figure4_numbers", "figure4") | OVER_ALL


def test_another_scale_has_a_tree_of_its_own(whole: Project) -> None:
    small = whole.jobs(scale="small")
    assert small["all"] == 1 and sum(small.values()) <= 400
    assert whole.jobs() == {}


def test_targets_are_known(whole: Project) -> None:
    named = re.findall(r"^\| `(\w+)` \|", (whole.root / "docs/targets.md").read_text(), re.M)
    assert len(named) > 60
    assert whole.jobs("all", "tables", "figures", "scorecard", "page", *papers(), *NOTEBOOKS, *named) == {}


def test_a_path_is_a_target(whole: Project) -> None:
    (whole.root / "results/smoke" / PAPER / "figure4.png").unlink()
    assert whole.jobs(f"results/smoke/{PAPER}/figure4.svg") == {}
    assert whole.jobs(f"results/smoke/{PAPER}/figure4.png") == {f"{PAPER}_figure4": 1}


def test_a_search_is_a_target_of_its_own(whole: Project) -> None:
    assert whole.jobs(f"{PAPER}_search") == {f"{PAPER}_search": 1, f"{PAPER}_search_variant": 7}
    assert whole.jobs(coupled_inference='{"hyperparameters": "search"}')[f"{PAPER}_search_variant"] == 7


def test_an_edited_function_reruns_what_comes_to_it(whole: Project) -> None:
    """Not what else stands in its module."""
    figures = f"{PACKAGE}/figures.py"
    whole.edit(
        figures,
        "def figure5(frame: pd.DataFrame) -> Figure:\n",
        "def figure5(frame: pd.DataFrame) -> Figure:\n    42\n",
    )
    assert whole.changed() == rules("figure5")
    whole.append(figures, "\n\ndef another():\n    return 42\n")
    assert whole.changed() == rules("figure5")
    whole.append(figures, "\n\nprint(42)\n")  # this every function comes to
    assert whole.changed() == rules(*DRAWN)


def test_a_new_method_reruns_what_compares_methods(whole: Project) -> None:
    solver = (
        "from recompose.papers.coupled_inference.solvers import solver\n\n\n@solver\ndef mine(*given, **options): ...\n"
    )
    (whole.root / PACKAGE / "solvers/mine.py").write_text(solver)
    assert whole.changed() == parts("table1", "figure2", "figure3")
