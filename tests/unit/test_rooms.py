"""Paper 2, objects in a room: what conditions mix, how compositions are sampled, who judges them."""

import numpy as np
import pandas as pd
import pytest
import torch
from test_feynman_kac import ancestral_variance

from recompose.datasets.labelled_images import LabelledImages
from recompose.diffusion.mixtures import gaussian
from recompose.diffusion.predictions import target, to_clean, to_noise
from recompose.errors import RecomposeError
from recompose.networks.diffusers_unet_operations import operations
from recompose.papers.weighted_composition.rooms.aggregation import (
    as_the_sentence_says,
    clustered_share,
    rooms_conditions,
    rooms_fractions,
    rooms_weights,
)
from recompose.papers.weighted_composition.rooms.aggregation import rooms as rooms_table
from recompose.papers.weighted_composition.rooms.data import images, load_rooms
from recompose.papers.weighted_composition.rooms.judge import (
    ASKED,
    NOISE,
    NOISIEST,
    NOISY,
    Judge,
    alike,
    holds,
    networks,
    spoiled,
    trained_judge,
)
from recompose.papers.weighted_composition.rooms.mixtures import CELLS, composed, mixtures
from recompose.papers.weighted_composition.rooms.names import CLASSES, MODELS, OUTCOMES, SETTINGS, SOURCES
from recompose.papers.weighted_composition.rooms.networks import centred, mixed, schedule_of, velocity_loss
from recompose.papers.weighted_composition.rooms.sampling import (
    composed_swarms,
    noise_gap,
    sampled_alone,
    weight_factor,
)
from recompose.papers.weighted_composition.rooms.settings import Rooms, RoomsJudge, RoomsSampling
from recompose.papers.weighted_composition.settings import WeightedComposition
from recompose.storage import write_tensors


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# -- what conditions mix -------------------------------------------------------------------------------------------


def test_in_distribution_the_composition_is_couch_and_x_and_out_of_it_is_not():
    """The paper says so of both; its own weights say .9604 and .0087."""
    exact = {setting: dict(zip(CELLS, composed(mixtures(setting, Rooms())), strict=True)) for setting in SETTINGS}
    for setting in ("f_id", "nf_id"):
        assert exact[setting] == pytest.approx(
            {"none": 0.0004, "couch_only": 0.0196, "other_only": 0.0196, "both": 0.9604}
        )
    for setting in ("f_ood", "nf_ood"):
        assert exact[setting] == pytest.approx(
            {"none": 0.00015, "couch_only": 0.4956, "other_only": 0.4956, "both": 0.0087}, abs=6e-5
        )


def test_weights_under_which_the_sentence_is_true():
    """Couch + X has to be 2,800 times as rare in the base as each object alone is."""
    rooms = as_the_sentence_says(Rooms())
    found = dict(zip(CELLS, composed(mixtures("f_ood", rooms)), strict=True))
    assert found["both"] == pytest.approx(0.9604, abs=1e-4)
    assert rooms.beta / rooms.base_both == pytest.approx(2765, rel=0.01)
    assert mixtures("f_id", rooms) == pytest.approx(mixtures("f_id", Rooms()))


@pytest.mark.parametrize("setting", SETTINGS)
def test_mixtures_sum_to_one_and_composition_is_brute_force(setting):
    weights = mixtures(setting, Rooms(alpha=0.03, beta=0.05))
    assert weights.sum(axis=1) == pytest.approx(np.ones(3))
    drawn = np.random.default_rng(1).choice(4, size=400_000, p=weights[0])
    importance = weights[1, drawn] / weights[2, drawn]
    by_sampling = np.bincount(drawn, importance, minlength=4) / importance.sum()
    assert composed(weights) == pytest.approx(by_sampling, abs=0.01)


def test_a_network_learns_its_conditions_alone():
    """Of six classes those of its setting; a separate network one condition."""
    conditional = mixed("rooms_nf_ood_conditional", Rooms())
    assert conditional.shape == (3, 6)
    assert conditional[:, [3, 5]].sum() == 0  # no paintings
    places = list(CLASSES)
    assert conditional[0, places.index("couch")] == pytest.approx(0.95)
    for number, source in enumerate(SOURCES):
        torch.testing.assert_close(mixed(f"rooms_nf_ood_separate_{source}", Rooms())[0], conditional[number])


