"""What jobs ask a SLURM cluster for: of which partition, how much memory, how much time."""

import re

import pytest
from project import Project

pytestmark = pytest.mark.workflow

TARGETS = ["weighted_composition_distances", "weighted_composition_grid", "results/paper/coupled_inference/table1.csv"]


def asked(project: Project, **config: object) -> dict[str, dict[str, str]]:
    """What the jobs of each rule ask for at the published scale; the last job of a rule where there are several."""
    return asked_for(project, *TARGETS, **config)


def asked_for(project: Project, *targets: str, **config: object) -> dict[str, dict[str, str]]:
    """The same of the jobs that these targets need; those that run beside Snakemake ask for nothing."""
    plain = ["--workflow-profile", "none"]  # without the bar, which would hide it
    usual = {"scale": "paper", "artifacts": "all"}
    shown = project.finish("-n", *targets, "--profile", "profiles/slurm", *plain, **(usual | config))
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", shown, re.M)
    return {rule: dict(pair.split("=") for pair in resources.split(", ")) for rule, resources in jobs}


def test_every_job_of_the_queue_asks_for_what_it_needs(fresh: Project) -> None:
    jobs = asked_for(fresh, "all", cluster="{account: mine, longest: 600}")
    assert len(jobs) > 40
    for rule, resources in jobs.items():
        assert {"mem_mb", "runtime", "slurm_partition", "slurm_account"} <= set(resources), rule
        assert int(resources["mem_mb"]) >= 4000 and 30 <= int(resources["runtime"]) <= 600
        assert (resources["slurm_partition"] == "gpu") == ("gpu" in resources)


def test_jobs_ask_for_what_their_work_takes(fresh: Project) -> None:
    usual = asked(fresh)
    cells, networks = usual["coupled_inference_table1_part"], usual["weighted_composition_network"]
    assert (cells["slurm_partition"], cells["mem_mb"], cells["runtime"]) == ("cpu", "4000", "120")
    assert "gpu" not in cells
    assert (networks["slurm_partition"], networks["gpu"]) == ("gpu", "1")

    more = asked(fresh, weighted_composition="{task: {runs: 90}}")
    assert more["coupled_inference_table1_part"] == cells
    for rule in ("weighted_composition_network", "weighted_composition_distances_part"):
        assert int(more[rule]["runtime"]) - 30 == pytest.approx(3 * (int(usual[rule]["runtime"]) - 30), abs=2)
    assert int(more["weighted_composition_network"]["mem_mb"]) - 4000 == pytest.approx(
        3 * (int(networks["mem_mb"]) - 4000), abs=2
    )


def test_without_gpus_everything_asks_for_cpus_and_for_longer(fresh: Project) -> None:
    jobs = asked(fresh, cluster="{gpus: 0}")
    assert {job["slurm_partition"] for job in jobs.values()} == {"cpu"}
    assert not any("gpu" in job for job in jobs.values())
    assert jobs["weighted_composition_network"]["runtime"] == "1440"  # weeks, but no partition grants them
