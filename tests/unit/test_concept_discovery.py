"""Paper 4's method on analytic mixtures, of which everything is known: no network."""

import itertools
import math

import pytest
import torch
from torch import Tensor

from recompose.diffusion.schedules import Schedule, ddpm_schedule
from recompose.errors import NotFinite
from recompose.papers.concept_discovery.composition import (
    composed,
    greedy,
    likeliest,
    product,
    responsibilities,
)
from recompose.papers.concept_discovery.gaussians import Gaussians, around_modes, jacobian_diagonal, variance
from recompose.papers.concept_discovery.guidance import (
    by_variance,
    gaussian_noise,
    guided_samples,
    noised_variance,
    of_gaussian,
    query_gaussian,
    variance_aware,
)
from recompose.papers.concept_discovery.modes import (
    adam_ascent,
    ascended,
    clean_estimate,
    distinct,
    levels,
    mean_shift,
    scales,
    starts,
    unrest,
)
from recompose.papers.concept_discovery.retrieval import class_losses, composed_noise, nearest_classes
from recompose.randomness import torch_generator

SCHEDULE = ddpm_schedule()


def normal(*shape: int, name: str = "test") -> Tensor:
    return torch.randn(shape, generator=torch_generator(name), dtype=torch.float64)


def mixture(means: Tensor, spread: float, schedule: Schedule = SCHEDULE):
    """The noise in x_t for data from equal components N(m, spread^2): means (components, d)."""

    def noise(x: Tensor, t: int | Tensor) -> Tensor:
        alpha, sigma = scales(x, t, schedule)
        v = alpha**2 * spread**2 + sigma**2
        away = (
            x[:, None] - alpha * means[None] if isinstance(t, int) else x[:, None] - alpha[:, None] * means
        ).square()
        shares = torch.softmax(-0.5 * away.sum(dim=2) / v, dim=1)
        return sigma * (x - alpha * (shares @ means)) / v

    return noise


def step_at(left: float) -> int:
    """The step at which alpha^2 is nearest to a value."""
    return int((torch.from_numpy(SCHEDULE.alpha) ** 2 - left).abs().argmin())


# ---------------------------------------------------------------------------------------------------------------
# Modes, Eqs. 3-6


@pytest.mark.parametrize("ascent", ["adam", "mean_shift"])
def test_modes_of_separated_components_are_their_means(ascent):
    means = torch.tensor([[2.0, -1.0], [-2.0, 1.5]], dtype=torch.float64)
    noise, t = mixture(means, 0.1), step_at(0.9)
    x = starts(means[0], t, SCHEDULE, 0.3 * normal(6, 2), 0)
    found = ascended(noise, x, t, SCHEDULE, ascent=ascent, iterations=3000, step=0.01)
    clean = found / SCHEDULE.alpha[t]
    tolerance = 1e-8 if ascent == "mean_shift" else 1e-4
    assert torch.allclose(clean, means[0].expand_as(clean), atol=tolerance)
    still = unrest(clean_estimate(noise, found, t, SCHEDULE), found, t, SCHEDULE)
    assert float(still.max()) < tolerance


def test_two_components_merge_where_they_must():
    """Equal components at +-m with variance s^2 have one mode below alpha^2 = 1 / (1 + |m|^2 - s^2)."""
    means = torch.tensor([[2.0], [-2.0]], dtype=torch.float64)
    noise = mixture(means, 0.5)
    critical = 1 / (1 + 4 - 0.25)
    assert critical == pytest.approx(0.2105, abs=1e-4)
    modes = {}
    for left in (0.24, 0.18):
        t = step_at(left)
        x = mean_shift(noise, torch.tensor([[1.0], [-1.0]], dtype=torch.float64), t, SCHEDULE, iterations=20000)
        modes[left] = len(distinct(x, 1e-3))
    assert modes == {0.24: 2, 0.18: 1}


def test_mean_shift_never_lowers_the_density_and_needs_no_step():
    means, spread, t = 3 * normal(5, 3), 0.7, 300
    noise = mixture(means, spread)
    alpha, sigma = float(SCHEDULE.alpha[t]), float(SCHEDULE.sigma[t])

    def log_density(x: Tensor) -> Tensor:
        v = alpha**2 * spread**2 + sigma**2
        return torch.logsumexp(-0.5 * torch.cdist(x, alpha * means).square() / v, dim=1)

    x = 2 * normal(40, 3, name="places")
    before = log_density(x)
    for _ in range(30):
        x = mean_shift(noise, x, t, SCHEDULE, iterations=1)
        after = log_density(x)
        assert (after >= before - 1e-12).all()
        before = after


