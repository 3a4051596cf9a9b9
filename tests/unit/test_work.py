"""How much work jobs are: what is counted is what is done, and explains the times that were seen."""

from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from recompose.papers import papers
from recompose.papers.feature_guidance import networks as denoisers
from recompose.papers.feature_guidance.names import NETWORKS
from recompose.papers.feature_guidance.settings import FeatureGuidance
from recompose.papers.feature_guidance.work import works as denoisers_works
from recompose.papers.weighted_composition.networks import networks
from recompose.papers.weighted_composition.rooms.names import SAMPLES
from recompose.papers.weighted_composition.rooms.work import works as works_of_rooms
from recompose.papers.weighted_composition.settings import WeightedComposition
from recompose.papers.weighted_composition.work import FLOP_A_UNIT, works
from recompose.storage import write_tensors

SEEN = {
    ("f_id_separate", "gmm_id_separate", "nf_ood_conditional"): 75,
    ("distances",): 146,
    ("exact",): 189,
}
"""Seconds of a core in jobs of scale small in four batches, without those of the imports. The first trains three files
of networks."""


def paper(**changes: dict[str, object]) -> WeightedComposition:
    """The settings of scale small, with some changed."""
    small = WeightedComposition().model_dump()
    return WeightedComposition.model_validate({key: block | changes.get(key, {}) for key, block in small.items()})


@pytest.mark.parametrize("name", ["f_id_conditional", "f_id_separate"])
def test_the_operations_of_training_are_those_that_are_done(name: str) -> None:
    chosen = paper(task={"runs": 2, "samples": [100]}, networks={"iterations": 3, "batch": 30})
    with FlopCounterMode(display=False) as counter:
        networks(name, task=chosen.task, networks=chosen.networks, device="cpu")
    points = 2 * 3 * 30 * (3 if name.endswith("separate") else 1)
    units = points * FLOP_A_UNIT * chosen.networks.layers * chosen.networks.width  # which no counter sees
    counted = works(chosen, 12)[name].teraflop * 1e12 - units
    assert counter.get_total_flops() == pytest.approx(counted, rel=0.05)  # the first layer's inputs need no gradient


@pytest.mark.parametrize("made", SEEN)
def test_the_work_explains_the_times_that_were_seen(made: tuple[str, ...]) -> None:
    known = works(paper(), 4)
    seconds = sum(known[name].teraflop / 0.02 + 60 * known[name].minutes for name in made)
    assert 0.8 < seconds / SEEN[made] < 1.6


def test_jobs_grow_with_the_configuration_and_shrink_with_the_batches() -> None:
    usual, more, dealt = works(paper(), 4), works(paper(task={"runs": 120}), 4), works(paper(), 8)
    network = "nf_ood_conditional"
    assert more[network].teraflop == pytest.approx(10 * usual[network].teraflop)
    assert more[network].megabytes == pytest.approx(10 * usual[network].megabytes)
    assert more["distances"].minutes == pytest.approx(10 * usual["distances"].minutes)
    assert dealt["distances"].teraflop == pytest.approx(usual["distances"].teraflop / 2)
    assert dealt["exact"].teraflop == pytest.approx(usual["exact"].teraflop / 2)
    assert all(dealt[name] == work for name, work in usual.items() if name not in ("distances", "exact"))
    assert works(paper(networks={"width": 512}), 4)[network].teraflop > 100 * usual[network].teraflop
    finer = works(paper(sampling={"outputs": 10_000}), 4)
    assert finer["distances"].minutes == pytest.approx(100 * usual["distances"].minutes)


def test_what_trains_or_samples_has_its_work() -> None:
    """By the names that the rules ask for: those of networks, and of artifacts that want a GPU."""
    composition, guidance = papers()["weighted_composition"], papers()["feature_guidance"]
    gpu = {slug: {each.name for each in papers()[slug].artifacts if each.gpu} for slug in papers()}
    rooms = {name for name in (*composition.networks, *gpu["weighted_composition"]) if name.startswith("rooms_")}
    assert set(works(paper(), 4)) == (set(composition.networks) | gpu["weighted_composition"]) - rooms
    together = {f"rooms_{setting}_{model}" for setting, model in SAMPLES.values()}
    assert set(works_of_rooms(paper())) == {"images", "rooms", "rooms_judge", "rooms_samples", *together, *SAMPLES}
    assert set(denoisers_works(FeatureGuidance())) == {
        *(f"{name}_network" for name in guidance.networks),
        *(f"{name}_numbers" for name in gpu["feature_guidance"]),
    }


@pytest.mark.parametrize(("name", "channels"), [("guided", 1), ("mixture", 1), ("labelled", 1), ("colour", 3)])
def test_the_operations_of_training_denoisers_are_those_that_are_done(tmp_path: Path, name: str, channels: int) -> None:
    blocks = {
        "images": {"classes": 2, "size": 64, "patch": 16, "held_out": 2},
        "training": {"epochs": 1, "other_epochs": 1, "batch": 14},
        "network": {"levels": 3},
    }
    shown = {"samples": {"classes": 2}, "denoised": {"classes": 2}, "partial": {"classes": 1}}
    settings = FeatureGuidance.model_validate(blocks | shown)
    labels = torch.arange(28) % 2
    made = {part: torch.rand(28, channels, 16, 16) for part in ("train", "test")}
    made |= {f"{part}_labels": labels.clone() for part in ("train", "test")}
    write_tensors((made, {}), tmp_path / f"images/{NETWORKS[name].images}.safetensors")
    with FlopCounterMode(display=False) as counter:
        denoisers.networks(name, folder=tmp_path, network=settings.network, training=settings.training, device="cpu")
    counted = denoisers_works(settings)[f"{name}_network"].teraflop * 1e12
    assert counter.get_total_flops() == pytest.approx(counted, rel=0.12)  # the last block has no features
