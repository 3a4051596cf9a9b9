"""The experiments of paper 1: batches, kept cells, new methods, capacities, the search."""

import numpy as np
import optuna
import pandas as pd
import pytest
import torch
import yaml

from recompose.errors import RecomposeError
from recompose.papers.coupled_inference import aggregation, experiments, figures
from recompose.papers.coupled_inference import search as searching
from recompose.papers.coupled_inference.hyperparameters import (
    SYNCHRONOUS,
    TUNED,
    Hyperparameters,
    published_hyperparameters,
    tuned_hyperparameters,
)
from recompose.papers.coupled_inference.settings import (
    Capacity,
    Figure2,
    Figure4,
    Figure5,
    Figure6,
    Restarts,
    Search,
    Table1,
    codebook_size,
)
from recompose.papers.coupled_inference.solvers import SOLVERS, solver
from recompose.sweeps import Batch, CellStore

SMALL = {"trials": 4, "codebook_sets": 2, "iterations": 5}
TABLE1 = Table1(**SMALL, dimension=100, search_space=100, factors=(2, 3), superposed=(1, 2))
FIGURE2 = Figure2(**SMALL, dimension=100, factors=(2, 3), search_spaces=(64, 256))
COMMON = {"hyperparameters": "published", "device": "cpu"}


@pytest.fixture
def common(tmp_path):
    return COMMON | {"folder": tmp_path}


@pytest.fixture
def chance():
    """A solver defined here, in one test module, and registered."""

    @solver
    def chance(codebooks, bound, *, iterations, generator):
        sets, factors, _, size = codebooks.shape
        return torch.randint(0, size, (sets, factors, bound.shape[-1]), generator=generator)

    yield "chance"
    del SOLVERS["chance"]


def test_a_registered_solver_appears_in_every_table_and_figure(chance, common):
    """Nothing but its registration tells the experiments of it."""
    table = aggregation.gather("table1", [experiments.table1(table1=TABLE1, methods="all", **common)])
    line = aggregation.gather("figure2", [experiments.figure2(figure2=FIGURE2, methods="all", **common)])
    for frame, places in [(table, 4), (line, 4)]:
        rows = frame[frame.method == chance]
        assert len(rows) == places
        assert rows.accuracy.mean() < 0.6
    assert chance in set(aggregation.capacity(line, capacity=Capacity(resamples=10)).method)
    legends = [panel.get_legend() for panel in figures.figure2(line).axes]
    assert "CHANCE" in [text.get_text() for legend in legends if legend for text in legend.get_texts()]


def test_parts_gather_to_the_whole(common):
    methods = ("resonator", "exhaustive", "joint_resonator", "latent_similarity")
    whole = aggregation.gather("table1", [experiments.table1(table1=TABLE1, methods=methods, **common)])
    for count in (2, 5):
        parts = [
            experiments.table1(table1=TABLE1, methods=methods, batch=Batch(index, count), **common)
            for index in range(count)
        ]
        pd.testing.assert_frame_equal(aggregation.gather("table1", parts), whole)
    assert len(whole) == 2 * 2 * len(methods)
    assert whole.loc[whole.superposed == 2, "published"].isna().sum() > 0  # no published number at K = 2, m = 1


def test_kept_cells_are_not_measured_again_and_change_nothing(common, tmp_path, monkeypatch):
    settings = {"figure2": FIGURE2, "methods": ("resonator", "joint_resonator")}
    fresh = experiments.figure2(**settings, **common)
    store = CellStore(tmp_path / "cells", "fingerprint")
    calls = []
    measure = experiments._measure

    def stops_in_the_middle(method, *arguments):
        calls.append(method)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return measure(method, *arguments)

    monkeypatch.setattr(experiments, "_measure", stops_in_the_middle)
    with pytest.raises(KeyboardInterrupt):
        experiments.figure2(**settings, **common, cells=store)
    resumed = experiments.figure2(**settings, **common, cells=store)
    assert len(calls) == 9  # four cells finished, the fifth was cut short, and the other four followed
    pd.testing.assert_frame_equal(resumed, fresh)


def test_solvers_for_noise_free_products_are_left_out_where_there_is_noise(common):
    frame = experiments.table1(table1=TABLE1, methods=("meet_in_the_middle", "resonator"), **common)
    assert set(frame[frame.method == "meet_in_the_middle"].superposed) == {1}


