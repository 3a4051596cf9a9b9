"""Paper 4's data, methods and measures, with tiny images and networks."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from documented import defined
from matplotlib.legend import Legend
from matplotlib.text import Text
from pydantic import ValidationError

from recompose.datasets.faces import drawn, vector
from recompose.datasets.faces import sampled as some_face
from recompose.errors import RecomposeError
from recompose.networks.adapters import from_file
from recompose.papers.concept_discovery import (
    experiments,
    exploration,
    faces,
    figures,
    judge,
    methods,
    networks,
    search,
    tables,
)
from recompose.papers.concept_discovery.aggregation import comparison, cost, over_classes
from recompose.papers.concept_discovery.data import centred, load_images
from recompose.papers.concept_discovery.digits import digit_classes, gray_digits, images
from recompose.papers.concept_discovery.discovery import candidates, modes_near, without_modes
from recompose.papers.concept_discovery.passes import parts
from recompose.papers.concept_discovery.settings import (
    Backbone,
    Digits,
    Discovery,
    Distillation,
    Exploration,
    Faces,
    Judge,
    Sampling,
)
from recompose.papers.concept_discovery.work import evaluations
from recompose.storage import write_tensors
from recompose.sweeps import CellStore
from recompose.tensor_cells import kept_tensors

DIGITS = Digits(size=8, train=4, judging=2, classes=2, queries=2, others=8, validation=2)
BLOCKS = {
    "digits_backbone": Backbone(widths=(8,), iterations=3, batch=8, warm_up=1),
    "digits_judge": Judge(width=2, features=4, iterations=3, batch=8),
    "digits_discovery": Discovery(every=350, starts=2, iterations=2, unrest=100, probes=2),
    "digits_sampling": Sampling(samples=2, steps=3, class_levels=2),
    "digits_distillation": Distillation(rank=2, pool=4, epochs=1, batch=4),
    "digits_exploration": Exploration(
        levels=(50, 300), shown=3, images=4, iterations=2, queries=2, repeats=2, trials=3
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Images and networks that are hardly trained."""
    found = tmp_path_factory.mktemp("concepts")
    write_tensors((images("digits", digits=DIGITS), {}), found / "images/digits.safetensors")
    for module, name in ((networks, "digits_backbone"), (judge, "digits_judge")):
        kept, curve = module.networks(name, folder=found, device="cpu", **BLOCKS)
        assert len(curve) == 1
        write_tensors(kept, found / f"networks/{name}.safetensors")
    return found


@pytest.fixture(scope="module")
def sampled(folder):
    return experiments.samples("digits_samples", folder=folder, device="cpu", **BLOCKS)


# -- Data


def test_whole_combinations_are_held_out():
    seen, held, rest = digit_classes(Digits(classes=32))
    held += rest
    assert len(seen) == 120 and len(held) == 40 and not set(seen) & set(held)
    pairs = {each[1:] for each in held}
    assert len(pairs) == 4 and not pairs & {each[1:] for each in seen}
    _, some, validation = digit_classes(Digits(classes=12))
    assert (
        some == held[:12]
        and validation == held[12:20]
        and {pair: sum(each[1:] == pair for each in some) for pair in pairs} == dict.fromkeys(pairs, 3)
    )


def test_no_held_out_image_reaches_training():
    """Neither its combination, by colours in the bytes, nor its digit's pixels."""
    found = images("digits", digits=DIGITS)
    pairs = {tuple(each) for each in found["factors"][found["train_classes"]][:, 1:].tolist()}
    held = {tuple(each) for each in found["factors"][120:, 1:].tolist()}
    assert not pairs & held
    corners = {tuple(each) for each in found["train"][:, :, 0, 0].tolist()}
    for each in found["queries"].flatten(0, 1):
        assert tuple(each[:, 0, 0].tolist()) in corners  # the background alone is trained on
        assert not (found["train"] == each).flatten(1).all(dim=1).any()
    train, test = gray_digits(DIGITS)
    for of_train, of_test in zip(train, test, strict=True):
        assert len(of_train) == 400 and len(of_test) == 100


