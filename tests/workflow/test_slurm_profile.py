"""What jobs ask a SLURM cluster for: of which partition, how much memory, how much time."""

import re

import pytest
from project import Project

pytestmark = pytest.mark.workflow

TARGETS = ["weighted_composition_distances", "weighted_composition_grid", "results/paper/coupled_inference/table1.csv"]
NAMES_THE_LOCAL_ONES = """

targets = {each.name for each in workflow.rules if each.norun}
Path("local.txt").write_text(" ".join(workflow._localrules | targets))
"""


def asked(project: Project, *targets: str, **config: object) -> dict[str, dict[str, str]]:
    """What the largest job of each rule asks for at the published scale; those that run beside Snakemake, nothing."""
    project.append("Snakefile", NAMES_THE_LOCAL_ONES)
    plain = ["--workflow-profile", "none"]  # without the bar, which would hide it
    usual = {"scale": "paper", "artifacts": "all"}
    shown = project.finish("-n", *targets, "--profile", "profiles/slurm", *plain, **(usual | config))
    local = (project.root / "local.txt").read_text().split()
    jobs: dict[str, dict[str, str]] = {}
    for rule, resources in re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", shown, re.M):
        job = dict(pair.split("=") for pair in resources.split(", "))
        if rule not in local and int(job["mem_mb"]) >= int(jobs.get(rule, job)["mem_mb"]):
            jobs[rule] = job
    return jobs


def test_every_job_of_the_queue_asks_for_what_it_needs(fresh: Project) -> None:
    jobs = asked(fresh, "all", cluster="{account: mine, longest: 600}")
    assert {"coupled_inference_figure5_part", "feature_guidance_guided_network"} <= set(jobs) and len(jobs) > 40
    for rule, job in jobs.items():
        assert {"mem_mb", "runtime", "slurm_partition", "slurm_account"} <= set(job), rule
        assert int(job["mem_mb"]) >= 4000 and 30 <= int(job["runtime"]) <= 600
        assert (job["slurm_partition"] == "gpu") == ("gpu" in job)
    trained = {rule for rule in jobs if rule.endswith("_network")}
    assert len(trained) > 10 and all("gpu" in jobs[rule] for rule in trained)
    assert not [rule for rule in jobs if any(word in rule for word in ("scorecard", "notebook", "page", "manifest"))]


def test_jobs_ask_for_what_their_work_takes(fresh: Project) -> None:
    usual = asked(fresh, *TARGETS)
    cells, networks = usual["coupled_inference_table1_part"], usual["weighted_composition_network"]
    assert (cells["slurm_partition"], cells["mem_mb"], cells["runtime"]) == ("cpu", "4000", "120")
    assert "gpu" not in cells
    assert (networks["slurm_partition"], networks["gpu"]) == ("gpu", "1")

    more = asked(fresh, *TARGETS, weighted_composition="{task: {runs: 60}}")  # with 90, more than partitions grant
    assert more["coupled_inference_table1_part"] == cells
    for rule in ("weighted_composition_network", "weighted_composition_distances_part"):
        assert int(more[rule]["runtime"]) - 30 == pytest.approx(2 * (int(usual[rule]["runtime"]) - 30), abs=2)
    assert int(more["weighted_composition_network"]["mem_mb"]) - 4000 == pytest.approx(
        2 * (int(networks["mem_mb"]) - 4000), abs=2
    )


def test_without_gpus_everything_asks_for_cpus_and_for_longer(fresh: Project) -> None:
    jobs = asked(fresh, *TARGETS, cluster="{gpus: 0}")
    assert {job["slurm_partition"] for job in jobs.values()} == {"cpu"}
    assert not any("gpu" in job for job in jobs.values())
    assert jobs["weighted_composition_network"]["runtime"] == "1440"  # weeks, but no partition grants them
