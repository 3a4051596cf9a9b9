"""The samplers of paper 2 against the Fokker-Planck equation, closed forms and recorded weights."""

import dataclasses
from itertools import pairwise

import pytest
import torch

from recompose.datasets.compositions import composed_covariance, composition
from recompose.diffusion import feynman_kac
from recompose.diffusion.feynman_kac import (
    Composed,
    Sampler,
    composed_score,
    in_parts,
    sample_composition,
    sample_in_parts,
    sample_swarms,
    square_gap,
)
from recompose.diffusion.mixtures import Mixture, gaussian, mixture_scores
from recompose.diffusion.particles import effective_sample_size, one_of_each, systematic_resampling
from recompose.diffusion.predictions import target, to_clean, to_noise, to_score
from recompose.diffusion.sampling import ddpm_step
from recompose.diffusion.schedules import VariancePreserving, ddpm_schedule, timesteps, zero_terminal_snr
from recompose.errors import RecomposeError

VP = VariancePreserving()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def analytic(sources):
    return mixture_scores(sources, VP)


def sums_of_squares(scores, weights):
    """The gap of Eq. 11 as it is printed."""
    squares = scores.flatten(1, -3).square().sum(dim=1)
    composed = composed_score(scores, weights)
    return composed.flatten(0, -3).square().sum(dim=0) - composed_score(squares, weights)


def composed_of(name):
    what = composition(name)
    return Composed(analytic(what.sources), what.weights)


def sample(name, particles, swarms=500, seed=0, watch=None, **options):
    return sample_composition(
        composed_of(name), swarms=swarms, particles=particles, shape=(2,),
        sampler=Sampler(**{"steps": 200} | options), schedule=VP, generator=generator(seed), watch=watch,
    )  # fmt: skip


def test_the_process_preserves_variance_and_follows_its_rate():
    t = torch.linspace(0, 1, 101, dtype=torch.double, requires_grad=True)
    torch.testing.assert_close(VP.alpha(t) ** 2 + VP.sigma(t) ** 2, torch.ones_like(t))
    torch.log(VP.alpha(t)).sum().backward()
    torch.testing.assert_close(t.grad, -0.5 * VP.beta(t.detach()))
    assert VP.sigma(torch.tensor(1e-5, dtype=torch.double)) == pytest.approx(1e-3, rel=0.01)


@pytest.mark.parametrize("weights", [[1.0, 1.0, -1.0], [0.5, 0.8, 0.4]])
def test_the_weights_make_up_for_what_the_naive_sampler_misses(weights):
    """Along the sampler d/ds log q = the Fokker-Planck equation of its SDE + the log-weight rate, q = prod p_a^w_a.

    The left side by automatic differentiation in t, the right side from scores and their divergence; any weights.
    """
    means = torch.randn((3, 2, 2), generator=generator(), dtype=torch.double)
    eye = torch.eye(2, dtype=torch.double)
    sources = [
        Mixture(torch.tensor([0.3, 0.7], dtype=torch.double), mean, torch.stack([0.5 * eye, 1.5 * eye]))
        for mean in means
    ]
    weights = torch.tensor(weights, dtype=torch.double)
    x = torch.randn((40, 2), generator=generator(1), dtype=torch.double)
    t = torch.tensor(0.3, dtype=torch.double)

    def log_q(x, t):
        alpha, sigma = VP.alpha(t), VP.sigma(t)
        total = 0
        for w, source in zip(weights, sources, strict=True):
            apart = (x.unsqueeze(-2) - alpha * source.means).square().sum(dim=-1)
            variance = alpha**2 * source.covariances[:, 0, 0] + sigma**2
            logits = source.weights.log() - torch.log(2 * torch.pi * variance) - 0.5 * apart / variance
            total = total + w * torch.logsumexp(logits, dim=-1)
        return total

    at = analytic(sources)(x.T.unsqueeze(1), t)  # one swarm
    composed = composed_score(at, weights)[:, 0].T
    score = torch.func.vmap(torch.func.grad(log_q), in_dims=(0, None))
    divergence = torch.func.vmap(lambda x: torch.func.jacrev(torch.func.grad(log_q))(x, t).trace())(x)
    torch.testing.assert_close(composed, score(x, t))

    beta = VP.beta(t)
    drift = beta * (0.5 * x + composed)
    drift_divergence = beta * (1.0 + divergence)  # div x = 2
    fokker_planck = -drift_divergence - (drift * composed).sum(-1) + beta / 2 * (divergence + composed.square().sum(-1))
    change = -torch.func.vmap(torch.func.grad(log_q, argnums=1), in_dims=(0, None))(x, t)
    gained = 0.5 * beta * square_gap(at, weights) + (weights.sum() - 1) * (-0.5 * beta * 2)  # and div u, a constant
    torch.testing.assert_close(change - fokker_planck, gained[0])


