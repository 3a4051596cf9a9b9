"""What the profile for SLURM asks for: of which partition, how much memory, how much time."""

import re

import pytest
import yte
from project import Project

pytestmark = pytest.mark.workflow

TARGETS = ["weighted_composition_distances", "weighted_composition_grid", "results/paper/coupled_inference/table1.csv"]


def asked(project: Project, **config: object) -> dict[str, dict[str, str]]:
    """What the jobs of each rule ask for at the published scale; the last job of a rule where there are several."""
    plain = ["--workflow-profile", "none"]  # without the bar, which would hide it
    shown = project.finish("-n", *TARGETS, "--profile", "profiles/slurm", *plain, **({"scale": "paper"} | config))
    jobs = re.findall(r"^rule (\w+):\n(?:    .*\n)*?    resources: (.*)$", shown, re.M)
    return {rule: dict(pair.split("=") for pair in resources.split(", ")) for rule, resources in jobs}


def test_the_rules_of_the_profile_are_rules(fresh: Project) -> None:
    profile = yte.process_yaml((fresh.root / "profiles/slurm/config.yaml").read_text())
    listed = [fresh.finish("--list-rules", execution=f"{{batches: {batches}}}") for batches in (1, 12)]
    assert set(profile["set-resources"]) <= set(" ".join(listed).split())


def test_jobs_ask_for_what_their_work_takes(fresh: Project) -> None:
    usual = asked(fresh)
    cells, networks = usual["coupled_inference_table1_part"], usual["weighted_composition_networks_3"]
    assert (cells["slurm_partition"], cells["mem_mb"], cells["runtime"]) == ("cpu", "4000", "120")
    assert "gpu" not in cells
    assert (networks["slurm_partition"], networks["gpu"]) == ("gpu", "1")

    more = asked(fresh, weighted_composition="{task: {runs: 90}}")
    assert more["coupled_inference_table1_part"] == cells
    for rule in ("weighted_composition_networks_3", "weighted_composition_distances_part"):
        assert int(more[rule]["runtime"]) - 30 == pytest.approx(3 * (int(usual[rule]["runtime"]) - 30), abs=2)
    assert int(more["weighted_composition_networks_3"]["mem_mb"]) - 4000 == pytest.approx(
        3 * (int(networks["mem_mb"]) - 4000), abs=2
    )


def test_without_gpus_everything_asks_for_cpus_and_for_longer(fresh: Project) -> None:
    fresh.edit("profiles/slurm/config.yaml", "  gpu: 1 ", "  gpu: 0 ")
    jobs = asked(fresh)
    assert {job["slurm_partition"] for job in jobs.values()} == {"cpu"}
    assert not any("gpu" in job for job in jobs.values())
    assert jobs["weighted_composition_networks_3"]["runtime"] == "1440"  # weeks, but no partition grants them