class Recorder(torch.nn.Module):
    """A network that predicts nothing and remembers what it was shown."""

    def __init__(self):
        super().__init__()
        self.line = torch.nn.Parameter(torch.zeros(()))
        self.told = []

    def forward(self, x, t, labels):
        self.told.append((x.detach().clone(), t, labels))
        return self.line * x


def test_training_shows_classes_as_their_condition_mixes_them():
    """Every class is one intensity; at t = 1 hardly any noise hides it."""
    levels = torch.tensor([0, 50, 100, 150, 200, 250], dtype=torch.uint8)
    data = LabelledImages(levels.repeat_interleave(7)[:, None, None, None].expand(-1, 3, 8, 8), torch.arange(42) // 7)
    network, rooms = Recorder(), Rooms()
    loss = velocity_loss(network, data, mixed("rooms_f_id_conditional", rooms), batch=4000, names=("test",))
    assert float(loss(0).detach()) == float(loss(0).detach())  # a step draws the same again
    x, t, conditions = network.told[0]
    low = t < 3
    schedule = schedule_of()
    alpha = torch.from_numpy(schedule.alpha[t.numpy() + 1])[:, None, None, None]
    seen = (127.5 * (x.double() / alpha + 1)).mean(dim=(1, 2, 3))
    near = t < 200
    classes = (seen[near] / 50).round().long().clamp(0, 5)
    for number, source in enumerate(SOURCES):
        here = classes[conditions[near] == number]
        counts = torch.bincount(here, minlength=6) / len(here)
        exact = mixed("rooms_f_id_conditional", rooms)[number]
        assert float((counts - exact).abs().max()) < 0.12, source
    assert set(conditions.tolist()) == {0, 1, 2} and int(t.min()) >= 0 and int(t.max()) <= 999
    assert low.sum() < 100


# -- sampling ------------------------------------------------------------------------------------------------------

SHAPE = (1, 4, 4)
SIXTEEN = 16


@pytest.fixture(scope="module")
def exact_velocities():
    """Of three Gaussians over images of 16 pixels: half of the first's pixels vary much, of the second's the others."""
    of_pixels = [torch.ones(SIXTEEN), torch.ones(SIXTEEN), torch.full((SIXTEEN,), 20.0)]
    of_pixels[0][:8], of_pixels[1][8:] = 10.0, 10.0
    sources = [gaussian(torch.diag(variances)) for variances in of_pixels]
    schedule = schedule_of()

    def velocities(x, t):
        scales = float(schedule.alpha[t]), float(schedule.sigma[t])
        points = x.flatten(1)
        at = torch.stack([source.noised(*scales).score(points).reshape(x.shape) for source in sources])
        told = at, x, *scales, "score"
        return target(to_clean(*told), to_noise(*told), *scales, "velocity")

    return velocities


@pytest.mark.slow
def test_on_gaussian_images_the_corrector_reaches_theorem_1(exact_velocities):
    """As far as 100 ancestral steps allow; by the naive sampler the variance is a tenth too small."""
    sampling = RoomsSampling(steps=100, clip=50.0, weighted=None)
    told = {"schedule": schedule_of(), "sampling": sampling}
    found = {
        particles: composed_swarms(
            exact_velocities, SHAPE, swarms=swarms, particles=particles, generator=generator(1), **told
        )[0]
        for particles, swarms in ((1, 4000), (16, 1500))
    }
    assert found[16].shape == (1500, 16, *SHAPE)
    expected = ancestral_variance(20 / 21)
    assert float(found[1].var()) < expected - 0.08
    assert float(found[16][:, 0].var()) == pytest.approx(expected, abs=0.05)
    assert float(found[16].var()) == pytest.approx(expected, abs=0.05)  # all particles of a swarm count


def test_a_condition_by_itself_is_sampled_as_it_is(exact_velocities):
    sampling = RoomsSampling(steps=100, clip=50.0, weighted=None)
    found = sampled_alone(
        exact_velocities, SHAPE, 3000, schedule=schedule_of(), sampling=sampling, generator=generator()
    )
    variances = found.flatten(1).var(dim=0)
    assert variances[:8].mean() == pytest.approx(ancestral_variance(10.0), rel=0.05)
    assert variances[8:].mean() == pytest.approx(ancestral_variance(1.0), rel=0.05)


def test_the_gap_is_twice_the_product_of_differences():
    """2 <eps_1 - eps_0, eps_2 - eps_0>, in fp64 to rounding; at 200,000 pixels fp32 keeps it, not sums of squares."""
    schedule, weights = schedule_of(), torch.tensor([1.0, 1.0, -1.0])
    for shape, dtype, tolerance in (((3, 8, 8), torch.float64, 1e-12), ((3, 256, 256), torch.float32, 1e-4)):
        base = torch.randn((*shape, 2, 3), generator=generator(), dtype=torch.float64)
        apart = 0.01 * torch.randn((2, *shape, 2, 3), generator=generator(1), dtype=torch.float64)
        at = torch.cat([base + apart, base[None]]).to(dtype)
        x = torch.randn((*shape, 2, 3), generator=generator(2), dtype=torch.float64).to(dtype)
        alpha = float(schedule.alpha[400])
        exact = 2 * alpha**2 * (apart[0] * apart[1]).flatten(0, -3).sum(dim=0)
        found = noise_gap(at, x, schedule, 400, weights.to(dtype))
        assert found.shape == (2, 3)
        size = float(alpha**2 * apart.square().sum(dim=(0, 1, 2, 3)).max())
        assert float((found.double() - exact).abs().max()) < tolerance * size


def test_the_last_weighing_by_the_table_and_in_closed_form():
    """beta dt / sigma^2 of 10 steps: the two agree but at the data, where the closed form has a hundredfold."""
    schedule, steps = schedule_of(), (981, 501, 101, 11, 1)
    closed, table = (
        [2 * weight_factor(schedule, s + 10, s, RoomsSampling(weights_from=each)) for s in steps]
        for each in ("closed_form", "table")
    )
    assert closed == pytest.approx([1.14, 0.11, 0.20, 1.5, 1002], rel=0.06)
    assert table[:4] == pytest.approx(closed[:4], rel=0.15)
    assert table[4] == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize(("weighted", "told"), [(None, 9), (4, 4)])
def test_the_course_is_told_for_every_weighing(exact_velocities, weighted, told):
    sampling = RoomsSampling(steps=10, clip=50.0, weighted=weighted)
    _, course = composed_swarms(
        exact_velocities, SHAPE, swarms=5, particles=8, schedule=schedule_of(), sampling=sampling, generator=generator()
    )
    for each in (course.ess, course.distinct, course.variance):
        assert len(each) == told and each[0].shape == (5,)
    distinct = torch.stack(course.distinct)
    assert (distinct[1:] <= distinct[:-1]).all() and int(distinct.max()) <= 8  # lines die out, none comes back
    assert float(torch.stack(course.ess).max()) <= 8.001


def test_a_swarm_of_one_is_the_naive_sampler(exact_velocities):
    _, course = composed_swarms(
        exact_velocities, SHAPE, swarms=5, particles=1, schedule=schedule_of(),
        sampling=RoomsSampling(steps=5, weighted=None), generator=generator(),
    )  # fmt: skip
    assert course.ess == [] and course.distinct == []


@pytest.mark.parametrize(
    ("block", "told"),
    [
        ({"rooms": {"alpha": 0.6}}, "less than 0.5"),
        ({"rooms": {"alpha": 0}}, "greater than 0"),
        ({"rooms": {"beta": 0.4}}, "less than 0.333"),
        ({"rooms": {"beta": float("nan")}}, "finite"),
        ({"rooms": {"size": 20}}, "Input should be 8, 16, 32, 64, 128 or 256"),
        ({"rooms": {"base_both": 0.99}}, "leave nothing for empty rooms"),
        ({"rooms_sampling": {"particles": [0, 4, 16]}}, "greater than 0"),
        ({"rooms_sampling": {"swarms": [10]}}, "swarms has 1 entries and particles 3: one for each"),
        ({"rooms_sampling": {"weighted": 32}}, "weighted = 32, expected fewer than the 32 moves"),
        ({"rooms_networks": {"embeddings": 2}}, "greater than or equal to 3"),
    ],
)
def test_bad_input_is_told_with_its_key(block, told):
    with pytest.raises(ValueError, match=told):
        WeightedComposition.model_validate(block)


def test_swarms_that_do_not_fit_are_refused_before_they_start(monkeypatch):
    from recompose.papers.weighted_composition.rooms.experiments import _require_room

    monkeypatch.setattr("psutil.virtual_memory", lambda: type("Memory", (), {"available": 2**30})())
    with pytest.raises(RecomposeError, match=r"sampling 1024 particles of 256x256 needs \d+\.\d GiB of memory"):
        _require_room(1024, 256, "cpu")
    _require_room(16, 256, "cpu")


def test_too_few_collected_images_are_told(monkeypatch):
    from recompose.papers.weighted_composition.rooms import data

    monkeypatch.setattr(data, "accepted_images", lambda name, size: np.zeros((5, 3, size, size), dtype=np.uint8))
    rooms = Rooms(source="collection", size=8, train=3, judging=1, test=2)
    with pytest.raises(RecomposeError, match=r"empty\.csv: 5 images, and 6 are asked for by rooms\.train"):
        data.images("rooms", rooms=rooms)
    made = data.images("rooms", rooms=rooms.model_copy(update={"train": 2}))
    assert made["train"].shape == (12, 3, 8, 8) and made["test_labels"].tolist() == sorted(list(range(6)) * 2)


# -- the judge -----------------------------------------------------------------------------------------------------


def test_what_classes_hold():
    held = holds(torch.arange(6))
    assert held.tolist() == [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0], [1, 0, 1]]


