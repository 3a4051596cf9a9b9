"""The same configuration gives the same bytes, however the work is divided."""

import pytest
from project import Project

pytestmark = pytest.mark.workflow

NUMBERS = ["*.csv", "*/*.csv", "*/networks/*", "feature_guidance/*.safetensors", "feature_guidance/images/*"]


def test_cores_change_no_byte(probed: Project, fresh: Project) -> None:
    fresh.finish(cores=1)
    expected = probed.sha256(*NUMBERS)
    assert len(expected) > 12
    assert fresh.sha256(*NUMBERS) == expected


def test_batches_change_no_byte(whole: Project) -> None:
    """All that is dealt to several jobs, and the images, which several processes of a job make then."""
    parts = list(whole.tree.glob("*/parts/*.0-of-1.csv"))
    dealt = [f"{path.parts[-3]}/{path.name.removesuffix('.0-of-1.csv')}.csv" for path in parts]
    images = list(whole.sha256("*/images/*"))
    assert len(dealt) == 9 and len(images) == 13
    expected = whole.sha256(*dealt, *images)
    for name in expected:
        (whole.tree / name).unlink()
    whole.finish(*(f"results/smoke/{name}" for name in expected), execution="{batches: 3}")
    assert len(list(whole.tree.glob("*/parts/*-of-3.csv"))) == 3 * len(dealt)
    assert whole.sha256(*dealt, *images) == expected