def test_the_cost_of_a_method_is_that_of_its_matrix_products(common):
    frame = experiments.table1(table1=TABLE1, methods=("resonator", "latent_similarity"), **common)
    row = frame[(frame.method == "resonator") & (frame.factors == 2)].iloc[0]
    per_iteration = 2 * 2 * 10 * 100  # two products of K n D each
    assert row.multiply_adds == 5 * per_iteration + 2 * 10 * 100  # and the read-out


def test_the_cost_of_an_exhaustive_search_is_that_of_all_products(common):
    """Counted where there is noise: without it few dimensions prove the maximum."""
    settings = Table1(trials=4, codebook_sets=2, dimension=200, search_space=400, factors=(2,), superposed=(1, 8))
    frame = experiments.table1(table1=settings, methods=("exhaustive",), **common)
    assert (frame.multiply_adds >= 200 * 400).all()


def test_the_joint_resonator_keeps_the_resonators_budget(common):
    settings = Table1(trials=4, codebook_sets=2, dimension=400, search_space=10_000, superposed=(2,))
    frame = experiments.table1(table1=settings, methods=("resonator", "joint_resonator"), **common)
    costs = frame.pivot(index="factors", columns="method", values="multiply_adds")
    assert (costs.joint_resonator <= costs.resonator).all()


def made_line(accuracy, spaces=(1e3, 1e4, 1e5, 1e6), method="resonator", trials=200):
    return pd.DataFrame(
        {"method": method, "factors": 3, "search_space": spaces, "accuracy": accuracy, "trials": trials}
    )


def test_capacity_is_interpolated_in_the_logarithm_of_the_space():
    frame = pd.concat([made_line([1, 1, 0.9, 0.1]), made_line([1, 1, 1, 0.9], method="als")])
    found = aggregation.capacity(frame, capacity=Capacity(resamples=200)).set_index("method")
    assert found.capacity["resonator"] == pytest.approx(10**4.5)
    assert found.ratio_to_resonator["als"] == pytest.approx(10.0)
    assert found.ci_low["resonator"] < found.capacity["resonator"] < found.ci_high["resonator"]


def test_capacity_beyond_the_grid_is_said():
    frame = pd.concat([made_line([1, 1, 1, 1]), made_line([0.5, 0.4, 0.3, 0.2], method="als")])
    found = aggregation.capacity(frame, capacity=Capacity(resamples=20)).set_index("method")
    assert (found.censored["resonator"], found.censored["als"]) == ("above", "below")


@pytest.mark.parametrize(
    ("space", "factors", "size"), [(10_000, 2, 100), (10_000, 3, 21), (10_000, 4, 10), (1000, 3, 10)]
)
def test_the_codebook_size_is_rounded_down(space, factors, size):
    assert codebook_size(space, factors) == size


def test_numbers_of_restarts_are_prefixes_of_one_run(common):
    settings = dict(trials=4, codebook_sets=2, dimension=100, size=6, restart_ratios=(0.2,))
    both = experiments.figure4(figure4=Figure4(**settings, restarts=(2, 3)), **common)
    alone = experiments.figure4(figure4=Figure4(**settings, restarts=(2,)), **common)
    pd.testing.assert_frame_equal(both[both.restarts == 2].reset_index(drop=True), alone)


def test_restart_ratios_of_one_run_are_measured_once_under_the_ratio_that_really_ran(common, monkeypatch):
    """All published configurations have T = 50: .02 and .03 are one step, .5 and .51 are 25."""
    ran = []
    run = experiments.coupled_inference
    monkeypatch.setattr(experiments, "coupled_inference", lambda *args: (ran.append(args[3]), run(*args))[1])
    ratios = (0.005, 0.02, 0.03, 0.5, 0.51)
    small = Figure4(trials=2, codebook_sets=1, dimension=60, size=4, restart_ratios=ratios, restarts=(1, 2))
    frame = experiments.figure4(figure4=small, **common)
    assert sorted(frame.restart_ratio.unique()) == [0.02, 0.5]
    assert len(frame) == 4 * 2 * 2 and not frame.duplicated(["method", "restart_ratio", "restarts"]).any()
    assert [chosen.restart_steps for chosen in ran] == [1, 25] * 4
    assert all(chosen.restart_ratio == chosen.restart_steps / 50 for chosen in ran)