def test_too_many_images_are_refused():
    with pytest.raises(RecomposeError, match="500 images of digit 0, and embedded has 400 for train; lower that"):
        images("digits", digits=DIGITS.model_copy(update={"train": 500}))
    with pytest.raises(RecomposeError, match="for queries and others"):
        images("digits", digits=DIGITS.model_copy(update={"others": 99}))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"held_out": ("cyan on white",)}, "no such pair"),
        ({"classes": 33}, "classes = 33 and validation = 8, and 4 pairs hold out 40"),
        ({"held_out": tuple(Digits().pairs())}, "leave some to train on"),
        ({"digit_colours": ("red", "green")}, "string"),
    ],
)
def test_colours_that_do_not_fit(change, words):
    with pytest.raises(ValidationError, match=words):
        Digits(**change)


def test_combinations_of_drawn_faces_are_held_out_and_parts_are_apart():
    asked = Faces(
        size=16, population=2000, combinations=12, held_out=4, train=9, judging=3, classes=3, queries=2, others=6
    )
    found = faces.images("faces", faces=asked)
    assert found["factors"].shape == (8 + 3, 14) and len(found["test"]) == 8
    seen, held = found["factors"][:8], found["factors"][8:]
    assert not {tuple(each) for each in seen.tolist()} & {tuple(each) for each in held.tolist()}
    every = found["judging_factors"].unique(dim=0)
    for each in held:  # one attribute from a seen one: of the 12, those that are not held out
        apart = (every != each).sum(dim=1)
        assert (apart == 1).any()
    assert found["queries"].shape == (3, 2, 3, 16, 16) and found["others"].shape == (3, 6, 3, 16, 16)
    assert found["judging"].shape == (36, 3, 16, 16) and torch.bincount(found["train_classes"]).le(9).all()
    parts = [found["train"], found["test"].flatten(0, 1), found["queries"].flatten(0, 1), found["others"].flatten(0, 1),
             found["judging"]]  # fmt: skip
    pictures = [each.numpy().tobytes() for part in parts for each in part]
    assert len(set(pictures)) == len(pictures)
    larger = faces.images("faces", faces=asked.model_copy(update={"train": 12}))
    assert torch.equal(larger["queries"], found["queries"])


def test_a_face_fills_its_picture():
    has = vector(("Young", "Black_Hair", "Wearing_Necklace"))
    whole = drawn(some_face(has, ("a face", 1)), 24)
    assert np.array_equal(faces._drawn(has, ("a face", 1), Faces(size=16, variety=1.0)), whole[:, 6:22, 4:20])
    assert faces._drawn(has, ("a face", 1), Faces(size=128)).shape == (3, 128, 128)


def test_too_rare_combinations_of_faces_are_refused():
    rare = Faces(size=8, population=300, combinations=40, held_out=4, classes=2, queries=2, others=40)
    with pytest.raises(RecomposeError, match=r"a class has \d+ pictures, and \d+ are needed; lower queries, others"):
        faces.images("faces", faces=rare)


# -- Methods


def test_every_method_makes_images_of_every_query(sampled):
    for name in methods.METHODS:
        assert sampled.images[name].shape == (2, 2, 2, 3, 8, 8)
    assert sampled.images["poe_prototypes"].shape == (2, 2, 3, 3, 8, 8)
    numbers = sampled.numbers
    assert set(numbers.method) == set(methods.METHODS)
    levels = numbers[(numbers.method == "poe") & (numbers.quantity == "level")].value
    assert set(levels) <= {50, 400}
    assert (numbers[numbers.quantity == "drift"].value > 0).all()


def test_evaluations_are_counted_for_every_method_by_itself(sampled):
    """Ascents, their ends and probes at two levels with two starts; then the samples."""
    by = sampled.numbers[sampled.numbers.quantity == "evaluations"].groupby("method").value.first()
    discovery = 2 * 2 * (2 + 1 + 2)
    assert by["poe"] == by["beyond"] == discovery + 2 * 3
    assert by["query_only"] == 2 * 3
    assert by["top1"] == 120 * 2 + 2 * 3 * 2 and by["top3"] == 120 * 2 + 2 * 3 * 4
    assert by["lora"] == discovery + 4 * 3 + 2 * 3 * 2


