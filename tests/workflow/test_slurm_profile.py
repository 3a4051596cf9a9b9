"""The profile for SLURM names rules that exist, and sends to the GPU none that never leaves the login node."""

import pytest
import yte
from project import Project

pytestmark = pytest.mark.workflow


def test_the_rules_of_the_profile_are_rules(fresh: Project) -> None:
    profile = yte.process_yaml((fresh.root / "profiles/slurm/config.yaml").read_text())
    listed = fresh.finish("--list-rules", execution="{batches: 12}")
    assert set(profile["set-resources"]) <= set(listed.split())