def test_figure4_is_drawn_for_variants_with_few_and_many_ratios():
    cells = [
        {"method": method, "restart_ratio": step / steps, "restarts": restarts, "accuracy": 0.5}
        for method, steps in {"gaussian": 3, "similarity": 14}.items()
        for step in range(1, steps + 1)
        for restarts in (1, 20)
    ]
    few, many, *_ = figures.figure4(pd.DataFrame(cells)).axes
    assert [len(few.get_xticklabels()), len(few.texts), len(many.texts)] == [3, 6, 0]
    assert "0.33" in [text.get_text() for text in few.get_xticklabels()]


def test_ablations_cover_every_variant_and_are_drawn(common):
    small = dict(trials=4, codebook_sets=2, dimension=100, size=6)
    frames = {
        "figure4": experiments.figure4(figure4=Figure4(**small, restart_ratios=(0.1, 1.0), restarts=(1, 2)), **common),
        "figure5": experiments.figure5(figure5=Figure5(**small, steps=(3, 10)), **common),
        "figure6": experiments.figure6(figure6=Figure6(**small), **common),
        "restarts": experiments.restarts(restarts=Restarts(**small), **common),
    }
    for name, frame in frames.items():
        gathered = aggregation.gather(name, [frame])
        assert len(gathered) == len(frame) and gathered.method.nunique() == 4
        assert len(getattr(figures, name)(gathered).axes) >= 1
    ode, restarts = frames["figure6"], frames["restarts"]
    np.testing.assert_allclose(ode.difference, ode.ode - ode.sde)
    np.testing.assert_allclose(restarts.difference, restarts.deterministic - restarts.stochastic)
    assert {len(frame) for frame in (ode, restarts)} == {4 * 2}  # a row for each variant and set of codebooks


TINY = Search(trials=4, codebook_sets=2, iterations=6, size=5, dimension=60, configurations=4)


def test_a_stopped_search_goes_on_to_the_same_end(tmp_path):
    whole = searching.search("latent_similarity", search=TINY, device="cpu", journal=tmp_path / "whole")
    first = TINY.model_copy(update={"configurations": 2})
    searching.search("latent_similarity", search=first, device="cpu", journal=tmp_path / "stopped")
    study = searching.open_study("latent_similarity", TINY, tmp_path / "stopped")
    study.ask()  # a trial that a kill cut short
    resumed = searching.search("latent_similarity", search=TINY, device="cpu", journal=tmp_path / "stopped")
    assert resumed == whole


@pytest.mark.parametrize("finished", [0, 1])
def test_a_start_that_a_kill_cut_short_is_tried_again(tmp_path, finished):
    whole = searching.search("latent_similarity", search=TINY, device="cpu", journal=tmp_path / "whole")
    if finished:
        first = TINY.model_copy(update={"configurations": finished})
        searching.search("latent_similarity", search=first, device="cpu", journal=tmp_path / "stopped")
    searching.ask(searching.open_study("latent_similarity", TINY, tmp_path / "stopped"), "latent_similarity")
    resumed = searching.search("latent_similarity", search=TINY, device="cpu", journal=tmp_path / "stopped")
    assert resumed == whole


def test_a_journal_that_is_not_one_is_a_line(tmp_path):
    journal = tmp_path / "journal"
    searching.open_study("gaussian", TINY, journal)
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(["{ broken\n", *lines]))
    with pytest.raises(RecomposeError, match=r"journal: not a readable journal .*; delete it, and search anew"):
        searching.open_study("gaussian", TINY, journal)


def test_tuned_hyperparameters_that_were_cut_short_are_refused_or_the_same(tmp_path):
    whole, path = TUNED.read_text(), tmp_path / "tuned.yaml"
    expected = tuned_hyperparameters()
    last = whole.rindex("hyperparameters:")  # behind it, what is missing could pass for a default
    refused = 0
    for end in [*range(0, last, 97), *range(last, len(whole), 3)]:
        path.write_text(whole[:end])
        try:
            found = tuned_hyperparameters(path)
        except RecomposeError as error:
            refused += "\n" not in str(error)
        else:
            assert found == expected, whole[:end]
    assert refused > 100