@pytest.mark.parametrize("size", [8, 16, 64])
def test_the_judge_sees_any_size(size):
    judge = Judge(size, 4)
    assert judge(torch.zeros(2, 3, size, size)).shape == (2, len(ASKED))
    assert judge.features(torch.zeros(2, 3, size, size)).shape == (2, 4 * 8 * 16)


def test_spoiled_rooms_are_other_images_of_the_same_range():
    x = torch.rand((64, 3, 16, 16), generator=generator()) * 2 - 1
    bad = spoiled(x, x.flip(0), torch.zeros(64, dtype=torch.bool), generator(1))
    assert bad.shape == x.shape and float(bad.abs().max()) <= 1.0001
    assert float((bad - x).abs().mean(dim=(1, 2, 3)).min()) > 0.05
    again = spoiled(x, x.flip(0), torch.zeros(64, dtype=torch.bool), generator(1))
    torch.testing.assert_close(bad, again)


def test_rooms_that_differ_by_a_painting_alone_are_alike():
    empty, couch, table, painting, couch_table, couch_painting = range(6)
    pairs = {(empty, painting): True, (couch, couch_painting): True, (table, table): True, (couch, table): False,
             (couch_table, couch_painting): False, (empty, couch_painting): False}  # fmt: skip
    assert alike(*torch.tensor(list(pairs)).T).tolist() == list(pairs.values())


