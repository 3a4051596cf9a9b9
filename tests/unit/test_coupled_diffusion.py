"""The diffusion of paper 1 against closed forms, autograd and symmetries."""

from functools import partial

import numpy as np
import pytest
import torch

from recompose.datasets.products import bound_products
from recompose.diffusion.sampling import ode_step, sde_step
from recompose.diffusion.schedules import linear_schedule
from recompose.errors import NotFinite
from recompose.papers.coupled_inference import coupled
from recompose.papers.coupled_inference.binding import others
from recompose.papers.coupled_inference.coupled import (
    clip,
    coupled_inference,
    denoise,
    energy_gradient,
    guidance_strength,
    space_of,
    through_tweedie,
)
from recompose.papers.coupled_inference.hyperparameters import (
    SYNCHRONOUS,
    VARIANTS,
    Hyperparameters,
    published_hyperparameters,
    tuned_hyperparameters,
)
from recompose.papers.coupled_inference.spaces import LatentSpace, SpanSpace, VectorSpace

EVERY = slice(None)


def chosen(**changes):
    values = dict(
        eta=0.1, schedule="constant", cond_clip_ratio=2.0, sigma_0=0.3, softmax_temp=1.0, regularization=0.5,
        steps=20, restarts=2, restart_ratio=0.25,
    )  # fmt: skip
    return Hyperparameters(**values | changes)


@pytest.fixture
def problem():
    generator = torch.Generator().manual_seed(0)
    codebooks = torch.randint(0, 2, (2, 3, 40, 5), generator=generator).double() * 2 - 1
    bound = codebooks[..., 0].prod(dim=1).unsqueeze(-1).expand(2, 40, 4)
    return codebooks, bound + 0.1 * torch.randn((2, 40, 4), generator=generator, dtype=torch.double)


def spaces(codebooks):
    vector, latent = VectorSpace(codebooks), LatentSpace(codebooks)
    identity = torch.eye(5, dtype=torch.double).expand(2, 3, 5, 5)
    return [(vector, codebooks / 40**0.5), (latent, identity)]


def noisy(components, trials=4, seed=1):
    generator = torch.Generator().manual_seed(seed)
    shape = (*components.shape[:-1], trials)
    return torch.randn(shape, generator=generator, dtype=torch.double)


def test_the_schedule_is_the_product_of_what_each_step_leaves():
    schedule = linear_schedule(50)
    rate = (0.1 + np.arange(50) / 49 * 19.9) / 50
    assert schedule.alpha[7] == pytest.approx(np.sqrt(np.prod(1 - rate[:7])))
    np.testing.assert_allclose(schedule.alpha**2 + schedule.sigma**2, 1.0)
    assert (schedule.alpha[0], schedule.sigma[0], schedule.steps) == (1.0, 0.0, 50)
    assert (np.diff(schedule.alpha) < 0).all()


@pytest.mark.parametrize("steps", [1, 2, 5, 1000])
def test_the_schedule_stays_a_schedule_for_any_number_of_steps(steps):
    schedule = linear_schedule(steps)
    assert np.isfinite(schedule.alpha).all()
    assert (schedule.alpha > 0).all() and (schedule.beta < 1).all()


@pytest.mark.parametrize("which", [0, 1])
def test_the_score_is_the_gradient_of_the_log_density(problem, which):
    """Eqs. 13-15 and 28-29 by automatic differentiation of the mixture's log density."""
    space, components = spaces(problem[0])[which]
    alpha, sigma, hyperparameters = 0.8, 0.6, chosen()
    variance = alpha**2 * hyperparameters.sigma_0**2 + sigma**2
    x = noisy(components).requires_grad_()
    distances = (x.unsqueeze(-1) - alpha * components.unsqueeze(-2)).square().sum(dim=-3)
    torch.logsumexp(-distances / (2 * variance), dim=-1).sum().backward()
    found = denoise(space, x.detach(), EVERY, alpha, sigma, hyperparameters)
    torch.testing.assert_close(found.score, x.grad)


@pytest.mark.parametrize("which", [0, 1])
def test_tweedie_agrees_with_the_score(problem, which):
    """Eq. 16: x_0 = (x_t + sigma^2 score) / alpha."""
    space, components = spaces(problem[0])[which]
    x = noisy(components)
    found = denoise(space, x, EVERY, 0.8, 0.6, chosen())
    torch.testing.assert_close(found.estimate, (x + 0.36 * found.score) / 0.8)


def test_without_prior_noise_tweedie_is_one_hopfield_update(problem):
    """Remark 1, Eq. 18."""
    space, components = spaces(problem[0])[0]
    x = noisy(components)
    found = denoise(space, x, EVERY, 0.8, 0.6, chosen(sigma_0=1e-9))
    hopfield = components @ torch.softmax(0.8 / 0.36 * components.transpose(-1, -2) @ x, dim=-2)
    torch.testing.assert_close(found.estimate, hopfield)


