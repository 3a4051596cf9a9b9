"""The samplers of paper 2 against the Fokker-Planck equation, closed forms and recorded weights."""

import dataclasses
from itertools import pairwise

import pytest
import torch

from recompose.datasets.compositions import composition
from recompose.diffusion import feynman_kac
from recompose.diffusion.feynman_kac import Sampler, composed_score, log_weight_rate, sample_composition
from recompose.diffusion.mixtures import Mixture, gaussian, mixture_scores
from recompose.diffusion.particles import effective_sample_size, systematic_resampling
from recompose.diffusion.schedules import VariancePreserving
from recompose.errors import RecomposeError

VP = VariancePreserving()


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def analytic(sources):
    return mixture_scores(sources, VP)


def sample(name, particles, swarms=500, seed=0, watch=None, **options):
    setting = composition(name)
    return sample_composition(
        analytic(setting.sources), setting.weights, swarms=swarms, particles=particles, shape=(2,),
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
    gained = log_weight_rate(at, composed_score(at, weights), weights, beta, -0.5 * beta * 2)
    torch.testing.assert_close(change - fokker_planck, gained[0])


@pytest.mark.parametrize("name", ["f_id", "f_ood"])
def test_theorem_3_factorized_conditionals_gain_no_weight(name):
    setting = composition(name)
    sources = [gaussian(source.covariances[0].double()) for source in setting.sources]
    x = 4 * torch.randn((2, 1, 50), generator=generator(), dtype=torch.double)
    weights = setting.weights.double()
    for t in torch.linspace(0.01, 0.99, 9, dtype=torch.double):
        at = analytic(sources)(x, t)
        gained = log_weight_rate(at, composed_score(at, weights), weights, VP.beta(t), -VP.beta(t))
        assert float(gained.abs().max()) < 1e-10 * float(at.square().sum(dim=1).max() * VP.beta(t))


@pytest.mark.parametrize("clip", [None, 0.5, 15.0])
def test_each_step_resamples_by_the_rate_at_the_new_place_clipped_once_and_forgets_it(clip):
    setting, evaluated, weighed = composition("nf_id"), [], []
    scores = analytic(setting.sources)

    def recorded(x, t):
        evaluated.append((x.clone(), t))
        return scores(x, t)

    sample_composition(recorded, setting.weights, swarms=5, particles=8, shape=(2,),
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
    monkeypatch.setattr(feynman_kac, "log_weight_rate", lambda at, *_: gains.expand(at.shape[2:]).clone())
    drawn = []
    multinomial = torch.multinomial
    monkeypatch.setattr(torch, "multinomial", lambda w, *a, **k: (drawn.append(w), multinomial(w, *a, **k))[1])
    ancestors = []
    sample("nf_id", 4, swarms=3, watch=lambda *told: ancestors.append(told[2]), steps=10, resampling="threshold",
           threshold=0.01, clip=None)  # fmt: skip
    assert ancestors == [None] * 10
    torch.testing.assert_close(drawn[0], torch.softmax(gains, dim=0).expand(3, 4))


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


def test_systematic_resampling_gives_each_particle_its_share():
    """floor(n w) or ceil(n w) slots, n w on average; shuffled."""
    weights = torch.tensor([0.05, 0.0, 0.3, 0.4, 0.25])
    ancestors = systematic_resampling(weights.log().expand(40_000, 5), generator())
    counts = torch.nn.functional.one_hot(ancestors, 5).sum(dim=1)
    assert (counts >= torch.floor(5 * weights)).all() and (counts <= torch.ceil(5 * weights)).all()
    torch.testing.assert_close(counts.double().mean(dim=0), 5 * weights.double(), rtol=0, atol=0.01)
    orders = {tuple(systematic_resampling(torch.zeros((1, 5)), generator(seed))[0].tolist()) for seed in range(40)}
    assert len(orders) > 30


def test_equal_weights_leave_every_particle_in_place_once():
    ancestors = systematic_resampling(torch.full((100, 7), -1e4), generator())
    assert torch.equal(ancestors.sort(dim=1).values, torch.arange(7).expand(100, 7))


def test_the_effective_sample_size_lies_between_one_and_the_particles():
    log_weights = torch.tensor([[0.0, 0.0, 0.0, 0.0], [0.0, -1e9, -1e9, -1e9], [7.0, 7.0, -1e9, -1e9]])
    torch.testing.assert_close(effective_sample_size(log_weights), torch.tensor([4.0, 1.0, 2.0]))


def test_a_swarm_whose_weights_fail_is_named():
    setting = composition("nf_id")

    def broken(x, t):
        at = analytic(setting.sources)(x, t)
        if float(t) < 0.5:
            at[0, :, 2] = float("nan")
        return at

    with pytest.raises(RecomposeError, match="step 6 of 10: the log-weights of swarm 2 are not finite"):
        sample_composition(broken, setting.weights, swarms=4, particles=3, shape=(2,),
                           sampler=Sampler(steps=10), schedule=VP, generator=generator())  # fmt: skip


def test_no_particles_are_refused():
    with pytest.raises(RecomposeError, match="particles = 0"):
        sample("nf_id", 0)


def test_the_same_generator_gives_the_same_samples():
    assert torch.equal(sample("gmm_id", 4, swarms=5), sample("gmm_id", 4, swarms=5))
    assert dataclasses.asdict(Sampler())["steps"] == 500
