"""Paper 2: the networks and their files, the distances, the tables and the tests behind the claims."""

import itertools
import json

import numpy as np
import pandas as pd
import pytest
import torch
from documented import defined
from made_up_results import composed, compositions, made_up_distances, made_up_exact
from safetensors import safe_open

from recompose.cli.paper import compute
from recompose.datasets.compositions import composition
from recompose.diffusion.feynman_kac import Composed, Sampler, sample_composition
from recompose.diffusion.mixtures import mixture_scores
from recompose.diffusion.noise_prediction import Divergence
from recompose.errors import RecomposeError
from recompose.judgement.page import parse_table
from recompose.metrics.sliced_wasserstein import directions, sliced_wasserstein
from recompose.papers.weighted_composition import aggregation, correctors, experiments, figures, tables, theorems
from recompose.papers.weighted_composition import networks as module
from recompose.papers.weighted_composition.artifacts import PAPER
from recompose.papers.weighted_composition.checks import check
from recompose.papers.weighted_composition.names import MODELS, SETTINGS, TABLES
from recompose.papers.weighted_composition.networks import learned_scores, networks
from recompose.papers.weighted_composition.settings import (
    Accuracy,
    Clipping,
    Correctors,
    ErrorMap,
    Exact,
    Figure1,
    Grid,
    Networks,
    Sampling,
    Task,
    Theorems,
    WeightedComposition,
)
from recompose.storage import write_tensors
from recompose.sweeps import Batch, CellStore