@pytest.mark.parametrize("name", ["f_id", "f_ood"])
def test_theorem_3_factorized_conditionals_gain_no_weight(name):
    setting = composition(name)
    sources = [gaussian(source.covariances[0].double()) for source in setting.sources]
    x = 4 * torch.randn((2, 1, 50), generator=generator(), dtype=torch.double)
    weights = setting.weights.double()
    for t in torch.linspace(0.01, 0.99, 9, dtype=torch.double):
        at = analytic(sources)(x, t)
        gained = 0.5 * VP.beta(t) * square_gap(at, weights)
        assert float(gained.abs().max()) < 1e-10 * float(at.square().sum(dim=1).max() * VP.beta(t))


@pytest.mark.parametrize("clip", [None, 0.5, 15.0])
def test_each_step_resamples_by_the_rate_at_the_new_place_clipped_once_and_forgets_it(clip):
    setting, evaluated, weighed = composition("nf_id"), [], []
    scores = analytic(setting.sources)

    def recorded(x, t):
        evaluated.append((x.clone(), t))
        return scores(x, t)

    sample_composition(Composed(recorded, setting.weights), swarms=5, particles=8, shape=(2,),
                       sampler=Sampler(steps=20, clip=clip), schedule=VP, generator=generator(),
                       watch=lambda *told: weighed.append(told))  # fmt: skip
    assert [number for number, _, _ in weighed] == list(range(1, 21)) and len(evaluated) == 21
    # At the end one particle is drawn by its weight instead.
    assert [ancestors is None for _, _, ancestors in weighed] == [False] * 19 + [True]
    bound = float("inf") if clip is None else clip
    for (x, t), (_, log_weights, _) in zip(evaluated[1:], weighed, strict=True):
        at = scores(x, t)
        rate = VP.beta(t)
        gap = torch.tensordot(setting.weights, at, dims=1).square().sum(0)
        gap = gap - torch.tensordot(setting.weights, at.square().sum(1), dims=1)
        expected = (0.5 * rate * gap).clamp(-bound, bound) / 20
        torch.testing.assert_close(log_weights, expected, rtol=1e-3, atol=1e-5)
    if clip == 0.5:
        assert any(float(w.abs().max()) == pytest.approx(0.5 / 20) for _, w, _ in weighed)


def test_below_the_threshold_weights_are_kept_and_added_up(monkeypatch):
    """Weights that never make a swarm poor are all still there at the end, and the last draw follows them."""
    gains = torch.tensor([0.0, 1.0, 2.0, -40.0])
    monkeypatch.setattr(feynman_kac, "bounded", lambda rate, sampler: gains.expand(rate.shape).clone())
    drawn = []
    multinomial = torch.multinomial
    monkeypatch.setattr(torch, "multinomial", lambda w, *a, **k: (drawn.append(w), multinomial(w, *a, **k))[1])
    ancestors = []
    sample("nf_id", 4, swarms=3, watch=lambda *told: ancestors.append(told[2]), steps=10, resampling="threshold",
           threshold=0.01, clip=None)  # fmt: skip
    assert ancestors == [None] * 10
    torch.testing.assert_close(drawn[0], torch.softmax(gains, dim=0).expand(3, 4))


