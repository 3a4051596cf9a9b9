"""Bad input gets one clear line, a non-zero exit, and nothing is overwritten."""

import json
from collections.abc import Iterator

import pytest
import torch
from project import Project

pytestmark = pytest.mark.workflow


@pytest.fixture(scope="module")
def untouched(probed: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """One copy for all bad inputs: each must leave every byte as it was."""
    project = probed.copy(tmp_path_factory.mktemp("bad") / "project")
    before = project.sha256("**/*")
    yield project
    assert project.sha256("**/*") == before


def errors(project: Project, *arguments: str, **config: object) -> list[str]:
    """The lines that tell what is wrong."""
    refused = project.snakemake(*arguments, **({"artifacts": "all"} | config))
    assert refused.returncode != 0, refused.stdout
    assert "Traceback" not in refused.stdout
    return [line.strip() for line in refused.stdout.splitlines() if "error: " in line.lower()]


@pytest.mark.parametrize(
    ("paper", "told"),
    [
        ({"table1": {"trails": 50}}, ["table1.trails = 50", 'did you mean "trials"?']),
        ({"table1": {"dimension": -5}}, ["table1.dimension = -5", "integer > 0"]),
        ({"figure3": {"size": 0}}, ["figure3.size = 0", ">= 2"]),
        ({"figure2": {"factors": [1]}}, ["figure2.factors[0] = 1", "from 2"]),
        ({"figure5": {"dimension": 5}}, ["figure5", "more than the dimension 5"]),
        ({"figure4": {"restart_ratios": [1.5]}}, ["figure4.restart_ratios[0] = 1.5", "<= 1"]),
        ({"figure6": {"iterations": 0}}, ["figure6.iterations = 0", "> 0"]),
        ({"methods": ["resonatr"]}, ["resonatr", 'did you mean "resonator"?']),
    ],
)
def test_a_mistake_in_the_configuration(untouched: Project, paper: object, told: list[str]) -> None:
    (line,) = errors(untouched, coupled_inference=json.dumps(paper))
    assert all(part in line for part in told), line


@pytest.mark.parametrize(
    ("paper", "told"),
    [
        ({"sampling": {"particles": [0]}}, ["sampling.particles[0] = 0", "integer > 0"]),
        ({"sampling": {"weights": [1.0, 1.0]}}, ["sampling.weights", "list of 3, each a number"]),
        (
            {"sampling": {"weights": [12.0, 10.0, -21.0]}},
            ["weights [12.0, 10.0, -21.0]: not a valid weighting", "Theorem 1"],
        ),
        ({"sampling": {"weights": [1.0, 1.0, -20.0]}}, ["weights that add up to -18 compose noise to no distribution"]),
        ({"sampling": {"resampling": "sometimes"}}, ["sampling.resampling = sometimes", "every_step, threshold"]),
        ({"task": {"runs": 1}}, ["task.runs = 1", ">= 2"]),
        ({"task": {"b_min": 30.0}}, ["b_max = 20.0 must not be below b_min = 30.0"]),
        ({"networks": {"batch": 2}}, ["networks.batch = 2", ">= 3"]),
    ],
)
def test_a_mistake_in_the_configuration_of_paper_2(untouched: Project, paper: object, told: list[str]) -> None:
    (line,) = errors(untouched, weighted_composition=json.dumps(paper))
    assert all(part in line for part in told), line


def test_an_unknown_scale(untouched: Project) -> None:
    (line,) = errors(untouched, scale="smal")
    assert "scale = smal" in line and "smoke, small, paper" in line and 'did you mean "small"?' in line


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is one")
def test_a_gpu_that_is_not_there(untouched: Project) -> None:
    (line,) = errors(untouched, device="cuda")
    assert line == "error: device = cuda: this machine has no CUDA device; use auto or cpu"


def test_a_key_that_stands_twice_in_a_file_of_the_command_line(untouched: Project) -> None:
    path = untouched.root.parent / "twice.yaml"
    path.write_text("coupled_inference:\n  table1: {trials: 50}\n  table1: {trials: 60}\n")
    assert errors(untouched, "--configfile", str(path)) == [
        f"error: ../{path.name}: line 3: table1: the key stands twice, first in line 2; keep one"
    ]


def test_five_mistakes_are_told_at_once(untouched: Project) -> None:
    wrong = {
        "table1": {"trails": 50, "dimension": -5},
        "figure2": {"factors": [1]},
        "figure4": {"restart_ratios": [1.5]},
        "hyperparameters": "tund",
    }
    lines = errors(untouched, coupled_inference=json.dumps(wrong))
    assert len(lines) == 5, lines


def test_a_tree_of_another_version(project: Project) -> None:
    (project.root / "results/smoke/.format.json").write_text('{"format": 99}')
    before = project.sha256("**/*")
    (line,) = errors(project, "--forceall")
    assert "format 99" in line and "move it away or delete it" in line
    assert project.sha256("**/*") == before
