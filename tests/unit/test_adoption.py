"""What a search found goes into config/tuned as a file that the next run reads, with its provenance."""

import pytest
import yaml

from recompose.errors import RecomposeError
from recompose.papers.coupled_inference.adoption import adopt
from recompose.papers.coupled_inference.hyperparameters import (
    SEARCHED,
    published_hyperparameters,
    tuned_hyperparameters,
)

RECORD = {"commit": "abc", "wall_seconds": 1.5, "date": "2026-01-01", "versions": {"torch": "2"}, "device": "cpu"}
RECORDS = dict.fromkeys(SEARCHED, RECORD)


def searched():
    """Searches that the published configurations won."""
    reading = {"update": "synchronous", "jacobian": False, "centring": False, "configurations": 9,
               "validation_accuracy": 0.5, "sets": 10}  # fmt: skip
    return {
        variant: {
            "hyperparameters": chosen.model_dump(by_alias=True), "validation_accuracy": 0.4 + place / 10,
            "ci_low": 0.3, "ci_high": 0.9, "trial": place, "configurations": 9, "readings": [reading],
            "search": {"size": 50},
        }
        for place, (variant, chosen) in enumerate(published_hyperparameters().items())
    }  # fmt: skip


def test_the_adopted_file_is_read_as_tuned_hyperparameters(tmp_path):
    tuned, readings = adopt(searched(), RECORDS)
    path = tmp_path / "tuned.yaml"
    path.write_text(yaml.safe_dump(tuned))
    assert tuned_hyperparameters(path) == published_hyperparameters()
    assert tuned["variants"]["gaussian"]["validation_accuracy"] == 0.4
    assert tuned["variants"]["gaussian"]["commit"] == "abc"
    assert tuned["provenance"]["search"] == {"size": 50}
    assert sorted(readings.method) == sorted(SEARCHED)
    assert readings.projection.isna().all()  # these readings name no projection
    assert set(readings.sets_measured) == {10}


def test_a_variant_that_was_not_searched_is_named():
    found = searched()
    del found["similarity"]
    with pytest.raises(RecomposeError, match="similarity: not searched"):
        adopt(found, RECORDS)


def test_searches_of_different_settings_are_not_mixed():
    found = searched()
    found["gaussian"]["search"] = {"size": 40}
    with pytest.raises(RecomposeError, match="different settings"):
        adopt(found, RECORDS)