def test_a_mean_shift_is_a_plain_step_of_sigma_squared():
    noise, t = mixture(normal(4, 2), 0.3), 200
    x, sigma = normal(7, 2, name="places"), float(SCHEDULE.sigma[t])
    assert torch.allclose(mean_shift(noise, x, t, SCHEDULE, iterations=1), x - sigma**2 * noise(x, t) / sigma)


def test_points_that_climb_together_do_not_see_each_other():
    noise = mixture(normal(4, 2), 0.3)
    x = normal(7, 2, name="places")
    told = {"iterations": 20, "step": 0.05}
    together = adam_ascent(noise, x, 200, SCHEDULE, **told)
    alone = torch.cat([adam_ascent(noise, x[[place]], 200, SCHEDULE, **told) for place in range(7)])
    assert torch.allclose(together, alone, atol=1e-12)
    assert torch.equal(x, normal(7, 2, name="places"))


@pytest.mark.parametrize("ascent", ["adam", "adam_scaled", "mean_shift"])
def test_points_at_several_steps_climb_as_those_of_each_step_alone(ascent):
    noise, x, t = mixture(normal(4, 2), 0.3), normal(6, 2, name="places"), torch.tensor([50, 200, 400]).repeat(2)
    told = {"ascent": ascent, "iterations": 20, "step": 0.05}
    together = ascended(noise, x, t, SCHEDULE, **told)
    alone = [ascended(noise, x[[place]], int(t[place]), SCHEDULE, **told) for place in range(6)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-9)
    signs = {"probes": normal(4, 6, 2).sign(), "step": 5e-3, "reading": "laplace"}
    clean = clean_estimate(noise, together, t, SCHEDULE)
    found, outside = around_modes(noise, together, t, SCHEDULE, clean=clean, **signs)
    for place in range(6):
        here = slice(place, place + 1)
        one, out = around_modes(
            noise, together[here], int(t[place]), SCHEDULE, clean=clean[here],
            **signs | {"probes": signs["probes"][:, here]},
        )  # fmt: skip
        assert torch.allclose(one.variance, found.variance[here]) and torch.equal(out, outside[here])


def test_a_scaled_step_of_adam_is_its_step_times_sigma():
    noise, x, t = mixture(normal(4, 2), 0.3), normal(6, 2, name="places"), 200
    told = {"iterations": 20}
    scaled = adam_ascent(noise, x, t, SCHEDULE, step=0.05, scaled=True, **told)
    plain = adam_ascent(noise, x, t, SCHEDULE, step=0.05 * float(SCHEDULE.sigma[t]), **told)
    assert torch.allclose(scaled, plain, atol=1e-6)
    assert not torch.allclose(scaled, adam_ascent(noise, x, t, SCHEDULE, step=0.05, **told), atol=1e-3)


def test_starts_remember_the_query_or_not():
    drawn = normal(8, 3)
    t = 400
    some = starts(torch.full((3,), 5.0, dtype=torch.float64), t, SCHEDULE, drawn, 3)
    assert torch.equal(some[5:], drawn[5:])
    assert torch.allclose(some[:5], SCHEDULE.alpha[t] * 5 + SCHEDULE.sigma[t] * drawn[:5])


def test_an_ascent_that_runs_away_is_told():
    with pytest.raises(NotFinite, match="ascent at step 100"):
        mean_shift(lambda x, t: x * torch.inf, normal(2, 2), 100, SCHEDULE, iterations=1)
    far = torch.tensor([[1.0, 1.0], [torch.inf, 1.0]])
    with pytest.raises(NotFinite, match="ascent at step 300: a mode is not finite; lower step"):
        adam_ascent(lambda x, t: 0 * x, far, torch.tensor([50, 300]), SCHEDULE, iterations=1, step=0.1)


def test_the_grid_of_steps_has_both_ends():
    assert list(levels(50, 400, 25))[::14] == [50, 400]


# ---------------------------------------------------------------------------------------------------------------
# Clean Gaussians


@pytest.mark.parametrize(("reading", "expected"), [("posterior", 0.1683), ("laplace", 0.7652), ("noise_free", 0.25)])
def test_the_three_readings_of_a_covariance(reading, expected):
    """Data N(m, .5^2) at alpha^2 = .66; posterior^-1 = noise_free^-1 + alpha^2/sigma^2."""
    left = 0.66
    alpha, sigma = math.sqrt(left), math.sqrt(1 - left)
    jacobian = torch.tensor([alpha * 0.25 / (left * 0.25 + sigma**2)], dtype=torch.float64)
    found, outside = variance(jacobian, alpha, sigma, reading)
    assert float(found) == pytest.approx(expected, abs=1e-4)
    assert not outside.any()