def test_parts_of_a_discovery_are_counted_right():
    """The network is asked for as many points as the settings say."""
    asked, kept = Discovery(every=350, starts=3, iterations=2, probes=2), list[int]()

    def noise(x, t):
        kept.append(len(x))
        return x

    modes_near(noise, torch.ones(2, 4), asked, [("a", 1), ("a", 2)], networks.SCHEDULE)
    assert sum(kept) == 2 * evaluations(asked)
    assert kept[-1] == 2 * parts(asked)["probes"] and sum(kept[:-1]) == 2 * parts(asked)["ascent"]


def test_a_new_method_is_one_function(folder, monkeypatch):
    monkeypatch.setattr(methods, "METHODS", dict(methods.METHODS))

    @methods.method
    def repeat_the_query(task):
        return {"samples": task.queries.repeat_interleave(task.sampling.samples, dim=0)}

    monkeypatch.setattr(
        experiments, "METHODS", {name: methods.METHODS[name] for name in ("query_only", "repeat_the_query")}
    )
    found = experiments.samples("digits_samples", folder=folder, device="cpu", **BLOCKS)
    data = load_images(folder, "digits")
    shown = found.bytes()["repeat_the_query"]
    assert torch.equal(shown[:, :, 0], data.queries) and torch.equal(shown[:, :, 1], data.queries)
    scored = experiments.scores(
        "digits_scores", {key: each.numpy() for key, each in found.bytes().items()}, folder=folder, **BLOCKS
    )
    own = scored[(scored.method == "repeat_the_query") & (scored.reference == "faithfulness")].set_index("metric").value
    assert own["precision"].eq(100).all() and own["recall"].eq(100).all()


def test_the_documented_method_is_the_papers_where_its_weight_is_one(folder, monkeypatch):
    monkeypatch.setattr(methods, "METHODS", {"poe": methods.METHODS["poe"]})
    defined(4, vars(methods))
    monkeypatch.setattr(experiments, "METHODS", methods.METHODS)
    assert list(methods.METHODS) == ["poe", "w_one"]

    def shown(**weights):
        sampling = Sampling(samples=2, steps=3, class_levels=2, **weights)
        blocks = BLOCKS | {"digits_sampling": sampling}
        return experiments.samples("digits_samples", folder=folder, device="cpu", **blocks).bytes()

    same, other = shown(base=1e9, largest=1.0), shown(base=1e-3, largest=1.0)
    assert torch.equal(same["w_one"], same["poe"])
    assert torch.equal(same["w_one"], other["w_one"]) and not torch.equal(other["w_one"], other["poe"])


def test_a_stopped_run_goes_on_in_the_same_bytes(folder, sampled, tmp_path, monkeypatch):
    cells = CellStore(tmp_path / "cells", "a fingerprint")
    real = methods.METHODS["beyond"]

    def killed(task):
        raise KeyboardInterrupt

    monkeypatch.setitem(experiments.METHODS, "beyond", killed)
    with pytest.raises(KeyboardInterrupt):
        experiments.samples("digits_samples", folder=folder, device="cpu", cells=cells, **BLOCKS)
    monkeypatch.setitem(experiments.METHODS, "beyond", real)
    monkeypatch.setitem(experiments.METHODS, "poe", killed)  # of the first class it is done
    with pytest.raises(KeyboardInterrupt):
        experiments.samples("digits_samples", folder=folder, device="cpu", cells=cells, **BLOCKS)
    monkeypatch.undo()
    again = experiments.samples("digits_samples", folder=folder, device="cpu", cells=cells, **BLOCKS)
    expected = sampled.bytes()
    assert {key: bool(torch.equal(each, expected[key])) for key, each in again.bytes().items()} == dict.fromkeys(
        expected, True
    )
    assert kept_tensors(cells, "class 0 from 0 poe", dict)
    other = CellStore(tmp_path / "cells", "another")
    assert kept_tensors(other, "class 0 from 0 poe", dict) == {}