@pytest.mark.parametrize("weights", [[1.0, 1.0, -1.0], [0.5, 0.8, 0.4], [0.5, 0.3, -0.1]])
def test_any_weighting_of_gaussians_starts_and_ends_as_it_should(weights):
    """Where the sum is not one, the composed noise is N(0, I / sum), and the clip has nothing to do with the constant.

    Against the covariance of Theorem 1, by the corrector.
    """
    what, weights = composition("nf_id"), torch.tensor(weights)
    started = []

    def recorded(x, t):
        started.append(x)
        return analytic(what.sources)(x, t)

    found = sample_composition(
        Composed(recorded, weights), swarms=3000, particles=16, shape=(2,), sampler=Sampler(steps=300), schedule=VP,
        generator=generator(),
    )  # fmt: skip
    assert float(started[0].var()) == pytest.approx(1 / float(weights.sum()), rel=0.02)
    expected = composed_covariance(torch.stack([source.covariances[0] for source in what.sources]), weights)
    torch.testing.assert_close(found.T.cov(), expected, rtol=0.08, atol=0.06 * float(expected.max()))


def test_weights_that_compose_noise_to_nothing_are_refused():
    field = Composed(analytic(composition("nf_id").sources), torch.tensor([1.0, 1.0, -2.0]))
    with pytest.raises(RecomposeError, match="they add up to 0, expected more than 0"):
        sample_composition(field, swarms=1, particles=1, shape=(2,), sampler=Sampler(), schedule=VP,
                           generator=generator())  # fmt: skip


@pytest.mark.parametrize("resampling", ["every_step", "threshold"])
def test_the_corrector_turns_the_wrong_variance_into_the_right_one(resampling):
    """NF-ID: the naive sampler ends with .8, the composition has 20/21 (Theorem 1)."""
    naive = sample("nf_id", 1, swarms=4000, steps=100).var(dim=0)
    corrected = sample("nf_id", 16, swarms=2000, steps=100, resampling=resampling, clip=None).var(dim=0)
    assert float(naive.mean()) < 0.86
    assert float(corrected.mean()) == pytest.approx(20 / 21, abs=0.06)


def test_the_naive_ode_ends_where_theorem_2_says():
    """F-ID and NF-ID; the ODE is linear, so the variance at the end is that of its gain, squared."""
    for name, variance in (("f_id", 1.0), ("nf_id", 0.5)):
        x = sample(name, 1, swarms=4000, steps=1000, dynamics="ode")
        assert float(x.var(dim=0).mean()) == pytest.approx(variance, rel=0.05)


def test_one_particle_is_the_naive_sampler():
    setting = composition("nf_id")
    noise = generator(3)
    x = torch.randn((2, 6, 1), generator=noise)
    times = torch.linspace(1, 0, 31)
    for t, following in pairwise(times):
        at = torch.tensordot(setting.weights, analytic(setting.sources)(x, t.clamp(1e-5, 1 - 1e-5)), dims=1)
        moved = x + VP.beta(t) * (t - following) * (0.5 * x + at)
        x = moved + (VP.beta(t) * (t - following)).sqrt() * torch.randn(x.shape, generator=noise)
    torch.testing.assert_close(sample("nf_id", 1, swarms=6, seed=3, steps=30), x[..., 0].T)


def test_the_last_step_may_go_without_noise():
    noisy, quiet = (sample("nf_id", 1, swarms=6, seed=1, steps=10, noise_on_last_step=on) for on in (True, False))
    assert not torch.equal(noisy, quiet)


