"""How much work jobs are: what is counted is what is done, and explains the times that were seen."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from recompose.datasets.labelled_images import LabelledImages
from recompose.papers.feature_guidance import networks as denoisers
from recompose.papers.feature_guidance.settings import FeatureGuidance
from recompose.papers.feature_guidance.work import works as denoisers_works
from recompose.papers.weighted_composition.networks import networks
from recompose.papers.weighted_composition.settings import WeightedComposition
from recompose.papers.weighted_composition.work import works

SEEN = {"networks_0": 46, "networks_2": 57, "distances_part": 127, "grid_numbers": 64}
"""Seconds of a core in jobs of scale small in four batches, without those of the imports."""


def paper(**changes: dict[str, object]) -> WeightedComposition:
    """The settings of scale small, with some changed."""
    small = WeightedComposition().model_dump()
    return WeightedComposition.model_validate({key: block | changes.get(key, {}) for key, block in small.items()})


@pytest.mark.parametrize(("model", "rule"), [("conditional", "networks_0"), ("separate", "networks_11")])
def test_the_operations_of_training_are_those_that_are_done(model: str, rule: str) -> None:
    chosen = paper(task={"runs": 2, "samples": [100]}, networks={"iterations": 3, "batch": 30})
    with FlopCounterMode(display=False) as counter:
        networks("f_id", model, task=chosen.task, networks=chosen.networks, device="cpu")
    counted = works(chosen, 12)[rule].teraflop * 1e12
    assert counter.get_total_flops() == pytest.approx(counted, rel=0.05)  # the first layer's inputs need no gradient


@pytest.mark.parametrize("rule", SEEN)
def test_the_work_explains_the_times_that_were_seen(rule: str) -> None:
    work = works(paper(), 4)[rule]
    assert 0.8 < (work.teraflop / 0.02 + 60 * work.minutes) / SEEN[rule] < 1.6


def test_jobs_grow_with_the_configuration_and_shrink_with_the_batches() -> None:
    usual, more, dealt = works(paper(), 4), works(paper(task={"runs": 80}), 4), works(paper(), 8)
    assert more["networks_3"].teraflop == pytest.approx(10 * usual["networks_3"].teraflop)
    assert more["networks_3"].megabytes == pytest.approx(10 * usual["networks_3"].megabytes)
    assert more["distances_part"].minutes == pytest.approx(10 * usual["distances_part"].minutes)
    assert dealt["distances_part"].teraflop == pytest.approx(usual["distances_part"].teraflop / 2)
    assert set(dealt) - set(usual) == {"networks_4", "networks_5", "networks_6", "networks_7"}
    assert works(paper(networks={"width": 512}), 4)["networks_3"].teraflop > 50 * usual["networks_3"].teraflop
    finer = works(paper(sampling={"outputs": 4000}), 4)
    assert finer["distances_part"].minutes == pytest.approx(100 * usual["distances_part"].minutes)


@pytest.mark.parametrize(("name", "channels"), [("guided", 1), ("mixture", 1), ("labelled", 1), ("colour", 3)])
def test_the_operations_of_training_denoisers_are_those_that_are_done(name: str, channels: int) -> None:
    blocks = {
        "images": {"classes": 2, "size": 64, "patch": 16, "held_out": 2},
        "training": {"epochs": 1, "other_epochs": 1, "batch": 14},
        "network": {"levels": 3},
    }
    shown = {"samples": {"classes": 2}, "denoised": {"classes": 2}, "partial": {"classes": 1}}
    settings = FeatureGuidance.model_validate(blocks | shown)
    images = LabelledImages(torch.rand(28, channels, 16, 16), torch.arange(28) % 2)
    with FlopCounterMode(display=False) as counter:
        denoisers.networks(name, images, network=settings.network, training=settings.training, device="cpu")
    counted = denoisers_works(settings)[f"{name}_network"].teraflop * 1e12
    assert counter.get_total_flops() == pytest.approx(counted, rel=0.12)  # the last block has no features