def test_adapters_are_kept_where_asked(folder):
    kept = BLOCKS | {"digits_distillation": BLOCKS["digits_distillation"].model_copy(update={"keep": True})}
    experiments.samples("digits_samples", folder=folder, device="cpu", **kept)
    kept = sorted((folder / "adapters").glob("*.safetensors"))
    assert len(kept) == 4
    model = networks.trained_model(folder, "digits", load_images(folder, "digits"), BLOCKS["digits_backbone"], "cpu")
    read = [from_file(path, model.network, BLOCKS["digits_distillation"].rank) for path in kept]
    assert not torch.equal(read[0].row, read[1].row)


def test_what_a_network_cannot_take_is_one_line(folder):
    model = networks.trained_model(folder, "digits", load_images(folder, "digits"), BLOCKS["digits_backbone"], "cpu")
    with pytest.raises(RecomposeError, match="images of 3x12x12, and the network takes 3x8x8; resize them"):
        candidates(model.noise, torch.zeros(1, 3, 12, 12), BLOCKS["digits_discovery"], [("a",)], networks.SCHEDULE)
    with pytest.raises(RecomposeError, match="class 121: the network knows 0 to 120"):
        model.told(121)(torch.zeros(1, 3, 8, 8), 50)
    with pytest.raises(RecomposeError, match="class -1: the network knows 0 to 120"):
        model.of_class(torch.zeros(2, 3, 8, 8), 50, torch.tensor([3, -1]))


def test_no_mode_at_all_is_one_line(folder):
    data = load_images(folder, "digits")
    model = networks.trained_model(folder, "digits", data, BLOCKS["digits_backbone"], "cpu")
    strict = BLOCKS["digits_discovery"].model_copy(update={"unrest": 1e-9})
    with pytest.raises(RecomposeError, match="no mode was found at any of t = 50, 400; raise iterations or unrest"):
        candidates(model.noise, centred(data.queries[0]), strict, [("a", 1), ("a", 2)], networks.SCHEDULE)


def test_a_step_without_modes_is_left_out_and_told():
    """Of one Gaussian everything has a mode; at t = 400 the score is the same everywhere."""
    asked = Discovery(every=350, starts=3, from_noise=0.34, ascent="mean_shift", iterations=60, probes=2)

    def noise(x, t):
        alpha, sigma = networks.SCHEDULE.at(t)
        found = (sigma / (0.25 * alpha**2 + sigma**2)).view(-1, 1) * x
        return torch.where(t.view(-1, 1) == 400, torch.ones_like(x), found)

    queries, names = torch.ones(2, 4), [("a", 1), ("a", 2)]
    for each in candidates(noise, queries, asked, names, networks.SCHEDULE):
        assert each.found.tolist() == [3, 0] and each.level.tolist() == [50, 50, 50]
        assert each.from_noise.tolist() == [False, False, True]
        assert torch.allclose(each.gaussians.mean, torch.zeros(3, 4), atol=0.01)
        assert without_modes(each.found, asked) == "400"
    high = asked.model_copy(update={"first": 400})
    assert [len(each.level) for each in modes_near(noise, queries, high, names, networks.SCHEDULE)] == [0, 0]
    with pytest.raises(RecomposeError, match="a 1: no mode was found at any of t = 400; raise iterations or unrest"):
        candidates(noise, queries, high, names, networks.SCHEDULE)


def test_what_has_no_mode_is_told_in_the_log(folder, monkeypatch, capsys):
    def poe(task):
        shown = task.queries.repeat_interleave(task.sampling.samples, dim=0)
        return {"samples": shown, "modes": torch.tensor([[2, 0], [1, 2]])}

    monkeypatch.setattr(experiments, "METHODS", {"poe": poe})
    experiments.samples("digits_samples", folder=folder, device="cpu", **BLOCKS)
    told = [line for line in capsys.readouterr().out.splitlines() if "no mode" in line]
    assert told == [f"digits_samples: class {each} from 0 poe: query 0 has no mode at t = 400" for each in (0, 1)]