def test_hutchinson_is_exact_for_a_diagonal_jacobian_and_unbiased_else():
    t = 250
    alpha, sigma = float(SCHEDULE.alpha[t]), float(SCHEDULE.sigma[t])
    covariance = torch.tensor([[1.0, 0.6, 0.0], [0.6, 0.5, 0.1], [0.0, 0.1, 0.3]], dtype=torch.float64)
    gain = sigma * torch.linalg.inv(alpha**2 * covariance + sigma**2 * torch.eye(3, dtype=torch.float64))
    jacobian = (torch.eye(3, dtype=torch.float64) - sigma * gain) / alpha
    signs = normal(20000, 1, 3).sign()

    def found_of(noise, signs: Tensor) -> Tensor:
        clean = clean_estimate(noise, normal(1, 3), t, SCHEDULE)
        return jacobian_diagonal(noise, normal(1, 3), t, SCHEDULE, clean=clean, probes=signs, step=5e-3)

    found = found_of(lambda x, t: x @ gain, signs)
    off = jacobian.square().sum(dim=1) - jacobian.diagonal().square()  # its variance with one probe
    assert ((found[0] - jacobian.diagonal()).abs() < 4 * (off / 20000).sqrt() + 1e-9).all()
    plain = found_of(lambda x, t: 0.3 * x, signs[:1])
    assert torch.allclose(plain, torch.full_like(plain, (1 - 0.3 * sigma) / alpha), atol=1e-9)


def test_estimates_out_of_bounds_are_bounded_and_counted():
    """Four probes of a Jacobian with large off-diagonal entries go negative, and beyond a strict mode."""
    alpha, sigma = 0.8, 0.6
    jacobian = torch.tensor([-0.2, 0.5, 2.0], dtype=torch.float64)
    for reading in ("laplace", "noise_free", "posterior"):
        found, outside = variance(jacobian, alpha, sigma, reading)
        assert outside.tolist() == [True, False, True]
        assert (found > 0).all() and torch.isfinite(found).all()


@pytest.mark.parametrize("reading", ["laplace", "noise_free", "posterior"])
def test_a_gaussian_is_found_again_from_its_score(reading):
    mean, spread = torch.tensor([1.0, -2.0], dtype=torch.float64), 0.5
    noise, t = mixture(mean[None], spread), step_at(0.66)
    x = mean_shift(noise, normal(3, 2), t, SCHEDULE, iterations=200)
    told = {"probes": normal(4, 3, 2).sign(), "step": 5e-3, "clean": clean_estimate(noise, x, t, SCHEDULE)}
    found, outside = around_modes(noise, x, t, SCHEDULE, reading=reading, **told)
    left = float(SCHEDULE.alpha[t]) ** 2
    expected = {
        "laplace": spread**2 + (1 - left) / left,
        "noise_free": spread**2,
        "posterior": (1 - left) * spread**2 / (left * spread**2 + 1 - left),
    }[reading]
    assert torch.allclose(found.mean, mean.expand(3, 2), atol=1e-8)
    assert torch.allclose(found.variance, torch.full((3, 2), expected, dtype=torch.float64), rtol=1e-8)
    assert not outside.any()


# ---------------------------------------------------------------------------------------------------------------
# Selection and product, Eqs. 7-10


def some_candidates(count: int, d: int, name: str) -> Gaussians:
    return Gaussians(normal(count, d, name=name), 0.1 + normal(count, d, name=f"{name} v").square())


def coverage(likelihoods: Tensor) -> Tensor:
    """F(S), Eq. 8: (prototypes of S, ...) -> a number."""
    return likelihoods.amax(dim=0).sum()


def test_coverage_is_monotone_and_submodular():
    likelihoods = some_candidates(9, 5, "candidates").log_likelihoods(normal(5))
    small, large, more = [0, 3], [0, 3, 5, 7], 8
    assert coverage(likelihoods[large]) >= coverage(likelihoods[small])
    gain_small = coverage(likelihoods[[*small, more]]) - coverage(likelihoods[small])
    assert gain_small >= coverage(likelihoods[[*large, more]]) - coverage(likelihoods[large]) >= 0