TASK = Task(runs=2, samples=(40, 60))
SMALL = Networks(width=8, layers=2, iterations=20, batch=12, learning_rate=0.01)
QUICK = Sampling(particles=(1, 4, 16), outputs=40, steps=4, nodes=16, directions=10)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The networks of all settings, hardly trained."""
    folder = tmp_path_factory.mktemp("results") / "weighted_composition"
    for setting, model in itertools.product(SETTINGS, MODELS):
        made, losses = networks(f"{setting}_{model}", task=TASK, networks=SMALL, device="cpu")
        assert losses is None
        write_tensors(made, folder / "networks" / f"{setting}_{model}.safetensors")
    return folder


def path(folder, setting="nf_id", model="separate"):
    return folder / "networks" / f"{setting}_{model}.safetensors"


# -- Networks


@pytest.mark.parametrize("model", MODELS)
def test_a_network_in_the_file_is_the_one_that_is_trained_alone(folder, model):
    """N = 60, run 1: the others leave no trace in it."""
    one = Task(runs=2, samples=(60,))
    alone, _ = networks(f"nf_id_{model}", task=one, networks=SMALL, device="cpu")
    write_tensors(alone, folder / "alone.safetensors")
    x, t = torch.randn((2, 5, 3)), torch.tensor(0.3)
    kept = learned_scores(path(folder, model=model), "nf_id", model, 60, 1, task=TASK)(x, t)
    torch.testing.assert_close(
        kept, learned_scores(folder / "alone.safetensors", "nf_id", model, 60, 1, task=one)(x, t)
    )
    assert kept.shape == (3, 2, 5, 3)


def test_trained_networks_predict_the_scores_of_their_sources():
    """Conditional and separate alike: the learned score is near the exact one where there are data."""
    task, setting = Task(runs=1 + 1, samples=(4000,)), composition("nf_id")
    some = Networks(width=32, layers=3, iterations=400, batch=120, learning_rate=0.01)
    x = torch.stack([2 * torch.randn(300), torch.randn(300)]).unsqueeze(1)
    t = torch.tensor(0.5)
    exact = mixture_scores(setting.sources, module.schedule_of(task))(x, t)
    for model in MODELS:
        made, _ = networks(f"nf_id_{model}", task=task, networks=some, device="cpu")
        stack = module.StackedMLP.of(
            [6 if model == "conditional" else 3, 32, 32, 32, 2], 2 if model == "conditional" else 6, made[0]
        )
        first = {name: tensor[: 1 if model == "conditional" else 3] for name, tensor in stack.state_dict().items()}
        stack = module.StackedMLP.of(
            [6 if model == "conditional" else 3, 32, 32, 32, 2], 1 if model == "conditional" else 3, first
        )
        with torch.no_grad():
            learned = module.network_scores(stack, model, module.schedule_of(task))(x, t)
        assert float((learned - exact).square().mean()) < 0.1 * float(exact.square().mean()), model


def test_both_kinds_of_models_see_the_same_data():
    conditional, separate = (module._tasks("gmm_id", model, TASK) for model in MODELS)
    assert len(conditional) == 4 and len(separate) == 12
    assert torch.equal(torch.cat([task.data for task in separate[3:6]]), conditional[1].data)
    assert len({task.names for task in separate}) == 12


def test_the_file_says_what_it_was_trained_with(folder):
    with safe_open(path(folder), framework="pt") as file:
        about = json.loads(file.metadata()["about"])
    assert about["precision"] in ("fp32", "bf16") and about["setting"] == "nf_id"


def test_the_same_networks_are_the_same_bytes(folder, tmp_path):
    for name in "abc":
        made, _ = networks("f_id_conditional", task=TASK, networks=SMALL, device="cpu")
        write_tensors(made, tmp_path / name)
    assert len({(tmp_path / name).read_bytes() for name in "abc"}) == 1


def test_networks_of_other_settings_are_refused(folder):
    with pytest.raises(RecomposeError, match="networks of another setting"):
        learned_scores(path(folder), "f_id", "separate", 40, 0, task=TASK)
    with pytest.raises(RecomposeError, match="networks of another task"):
        learned_scores(path(folder), "nf_id", "separate", 40, 0, task=Task(runs=3, samples=(40, 60)))


def test_a_missing_or_short_or_damaged_file_is_named(folder, tmp_path):
    with pytest.raises(RecomposeError, match="no such file; train the networks first"):
        learned_scores(tmp_path / "none.safetensors", "nf_id", "separate", 40, 0, task=TASK)
    with safe_open(path(folder), framework="pt") as file:
        cut = {name: file.get_tensor(name)[:-1] for name in file.keys()}  # noqa: SIM118
        metadata = file.metadata()
    write_tensors((cut, metadata), tmp_path / "cut.safetensors")
    with pytest.raises(RecomposeError, match="no network of run 1 with N = 60 for a1, a2, 0"):
        learned_scores(tmp_path / "cut.safetensors", "nf_id", "separate", 60, 1, task=TASK)
    (tmp_path / "half.safetensors").write_bytes(path(folder).read_bytes()[:100])
    with pytest.raises(RecomposeError, match="not a readable file of networks"):
        learned_scores(tmp_path / "half.safetensors", "nf_id", "separate", 40, 0, task=TASK)


def test_a_network_that_fails_is_named_with_its_setting(monkeypatch):
    drawn = module._tasks

    def spoilt(setting, model, task):
        tasks = drawn(setting, model, task)
        tasks[2].data[0, :, 0] = float("nan")
        return tasks

    monkeypatch.setattr(module, "_tasks", spoilt)
    with pytest.raises(
        Divergence, match="NaN in the training of 1 of 4 networks: weighted_composition nf_id 60 0 cond"
    ):
        networks("nf_id_conditional", task=TASK, networks=SMALL, device="cpu")


def test_lower_precision_learns_the_same_within_its_rounding():
    fp32, bf16 = (
        networks("nf_id_conditional", task=TASK, networks=SMALL.model_copy(update={"precision": name}), device="cpu")[0]
        for name in ("fp32", "bf16")
    )
    assert [json.loads(each[1]["about"])["precision"] for each in (fp32, bf16)] == ["fp32", "bf16"]
    apart = [(fp32[0][name] - bf16[0][name]).abs().max() for name in fp32[0]]
    assert 0 < float(max(apart)) < 0.1


# -- Distances


@pytest.fixture(scope="module")
def measured(folder):
    return aggregation.gather("distances", [whole(folder)])


def whole(folder, **options):
    return experiments.distances(task=TASK, sampling=QUICK, device="cpu", folder=folder, **options)


def test_every_cell_is_measured_once(measured):
    place = ["setting", "model", "metric", "samples", "particles", "run"]
    assert len(measured) == len(measured.drop_duplicates(place)) == 6 * (1 + 2 * 2) * 2 * 3 * 2
    assert np.isfinite(measured[["value", "floor"]]).all().all()
    by_run = measured[measured.metric == "sw2"].groupby(["setting", "run"]).floor.nunique()
    assert (by_run == 1).all()  # all cells of a run are compared with the same true samples


def test_neither_batches_nor_an_interruption_change_a_number(folder, measured, tmp_path, monkeypatch):
    cells = CellStore(tmp_path, "same")
    parts = [whole(folder, batch=Batch(index, 3), cells=cells) for index in range(3)]
    pd.testing.assert_frame_equal(aggregation.gather("distances", parts), measured)
    monkeypatch.setattr(experiments, "_measure", lambda *_, **__: pytest.fail("all cells are kept"))
    pd.testing.assert_frame_equal(aggregation.gather("distances", [whole(folder, cells=cells)]), measured)


def test_networks_that_are_not_there_are_named(tmp_path):
    settings = {"task": TASK.model_dump(mode="json"), "sampling": QUICK.model_dump(mode="json")}
    settings = json.dumps({"device": "cpu", **settings})
    for artifact, batch in (("distances", "0/4"), ("distances", None)):
        with pytest.raises(RecomposeError, match=r"networks/\w+.safetensors: no such file"):
            compute(PAPER, PAPER.artifact(artifact), settings, batch, tmp_path, None)


def test_one_particle_is_measured_as_the_naive_sampler(folder):
    """The distance of a cell, computed from its pieces."""
    rows = experiments._measure("f_id", "analytic", "analytic", 1, TASK, QUICK, "cpu", folder)
    (value,) = [row["value"] for row in rows if row["particles"] == 1 and row["metric"] == "sw2"]
    what = composition("f_id")
    target, floors = experiments._true_samples("f_id", "code", QUICK, 1, ("sw2", "mmd2"))
    names = ("weighted_composition", "distances", "f_id", "analytic", "analytic", 1, 1)
    found = experiments._sample(
        Composed(mixture_scores(what.sources, module.schedule_of(TASK)), what.weights), 1, 40, TASK, QUICK,
        experiments.torch_generator(*names),
    )  # fmt: skip
    along = directions(10, 2, experiments.numpy_generator("weighted_composition", "directions"))
    assert value == pytest.approx(sliced_wasserstein(found.double().numpy(), target, along), rel=1e-4)
    assert rows[0]["floor"] == floors[rows[0]["metric"]]


def test_a_failing_cell_is_named(folder, monkeypatch):
    def broken(*arguments, **options):
        raise RecomposeError("step 3 of 4: the log-weights of swarm 2 are not finite")

    monkeypatch.setattr(experiments, "sample_in_parts", broken)
    with pytest.raises(RecomposeError, match="f_id analytic N=analytic run=0: step 3 of 4"):
        whole(folder)


def test_other_weights_compose_to_another_target(folder):
    """Any valid weighting; invalid ones are refused."""
    half = composition("f_id", weights=(0.5, 0.5, 0.0))
    drawn = half.target(20_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.var(dim=0), torch.full((2,), 1 / 0.55), rtol=0.05, atol=0)
    with pytest.raises(RecomposeError, match="not a valid weighting"):
        composition("f_id", weights=(1.0, 1.0, -20.0))
    with pytest.raises(RecomposeError, match="not a valid weighting"):
        composition("gmm_id", weights=(1.0, 0.0, -2.0))


def test_a_tabulated_weighting_is_sampled_as_by_rejection(monkeypatch):
    """The same density twice: weights that hardly differ from those with an exact sampler; and a source by itself."""
    exact, near = composition("gmm_id"), composition("gmm_id", weights=(1.0, 1.0, -1.0000001))
    alone = composition("gmm_ood", weights=(1.0, 0.0, 0.0))
    along = directions(50, 2, np.random.default_rng(0))
    for one, other in ((exact.target, near.target), (alone.sources[0].sample, alone.target)):
        drawn = [draw(4000, torch.Generator().manual_seed(seed)).numpy() for seed, draw in enumerate((one, one, other))]
        floor, found = sliced_wasserstein(drawn[0], drawn[1], along), sliced_wasserstein(drawn[0], drawn[2], along)
        assert found < 2 * floor + 0.02


# -- Artifacts


def test_the_paper_has_27_tables_in_its_order():
    assert len(TABLES) == 27
    first = {name: (table.settings, table.model, table.metric) for name, table in TABLES.items()}
    assert first["table3"] == (("f_id", "nf_id", "f_ood", "nf_ood"), "separate", "sw2")
    assert first["table4"] == (("f_id",), "conditional", "sw2")
    assert first["table19"] == (("nf_ood",), "separate", "mmd2")
    assert first["table20"] == (("gmm_id",), "conditional", "sw2")


def test_tables_show_mean_and_deviation_over_the_runs(measured):
    frames = composed(measured)
    assert list(frames["table7"].columns) == [
        "table", "setting", "model", "metric", "samples", "particles", "run", "value", "floor",
    ]  # fmt: skip
    rows = frames["table7"][(frames["table7"].samples.astype(str) == "60") & (frames["table7"].particles == 4)]
    summary = frames["table7_summary"]
    (shown,) = summary[(summary.samples.astype(str) == "60") & (summary.particles == 4)].to_dict("records")
    assert shown["mean"] == pytest.approx(rows.value.mean())
    assert shown["std"] == pytest.approx(rows.value.std(ddof=0))
    assert shown["n"] == 2
    assert f"{shown['mean']:.3f} ± {shown['std']:.3f}" in tables.table(frames["table7"])
    assert len(parse_table(tables.table(frames["table1"])).rows) == 4 * 3 + 3  # an empty row between the settings
    exact = frames["table1"][frames["table1"].samples.astype(str) == "analytic"].value.to_numpy()
    beside = frames["table3"][frames["table3"].samples.astype(str) == "analytic"].value.to_numpy()
    assert np.array_equal(exact, beside)


def test_differences_are_tested_in_pairs_and_corrected_within_their_family():
    """Against SciPy's paired t test and Holm's procedure, step by step; the intervals are those of single tests."""
    from scipy.stats import ttest_rel

    distances = made_up_distances()
    found = aggregation.comparisons(distances, made_up_exact(distances))
    rows = distances[(distances.setting == "nf_id") & (distances.metric == "sw2") & (distances.model == "conditional")]
    exact = distances[(distances.setting == "nf_id") & (distances.metric == "sw2") & (distances.model == "analytic")]
    tested = []
    for samples, at in pd.concat([rows, exact]).groupby("samples", sort=False):
        for particles in (4, 16, 64, 256):
            pair = [np.log(at[at.particles == each].sort_values("run").value.to_numpy()) for each in (particles, 1)]
            tested.append((samples, particles, ttest_rel(*pair)))
    ordered = sorted(tested, key=lambda each: each[2].pvalue)
    worst, expected = 0.0, {}
    for rank, (samples, particles, test) in enumerate(ordered):
        worst = max(worst, min(1.0, test.pvalue * (len(ordered) - rank)))
        expected[samples, particles] = worst
    family = found[(found.contrast == "particles") & (found.setting == "nf_id") & (found.metric == "sw2")]
    family = family[(family.model == "conditional") & (family.base == "1")].set_index(["samples", "particles"])
    assert len(family) == len(tested) == 16
    for samples, particles, test in tested:
        row = family.loc[(samples, particles)]
        assert row.p == pytest.approx(test.pvalue)
        assert (row.ci_low, row.ci_high) == pytest.approx(tuple(test.confidence_interval()))
        assert row.p_holm == pytest.approx(expected[samples, particles])
        assert np.log([row.ratio, row.ratio_ci_low, row.ratio_ci_high]) == pytest.approx(
            [row["mean"], row.ci_low, row.ci_high]
        )
    assert 0 < (family.p_holm <= 0.05).sum() < 16


def test_more_particles_are_compared_with_all_fewer_ones():
    distances = made_up_distances()
    found = aggregation.comparisons(distances, made_up_exact(distances))
    of = found[(found.contrast == "particles") & (found.metric == "mmd2") & (found.setting == "gmm_ood")]
    pairs = set(zip(of.base.astype(int), of.particles, strict=True))
    assert pairs == {pair for pair in itertools.combinations((1, 4, 16, 64, 256), 2)}
    values = distances[(distances.setting == "gmm_ood") & (distances.metric == "mmd2")]
    values = values[(values.model == "separate") & (values.samples == "100")].groupby("particles").value.mean()
    (row,) = of[(of.model == "separate") & (of.samples == "100") & (of.base == "16") & (of.particles == 64)].to_dict(
        "records"
    )
    assert row["mean"] == pytest.approx(values[64] - values[16]) and np.isnan(row["ratio"])


def test_exact_scores_as_published_have_comparisons_of_their_own():
    distances = made_up_distances()
    exact = made_up_exact(distances).assign(value=lambda each: each.value * np.where(each.particles > 1, 0.5, 1.0))
    plain, halved = (aggregation.comparisons(distances, each) for each in (made_up_exact(distances), exact))
    chosen = (plain.contrast == "exact") & (plain.base == "1")
    assert (halved[chosen].ratio / plain[chosen].ratio).to_numpy() == pytest.approx(0.5)
    pd.testing.assert_frame_equal(plain[plain.contrast != "exact"], halved[plain.contrast != "exact"])


def test_what_is_beyond_the_floor_does_not_depend_on_the_number_of_samples():
    """Two Gaussians a half apart in their standard deviations, at 200 and at 3200 samples; equal ones are at zero."""
    along, noise = directions(50, 2, np.random.default_rng(0)), np.random.default_rng(1)
    rows = []
    for outputs, spread, run in itertools.product((200, 3200), (1.0, 1.5), range(30)):
        first, second, found = (noise.standard_normal((outputs, 2)) for _ in range(3))
        place = {"setting": "f_id", "model": "conditional", "metric": "sw2", "samples": str(outputs)}
        value, floor = (sliced_wasserstein(each, first, along) for each in (spread * found, second))
        rows.append(place | {"particles": int(2 * spread), "run": run, "value": value, "floor": floor})
    found = aggregation.excess(pd.DataFrame(rows)).set_index(["samples", "particles"])
    for outputs in ("200", "3200"):
        assert found["mean"][outputs, 3] == pytest.approx(0.5, abs=0.03)
        assert found.ci_low[outputs, 2] < 0 < found.ci_high[outputs, 2]
    assert found.ci_low["3200", 3] < 0.5 < found.ci_high["3200", 3]


def test_separate_models_are_compared_with_conditional_ones():
    distances = made_up_distances()
    found = aggregation.comparisons(distances, made_up_exact(distances))
    of = found[(found.contrast == "model") & (found.metric == "sw2")]
    assert set(of.model) == {"separate"} and "analytic" not in set(of.samples.astype(str))
    assert (of[of.setting == "f_id"]["mean"] > 0).all() and (of[of.setting == "gmm_ood"]["mean"] < 0).all()


def test_cells_of_a_run_are_pooled_before_they_are_tested():
    """They share data and networks: one number a run, by hand."""
    distances = made_up_distances()
    found = aggregation.comparisons(distances, made_up_exact(distances)).set_index(["contrast", "setting", "metric"])
    log = distances[(distances.metric == "sw2") & (distances.setting == "f_ood") & (distances.samples != "analytic")]
    log = log.assign(value=np.log(log.value)).pivot_table(index=["model", "run"], columns="particles", values="value")
    apart = log.loc["separate"] - log.loc["conditional"]
    overall, growth = (found.loc[(contrast, "f_ood", "sw2")] for contrast in ("model_overall", "model_growth"))
    assert overall["mean"].item() == pytest.approx(apart.mean(axis=1).mean())
    assert overall["std"].item() == pytest.approx(apart.mean(axis=1).std())
    assert growth["mean"].item() == pytest.approx((apart[256] - apart[1]).mean())


def test_figure_1_compares_samples_with_densities(folder):
    frame = experiments.figure1(
        figure1=Figure1(outputs=300, nodes=30), task=TASK, sampling=QUICK, device="cpu", folder=folder
    )
    step = np.diff(np.sort(frame.x.unique())[:2])[0]
    mass = frame.groupby(["source", "scores"]).density.sum() * step**2
    assert len(mass) == 4 * 3
    assert mass[:, "true"].between(0.99, 1.01).all()
    assert mass[:, "exact"].between(0.9, 1.1).all()
    figures.figure1(frame)


def test_the_error_map_is_zero_for_exact_scores(folder, monkeypatch):
    options = {"error_map": ErrorMap(times=(0.5, 0.1), nodes=8, swarms=50), "task": TASK, "sampling": QUICK}
    frame = experiments.error_map(**options, device="cpu", folder=folder)
    assert len(frame) == 6 * 2 * 64 and (frame.error > 0).any()
    share = frame.groupby(["setting", "t"]).visited.sum()
    assert share.between(0.9, 1.0).all()
    figures.error_map(frame)
    scores = experiments._scores
    monkeypatch.setattr(experiments, "_scores", lambda what, model, *more: scores(what, "analytic", *more))
    exact = experiments.error_map(**options, device="cpu", folder=folder)
    assert float(exact.error.max()) < 1e-6


def test_the_grid_is_compared_with_direct_evaluation():
    frame = experiments.grid(grid=Grid(runs=2, outputs=60, particles=16), task=TASK, sampling=QUICK, device="cpu")
    assert len(frame) == 6 * 2 and set(frame.metric) == {"sw2"}
    assert (frame.direct != frame.grid).any() and (frame.evaluated > 0).all()  # it is a grid that is compared
    sw2 = frame[frame.metric == "sw2"]
    assert float(sw2.apart.abs().max()) < 0.2
    by_hand = (sw2.grid - sw2.direct) / sw2.groupby("setting").direct.transform("mean")
    assert sw2.apart.to_numpy() == pytest.approx(by_hand.to_numpy())
    tables.grid(frame)


EXACT = Exact(runs=2, outputs=50, steps=6, particles=(1, 4))


def test_exact_scores_are_sampled_as_they_are_told_to():
    """The steps, outputs and swarms of their own block, the rest as configured; in batches the same bytes."""
    options = {"exact": EXACT, "task": TASK, "sampling": QUICK, "device": "cpu"}
    frame = experiments.exact(**options)
    assert len(frame) == 6 * 2 * 2 and set(frame.metric) == {"sw2"}
    parts = [experiments.exact(**options, batch=Batch(index, 3)) for index in range(3)]
    pd.testing.assert_frame_equal(aggregation.gather("exact", parts), aggregation.gather("exact", [frame]))
    what = composition("gmm_id")
    found = sample_composition(
        Composed(mixture_scores(what.sources, module.schedule_of(TASK)), what.weights), swarms=50, particles=4,
        shape=(2,), sampler=Sampler(steps=6), schedule=module.schedule_of(TASK),
        generator=experiments.torch_generator("weighted_composition", "exact", "gmm_id", 1, 4),
    )  # fmt: skip
    target, _ = experiments._true_samples("gmm_id", "code", QUICK.model_copy(update={"outputs": 50}), 1, ("sw2",))
    along = directions(10, 2, experiments.numpy_generator("weighted_composition", "directions"))
    (row,) = frame[(frame.setting == "gmm_id") & (frame.run == 1) & (frame.particles == 4)].to_dict("records")
    assert row["value"] == pytest.approx(sliced_wasserstein(found.double().numpy(), target, along), rel=1e-4)
    tables.exact(frame)


def test_the_accuracy_of_exact_scores_is_perfect_and_of_networks_is_not(folder, monkeypatch):
    options = {"accuracy": Accuracy(points=30, times=5), "task": TASK, "device": "cpu", "folder": folder}
    frame = experiments.accuracy(**options)
    assert len(frame) == 6 * 2 * 2 * 2 * 3 and (frame.error > 0.1).all()
    tables.accuracy(frame)
    scores = experiments._scores
    monkeypatch.setattr(experiments, "_scores", lambda what, model, *more: scores(what, "analytic", *more))
    assert float(experiments.accuracy(**options).error.max()) < 1e-6


def test_a_network_that_predicts_nothing_errs_by_the_noise_that_can_be_known(folder, monkeypatch):
    """Of N(0, S) the exact prediction is sigma x / (alpha^2 S + sigma^2): its mean square is known."""
    monkeypatch.setattr(experiments, "_scores", lambda *_: lambda x, t: torch.zeros((3, *x.shape)))
    frame = experiments.accuracy(accuracy=Accuracy(points=20_000, times=3), task=TASK, device="cpu", folder=folder)
    found = frame[(frame.setting == "nf_id") & (frame.source == "0")].error.iloc[0]
    schedule, t = module.schedule_of(TASK), torch.tensor([0.25, 0.5, 0.75])
    variance = schedule.sigma(t) ** 2 / (20 * schedule.alpha(t) ** 2 + schedule.sigma(t) ** 2)
    assert found == pytest.approx(float((2 * variance).mean() ** 0.5), rel=0.02)


def test_clips_are_compared_on_the_same_random_numbers(folder):
    """A clip that nothing reaches changes nothing; one that is nearly zero makes the corrector the naive sampler's."""
    clipping = Clipping(settings=("nf_ood",), clips=(None, 1e6, 1e-9), particles=4)
    frame = experiments.clipping(clipping=clipping, task=TASK, sampling=QUICK, device="cpu", folder=folder)
    assert len(frame) == 3 * 2 * 2 * 3  # N, runs, metrics, clips
    by_clip = frame.set_index(["clip", "samples", "run", "metric"]).value
    assert by_clip["none"].equals(by_clip["1e+06"]) and not by_clip["none"].equals(by_clip["1e-09"])
    tables.clipping(frame)


