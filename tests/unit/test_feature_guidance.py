"""Paper 5 on a few small images: what is measured, against cases with a known answer."""

import itertools
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
from documented import defined

from recompose.cli.paper import compute, paper_commands
from recompose.datasets.labelled_images import LabelledImages
from recompose.diffusion.score_ascent import Ascent
from recompose.errors import RecomposeError
from recompose.metrics.intervals import bootstrap
from recompose.papers.feature_guidance import (
    SLUG,
    aggregation,
    data,
    denoising,
    embedding,
    figures,
    images,
    interpolation,
    methods,
    networks,
    partial,
    rows,
    sampling,
    tables,
)
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.artifacts import PAPER
from recompose.papers.feature_guidance.experiments import MEASURES, benches, measured
from recompose.papers.feature_guidance.guidance import Bench, along, psnr
from recompose.papers.feature_guidance.names import IMAGES, NETWORKS
from recompose.papers.feature_guidance.passes import halving, passes
from recompose.papers.feature_guidance.rows import evenly
from recompose.storage import read_csv, write_csv, write_numbers, write_tensors

IMAGE = configuration.Images(
    classes=6, colour_classes=6, size=64, patch=16, held_out=2, single=1, members=1, group_patch=16
)
SHAPE = configuration.Network(width=2, levels=2, decoder=2)
GAUSSIANS = configuration.Gaussians(patch=8, images=200, samples=10)
TRAINING = configuration.Training(epochs=1, other_epochs=1, batch=32, average=None)
BLOCKS = {
    "denoised": configuration.Denoised(classes=2),
    "gains": configuration.Gains(levels=(0.1, 0.5), images=2),
    "embedding": configuration.Embedding(images=4),
    "distances": configuration.Distances(pairs=4, images=2, levels=(0.1, 0.3, 1.0)),
    "gaussians": GAUSSIANS,
    "samples": configuration.Samples(classes=2, measured=2, seeds=2, many=4),
    "sampling": configuration.Sampling(step=0.5, noise=0.9, final=0.5, limit=30),
    "interpolation": configuration.Interpolation(pairs=2, steps=3),
    "partial": configuration.Partial(classes=2, levels=(0.9, 0.6)),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """All sets of images, and all networks after one epoch."""
    made = tmp_path_factory.mktemp("feature_guidance")
    for name in IMAGES:
        write_tensors((images.images(name, images=IMAGE, gaussians=GAUSSIANS), {}), made / f"images/{name}.safetensors")
    for name in NETWORKS:
        tensors, losses = networks.networks(name, folder=made, network=SHAPE, training=TRAINING, device="cpu")
        write_tensors(tensors, made / f"networks/{name}.safetensors")
        write_csv(losses, made / f"training/{name}.csv")
    return made


@pytest.mark.parametrize("artifact", list(MEASURES))
def test_every_artifact_has_numbers_and_images(folder, artifact):
    told = PAPER.artifact(artifact)
    blocks = {key: BLOCKS[key] for key in told.reads if key != "network"}
    options = {"folder": folder, "network_names": told.networks, "network": SHAPE, "device": "cpu", **blocks}
    found, again = measured(artifact, **options), measured(artifact, **options)
    pd.testing.assert_frame_equal(found.numbers, again.numbers)
    assert len(found.numbers) > 0
    assert not found.numbers.select_dtypes("number").isin([np.inf, -np.inf]).any(axis=None)
    assert all(images.dtype == torch.uint8 and images.ndim == 4 for images in found.bytes().values())
    assert bool(found.images) == told.pictures
    assert {*told.index, told.value} <= set(found.numbers.columns)
    if "figure" in told.forms:
        images = [{key: each.numpy() for key, each in found.bytes().items()}] if told.pictures else []
        assert getattr(figures, artifact)(found.numbers, *images).axes


def test_the_documented_method_is_the_guided_score_at_weight_one(folder, monkeypatch):
    """Steps without noise, which is drawn by the method's name; further from no condition, other samples."""
    monkeypatch.setattr(methods, "METHODS", dict(methods.METHODS))
    defined(5, {**vars(methods), "METHODS": methods.METHODS})
    monkeypatch.setattr(sampling, "METHODS", methods.METHODS)
    (bench,) = benches(("guided", "labelled", "mixture"), folder, SHAPE, "cpu")
    quiet = configuration.Sampling(step=0.5, noise=1.0, final=0.5, limit=30)

    def shown(artifact, weight):
        told = configuration.Samples(classes=2, measured=2, seeds=2, many=4, weight=weight)
        with torch.inference_mode():
            return artifact(bench, samples=told, sampling=quiet)

    guided, others = shown(sampling.figure10, 1.0).images["samples"], shown(sampling.methods, 1.0)
    assert list(dict.fromkeys(others.numbers.artifact)) == ["averaged_conditions", "free_guidance", "beyond_guided"]
    torch.testing.assert_close(others.images["beyond_guided"], guided, atol=1e-5, rtol=0)
    assert float((shown(sampling.methods, 30.0).images["beyond_guided"] - guided).abs().max()) > 1e-3
    table = tables.quality(aggregation.quality(others.numbers))
    assert "| beyond guided, gray | samples |" in table
    drawn = figures.methods(others.numbers, {key: each.numpy() for key, each in others.bytes().items()})
    assert [panel.get_title() for panel in drawn.axes][-1] == "beyond guided, gray"


def test_images_do_not_depend_on_the_processes():
    one, two = (
        images.images("gray_textures", images=IMAGE, gaussians=GAUSSIANS, processes=number) for number in (1, 2)
    )
    assert all(torch.equal(one[key], two[key]) for key in one)
    assert one["train"].shape == (6 * 14, 1, 16, 16) and one["test"].shape == (6 * 2, 1, 16, 16)
    assert one["train_labels"].tolist() == [label for label in range(6) for _ in range(14)]


def test_no_texture_is_in_two_sets():
    gray, single, six = (
        {each[1:] for each in images._members(name, IMAGE)} for name in ("gray_textures", "one_texture", "six_groups")
    )
    assert not gray & single and not gray & six
    assert {label for label, _, _ in images._members("six_groups", IMAGE)} == set(range(6))


def test_the_gaussians_lie_on_the_line_between_their_means():
    made = images.images("two_gaussians", images=IMAGE, gaussians=configuration.Gaussians(patch=8, images=4000))
    places = data.coordinate(made["train"], configuration.Gaussians(patch=8))
    for label in (0, 1):
        of = places[made["train_labels"] == label]
        assert of.mean().item() == pytest.approx(label, abs=0.01)
        assert of.std().item() == pytest.approx(1 / 6, rel=0.05)
    first, second = data.means(GAUSSIANS)
    on_the_line = first + places.view(-1, 1, 1, 1) * (second - first)
    torch.testing.assert_close(on_the_line, made["train"])
    assert (second - first).std().item() == pytest.approx(0.25, rel=0.02)


def test_psnr():
    clean = torch.zeros(2, 1, 4, 4)
    assert psnr(clean, clean + torch.tensor([0.1, 1.0]).view(2, 1, 1, 1)).tolist() == pytest.approx([20, 0])


class ToAPoint:
    """What a perfect network predicts where every class is one image: all that is not that image is noise."""

    def __init__(self, points):
        self.points = points  # as the features of the class: (classes, pixels)

    def features(self, x):
        return x.flatten(1)

    def __call__(self, x, told):
        return x - told.view(x.shape)


class ToTheFirst(ToAPoint):
    """A network that knows one image only, whatever it is told."""

    def __call__(self, x, told):
        return x - self.points[:1]


def point_bench(classes=4, side=4):
    points = torch.rand(classes, 1, side, side, generator=torch.Generator().manual_seed(1))
    labels = torch.arange(classes).repeat_interleave(3)
    images = LabelledImages(points[labels], labels)
    return Bench(images, images, {"guided": ToAPoint(points)}, "cpu"), points


def test_the_density_distance_of_points_is_known():
    """|m - m'|^2 twice the integral of sigma^-3, which is (1/a^2 - 1/b^2) / 2."""
    bench, points = point_bench()
    levels = tuple(np.geomspace(0.1, 1, 200).tolist())
    found = embedding.figure5(bench, distances=configuration.Distances(pairs=6, images=2, levels=levels)).numbers
    for row in found.to_dict("records"):
        squared = (points[row["first"]] - points[row["second"]]).square().sum().item()
        assert row["feature_distance"] == pytest.approx(squared, rel=1e-4)
        assert row["density_distance"] == pytest.approx(2 * squared * (1 / 0.1**2 - 1) / 2, rel=1e-3)
    constants = aggregation.embedding(found, resamples=20).set_index("quantity").value
    assert constants["R^2"] == pytest.approx(1) and constants["departure"] == pytest.approx(0, abs=1e-3)
    assert constants["A"] == pytest.approx(99, rel=2e-3) and constants["B"] == pytest.approx(99, rel=2e-3)
    assert constants["correlation"] == pytest.approx(1)


def test_separation_of_known_clouds():
    """Two clouds ten apart, with a variance of 1/4 along the line and of 9 across it."""
    generator = torch.Generator().manual_seed(2)
    noise = torch.randn(2, 4000, 2, generator=generator) * torch.tensor([0.5, 3.0])
    part = noise + torch.tensor([[0.0, 0.0], [10.0, 0.0]]).unsqueeze(1)
    distance, variability = embedding._separation(part, part.mean(dim=1), 0, 1)
    assert distance == pytest.approx(100, rel=0.02)
    assert variability == pytest.approx(0.25, rel=0.05)


def test_guided_samples_of_points_are_the_points():
    bench, points = point_bench(side=16)
    chosen = configuration.Samples(classes=4, measured=4, seeds=3, many=3)
    climb = configuration.Sampling(step=0.3, noise=0.5, final=0.02)
    found = sampling.figure10(bench, samples=chosen, sampling=climb)
    torch.testing.assert_close(found.images["samples"], points.repeat_interleave(3, dim=0))
    rows = found.numbers[found.numbers.kind == "samples"]
    assert rows.right_features.all() and rows.spread.max() < 1e-6
    assert (rows.sigma < 0.02).all() and (rows.iterations > 10).all()


def test_members_come_from_all_textures_of_a_class():
    """Six classes of four textures: their patches stand one texture after another."""
    numbers = torch.arange(6 * 4 * 9)
    images = LabelledImages(numbers.view(-1, 1, 1, 1).float(), numbers // 36)
    bench = Bench(images, images, {}, "cpu")
    for test in (False, True):
        chosen = bench.members(2, 8, test=test).flatten() - 72
        assert (chosen // 9).tolist() == [0, 0, 1, 1, 2, 2, 3, 3] and len(set(chosen.tolist())) == 8
    assert len(bench.members(2, 100)) == 36 and bench.members(5, 1).item() == 180


def test_what_a_condition_that_is_turned_off_changes():
    """The mixture knows one point only: for another one's class everything, for its own nothing."""
    bench, points = point_bench(side=16)
    bench = Bench(bench.train, bench.test, {**bench.networks, "mixture": ToTheFirst(points)}, "cpu")
    levels = configuration.Partial(classes=3, levels=(0.5, 0.1))
    climb = configuration.Sampling(step=0.3, noise=0.5, final=0.02)
    found = partial.figure13(bench, partial=levels, sampling=climb).numbers
    own = found.label == 0  # of the first class the mixture makes what its condition makes
    assert found[own].same.all() and found[own].right.all() and found[own].psnr.min() > 60
    assert not found[~own].same.any() and not found[~own].right.any() and found[~own].psnr.max() < 20


def test_the_effect_of_a_condition_is_told_apart_from_the_sampler():
    """The mixture knows the first point alone, which is the image: the condition adds all of the way to its own."""
    bench, points = point_bench(side=16)
    bench = Bench(bench.train, bench.test, {**bench.networks, "mixture": ToTheFirst(points)}, "cpu")
    levels = configuration.Partial(classes=2, levels=(0.5, 0.1))
    climb = configuration.Sampling(step=0.3, noise=0.5, final=0.02)
    found = partial.figure12(bench, partial=levels, sampling=climb)
    assert found.numbers.along.to_numpy() == pytest.approx(1, abs=1e-4)
    assert found.numbers.pull.to_numpy() == pytest.approx(1, abs=1e-4)
    change = points[found.numbers.label.tolist()] - points[:1]
    assert found.numbers.coarse.to_numpy() == pytest.approx(partial.coarse_share(change).numpy(), abs=1e-4)
    assert set(found.numbers.label) == {1, 2, 3} and sum(key.startswith("samples") for key in found.images) == 2


def test_coarse_is_what_averages_over_squares_keep():
    """Squares of 2 x 2 of 16 x 16: a constant is coarse, a chessboard of pixels is not, of white noise a fourth."""
    rows = torch.arange(16)
    board = (-1.0) ** (rows[:, None] + rows)
    white = torch.randn(200, 1, 16, 16, generator=torch.Generator().manual_seed(10))
    known = torch.stack([torch.ones(16, 16), board, 3 * board + 4]).unsqueeze(1)
    assert partial.coarse_share(known).tolist() == pytest.approx([1, 0, 16 / 25])
    assert partial.coarse_share(white).mean().item() == pytest.approx(1 / 4, rel=0.05)


def test_wrong_conditions_of_points_bring_their_own():
    """A denoiser that goes where it is told is all the way at the condition, a mixture's that stays at the image."""
    bench, points = point_bench(side=16)
    still = ToAPoint(points)
    still.__class__ = type("Still", (ToAPoint,), {"__call__": lambda self, x, told: torch.zeros_like(x)})
    bench = Bench(bench.train, bench.test, {**bench.networks, "mixture": still}, "cpu")
    found = denoising.figure2(bench, denoised=configuration.Denoised(classes=2, levels=(1e-3,)))
    wrong, right = (found.numbers[found.numbers.told == word] for word in ("wrong", "right"))
    assert len(wrong) == 4 * 3 and len(right) == 4 and (right.label == right.condition).all()
    assert wrong.along.to_numpy() == pytest.approx(1, abs=1e-4)
    assert wrong.along_statistics.to_numpy() == pytest.approx(1, abs=1e-3)
    assert wrong.pull.to_numpy() == pytest.approx(1, abs=0.01)
    assert right.pull.isna().all()
    assert found.images["clean"].shape == (2, 1, 16, 16)
    assert {"denoised 0.001 0", "denoised 0.001 3", "denoised 0.001 none"} <= set(found.images)


def test_learned_factors_are_told_block_by_block(folder):
    bench = Bench(
        None, None, {"guided": networks.trained(folder / "networks/guided.safetensors", network=SHAPE)}, "cpu"
    )
    learned = bench.network.learned.data
    learned.zero_()
    learned[: SHAPE.width] = torch.tensor([0.8, 1.9]) / SHAPE.gain_speed
    learned[-1] = -1 / SHAPE.gain_speed
    found = embedding.factors(bench).numbers
    assert found.block.value_counts().to_dict() == {"encoder 1": 2, "encoder 2": 4, "middle": 8, "decoder 1": 4}
    assert found.near_one.tolist() == [1] + [0] * 17 and found.closer.tolist() == [1, 1] + [0] * 16


def test_fixed_factors_stay_at_one(folder):
    made = {
        name: networks.trained(folder / f"networks/{name}.safetensors", network=SHAPE) for name in ("six", "six_fixed")
    }
    assert (made["six_fixed"].gain == 1).all() and (made["six"].gain != 1).all()


def test_a_factor_that_is_not_learned_gains_nothing():
    bench, points = point_bench(side=16)
    bench = Bench(bench.train, bench.test, {"six": ToAPoint(points), "six_fixed": ToAPoint(points + 0.1)}, "cpu")
    bench.networks["six_fixed"].__class__ = type("Apart", (ToAPoint,), {
        "__call__": lambda self, x, told: x - told.view(x.shape) - 0.1})  # fmt: skip
    found = denoising.fixed_factors(bench, gains=configuration.Gains(levels=(0.1, 0.5), images=1)).numbers
    assert found.psnr_fixed.to_numpy() == pytest.approx(20, abs=1e-3)  # 0.1 apart everywhere
    assert found.gain.to_numpy() == pytest.approx((found.psnr - 20).to_numpy(), abs=1e-3)
    assert set(found.groupby(["sigma", "label"]).image.max()) == {2}


def test_what_a_sample_that_settled_is():
    found = torch.zeros(4, 1, 2, 2)
    found[1, 0, 0, 0], found[2, 0, 1, 1] = 1.25, -0.26
    ascent = Ascent(found, torch.tensor([0.01, 0.01, 0.01, 0.03]), torch.zeros(4))
    assert sampling.settled(found, ascent, 0.02).tolist() == [True, True, False, False]


def test_places_along_a_line_and_even_choices():
    start, end = torch.tensor([1.0, 1.0]), torch.tensor([3.0, 1.0])
    assert along(torch.tensor([[1.0, 5.0], [3.0, 1.0], [4.0, 0.0]]), start, end).tolist() == [0, 1, 1.5]
    assert evenly(10, 3) == [0, 4, 9] and evenly(3, 16) == [0, 1, 2]


def test_the_one_texture_has_passes_of_its_own():
    chosen = configuration.Training(epochs=10, single_epochs=40, other_epochs=5, halve_every=2)
    sets = ("gray_textures", "one_texture", "six_groups")
    assert [passes(chosen, name) for name in sets] == [10, 40, 5]
    assert [halving(chosen, name) for name in sets] == [2, 8, 2]


def test_interpolated_conditions_lie_between(tmp_path):
    bench, _ = point_bench(side=16)
    chosen = configuration.Interpolation(pairs=2, steps=5)
    samples = configuration.Samples(seeds=2)
    climb = configuration.Sampling(step=0.3, noise=0.5)
    made = interpolation.figure8(bench, interpolation=chosen, samples=samples, sampling=climb)
    write_numbers(made.numbers, tmp_path / "figure8.csv", index=("row", "alpha", "seed"))
    found = read_csv(tmp_path / "figure8.csv")
    assert found.along.to_numpy() == pytest.approx(found.alpha.to_numpy(), abs=1e-4)
    assert found.distance.iloc[0] < found.distance.iloc[-1]
    ends = found.alpha.isin([0, 1])  # only of these it is known which class they should be of
    assert found[ends].right_statistics.eq(1).all() and found[~ends].right_statistics.isna().all()
    (panel,) = figures.figure8(found, {key: each.numpy() for key, each in made.bytes().items()}).axes
    assert ": 100% of the samples" in panel.get_title()


def test_samples_that_come_too_late_are_told():
    numbers = pd.DataFrame({"iterations": [5.0] * 97 + [10.0] * 3 + [np.nan] * 50})
    assert sampling.late(numbers, 10).startswith("3 of 100 samples were not done after sampling.limit = 10 iterations")
    assert sampling.late(numbers, 11) == ""
    assert sampling.late(pd.DataFrame({"iterations": [5] * 99 + [10]}), 10) == ""


def test_what_came_too_late_is_kept_apart_and_no_success(folder, tmp_path):
    tree = tmp_path / "results"
    shutil.copytree(folder, tree / SLUG)
    blocks = {key: BLOCKS[key].model_dump(mode="json") for key in ("samples", "sampling")}
    blocks["sampling"] |= {"final": 1e-6, "limit": 1}
    settings = json.dumps({"scale": "smoke", "device": "cpu", "network": SHAPE.model_dump(mode="json"), **blocks})
    with pytest.raises(RecomposeError, match=r"figure10: 4 of 4 samples were not done after sampling.limit = 1"):
        compute(PAPER, PAPER.artifact("figure10"), settings, None, tree, None)
    assert (tree / SLUG / "unfinished/figure10.safetensors").exists()
    kept = read_csv(tree / SLUG / "unfinished/figure10.csv")
    assert (kept[kept.kind == "samples"].iterations == 1).all()
    assert not (tree / SLUG / "figure10.csv").exists()


def train_networks(names, settings, tree):
    """What the command `networks` does."""
    (command,) = [
        each.callback for each in paper_commands(PAPER).registered_commands if each.callback.__name__ == "networks"
    ]
    command(names, settings, tree)


def test_a_finished_network_outlives_a_job_that_is_killed_at_a_later_one(folder, tmp_path, capsys, monkeypatch):
    tree = tmp_path / "results"
    shutil.copytree(folder / "images", tree / SLUG / "images")
    settings = {"network": SHAPE.model_dump(mode="json"), "training": TRAINING.model_dump(mode="json")}
    settings = json.dumps({"scale": "smoke", "device": "cpu", **settings})
    train, killed = networks.fit, []

    def at_the_second(network, *arguments, **options):
        if options["name"].endswith("mixture") and not killed:
            killed.append(True)
            raise KeyboardInterrupt
        return train(network, *arguments, **options)

    monkeypatch.setattr(networks, "fit", at_the_second)
    with pytest.raises(KeyboardInterrupt):
        train_networks(["guided", "mixture"], settings, tree)
    first = tree / SLUG / "networks/guided.safetensors"
    made = first.read_bytes()
    first.unlink()  # as Snakemake does with what a job has made that did not end
    train_networks(["guided", "mixture"], settings, tree)
    assert "guided: goes on after step 3 of 3" in capsys.readouterr().out
    assert first.read_bytes() == made == (folder / "networks/guided.safetensors").read_bytes()
    assert not list((tree / SLUG / "cells/networks").glob("*.safetensors"))


def test_images_that_are_not_there_are_named(tmp_path):
    settings = {"network": SHAPE.model_dump(mode="json"), "training": TRAINING.model_dump(mode="json")}
    with pytest.raises(RecomposeError, match=r"images/gray_textures.safetensors: no such file"):
        train_networks(["guided"], json.dumps({"device": "cpu", **settings}), tmp_path)
    with pytest.raises(RecomposeError, match=r"images/gray_textures.safetensors: no such file; make the images first"):
        networks.networks("guided", folder=tmp_path, network=SHAPE, training=TRAINING, device="cpu")


def test_a_network_of_another_architecture_is_refused(folder):
    path = folder / "networks/guided.safetensors"
    with pytest.raises(RecomposeError, match=r"guided.safetensors: networks of another architecture .*delete it"):
        networks.trained(path, network=SHAPE.model_copy(update={"width": 4}))
    with pytest.raises(RecomposeError, match="train the networks first"):
        networks.trained(folder / "networks/none.safetensors", network=SHAPE)
    path.with_name("broken.safetensors").write_bytes(path.read_bytes()[:100])
    with pytest.raises(RecomposeError, match="not a readable file of networks"):
        networks.trained(path.with_name("broken.safetensors"), network=SHAPE)


def test_components_of_exact_quantiles():
    from scipy.special import ndtri

    exact = ndtri((np.arange(200) + 0.5) / 200)
    frame = pd.concat(
        [
            pd.DataFrame({"method": "good", "label": 0, "standard": exact}),
            pd.DataFrame({"method": "bad", "label": 0, "standard": exact + 3}),
        ]
    )
    good, bad = aggregation.components(frame).to_dict("records")
    assert good["ks"] == pytest.approx(0.0025) and good["mean"] == pytest.approx(0, abs=1e-9)
    assert bad["ks"] == pytest.approx(0.866, abs=0.01)


def test_the_interval_of_a_distance_to_a_component_holds_it():
    """Of a Gaussian one deviation away from the other: 2 Phi(1/2) - 1; of the component itself: 0."""
    generator = np.random.default_rng(5)
    far, near = ([aggregation.ks_distance(generator.standard_normal(200) + shift, generator, 300) for _ in range(60)]
                 for shift in (1, 0))  # fmt: skip
    assert np.mean([low <= 0.3829 <= high for _, low, high, _ in far]) > 0.85
    assert np.mean([low == 0 for _, low, _, _ in near]) > 0.85
    assert all(low <= distance <= high for distance, low, high, _ in far + near)


def pairs_of(classes, value):
    """A row for each pair of so many classes, and what a function makes of its number."""
    pairs = list(itertools.combinations(range(classes), 2))
    frame = pd.DataFrame(pairs, columns=["first", "second"])
    return frame.assign(value=[value(number, *pair) for number, pair in enumerate(pairs)])


def by_class(frame, statistic, generator, resamples):
    groups = frame[["first", "second"]].to_numpy()
    return bootstrap(frame[["value"]].to_numpy(), statistic, generator=generator, resamples=resamples, groups=groups)


def test_pairs_vary_with_their_classes():
    """A number that a class gives to all of its pairs varies as that of a class does, not of so many pairs."""
    effect = np.random.default_rng(6).standard_normal(20)
    frame = pairs_of(20, lambda _, first, second: effect[first] + effect[second])
    mean = lambda sample: sample.mean(axis=0)  # noqa: E731
    value, low, high = by_class(frame, mean, np.random.default_rng(7), 2000)
    assert value[0] == pytest.approx(2 * effect.mean())
    known = 2 * 1.96 * 2 * effect.std() / 20**0.5
    assert (high - low)[0] == pytest.approx(known, rel=0.15)
    naive = 2 * 1.96 * frame.value.std() / len(frame) ** 0.5
    assert (high - low)[0] > 2 * naive


def test_of_one_pair_of_classes_no_interval_is_known():
    frame = pairs_of(2, lambda *_: 3.0)
    mean = lambda sample: sample.mean(axis=0)  # noqa: E731
    value, low, high = by_class(frame, mean, np.random.default_rng(8), 20)
    assert value[0] == 3 and np.isnan(low[0]) and np.isnan(high[0])


def test_the_constants_of_the_embedding_do_not_depend_on_how_many_pairs_there_are():
    """Ratios from 1 to 9, evenly: their 2.5th and 97.5th percentiles are 1.2 and 8.8."""

    def constants(classes):
        count = classes * (classes - 1) // 2
        far = np.random.default_rng(9).random(count) + 0.5
        frame = pairs_of(classes, lambda number, *_: 1 + 8 * number / (count - 1)).rename(columns={"value": "ratio"})
        frame = frame.assign(feature_distance=far, density_distance=far * frame.ratio)
        return aggregation.embedding(frame, resamples=10).set_index("quantity").value

    few, many = constants(12), constants(40)
    for found in (few, many):
        assert found["A"] == pytest.approx(1.2) and found["B"] == pytest.approx(8.8)
        assert found["smallest ratio"] == pytest.approx(1) and found["largest ratio"] == pytest.approx(9)


def test_how_well_a_line_fits_pairs_of_classes():
    """Two apart from the line 10 + x, above and below in turn: R^2 is 1 - 4 / variance, the departure 2 / mean."""
    far = np.repeat(np.arange(33.0), 2)
    frame = pairs_of(12, lambda number, *_: 0.0).assign(feature_distance=far + 1)
    frame["density_distance"] = 10 + far + np.where(np.arange(66) % 2, 2, -2)
    found = aggregation.embedding(frame, resamples=50).set_index("quantity")
    assert found.value["R^2"] == pytest.approx(1 - 4 / frame.density_distance.var(ddof=0))
    assert found.value["departure"] == pytest.approx(2 / 26)
    assert (found.ci_low <= found.value + 1e-9).all() and (found.value <= found.ci_high + 1e-9).all()


def test_what_holds_for_all_pairs_of_classes():
    """Separabilities 1, 2, ..., 10 of ten pairs, and of half of them twice those of the mixture, else half."""
    guided = pairs_of(5, lambda number, *_: number + 1).rename(columns={"value": "separability"})
    guided = guided.assign(kind="pair", block="all")
    factor = np.where(np.arange(10) < 5, 2, 0.5)
    mixture = guided.assign(separability=guided.separability / factor, network="mixture")
    frame = pd.concat([guided.assign(network="guided"), mixture, guided.assign(network="guided", block="middle")])
    found = aggregation.separation(frame, frame, resamples=20)
    assert list(found.artifact.unique()) == ["figure4", "figure15"]
    value = found[found.artifact == "figure4"].set_index("quantity").value
    assert value["share well separated"] == 0.1 and value["smallest separability"] == 1
    assert value["separability, 5th percentile"] == pytest.approx(1.45)
    assert value["share that rises"] == 0.5 and value["smallest rise"] == 0.5


def test_figure_3_is_the_mean_over_classes():
    frame = pd.DataFrame({"group": range(4), "psnr": [20.0, 22, 24, 26], "gain": [1.0, 1, 2, 2]})
    frame = pd.concat(
        [frame.assign(images="all", model="guided", condition=word, sigma=0.5) for word in ("right", "wrong")]
    )
    found = aggregation.figure3(frame).set_index(["condition", "quantity"])
    assert found["mean"]["right", "psnr"] == 23 and found["mean"]["wrong", "gain"] == 1.5
    assert (found.n == 4).all() and found["std"]["right", "gain"] == pytest.approx(1 / 3**0.5)


def test_the_gain_of_a_class_is_over_the_same_images():
    values, base = torch.tensor([10.0, 12, 20, 22]), torch.tensor([9.0, 9, 21, 21])
    found = denoising.group_means(values, base, torch.tensor([3, 3, 5, 5]))
    assert found.to_dict("list") == {"group": [3, 5], "psnr": [11, 21], "gain": [2, 0]}


def test_quality_is_over_classes():
    samples = pd.DataFrame(
        {
            "artifact": "figure10", "kind": "samples", "label": [0, 0, 1, 1], "right_features": [1, 1, 0, 1],
            "right_statistics": [1, 0, 0, 0], "spread": [1.0, 1.0, 3.0, 3.0],
        }
    )  # fmt: skip
    real = samples.assign(kind=rows.REAL, right_features=1, right_statistics=1, spread=2.0)
    found = aggregation.quality(pd.concat([samples, real])).set_index(["kind", "quantity"])["mean"]
    assert found["samples", "accuracy_features"] == 0.75
    assert found["samples", "accuracy_statistics"] == 0.25
    assert found["samples", "diversity"] == 1.0
    assert found[rows.REAL, "diversity"] == 1.0


def test_the_loss_curves_of_all_networks_become_one_artifact(folder):
    told = PAPER.artifact("training")
    found = aggregation.training(folder=folder, network_names=told.networks)
    assert list(found.network.unique()) == list(told.networks) == list(NETWORKS)
    assert np.isfinite(found.loss).all()
    textures, gaussians = figures.training(found).axes
    assert len(textures.lines) == 9 and len(gaussians.lines) == 2
    with pytest.raises(RecomposeError, match=r"training/none.csv: no such file"):
        aggregation.training(folder=folder, network_names=["guided", "none"])


def test_every_network_is_used_and_every_use_is_a_network():
    measuring = [each for each in PAPER.artifacts if each.home == "experiments"]
    assert {name for each in measuring for name in each.networks} == set(NETWORKS) == set(PAPER.networks)
    assert {each.name for each in measuring} == set(MEASURES)


@pytest.mark.parametrize(
    ("block", "values", "message"),
    [
        (
            "images",
            {"size": 40, "patch": 16, "group_patch": 16, "held_out": 2},
            "half of it (20), as Figures 14-16 take it, holds 1",
        ),
        ("sampling", {"start": 0.1, "final": 0.5}, "final = 0.5 must be below start = 0.1"),
        ("gains", {"levels": [0.5, 0.5]}, "[0.5, 0.5] must rise, each value once"),
        ("distances", {"levels": [1.0, 0.3, 0.1]}, "must rise"),
        ("gaussians", {"weights": [1.0, 1.0]}, "must rise"),
        ("denoised", {"levels": [0.5, 1.0]}, "must fall"),
        ("partial", {"levels": [0.1, 0.9]}, "must fall"),
        ("partial", {"classes": 32}, "partial.classes, and the image's own: 33 of images.classes = 32"),
    ],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(block, values, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        configuration.FeatureGuidance.model_validate({block: values})


def test_groups_of_archives_are_not_cut_from_textures():
    configuration.Images(size=40, patch=16, held_out=2, multi="archives")


@pytest.fixture
def photographs(tmp_path, monkeypatch):
    """Photographs of three textures, and two of one, of 48 pixels."""
    from PIL import Image

    generator = np.random.default_rng(3)
    for name in ("textures/bark", "textures/moss", "textures/sand", "one_texture/a", "one_texture/b"):
        path = tmp_path / f"data/{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(generator.integers(0, 256, (48, 48, 3), dtype=np.uint8)).save(path)
    monkeypatch.setattr(images, "DATA", tmp_path / "data")
    return tmp_path / "data"


def test_photographs_in_the_place_of_generated_textures(photographs):
    chosen = IMAGE.model_copy(update={"source": "photographs", "classes": 3, "colour_classes": 3})
    gray, colour, single = (
        images.images(name, images=chosen, gaussians=GAUSSIANS)
        for name in ("gray_textures", "colour_textures", "one_texture")
    )
    assert gray["train"].shape == (3 * 7, 1, 16, 16) and colour["test"].shape == (3 * 2, 3, 16, 16)
    assert gray["test_labels"].tolist() == [0, 0, 1, 1, 2, 2]
    assert single["train"].shape == (2 * 9 - 2, 1, 16, 16) and set(single["train_labels"].tolist()) == {0}
    (photographs / "textures/sand.png").write_bytes(b"no picture")
    with pytest.raises(RecomposeError, match=r"sand.png"):
        images.images("gray_textures", images=chosen, gaussians=GAUSSIANS)
    skipped = chosen.model_copy(update={"skip_unusable": True})
    with pytest.raises(RecomposeError, match=r"2 textures, and images.classes = 3 are asked for; add more, or lower"):
        images.images("gray_textures", images=skipped, gaussians=GAUSSIANS)
    skipped = skipped.model_copy(update={"classes": 2})
    assert len(images.images("gray_textures", images=skipped, gaussians=GAUSSIANS)["train"]) == 2 * 7


def test_the_data_sets_themselves(photographs):
    chosen = IMAGE.model_copy(update={"multi": "archives"})
    with pytest.raises(RecomposeError, match=r"celeba_hq: .*download CelebAMask-HQ"):
        images.images("six_groups", images=chosen, gaussians=GAUSSIANS)
    with pytest.raises(RecomposeError, match=r"cifar10.*download"):
        images.images("ten_groups", images=chosen, gaussians=GAUSSIANS)
    folder = photographs / "cifar10/cifar-10-batches-bin"
    folder.mkdir(parents=True)
    (folder / "batches.meta.txt").write_text("airplane\ncar\n")
    for number, name in enumerate(
        ["data_batch_1", "data_batch_2", "data_batch_3", "data_batch_4", "data_batch_5", "test_batch"]
    ):
        (folder / f"{name}.bin").write_bytes(bytes([number % 2]) + bytes([number]) * 3072)
    found = images.images("ten_groups", images=chosen, gaussians=GAUSSIANS)
    assert found["train"].shape == (5, 3, 32, 32) and found["train_labels"].tolist() == [0, 1, 0, 1, 0]
    assert (found["test"] == 5).all()