@pytest.mark.parametrize("which", [0, 1])
@pytest.mark.parametrize("centring", [False, True])
def test_the_jacobian_of_tweedie_is_that_of_autograd(problem, which, centring):
    space, components = spaces(problem[0])[which]
    hyperparameters = chosen(softmax_temp=3.0, centring=centring)
    x, gradient = noisy(components).requires_grad_(), noisy(components, seed=2)
    (denoise(space, x, EVERY, 0.8, 0.6, hyperparameters).estimate * gradient).sum().backward()
    found = denoise(space, x.detach(), EVERY, 0.8, 0.6, hyperparameters)
    ours = through_tweedie(space, gradient, found.weights, EVERY, 0.8, 0.6, hyperparameters)
    torch.testing.assert_close(ours, x.grad)


def test_centring_takes_off_the_mean_of_the_codebook(problem):
    space, components = spaces(problem[0])[0]
    flat = chosen(softmax_temp=1e-12, centring=True)
    x = noisy(components)
    torch.testing.assert_close(
        denoise(space, x, EVERY, 0.8, 0.6, flat).score, -x / (0.64 * 0.09 + 0.36), rtol=1e-6, atol=1e-9
    )


@pytest.mark.parametrize("name", VARIANTS)
def test_the_guidance_is_the_gradient_of_the_energy(problem, name):
    """Eqs. 21-22, 23-24, 30-31 and 32-33, by automatic differentiation, in the units of the observation."""
    codebooks, bound = problem
    variant = VARIANTS[name]
    space, components = spaces(codebooks)[variant.space == "latent"]
    x = noisy(components).requires_grad_()
    seen = space.observe(x, EVERY)
    product = seen.prod(dim=1)
    energy = -(bound - product).square().sum() / 2 if variant.energy == "gaussian" else (bound * product).sum()
    (energy / 40).backward()
    pull = space.pull(energy_gradient(variant, bound, seen.detach(), EVERY), EVERY, project=False)
    torch.testing.assert_close(pull, x.grad)


def test_the_projection_is_x_x_transposed_over_d(problem):
    codebooks, _ = problem
    gradient = noisy(codebooks)
    space = VectorSpace(codebooks)
    expected = codebooks @ codebooks.transpose(-1, -2) @ gradient / 40 / 40**0.5
    torch.testing.assert_close(space.pull(gradient, EVERY, project=True), expected)


def test_others_is_the_product_of_all_other_factors():
    estimates = torch.randn(2, 4, 6, 3, dtype=torch.double)
    for j in range(4):
        expected = torch.stack([estimates[:, i] for i in range(4) if i != j]).prod(dim=0)
        torch.testing.assert_close(others(estimates)[:, j], expected)
        torch.testing.assert_close(others(estimates, slice(j, j + 1))[:, 0], expected)


def test_the_guidance_never_outgrows_its_share_of_the_score():
    guidance, score = torch.randn(2, 3, 7, 4), torch.randn(2, 3, 7, 4)
    space = VectorSpace(torch.ones(2, 3, 7, 5))
    clipped = clip(space, guidance, 100.0, score, 1.5, EVERY)
    torch.testing.assert_close(clipped.norm(dim=-2), 1.5 * score.norm(dim=-2))
    torch.testing.assert_close(clip(space, guidance, 1e-6, score, 1.5, EVERY), 1e-6 * guidance)


@pytest.mark.parametrize(("kind", "at_start", "at_end"), [("constant", 1, 1), ("linear", 1 / 50, 1)])
def test_strength_schedules(kind, at_start, at_end):
    schedule = linear_schedule(50)
    assert guidance_strength(schedule, 50, kind) == pytest.approx(at_start)
    assert guidance_strength(schedule, 1, kind) == pytest.approx(at_end)


def test_sigma_and_snr_schedules_follow_the_noise():
    schedule = linear_schedule(50)
    assert guidance_strength(schedule, 9, "sigma") == schedule.sigma[9]
    assert guidance_strength(schedule, 9, "snr") == schedule.sigma[9] / schedule.alpha[9]


def flow(schedule, step, x, mean, sigma_0):
    """Reverse diffusion of one Gaussian, whose score is known."""
    for t in range(schedule.steps, 0, -1):
        alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
        score = (alpha * mean - x) / (alpha**2 * sigma_0**2 + sigma**2)
        x = step(x, score, float(schedule.beta[t]))
    return x