def compared(folder, **changes):
    told = {"task": TASK, "sampling": QUICK, "device": "cpu", "folder": folder}
    return experiments.correctors(correctors=Correctors(**{"runs": 2, "particles": 4} | changes), **told)


def test_every_corrector_is_compared_on_the_same_random_numbers(folder, monkeypatch):
    monkeypatch.setattr(correctors, "CORRECTORS", dict(correctors.CORRECTORS))

    @correctors.corrector
    def never(field, sample, particles):
        """Weighs nothing, so all particles are the naive sampler's."""
        flat = correctors.Reweighed(field.weights, lambda x, t: (field(x, t)[0], torch.zeros(x.shape[1:])))
        return sample(flat, 1)

    frame = compared(folder)
    assert len(frame) == len(SETTINGS) * 2 * 2 * len(correctors.CORRECTORS)
    by = frame.set_index(["corrector", "setting", "model", "run"]).value
    assert by["never"].equals(by["naive"]) and not by["naive"].equals(by["feynman_kac"])
    alone = compared(folder, methods=("feynman_kac",))
    assert alone.value.tolist() == frame[frame.corrector == "feynman_kac"].value.tolist()
    assert " never |" in tables.correctors(frame).splitlines()[0]


def test_with_exact_scores_the_corrector_is_nearer_than_the_naive_sampler(folder):
    """Out of distribution, where naive sampling is far off, and K = 16 are enough to tell."""
    few = QUICK.model_copy(update={"outputs": 300, "steps": 40, "nodes": 16})
    told = {"task": TASK, "sampling": few, "device": "cpu", "folder": folder}
    frame = experiments.correctors(correctors=Correctors(runs=1, particles=16), **told)
    by = frame[frame.model == "analytic"].set_index(["setting", "corrector"]).value
    assert by["nf_ood", "feynman_kac"] < 0.9 * by["nf_ood", "naive"]