@pytest.mark.parametrize("variant", ["gaussian", "latent_gaussian", "similarity", "latent_similarity"])
def test_the_published_configuration_is_tried_first(tmp_path, variant):
    study = searching.open_study(variant, TINY, tmp_path / "journal")
    published = published_hyperparameters()[variant]
    tried = searching.suggest(searching.ask(study, variant), variant, published.iterations)
    assert tried.restart_steps == published.restart_steps
    beside = {"restart_ratio"}  # rounded to whole steps
    if variant.endswith("gaussian"):
        beside.add("regularization")  # which the Gaussian energy does not have
    assert tried.model_dump(exclude=beside) == published.model_dump(exclude=beside)


def test_a_configuration_survives_the_way_through_the_search_space():
    chosen = Hyperparameters(
        eta=0.1, schedule="snr", cond_clip_ratio=3.0, sigma_0=0.2, softmax_temp=0.5, regularization=0.3, steps=7,
        restarts=50, restart_ratio=2 / 7, update="asynchronous", amplitude=30.0, jacobian=True, projection=True,
        centring=True,
    )  # fmt: skip
    trial = optuna.trial.FixedTrial(searching.as_parameters(chosen))
    assert searching.suggest(trial, "similarity", 100) == chosen


def test_validation_problems_are_in_no_table():
    validation = searching.validation_problems(Search(trials=4, codebook_sets=2), "cpu", "validation")
    finalists = searching.validation_problems(Search(trials=4, codebook_sets=2), "cpu", "finalists")
    held_out = experiments._problems("table_search", Search(trials=4, codebook_sets=2), 3, 1000, 50, 1, "cpu")
    assert not torch.equal(validation.codebooks, held_out.codebooks)
    assert not torch.equal(validation.codebooks, finalists.codebooks)


def test_a_tuned_file_of_another_version_is_refused(tmp_path):
    path = tmp_path / "tuned.yaml"
    path.write_text("version: 0\nvariants: {}\n")
    with pytest.raises(RecomposeError, match=r"version = 0, expected 1"):
        tuned_hyperparameters(path)


def test_a_misspelt_hyperparameter_is_named(tmp_path):
    values = published_hyperparameters()["gaussian"].model_dump(by_alias=True) | {"etta": 1}
    path = tmp_path / "tuned.yaml"
    names = ["gaussian", "latent_gaussian", "similarity", "latent_similarity"]
    path.write_text(str({"version": 1, "variants": {name: {"hyperparameters": values} for name in names}}))
    with pytest.raises(RecomposeError, match=r"tuned.yaml: gaussian: etta = 1"):
        tuned_hyperparameters(path)


def test_a_search_of_no_variant_is_refused(tmp_path):
    with pytest.raises(RecomposeError, match='did you mean "similarity"'):
        searching.search("similarty", search=TINY, device="cpu", journal=tmp_path / "journal")


@pytest.mark.parametrize("name", SYNCHRONOUS)
def test_the_search_of_a_synchronous_variant_stays_synchronous(tmp_path, name):
    """The starts, too: the one that is asynchronous by itself is tried with all factors at once."""
    found = searching.search(name, search=TINY, device="cpu", journal=tmp_path / "journal")
    trials = searching.finished_trials(searching.open_study(name, TINY, tmp_path / "journal"))
    tried = [searching.suggest(optuna.trial.FixedTrial(trial.params), name, 6) for trial in trials]
    assert {chosen.update for chosen in tried} == {"synchronous"}
    assert (tried[0].eta, tried[1].eta) == (published_hyperparameters()[name].eta, searching.LINEAR.eta)
    assert found["hyperparameters"]["update"] == "synchronous"
    assert {reading["update"] for reading in found["readings"]} == {"synchronous"}


def test_a_synchronous_variant_that_is_not_is_refused(tmp_path):
    tuned = yaml.safe_load(TUNED.read_text())
    tuned["variants"]["synchronous_similarity"]["hyperparameters"]["update"] = "asynchronous"
    path = tmp_path / "tuned.yaml"
    path.write_text(yaml.safe_dump(tuned))
    with pytest.raises(RecomposeError, match="synchronous_similarity: update = asynchronous; it has to be synchronous"):
        tuned_hyperparameters(path)


def test_as_published_a_synchronous_variant_is_the_variant_itself():
    published = published_hyperparameters()
    assert all(published[name] == published[variant] for name, variant in SYNCHRONOUS.items())
    assert {chosen.update for chosen in published.values()} == {"synchronous"}