# -- Measures


def test_what_is_measured_has_every_method(folder, sampled):
    pictures = {key: each.numpy() for key, each in sampled.bytes().items()}
    told = {"folder": folder, **BLOCKS}
    scored = experiments.scores("digits_scores", pictures, **told)
    assert set(scored.method) == {*methods.METHODS, "test"}
    assert len(scored) == 2 * 7 * 2 * 5
    seen = experiments.attributes("digits_attributes", pictures, **told)
    assert set(seen[(seen.method == "queries") & (seen.quantity == "distance")].value) == {0.0}
    assert {"poe_prototypes", "beyond_prototypes", "test"} <= set(seen.method)
    shares = seen[seen.quantity != "distance"].value
    assert shares.between(0, 1).all()
    shown = experiments.examples("digits_examples", pictures, **told)
    assert shown.images["query"].shape == (2, 1, 3, 8, 8)
    known = experiments.trained_combination("digits_seen", device="cpu", **told)
    assert set(known.group) == {"judge", "w = 1", "w = 2"} and (known.n == 120).all()


def test_the_explorations_run(folder):
    told = {"folder": folder, "device": "cpu", **BLOCKS}
    found = exploration.modes("digits_modes", **told)
    assert set(found.images) == {"training", "noised 50", "noised 300", "modes 50", "modes 300"}
    counted = exploration.coarsening("digits_coarsening", **told).numbers
    assert counted.modes.between(0, 1).all() and list(counted.t) == [50, 300]
    black = exploration.backgrounds("digits_backgrounds", digits=DIGITS, **told).numbers
    assert black[black.kind == "query"].distance.eq(0).all() and black.noise.gt(0).all()
    repeated = exploration.repeat("digits_stability", **told)
    assert set(repeated.quantity) == {"prototypes", "modes", "mean", "query"}
    begun = exploration.starts("digits_starts", **told)
    wide = begun.numbers.set_index(["t", "start", "quantity"])["mean"]
    assert wide[:, "query", "modes"].eq(1).all() and wide[:, "noise", "modes"].eq(1).all()
    shares = begun.numbers[begun.numbers.quantity != "away"]
    assert shares.ci_low.ge(0).all() and shares.ci_high.le(1).all() and (shares.ci_high - shares.ci_low).gt(0.1).all()
    assert wide.loc[:, :, "sure"].between(0, 1).all() and set(begun.images) > {"query", "noise 50", "query 400"}


def test_the_ablation_changes_one_choice_at_a_time(folder, monkeypatch):
    some = ("published", "K likeliest", "K = 1", "low t", "w = 1")
    variants = {each: exploration.VARIANTS[each] for each in some}
    last = variants["K likeliest"]._replace(choose=lambda likelihoods, _: [len(likelihoods) - 1])
    monkeypatch.setattr(exploration, "VARIANTS", variants | {"the last": last})
    found = exploration.ablation("digits_ablation", folder=folder, device="cpu", **BLOCKS)
    wide = found.pivot_table(index=["variant", "class"], columns="quantity", values="value")
    assert len(wide) == 2 * (len(some) + 1) and wide.found.eq(1).all()
    assert not wide.distance["published"].equals(wide.distance["w = 1"])
    assert not wide.distance["published"].equals(wide.distance["the last"])
    asked = wide.evaluations.groupby("variant").first()
    assert asked["published"] == asked["K likeliest"] == 2 * 2 * (2 + 1 + 2) + 2 * 3
    assert asked["low t"] == 2 * (2 + 1 + 2) + 2 * 3
    told = tables.ablation(found[(found.variant != "K = 1") | (found.quantity == "found")])
    assert "| K = 1 | no mode |" in told and told.count("\n| ") == len(wide) // 2
    drawn = figures.digits_ablation(found)
    (legend,) = drawn.findobj(Legend)
    assert "samples, each query" in [each.get_text() for each in legend.get_texts()]


