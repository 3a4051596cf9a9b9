"""Few, full jobs: at every scale the workflow is small enough for `snakemake -n` to answer at once."""

import re
import resource
from collections.abc import Callable

import pytest
from project import Project

from recompose.blocks import SCALES
from recompose.papers import papers

pytestmark = pytest.mark.workflow

TIMES = 3.0
"""How many times as long as of one empty rule `-n` may take: that is 1 s on a quick core, 2 s on a busy or slow one."""


@pytest.mark.parametrize("scale", SCALES)
def test_at_most_400_jobs(fresh: Project, scale: str) -> None:
    assert 100 < sum(fresh.jobs(scale=scale, artifacts="all").values()) <= 400


def test_the_probe_is_a_chain_of_each_paper(fresh: Project) -> None:
    jobs = fresh.jobs(artifacts="probe")
    assert {f"{slug}_notebook" for slug in papers()} | {"scorecard", "manifest", "page"} <= set(jobs)
    assert sum(jobs.values()) <= 12 * len(papers())


def test_a_dry_run_answers_at_once(fresh: Project) -> None:
    (fresh.root / "empty.smk").write_text("rule all:\n")
    nothing = processor_seconds(lambda: fresh.finish("-n", "--snakefile", "empty.smk"))
    assert processor_seconds(lambda: fresh.finish("-n", scale="paper", artifacts="all")) < TIMES * nothing


def test_papers_come_one_after_the_other_and_pictures_at_once(fresh: Project) -> None:
    """The quickest figure of paper 1 is there before anything else begins, whatever the order that is asked for."""
    asked = ("feature_guidance_two_gaussians_images", "coupled_inference_table1", "coupled_inference_figure4")
    told = fresh.finish(*asked, cores=1, artifacts="all")
    done = re.findall(r"(\w+) is done: ", told)
    assert done[:3] == [f"coupled_inference_figure4{part}" for part in ("_part", "_numbers", "")]
    assert done[-1] == "feature_guidance_two_gaussians_images"


@pytest.mark.parametrize(
    ("target", "source", "folder"),
    [
        ("concept_discovery_digits_images", "concept_discovery={digits: {source: mnist}}", "data/mnist"),
        ("sami_faces_images", "sami={faces: {source: celeba}}", "data/celeba"),
        ("sami_figure4_numbers", "sami={videos: {source: frames}}", "data/videos"),
    ],
)
def test_a_folder_of_real_images_is_an_input(fresh: Project, target: str, source: str, folder: str) -> None:
    """Others in it are a reason to run. One that is not there is missed by the job, in a line."""

    def files() -> str:
        return fresh.run("snakemake", target, "--filegraph", "--config", "scale=small", source).stdout

    before = files()
    assert target in before and folder not in before
    (fresh.root / folder).mkdir(parents=True)
    assert folder in files()


def test_the_scheduler_looks_for_work_when_a_job_has_ended_and_not_every_second(fresh: Project) -> None:
    """Each time it looks it says how many jobs are ready, if some are."""
    asked = [f"coupled_inference_figure{number}" for number in (3, 4, 5)]
    told = fresh.finish(*asked, "--verbose", cores=1, artifacts="all")
    jobs = int(re.findall(r" of (\d+) steps", told)[-1])
    assert jobs >= 9
    assert told.count("Ready jobs: ") <= 2 * jobs


def processor_seconds(run: Callable[[], object]) -> float:
    """What the processes took that a call has waited for, the least of three: other work shares its caches."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    return min(once() for _ in range(3))