def test_the_documented_corrector_weighs_late(folder, monkeypatch):
    monkeypatch.setattr(correctors, "CORRECTORS", dict(correctors.CORRECTORS))
    late = defined(2, vars(correctors))["late"]
    what = composition("nf_id")
    field = Composed(mixture_scores(what.sources, theorems.SCHEDULE), what.weights)
    asked = []
    late(field, lambda of, particles: asked.append((of, particles)), 7)
    ((found, particles),) = asked
    x = torch.randn((2, 3, 5), generator=torch.Generator().manual_seed(0))
    assert particles == 7 and found.weights is field.weights
    for t, trusted in ((0.6, False), (0.4, True)):
        (score, gap), (own, whole) = found(x, torch.tensor(t)), field(x, torch.tensor(t))
        assert torch.equal(score, own) and torch.equal(gap, whole * trusted) and whole.abs().min() > 0
    assert set(compared(folder, methods=("late", "naive")).corrector) == {"late", "naive"}


def test_correctors_that_are_none_are_refused():
    with pytest.raises(RecomposeError, match='feynman_kc: no corrector; did you mean "feynman_kac"'):
        check(WeightedComposition(correctors=Correctors(methods=("feynman_kc",))))


def test_where_steps_end_is_where_they_are_computed_to():
    """The variances of few steps, naive and corrected, against samples; and of many against Theorems 1 and 2's SDE."""
    what = composition("nf_id")
    field = Composed(mixture_scores(what.sources, theorems.SCHEDULE), what.weights)
    for particles, corrected, allowed in ((1, False, 0.02), (64, True, 0.03)):
        found = sample_composition(
            field, swarms=20_000 if particles == 1 else 4000, particles=particles, shape=(2,),
            sampler=Sampler(steps=30, clip=None), schedule=theorems.SCHEDULE,
            generator=torch.Generator().manual_seed(0),
        )  # fmt: skip
        expected = theorems.discretised_variances(what, 30, corrected=corrected)
        assert float(found.square().mean()) == pytest.approx(float(expected.mean()), abs=allowed + 0.02)
    assert float(theorems.discretised_variances(what, 4000, corrected=True)[0]) == pytest.approx(20 / 21, abs=1e-3)
    assert float(theorems.discretised_variances(what, 200, corrected=True)[0]) == pytest.approx(0.959, abs=1e-3)
    naive = [float(theorems.discretised_variances(what, steps, corrected=False)[0]) for steps in (40, 500)]
    assert naive == pytest.approx([0.88, 0.848], abs=2e-3)
    tables.discretisation(theorems.discretisation(sampling=QUICK, exact=EXACT))


def test_the_theorems_hold():
    """Roughly, with few steps and swarms; the workflow does it with many."""
    some = Theorems(particles=(1, 2, 4), outputs=4000, steps=100, ode_steps=1000, resamples=50)
    frame = theorems.theorems(theorems=some).set_index(["theorem", "setting"])
    assert (frame.loc[2].error < 5e-3).all() and len(frame.loc[2]) == 4
    assert (frame.loc[3].error < 1e-13).all()
    variances = frame.loc[1][frame.loc[1].quantity == "variance of the corrector"]
    assert variances.error.is_monotonic_decreasing
    assert "rate" in tables.theorems(frame.reset_index())


@pytest.mark.parametrize("artifact", ["particles", "excess"])
def test_figures_have_a_panel_for_each_setting_and_model(artifact):
    figure = getattr(figures, artifact)(compositions()[artifact])
    assert len(figure.axes) == 12