def test_centring_changes_nothing_without_a_clip():
    plain, centred = (sample("nf_id", 8, swarms=20, clip=None, centring=on) for on in (False, True))
    torch.testing.assert_close(plain, centred, rtol=1e-3, atol=1e-3)
    plain, centred = (sample("nf_id", 8, swarms=20, clip=3.0, steps=40, centring=on) for on in (False, True))
    assert not torch.allclose(plain, centred, rtol=1e-3, atol=1e-3)


def in_swarms(ancestors):
    """Ancestors by their places in their own swarm, out of which none may come."""
    places = ancestors - ancestors.shape[1] * torch.arange(len(ancestors)).unsqueeze(-1)
    assert int(places.min()) >= 0 and int(places.max()) < ancestors.shape[1]
    return places


def test_systematic_resampling_gives_each_particle_its_share():
    """floor(n w) or ceil(n w) slots, n w on average; shuffled."""
    weights = torch.tensor([0.05, 0.0, 0.3, 0.4, 0.25])
    ancestors = in_swarms(systematic_resampling(weights.log().expand(40_000, 5), generator()))
    counts = torch.nn.functional.one_hot(ancestors, 5).sum(dim=1)
    assert (counts >= torch.floor(5 * weights)).all() and (counts <= torch.ceil(5 * weights)).all()
    torch.testing.assert_close(counts.double().mean(dim=0), 5 * weights.double(), rtol=0, atol=0.01)
    orders = {tuple(systematic_resampling(torch.zeros((1, 5)), generator(seed))[0].tolist()) for seed in range(40)}
    assert len(orders) > 30


def test_equal_weights_leave_every_particle_in_place_once():
    ancestors = in_swarms(systematic_resampling(torch.full((100, 7), -1e4), generator()))
    assert torch.equal(ancestors.sort(dim=1).values, torch.arange(7).expand(100, 7))


def test_the_effective_sample_size_lies_between_one_and_the_particles():
    log_weights = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.0, -1e9, -1e9, -1e9], [7.0, 7.0, -1e9, -1e9]])
    torch.testing.assert_close(effective_sample_size(log_weights), torch.tensor([4.0, 1.0, 2.0]))


def counted_in_fp32(log_weights, generator):
    """The resampling with which the results were made."""
    swarms, particles = log_weights.shape
    start = torch.rand((swarms, 1), generator=generator, dtype=torch.float64)
    reached = torch.softmax(log_weights, dim=-1).double().cumsum(dim=-1) * particles
    below = (reached - start).ceil_().clamp_(0, particles).long()
    below[:, -1] = particles
    passed = torch.zeros((swarms, particles + 1)).scatter_add_(1, below, torch.ones(log_weights.shape))
    order = torch.randperm(particles, generator=generator)
    return passed.cumsum(dim=-1).long().gather(1, order.expand(swarms, particles))


@pytest.mark.parametrize("swarms, particles", [(300, 1), (300, 2), (100, 16), (20, 1000), (1, 50_000)])
def test_resampling_in_fp32_is_what_it_was_and_fp64_agrees(swarms, particles):
    log_weights = 3 * torch.randn((swarms, particles), generator=generator())
    log_weights[:, 1::7] = -torch.inf
    found = in_swarms(systematic_resampling(log_weights, generator(1)))
    assert found.dtype == torch.long and torch.equal(found, counted_in_fp32(log_weights, generator(1)))
    in_fp64 = in_swarms(systematic_resampling(log_weights.double(), generator(1)))
    assert in_fp64.dtype == torch.long
    # A pointer may lie between the two roundings of a weight.
    assert float((in_fp64 == found).double().mean()) > (0.999 if particles < 50_000 else 0.95)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_equal_weights_have_the_same_ancestors_in_every_precision(dtype):
    log_weights = torch.zeros((50, 16))
    found = in_swarms(systematic_resampling(log_weights.to(dtype), generator(1)))
    assert torch.equal(found, counted_in_fp32(log_weights, generator(1)))