def test_modes_of_a_single_query_decide_nothing(folder, monkeypatch):
    """Only the first query has a mode that began at noise."""
    every = exploration.candidates

    def some(*asked):
        first, *others = every(*asked)
        near = [~each.from_noise for each in others]
        return [first] + [
            replace(each, level=each.level[of], from_noise=each.from_noise[of], gaussians=each.gaussians[of])
            for each, of in zip(others, near, strict=True)
        ]

    monkeypatch.setattr(exploration, "candidates", some)
    begun = exploration.starts("digits_starts", folder=folder, device="cpu", **BLOCKS)
    assert begun.numbers.n.eq(2).all()
    of_starts = begun.numbers.groupby("start").quantity.unique()
    assert set(of_starts["noise"]) == {"modes"} and set(of_starts["query"]) == {"modes", "away", "sure", "factors"}
    shown = {key: each.numpy() for key, each in begun.bytes().items() if key != "noise 400"}
    drawn = figures.digits_starts(begun.numbers, shown)
    assert [text.get_text() for text in drawn.findobj(Text)].count("no mode") == 1


def test_the_search_tries_on_validation_classes_and_judges_on_held_out_ones(folder):
    found = search.searched_setting("digits_search", folder=folder, device="cpu", **BLOCKS)
    tried = found[found.kind == "tried"]
    assert set(tried["class"]) == {2, 3} and set(found[found.kind != "tried"]["class"]) == {0, 1}
    assert sorted(tried.trial.unique()) == [0, 1, 2]
    first = tried[tried.trial == 0].iloc[0]
    assert (first.base, first.temperature, first.prototypes) == (1.2, 0.5, 3)  # the published ones
    best = tried.groupby("trial").value.mean()
    assert set(found[found.kind == "best"].trial) == {best.idxmax()}
    assert "published" in tables.searched_setting(found)
    again = search.searched_setting("digits_search", folder=folder, device="cpu", **BLOCKS)
    pd.testing.assert_frame_equal(found, again)


def test_noise_is_seen_as_it_is():
    noise = 0.3 * torch.randn((20, 3, 32, 32), generator=torch.Generator().manual_seed(0))
    slope = torch.linspace(-1, 1, 32).expand(20, 3, 32, 32)
    assert exploration.noise_seen(noise).mean() == pytest.approx(0.3, rel=0.02)
    assert exploration.noise_seen(slope).max() < 1e-6
    assert exploration.noise_seen(slope + noise).mean() == pytest.approx(0.3, rel=0.02)


def test_tables_are_means_over_classes_not_over_queries():
    frame = pd.DataFrame(
        [(0, 0, "a", 1.0), (0, 1, "a", 3.0), (1, 0, "a", 5.0)], columns=["class", "query", "method", "value"]
    )
    (row,) = over_classes(frame, ["method"]).to_dict("records")
    assert row["mean"] == 3.5 and row["n"] == 2 and row["error"] == pytest.approx(1.5)


def test_costs_and_tables_of_samples(folder, sampled):
    found = cost("digits_costs", sampled.numbers, **BLOCKS)
    modes = found[(found.method == "poe") & (found.quantity == "modes")]["mean"]
    assert modes.eq(4).all()  # two at each of two levels
    assert np.isfinite(found["mean"]).all()
    wide = found.pivot_table(index="method", columns="quantity", values="mean")
    by_part = wide[["ascent", "probes", "classes", "sampling"]]
    assert by_part.sum(axis=1).equals(wide.evaluations) and not found["mean"].lt(0).any()
    assert by_part.loc["poe"].tolist()[:2] == [4 * (2 + 1), 4 * 2] and wide.sampling["poe"] == 2 * 3
    assert wide.classes["top1"] == wide.classes["top3"] == 120 * 2
    assert wide.sampling["lora"] == 4 * 3 + 2 * 3 * 2
    assert "| ascents |" in tables.cost(found)
    pictures = {key: each.numpy() for key, each in sampled.bytes().items()}
    scored = experiments.scores("digits_scores", pictures, folder=folder, **BLOCKS)
    assert len(comparison("table1", scored)) == 7 * 2 * 5
