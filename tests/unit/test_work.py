"""How much work jobs are: what is counted is what is done, and explains the times that were seen."""

import csv
from pathlib import Path

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from recompose.documents import work as tables
from recompose.errors import RecomposeError
from recompose.papers import papers
from recompose.papers.coupled_inference.settings import CoupledInference
from recompose.papers.coupled_inference.work import works as works_of_decompositions
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
    ("exact",): 2 * 189,
}
"""Seconds of a core in jobs of scale small in four batches, without those of the imports. The first trains three files
of networks; of exact scores 8 runs were seen, and small has 16."""


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
        "images": {"classes": 2, "size": 64, "patch": 16, "group_patch": 8, "colour_classes": 2, "held_out": 2},
        # By the optimizer whose operations are few: those of SOAP hang on no image.
        "training": {"epochs": 1, "other_epochs": 1, "batch": 14, "optimizer": "adam"},
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


def test_the_operations_of_paper_1_are_those_that_its_table_has_counted() -> None:
    with Path("results/reference/small/coupled_inference/table1.csv").open(encoding="utf-8") as file:
        done = sum(2 * int(row["trials"]) * float(row["multiply_adds"]) for row in csv.DictReader(file))
    assert 0.5 < works_of_decompositions(CoupledInference())["table1"].teraflop * 1e12 / done < 1.1  # ALS takes more


def test_twice_the_problems_are_twice_the_work_and_a_larger_space_more() -> None:
    blocks = {"table1": {"trials": 400, "codebook_sets": 10}, "figure3": {"size": 100}, "figure5": {"steps": [5]}}
    usual, more = (works_of_decompositions(CoupledInference.model_validate(each)) for each in ({}, blocks))
    assert more["table1"].teraflop == pytest.approx(2 * usual["table1"].teraflop)
    assert more["figure3"].teraflop == pytest.approx(2 * usual["figure3"].teraflop)
    assert more["figure5"].teraflop < usual["figure5"].teraflop / 10
    assert more["figure6"] == usual["figure6"]


def test_what_a_step_writes_counts_once() -> None:
    seconds = {
        "toy/images/dots.safetensors": 6.0,
        "toy/networks/one.safetensors": 60.0, "toy/training/one.csv": 60.1, "toy/training/two.csv": 30.0,
        "toy/figure1.csv": 12.0, "toy/figure1.safetensors": 12.6, "toy/figure1.png": 3.0, "toy/figure1.svg": 6.0,
        "toy/figure1.md": 0.6,
    }  # fmt: skip
    found = tables.minutes(seconds)
    assert found == pytest.approx({"images": 0.1, "training": 90.1 / 60, "measuring": 0.21, "drawing": 0.11})


@pytest.mark.parametrize("slug", papers())
def test_the_work_of_every_paper_is_counted_once_for_training_and_for_measuring(slug: str) -> None:
    found = papers()[slug]
    works = tables.works_of(found, getattr(tables.Config(), slug), 1)
    training, measuring = tables.operations(found, works)
    assert bool(training) == bool(found.networks) and measuring > 0
    assert training + measuring == pytest.approx(1e12 * sum(each.teraflop for each in works.values()))
    assert not {"rooms", "rooms_samples"} & set(works), "they are the others' sums"


def test_ten_times_the_data_is_at_most_ten_times_the_work() -> None:
    for each in tables.GROWTHS:
        found, usual = papers()[each.paper], getattr(tables.Config(), each.paper)
        one, ten = (
            sum(job.teraflop for job in tables.works_of(found, settings, 1, each.part).values())
            for settings in (usual, tables._grown(usual, each.keys, 10))
        )
        assert 1.5 < ten / one <= 10 * (1 + 1e-9), each.what


def test_tables_of_work_need_their_places(tmp_path: Path) -> None:
    (tmp_path / "scaling.md").write_text("# How it grows\n")
    with pytest.raises(RecomposeError, match="a table has to stand between"):
        tables.work(tmp_path / "scaling.md")


@pytest.mark.parametrize(
    ("told", "wanted"),
    [
        (tables._time(90), "90 s"), (tables._time(1.2), "1.2 s"), (tables._time(7.2e4), "20 h"),
        (tables._time(1e6), "12 days"), (tables._time(1e9), "32 years"), (tables._power(2.4e17), "2.4 · 10^17"),
        (tables._power(0), ""),
    ],
)  # fmt: skip
def test_numbers_as_the_tables_tell_them(told: str, wanted: str) -> None:
    assert told == wanted