@pytest.mark.parametrize("number", range(20))
def test_greedy_against_brute_force(number):
    """At K = 3 of the gain over the worst of every coordinate greedy has 1 - (2/3)^3 = .704 at least."""
    likelihoods = some_candidates(12, 6, f"set {number}").log_likelihoods(normal(6, name=f"query {number}"))
    chosen = greedy(likelihoods, 3)
    floor = likelihoods.amin(dim=0).sum()
    best = max(float(coverage(likelihoods[[*some]])) for some in itertools.combinations(range(12), 3))
    shares = (coverage(likelihoods[chosen]) - floor) / (best - floor)
    assert 1 - (2 / 3) ** 3 <= float(shares) <= 1 + 1e-12
    assert chosen[0] == int(likelihoods.sum(dim=1).argmax())
    assert len(set(chosen)) == 3


def test_the_likeliest_may_be_alike_where_the_greedy_choice_covers_more():
    """Two candidates explain the first coordinate, and a third, the least likely one alone, the second."""
    likelihoods = torch.tensor([[0.0, -5.0], [-0.1, -5.1], [-9.0, 0.0]])
    assert likeliest(likelihoods, 2) == [0, 1] and greedy(likelihoods, 2) == [0, 2]
    assert likeliest(likelihoods, 1) == greedy(likelihoods, 1) == [0]
    assert likeliest(likelihoods, 5) == [0, 1, 2]
    assert coverage(likelihoods[[0, 1]]) == -5 and coverage(likelihoods[[0, 2]]) == 0


def test_likelihoods_are_those_of_a_normal_density():
    some = some_candidates(4, 3, "likelihoods")
    query = normal(3)
    expected = torch.distributions.Normal(some.mean, some.variance.sqrt()).log_prob(query)
    assert torch.allclose(some.log_likelihoods(query), expected)


def test_the_weights_sum_to_one_and_two_equal_experts_are_no_surer_than_one():
    """The paper says that a product of experts sharpens dimensions on which prototypes agree; this pool does not."""
    one = some_candidates(1, 4, "one")
    both = Gaussians(one.mean.repeat(2, 1), one.variance.repeat(2, 1))
    weights = responsibilities(both.log_likelihoods(normal(4)), 0.5)
    assert torch.allclose(weights.sum(dim=0), torch.ones(4, dtype=torch.float64))
    found = product(both, weights)
    assert torch.allclose(found.variance, one.variance) and torch.allclose(found.mean, one.mean)
    sharper = product(both, torch.ones_like(weights))
    assert torch.allclose(sharper.variance, one.variance / 2)


def test_a_product_is_the_product_of_densities():
    experts, weights = some_candidates(3, 1, "experts"), torch.tensor([[0.2], [0.5], [0.3]], dtype=torch.float64)
    found = product(experts, weights)
    places = torch.linspace(-3, 3, 7, dtype=torch.float64)[:, None]
    logs = sum(w * e.log_likelihoods(places) for w, e in zip(weights, map(experts.__getitem__, range(3)), strict=True))
    differences = logs - found.log_likelihoods(places)
    assert torch.allclose(differences, differences[0].expand_as(differences))


def test_a_cold_softmax_takes_the_best_prototype_of_every_coordinate():
    candidates = Gaussians(torch.eye(2, dtype=torch.float64), torch.full((2, 2), 0.01, dtype=torch.float64))
    chosen, found = composed(torch.ones(2, dtype=torch.float64), candidates, count=2, temperature=0.01)
    assert sorted(chosen) == [0, 1]
    assert torch.allclose(found.mean, torch.ones(1, 2, dtype=torch.float64))


# ---------------------------------------------------------------------------------------------------------------
# Guidance and sampling, Eqs. 11-14


def test_the_noise_of_a_gaussian_is_that_of_its_exact_denoiser():
    teacher = Gaussians(normal(1, 3, name="mean"), normal(1, 3, name="variance").square() + 0.1)
    x = normal(5, 3).requires_grad_()
    alpha, sigma = float(SCHEDULE.alpha[300]), float(SCHEDULE.sigma[300])
    density = Gaussians(alpha * teacher.mean, noised_variance(teacher.variance, alpha, sigma)).log_likelihoods(x)
    (score,) = torch.autograd.grad(density.sum(), x)
    assert torch.allclose(gaussian_noise(x, teacher, alpha, sigma), -sigma * score)


