"""What jobs ask a cluster for: of which partition, how much memory, how much time."""

import re

import pytest
from project import Project

pytestmark = pytest.mark.workflow

TARGETS = ["weighted_composition_distances", "weighted_composition_grid", "results/paper/coupled_inference/table1.csv"]


def asked(project: Project, **config: object) -> dict[str, dict[str, str]]:
    """What the jobs of each rule ask for at the published scale; the last job of a rule where there are several."""
    plain = ["--workflow-profile", "none"]  # without the bar, which would hide it
    shown = project.finish("-n", *TARGETS, "--profile", "profiles/slurm", *plain, **({"scale": "paper"} | config))
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", shown, re.M)
    return {rule: dict(pair.split("=") for pair in resources.split(", ")) for rule, resources in jobs}


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


def test_the_site_has_its_names_in_the_configuration(fresh: Project) -> None:
    site = "{cpu_partition: short, gpu_partition: a100, account: me, gpus: 2, longest: 60}"
    jobs = asked(fresh, cluster=site)
    assert {job["slurm_partition"] for job in jobs.values()} == {"short", "a100"}
    assert {job["slurm_account"] for job in jobs.values()} == {"me"}
    assert jobs["weighted_composition_network"]["gpu"] == "2"
    assert max(int(job["runtime"]) for job in jobs.values()) == 60