def test_the_ode_maps_one_gaussian_to_another():
    """Its flow is linear: x_0 = mean + sigma_0 / omega_T (x_T - alpha_T mean)."""
    schedule = linear_schedule(4000)
    x = torch.linspace(-2, 2, 9, dtype=torch.double)
    omega = np.sqrt(schedule.alpha[-1] ** 2 * 0.25 + schedule.sigma[-1] ** 2)
    expected = 3.0 + 0.5 / omega * (x - schedule.alpha[-1] * 3.0)
    torch.testing.assert_close(flow(schedule, ode_step, x, 3.0, 0.5), expected, rtol=0, atol=5e-3)


def test_the_sde_ends_in_the_prior():
    schedule, generator = linear_schedule(1000), torch.Generator().manual_seed(0)
    start = torch.randn(20_000, generator=generator)
    end = flow(schedule, lambda x, s, b: sde_step(x, s, b, generator), start, 3.0, 0.5)
    assert end.mean().item() == pytest.approx(3.0, abs=0.02)
    assert end.std().item() == pytest.approx(0.5, abs=0.02)


def test_coordinates_in_the_span_stand_for_the_vectors(problem):
    """x = X w / sqrt(D): every operation on the coordinates is that on the vectors."""
    codebooks, bound = problem
    vector, span = VectorSpace(codebooks), SpanSpace(codebooks)
    w = noisy(torch.eye(5, dtype=torch.double).expand(2, 3, 5, 5))
    x = codebooks @ w / 40**0.5
    gradient = energy_gradient(VARIANTS["similarity"], bound, vector.observe(x, EVERY), EVERY)
    torch.testing.assert_close(span.start(4), torch.full_like(w, 0.2))
    torch.testing.assert_close(codebooks @ span.start(4) / 40**0.5, vector.start(4))
    torch.testing.assert_close(span.agree(w, EVERY), vector.agree(x, EVERY))
    torch.testing.assert_close(span.length(w, EVERY), vector.length(x, EVERY))
    torch.testing.assert_close(span.observe(w, EVERY), vector.observe(x, EVERY))
    pulled = span.pull(gradient, EVERY, project=True)
    torch.testing.assert_close(codebooks @ pulled / 40**0.5, vector.pull(gradient, EVERY, project=True))
    assert torch.equal(span.read_out(w), vector.read_out(x))


@pytest.mark.parametrize("name", ["similarity", "gaussian"])
@pytest.mark.parametrize("update", ["synchronous", "asynchronous"])
@pytest.mark.parametrize("jacobian", [False, True])
def test_projected_guidance_diffuses_in_the_span_as_it_does_among_the_vectors(
    problem, name, update, jacobian, monkeypatch
):
    codebooks, bound = problem
    hyperparameters = chosen(
        projection=True, jacobian=jacobian, centring=True, update=update, amplitude=8.0, restarts=6
    )

    def run():
        seen = []
        read = space_class.read_out
        monkeypatch.setattr(
            space_class, "read_out", lambda space, x: (seen.append(space.observe(x, EVERY)), read(space, x))[1]
        )
        list(coupled_inference(codebooks, bound, VARIANTS[name], hyperparameters))
        return torch.stack(seen)

    space_class = SpanSpace
    in_the_span = run()
    monkeypatch.setattr(coupled, "space_of", lambda codebooks, *_, **__: VectorSpace(codebooks))
    space_class = VectorSpace
    torch.testing.assert_close(in_the_span, run())


def test_stochastic_restarts_leave_the_span(problem, monkeypatch):
    asked = []
    monkeypatch.setattr(coupled, "space_of", lambda *_, noise: asked.append(noise) or VectorSpace(problem[0]))
    generator = torch.Generator()
    for noises in ({}, {"generator": generator}, {"restart_generator": generator}):
        next(coupled_inference(*problem, VARIANTS["similarity"], chosen(projection=True), **noises))
    assert asked == [False, True, True]


def test_only_projected_guidance_without_noise_stays_in_the_span(problem):
    codebooks, vector = problem[0], VARIANTS["similarity"]
    assert isinstance(space_of(codebooks, vector, chosen(projection=True), noise=False), SpanSpace)
    assert isinstance(space_of(codebooks, vector, chosen(projection=True), noise=True), VectorSpace)
    assert isinstance(space_of(codebooks, vector, chosen(projection=False), noise=False), VectorSpace)
    assert type(space_of(codebooks, VARIANTS["latent_similarity"], chosen(projection=True), noise=False)) is LatentSpace


@pytest.mark.parametrize("name", VARIANTS)
@pytest.mark.parametrize("update", ["synchronous", "asynchronous"])
def test_an_easy_product_is_decomposed(problem, name, update):
    """Two codebooks of two vectors: every variant must find the factors, in either order of updates."""
    codebooks, bound = problem
    codebooks, bound = codebooks[:, :2, :, :2], codebooks[:, :2, :, 0].prod(dim=1).unsqueeze(-1)
    hyperparameters = chosen(update=update, amplitude=5.0, restarts=20, regularization=0.0, softmax_temp=2.0)
    *_, found = coupled_inference(codebooks, bound, VARIANTS[name], hyperparameters)
    assert (found == 0).all()