def test_a_fifth_of_spoiled_rooms_have_noise_of_single_pixels():
    """Of flat images only noise is left: coarse one with like neighbours, or fine one without."""
    flat = torch.zeros((2000, 3, 16, 16))
    bad = spoiled(flat, flat, torch.zeros(2000, dtype=torch.bool), generator(2))
    strength = bad.flatten(1).std(dim=1)
    neighbours = (bad[..., 1:] * bad[..., :-1]).mean(dim=(1, 2, 3)) / strength.square()
    fine = (strength > 0) & (neighbours < 0.2)
    assert float(fine.float().mean()) == pytest.approx(0.2, abs=0.03)
    assert NOISE < NOISY < 1.1 * float(strength[fine].min()) and float(strength[fine].max()) < 1.1 * NOISIEST


def test_a_judge_that_was_trained_for_a_moment_tells_noisy_rooms(tmp_path):
    rooms, told = Rooms(train=1, judging=30, test=15), RoomsJudge(width=6, iterations=150, batch=32)
    write_tensors((images("rooms", rooms=rooms), {}), tmp_path / "images" / "rooms.safetensors")
    write_tensors(
        networks("rooms_judge", folder=tmp_path, rooms=rooms, rooms_judge=told, device="cpu")[0], tmp_path / "judge"
    )
    judge = trained_judge(tmp_path / "judge", rooms, told)
    clean = centred(load_rooms(tmp_path / "images" / "rooms.safetensors", "test").images, "cpu")
    noise = torch.randn(clean.shape, generator=generator())
    of_noise = {each: float((judge.intact(clean + each * noise) > 0).float().mean()) for each in (0.02, 0.2, 0.5)}
    assert of_noise[0.02] > 0.9 and of_noise[0.2] < 0.1 and of_noise[0.5] == 0
    torch.testing.assert_close(judge.intact(clean), judge(clean)[:, ASKED.index("intact")])


# -- shares --------------------------------------------------------------------------------------------------------


def test_shares_of_independent_trials_have_wilsons_interval():
    from statsmodels.stats.proportion import proportion_confint

    shares = np.r_[np.ones(60), np.zeros(140)]
    mean, low, high = clustered_share(shares, 1)
    assert (low, high) == pytest.approx(proportion_confint(60, 200, method="wilson"), abs=1e-3)
    assert mean == 0.3