def test_noising_a_product_is_not_the_product_of_noised_experts():
    """Two unit experts with weight 1 each, alpha^2 = .5: variance .75 against .5."""
    experts = Gaussians(torch.zeros(2, 1), torch.ones(2, 1))
    alpha = sigma = math.sqrt(0.5)
    first = noised_variance(product(experts, torch.ones(2, 1)).variance, alpha, sigma)
    noised = Gaussians(alpha * experts.mean, noised_variance(experts.variance, alpha, sigma))
    assert float(first) == pytest.approx(0.75)
    assert float(product(noised, torch.ones(2, 1)).variance) == pytest.approx(0.5)


@pytest.mark.parametrize("w", [1.0, 0.5, 2.0])
def test_samples_between_two_gaussians_of_equal_covariance(w):
    """N((1 - w) m_0 + w m_q, S) for every constant weight; 1000 steps of DDIM give .2991 of S = .30, 50 give .271."""
    base = Gaussians(torch.tensor([[0.4]]).double(), torch.tensor([[0.3]]).double())
    teacher = Gaussians(torch.tensor([[-0.8]]).double(), base.variance)
    start = normal(4000, 1)
    parts = of_gaussian(base, SCHEDULE), of_gaussian(teacher, SCHEDULE), lambda t: w
    many = guided_samples(*parts, start, SCHEDULE, steps=1000, clip=None)
    few = guided_samples(*parts, start, SCHEDULE, steps=50, clip=None)
    scale = float(start.var())  # DDIM is deterministic, and linear here: what it starts with, it scales
    assert float(many.mean()) == pytest.approx((1 - w) * 0.4 - w * 0.8 + 0.55 * float(start.mean()), abs=0.02)
    assert float(many.var()) / scale == pytest.approx(0.2991, abs=2e-3)
    assert float(few.var()) / scale == pytest.approx(0.271, abs=4e-3)


def test_the_weight_follows_the_spread_and_is_capped():
    wide, narrow = torch.full((1, 2, 2), 4.0), torch.full((1, 2, 2), 0.01)
    told = {"base": 1.2, "largest": 2.0}
    assert float(variance_aware(wide, 0.9, 0.435, **told)) == 2.0
    assert float(variance_aware(narrow, 0.9, 0.435, **told)) == pytest.approx(1.2 * (0.0081 + 0.435**2))
    mixed = torch.cat([wide.flatten(1), narrow.flatten(1)], dim=1)
    trace = variance_aware(mixed, 1.0, 0.0, base=0.1, largest=9.0)
    entropy = variance_aware(mixed, 1.0, 0.0, base=0.1, largest=9.0, spread="entropy")
    assert float(trace) == pytest.approx(0.1 * 2.005) and float(entropy) == pytest.approx(0.1 * 0.2)
    weight = by_variance(Gaussians(wide, wide), SCHEDULE, spread="trace", **told)
    assert weight(1000).shape == (1, 1, 1)


def test_the_query_alone_has_the_same_spread_everywhere():
    found = query_gaussian(normal(3, 2, 2), 0.1)
    assert torch.equal(found.mean, normal(3, 2, 2))
    assert torch.allclose(found.variance, torch.full((3, 2, 2), 0.01, dtype=torch.float64))


# ---------------------------------------------------------------------------------------------------------------
# Top-k


def test_the_nearest_class_is_the_one_that_denoises_best():
    means = torch.tensor([[3.0, 0.0], [0.0, 3.0], [-3.0, 0.0], [2.0, 2.0]], dtype=torch.float64)
    classes = Gaussians(means, torch.full_like(means, 0.2))

    def noise(x: Tensor, t: int, labels: Tensor) -> Tensor:
        return gaussian_noise(x, classes[labels], float(SCHEDULE.alpha[t]), float(SCHEDULE.sigma[t]))

    query = torch.tensor([2.1, 1.8], dtype=torch.float64)
    losses = class_losses(noise, query, 4, SCHEDULE, [100, 300, 500], normal(3, 2))
    nearest, weights = nearest_classes(losses, 3, 1.0)
    assert int(nearest[0]) == 3 and 2 not in nearest
    assert float(weights.sum()) == pytest.approx(1.0) and (weights.diff() <= 0).all()
    one = composed_noise(noise, nearest[None, :1], torch.ones(1, 1, dtype=torch.float64))
    x = normal(1, 2)
    assert torch.allclose(one(x, 200), noise(x, 200, nearest[:1]))
    composed_of_all = composed_noise(noise, nearest[None], weights[None])
    expected = sum(w * noise(x, 200, c[None]) for w, c in zip(weights, nearest, strict=True))
    assert torch.allclose(composed_of_all(x, 200), expected)