def test_resampling_in_fp64_tells_weights_apart_that_fp32_cannot():
    weights = torch.tensor([0.1, 0.2, 0.3, 0.4], dtype=torch.double)
    log_weights = (weights.log() + 1e9).expand(40_000, 4)
    counts = torch.nn.functional.one_hot(in_swarms(systematic_resampling(log_weights, generator())), 4).sum(dim=1)
    torch.testing.assert_close(counts.double().mean(dim=0), 4 * weights, rtol=0, atol=0.01)
    assert (counts >= torch.floor(4 * weights)).all() and (counts <= torch.ceil(4 * weights)).all()


FAILED = {
    "all_zero": [-torch.inf, -torch.inf, -torch.inf],
    "infinite": [0.0, torch.inf, -torch.inf],
    "no_number": [0.0, torch.nan, 1.0],
}


@pytest.mark.parametrize(
    "weigh",
    [
        effective_sample_size,
        lambda weights: systematic_resampling(weights, generator()),
        lambda weights: one_of_each(torch.zeros((2, 3, 3)), weights, generator()),
    ],
    ids=["effective_sample_size", "systematic_resampling", "one_of_each"],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("failed, largest", [("all_zero", "-inf"), ("infinite", "inf"), ("no_number", "nan")])
def test_weights_that_cannot_be_normalized_are_refused(weigh, dtype, failed, largest):
    log_weights = torch.tensor([[0.0, 1.0, -torch.inf], FAILED[failed], FAILED[failed]], dtype=dtype)
    message = f"the log-weights of swarm 1 cannot be normalized, the largest of them is {largest}; use more steps"
    with pytest.raises(RecomposeError, match=message) as caught:
        weigh(log_weights)
    assert "\n" not in str(caught.value)


def test_weights_as_large_as_a_number_can_be():
    """A share is no trouble; the square of a weight overflows, and is said."""
    largest = torch.finfo(torch.float32).max
    log_weights = torch.tensor([[largest, -largest, -largest]])
    assert (systematic_resampling(log_weights, generator()) == 0).all()
    with pytest.raises(RecomposeError, match=r"swarm 0 cannot be normalized, the largest of them is 3.403e\+38"):
        effective_sample_size(log_weights)
    torch.testing.assert_close(effective_sample_size(log_weights.double()), torch.tensor([1.0], dtype=torch.double))


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_swarm_whose_weights_fail_is_named(value):
    setting = composition("nf_id")

    def broken(x, t):
        at = analytic(setting.sources)(x, t)
        if float(t) < 0.5:
            at[0, :, 2] = float(value)
        return at

    with pytest.raises(RecomposeError, match="step 6 of 10: the log-weights of swarm 2 are not finite"):
        sample_composition(Composed(broken, setting.weights), swarms=4, particles=3, shape=(2,),
                           sampler=Sampler(steps=10), schedule=VP, generator=generator())  # fmt: skip


def test_no_particles_are_refused():
    with pytest.raises(RecomposeError, match="particles = 0"):
        sample("nf_id", 0)


def test_the_same_generator_gives_the_same_samples():
    assert torch.equal(sample("gmm_id", 4, swarms=5), sample("gmm_id", 4, swarms=5))
    assert dataclasses.asdict(Sampler())["steps"] == 500


def test_weights_in_double_precision_are_resampled_too():
    log_weights = torch.tensor([[0.0, -torch.inf, 0.0]], dtype=torch.double)
    assert sorted(systematic_resampling(log_weights, generator())[0].tolist())[::2] == [0, 2]


# -- Particles of any shape


def of_images(sources, shape, schedule=VP):
    """The exact scores of Gaussians in as many dimensions as an image has pixels."""
    flat = mixture_scores(sources, schedule)
    return lambda x, t: flat(x.flatten(0, -3), t).unflatten(1, shape)


@pytest.fixture(scope="module")
def images():
    """Three Gaussian images of 2 x 2 pixels, each twice a plane of NF-ID, in axes that mix all pixels."""
    shape, what = (1, 2, 2), composition("nf_id")
    turned = torch.linalg.qr(torch.randn((4, 4), generator=generator(5))).Q
    covariances = torch.stack(
        [turned @ torch.block_diag(*[source.covariances[0]] * 2) @ turned.T for source in what.sources]
    )
    covariances = (covariances + covariances.mT) / 2
    return shape, [gaussian(each) for each in covariances], what.weights, composed_covariance(covariances, what.weights)


def test_a_point_and_an_image_of_two_pixels_are_the_same_bytes():
    setting, seen = composition("nf_id"), {}
    for shape in ((2,), (2, 1, 1), (1, 2, 1)):
        found = sample_composition(
            Composed(of_images(setting.sources, shape), setting.weights), swarms=40, particles=8, shape=shape,
            sampler=Sampler(steps=30), schedule=VP, generator=generator(),
        )  # fmt: skip
        assert found.shape == (40, *shape)
        seen[shape] = found.flatten(1)
    assert torch.equal(seen[2,], seen[2, 1, 1]) and torch.equal(seen[2,], seen[1, 2, 1])


@pytest.mark.parametrize("particles", [1, 16])
def test_the_corrector_of_images_reaches_what_that_of_points_does(images, particles):
    """Of the covariance of Theorem 1, in the pixels' mixed axes: the naive sampler misses a tenth of the variances."""
    shape, sources, weights, expected = images
    found = sample_in_parts(
        Composed(of_images(sources, shape), weights), swarms=2000, particles=particles, shape=shape,
        sampler=Sampler(steps=100, clip=None), schedule=VP, generator=generator(),
    ).flatten(1)  # fmt: skip
    missed = (expected - found.T.cov()).abs()
    planar = 20 / 21 - sample("nf_id", particles, swarms=4000, steps=100, clip=None).var(dim=0).mean()
    assert float(missed.diagonal().mean()) == pytest.approx(float(planar), abs=0.03)
    assert float(missed.max()) < (0.2 if particles == 1 else 0.1)


@pytest.mark.parametrize("weights", [[1.0, 1.0, -1.0], [0.5, 0.8, 0.4], [2.0, -0.5, -0.5]])
def test_the_gap_of_squares_is_that_of_differences(weights):
    """At 196,608 dimensions, the rooms of paper 2, in fp64; at (1, 1, -1) it is 2 <S_1 - S_0, S_2 - S_0>."""
    scores = torch.randn((3, 3, 256, 256, 1, 2), generator=generator(), dtype=torch.double)
    weights = torch.tensor(weights, dtype=torch.double)
    expected = sums_of_squares(scores, weights)
    torch.testing.assert_close(square_gap(scores, weights), expected)
    if weights.sum() == 1 and weights[0] == 1:
        inner = ((scores[0] - scores[2]) * (scores[1] - scores[2])).sum(dim=(0, 1, 2))
        torch.testing.assert_close(2 * inner, expected)


def test_differences_keep_in_single_precision_what_sums_of_squares_lose():
    """Scores of many pixels that agree up to a thousandth, as those of one image under three conditions do."""
    common = 10 * torch.randn((3, 256, 256, 1, 2), generator=generator(), dtype=torch.double)
    scores = common + 0.001 * torch.randn((3, 3, 256, 256, 1, 2), generator=generator(1), dtype=torch.double)
    weights = torch.tensor([1.0, 1.0, -1.0])
    exact = square_gap(scores, weights.double())
    scores = scores.float()
    differences = square_gap(scores, weights)
    sums = sums_of_squares(scores, weights)
    assert float((differences - exact).abs().max()) < 0.01 < 0.1 < float((sums - exact).abs().max())


def ancestral(images, particles, swarms, count=100, stop=None, watch=None):
    """DDPM steps on the composed velocity at zero terminal SNR, weighed by the table of the schedule."""
    shape, sources, weights, _ = images
    schedule, times, noise = zero_terminal_snr(ddpm_schedule()), timesteps(1000, count, "leading"), generator(1)

    def scales(number):
        return float(schedule.alpha[times[number]]), float(schedule.sigma[times[number]])

    def velocities(x, number):
        points = x.flatten(0, -3).movedim(0, -1)
        exact = torch.stack([source.noised(*scales(number)).score(points).movedim(-1, 0) for source in sources])
        told = exact.unflatten(1, shape), x, *scales(number), "score"
        return target(to_clean(*told), to_noise(*told), *scales(number), "velocity")

    def move(x, velocity, number):
        return ddpm_step(
            x, velocity, schedule, times[number - 1], times[number], kind="velocity", clip=6.0, generator=noise
        )

    def guide(x, number):
        at = velocities(x, number)
        share = schedule.beta[times[number]] * (times[number - 1] - times[number]) if number else 0
        gap = square_gap(to_score(at, x, *scales(number), "velocity"), weights)
        return composed_score(at, weights), 0.5 * share * gap

    start = torch.randn((*shape, swarms, particles), generator=noise)
    return sample_swarms(
        start, steps=count, guide=guide, move=move, weighted=stop or count - 1, generator=noise, watch=watch
    )  # fmt: skip


def ancestral_variance(variance, count=100):
    """Where as many ancestral steps end that know the score of one Gaussian: a little short, in closed form."""
    schedule, found = zero_terminal_snr(ddpm_schedule()), 1.0
    for t, s in pairwise(timesteps(1000, count, "leading")):
        (alpha, sigma), (alpha_s, sigma_s) = ((schedule.alpha[each], schedule.sigma[each]) for each in (t, s))
        beta = 1 - (alpha / alpha_s) ** 2
        estimate = alpha * variance / (alpha**2 * variance + sigma**2)
        slope = (alpha_s * beta * estimate + alpha / alpha_s * sigma_s**2) / sigma**2
        found = slope**2 * found + beta * sigma_s**2 / sigma**2
    return found


def test_ancestral_steps_on_velocities_are_corrected_too(images):
    """As far as their number allows: they end where they would with the score of the composition itself."""
    naive, corrected = (ancestral(images, *how).flatten(1).var(dim=0).mean() for how in ((1, 3000), (16, 1200)))
    expected = ancestral_variance(20 / 21)
    assert expected == pytest.approx(0.876, abs=0.001)
    assert float(naive) < expected - 0.08
    assert float(corrected) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize("stop", [None, 12])
def test_a_run_can_be_watched_and_weighed_no_longer_than_to_a_step(images, stop):
    """Every weighing is told: how poor each swarm was, and who survived it. Where nothing weighs, nobody dies."""
    told = []
    ancestral(images, 16, 20, count=20, stop=stop, watch=lambda *each: told.append(each))
    assert [number for number, _, _ in told] == list(range(1, (stop or 19) + 1))
    sizes = torch.stack([effective_sample_size(log_weights) for _, log_weights, _ in told])
    assert sizes.shape == (len(told), 20) and 1 <= float(sizes.min()) < float(sizes.max()) <= 16.001
    assert all(in_swarms(ancestors).shape == (20, 16) for _, _, ancestors in told)


def test_fewer_particles_move_together_the_larger_they_are(monkeypatch):
    asked = []

    def draw(swarms):
        asked.append(swarms)
        return torch.full((swarms, 3, 8, 8), float(len(asked)))

    monkeypatch.setitem(feynman_kac.AT_ONCE, "cpu", 192 * 4 * 5)  # five swarms of four
    assert in_parts(draw, 12, 4, (3, 8, 8), "cpu").shape == (12, 3, 8, 8)
    in_parts(draw, 2, 4, (3, 64, 64), "cpu")  # one by one, where not even one fits
    assert asked == [5, 5, 2, 1, 1]