def test_particles_that_agree_count_once_and_those_that_differ_each():
    generator = np.random.default_rng(3)
    alike = np.repeat(generator.random(40) < 0.5, 1).astype(float)
    differing = generator.binomial(16, 0.5, size=40) / 16
    widths = [high - low for _, low, high in (clustered_share(alike, 16), clustered_share(differing, 16))]
    assert widths[0] == pytest.approx(2 * 1.96 * 0.5 / 40**0.5, rel=0.1)
    assert widths[1] == pytest.approx(2 * 1.96 * 0.5 / 640**0.5, rel=0.35)


def judged(swarms=20):
    """Every setting and model: in each swarm the shares of .5, .25, .25, 0 and 0."""
    rows = [
        {"setting": setting, "model": model, "source": source, "particles": particles, "swarm": swarm,
         "both": 0.5, "couch_only": 0.25, "other_only": 0.25, "none": 0.0, "warped": 0.0, "alone": 0.5, "intact": 1.0,
         "shown": "both"}
        for setting in SETTINGS
        for model in MODELS
        for source, particles in (("composition", 1), ("composition", 4), *((each, 1) for each in SOURCES))
        for swarm in range(swarms)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_fractions_stand_beside_what_is_exact():
    frame = rooms_fractions(judged(), rooms=Rooms())
    assert len(frame) == len(SETTINGS) * len(MODELS) * 2 * len(OUTCOMES)
    here = frame[(frame.setting == "f_ood") & (frame.model == "separate") & (frame.particles == 4)].set_index("outcome")
    assert here["mean"].to_dict() == {"both": 0.5, "couch_only": 0.25, "other_only": 0.25, "none": 0, "warped": 0}
    assert here.exact["both"] == pytest.approx(0.0087, abs=1e-4) and here.variant["both"] == pytest.approx(
        0.96, abs=1e-3
    )
    wide = rooms_table(frame)
    row = wide[(wide.setting == "f_ood") & (wide.model == "separate") & (wide.particles == 4)].iloc[0]
    assert row.apart == pytest.approx(0.5 * (0.4913 + 0.2456 * 2 + 0.00015), abs=1e-3)


def test_conditions_are_compared_with_their_own_mixture():
    errors = pd.DataFrame(
        [{"setting": s, "model": m, "source": c, "error": 0.1} for s in SETTINGS for m in MODELS for c in SOURCES]
    )
    frame = rooms_conditions(judged(), errors, rooms=Rooms())
    base = frame[(frame.setting == "f_id") & (frame.model == "conditional") & (frame.source == "0")].set_index(
        "outcome"
    )
    assert base.exact.to_dict() == pytest.approx(
        {"both": 0.25, "couch_only": 0.25, "other_only": 0.25, "none": 0.25, "warped": 0}
    )
    assert base.apart["both"] == pytest.approx(0.25) and (frame.error == 0.1).all()


def test_variances_add_up_on_the_way():
    course = pd.DataFrame(
        [{"setting": "f_id", "model": "separate", "particles": 4, "weighing": n, "quantity": "variance", "mean": 0.1,
          "ci_low": 0.05, "ci_high": 0.15, "n": 3} for n in (1, 2, 3)]
    )  # fmt: skip
    total = rooms_weights(course).query("quantity == 'total_variance'")
    assert total["mean"].tolist() == pytest.approx([0.1, 0.2, 0.3])


@pytest.mark.parametrize(
    "networks",
    [{}, {"patch": 1, "widths": (8, 16, 16), "layers": 2, "attention": 2}, {"patch": 2, "widths": (24, 48)}],
)
def test_operations_are_counted_as_torch_counts_them(networks):
    from torch.utils.flop_counter import FlopCounterMode

    from recompose.networks.diffusers_unet import ClassUNet
    from recompose.papers.weighted_composition.rooms.networks import shape_of

    paper = WeightedComposition.model_validate({"rooms_networks": networks})
    network = ClassUNet(("test",), shape_of("rooms_f_id_conditional", paper.rooms, paper.rooms_networks))
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(torch.zeros(1, 3, 16, 16), 3, torch.zeros(1, dtype=torch.long))
    assert operations(
        paper.rooms.size, paper.rooms_networks.patch, paper.rooms_networks.widths, paper.rooms_networks.layers
    ) == pytest.approx(counter.get_total_flops(), rel=0.35)