def test_each_restart_is_read_out_and_a_longer_run_begins_like_a_shorter_one(problem):
    codebooks, bound = problem
    short = list(coupled_inference(codebooks, bound, VARIANTS["similarity"], chosen(amplitude=3.0)))
    long = list(coupled_inference(codebooks, bound, VARIANTS["similarity"], chosen(amplitude=3.0, restarts=5)))
    assert (len(short), len(long)) == (2, 5)
    assert all(torch.equal(a, b) for a, b in zip(short, long, strict=False))


class Recorded(VectorSpace):
    """A space that keeps where the restarts begin: what is denoised first."""

    def __init__(self, codebooks):
        super().__init__(codebooks)
        self.seen = []

    def agree(self, x, own):
        self.seen.append(x)
        return super().agree(x, own)


def test_a_stochastic_restart_begins_at_a_sample_whose_mean_is_where_a_deterministic_one_begins(problem, monkeypatch):
    """p(x_tau | x_0) is normal around alpha_tau x_0 with deviation sigma_tau (appendix C)."""
    codebooks, bound = problem[0], problem[1][..., :1].expand(2, 40, 2000)
    begun = []
    for generator in (None, torch.Generator().manual_seed(0)):
        space = Recorded(codebooks)
        monkeypatch.setattr(coupled, "space_of", lambda *_, space=space, **__: space)
        next(coupled_inference(codebooks, bound, VARIANTS["similarity"], chosen(), restart_generator=generator))
        begun.append(space.seen[0])
    schedule, noise = linear_schedule(20), begun[1] - begun[0]
    torch.testing.assert_close(begun[0], schedule.alpha[5] * VectorSpace(codebooks).start(2000))
    assert noise.mean().item() == pytest.approx(0.0, abs=0.01)
    assert noise.std().item() == pytest.approx(schedule.sigma[5], rel=0.01)


def test_every_stochastic_restart_draws_anew_and_the_same_generator_the_same(problem):
    codebooks, bound = problem

    def run(seed):
        generator = torch.Generator().manual_seed(seed)
        variant, three = VARIANTS["latent_gaussian"], chosen(restarts=3, sigma_0=1.0)
        return torch.stack(list(coupled_inference(codebooks, bound, variant, three, restart_generator=generator)))

    assert torch.equal(run(0), run(0))
    assert not torch.equal(run(0), run(1))


def test_one_group_of_factors_makes_the_orders_equal(problem):
    """With a single factor the synchronous and the asynchronous update are the same."""
    codebooks, bound = problem[0][:, :1], problem[1]
    runs = [
        list(coupled_inference(codebooks, bound, VARIANTS["latent_gaussian"], chosen(update=update)))
        for update in ("synchronous", "asynchronous")
    ]
    assert all(torch.equal(a, b) for a, b in zip(*runs, strict=True))


def test_a_run_that_leaves_the_range_of_numbers_ends_with_what_it_found_last(problem, monkeypatch):
    """Two restarts are finite, the third is not."""
    found = [torch.full((2, 3, 4), number) for number in (1, 2)]

    def runs_away(*_, finite):
        yield from found[:finite]
        raise NotFinite("restart 3 of 100")

    solve = coupled.variant_solver("similarity", chosen())
    monkeypatch.setattr(coupled, "coupled_inference", partial(runs_away, finite=2))
    assert torch.equal(solve(*problem, iterations=100, generator=torch.Generator()), found[1])
    monkeypatch.setattr(coupled, "coupled_inference", partial(runs_away, finite=0))
    with pytest.raises(NotFinite):
        solve(*problem, iterations=100, generator=torch.Generator())


def test_the_tuned_synchronous_configurations_have_an_answer_at_every_number_of_factors():
    """At K = 4 and 5 the estimates of two of them grow beyond single precision before the last restart."""
    for factors, size in ((2, 100), (3, 21), (4, 10), (5, 6)):
        drawn = bound_products("unit", "range", sets=1, factors=factors, dimension=1000, size=size, trials=4)
        for name in SYNCHRONOUS:
            solve = coupled.variant_solver(name, tuned_hyperparameters()[name])
            found = solve(drawn.codebooks, drawn.bound, iterations=100, generator=torch.Generator())
            assert factors == 2 or (found == drawn.chosen).float().mean() > 0.5, (name, factors)


def test_the_number_of_iterations_is_restarts_times_restart_steps():
    assert chosen(steps=50, restarts=20, restart_ratio=0.1).iterations == 100
    assert chosen(steps=10, restarts=1, restart_ratio=0.3).restart_steps == 3  # .3 x 10 is not quite 3
    assert published_hyperparameters()["latent_gaussian"].iterations == 14 * 7
