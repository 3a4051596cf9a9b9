"""Algorithm 1 of paper 3 where all is Gaussian: samples have the conditional mean and variance in closed form."""

from functools import partial
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from recompose.diffusion.sampling import ddim_step, ddpm_step, sample
from recompose.diffusion.schedules import Schedule, ddpm_schedule, linear_schedule, timesteps
from recompose.errors import RecomposeError
from recompose.papers.sami.denoisers import Denoiser
from recompose.papers.sami.encoders import StridedEncoder
from recompose.papers.sami.guidance import PRINTED, Constraints
from recompose.papers.sami.objective import Drawn, Sign, errors, sami_loss
from recompose.papers.sami.posterior import Posterior
from recompose.papers.sami.sampling import (
    conditional_samples,
    evaluating,
    guided_noise,
    guided_step,
    noise_of,
    score_of,
    unconditional_samples,
)
from recompose.randomness import torch_generator

SCHEDULE = linear_schedule(200)
VARIANCES = torch.tensor([2.0, 0.5, 0.1, 0.01], dtype=torch.float64)
"""Of the data's four pixels, which are independent, with mean zero."""
WEIGHTS = torch.tensor([1.0, 2.0, -3.0, 5.0], dtype=torch.float64)
SPREAD = 0.2
"""z = w x_0 + SPREAD noise, pixel by pixel: the law of z that is to be inverted."""


def normal(*shape: int, name: str = "test") -> Tensor:
    return torch.randn(shape, generator=torch_generator(name), dtype=torch.float64)


def exact_noise(x: Tensor, t: Tensor, schedule: Schedule = SCHEDULE) -> Tensor:
    """E[eps | x_t]. x: (images, 1, 2, 2)."""
    alpha, sigma = float(schedule.alpha[int(t[0])]), float(schedule.sigma[int(t[0])])
    return sigma * x / (alpha**2 * VARIANCES + sigma**2).view(2, 2)


def exact_posterior(x: Tensor, t: Tensor | None, schedule: Schedule = SCHEDULE) -> Posterior:
    """q(z | x_t) = N(w E[x_0 | x_t], SPREAD^2 + w^2 Var[x_0 | x_t])."""
    step = 0 if t is None else int(t[0])
    alpha, sigma = float(schedule.alpha[step]), float(schedule.sigma[step])
    total = alpha**2 * VARIANCES + sigma**2
    mean = WEIGHTS * alpha * VARIANCES / total * x.flatten(1)
    return Posterior(mean, (SPREAD**2 + WEIGHTS**2 * VARIANCES * sigma**2 / total).expand_as(mean))


def conditional(z: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and variance of x_0 given z: (pixels,) each."""
    precision = 1 / VARIANCES + WEIGHTS**2 / SPREAD**2
    return WEIGHTS * z / SPREAD**2 / precision, 1 / precision


def propagated(z: Tensor, schedule: Schedule, times: list[int], *, sign: float = 1.0) -> tuple[Tensor, Tensor]:
    """Mean and variance that the sampler's own steps lead to, pixel by pixel: every step is linear with noise."""
    mean, variance = torch.zeros_like(z), torch.ones_like(z)
    for t, s in pairwise(times):
        sigma = float(schedule.sigma[t])
        alpha = float(schedule.alpha[t] / schedule.alpha[s]) ** 2
        beta = 1 - alpha
        unit = torch.ones(1, 1, 2, 2, dtype=torch.float64)
        noise = exact_noise(unit, torch.tensor([t]), schedule).flatten()
        posterior = exact_posterior(unit, torch.tensor([t]), schedule)
        slope, spread = (
            posterior.mean[0],
            posterior.variance[0],
        )  # mu(x) = slope x, of which g = slope (z - slope x) / s
        factor = ((1 - beta / sigma * noise) - sign * beta * slope**2 / spread) / alpha**0.5
        mean = factor * mean + sign * beta * slope * z / spread / alpha**0.5
        variance = factor**2 * variance + (beta if s else 0.0)
    return mean, variance


def drawn(z: Tensor, count: int, schedule: Schedule = SCHEDULE, **options) -> Tensor:
    """Samples with one z, (count, pixels)."""
    start = normal(count, 1, 2, 2, name="start")
    found = conditional_samples(
        partial(exact_posterior, schedule=schedule), partial(exact_noise, schedule=schedule), z.expand(count, -1),
        start, schedule, torch_generator("sampler"), **options,
    )  # fmt: skip
    return found.flatten(1)


Z = torch.tensor([1.5, -1.0, 0.5, 0.3], dtype=torch.float64)


def test_samples_are_what_the_steps_lead_to():
    found = drawn(Z, 4000)
    mean, variance = propagated(Z, SCHEDULE, timesteps(200, 200, "trailing"))
    deviation = variance.sqrt()
    assert ((found.mean(dim=0) - mean).abs() < 4 * deviation / 4000**0.5).all()
    torch.testing.assert_close(found.var(dim=0), variance, rtol=0.12, atol=0)


def test_the_steps_lead_to_the_conditional_law():
    schedule = linear_schedule(5_000)
    mean, variance = propagated(Z, schedule, timesteps(5_000, 5_000, "trailing"))
    expected_mean, expected_variance = conditional(Z)
    torch.testing.assert_close(mean, expected_mean, rtol=5e-3, atol=0)
    torch.testing.assert_close(variance, expected_variance, rtol=5e-2, atol=0)


def test_with_the_printed_sign_samples_flee_from_z():
    found = drawn(Z, 500, reading="minus")
    wanted, _ = conditional(Z)
    assert (found.mean(dim=0) * wanted < 0).any()
    right = (drawn(Z, 500).mean(dim=0) - wanted).abs()
    assert ((found.mean(dim=0) - wanted).abs() > 10 * right).all()


@pytest.mark.parametrize("step", [10, 100, 190])
def test_with_the_printed_sign_of_algorithm_2_guidance_raises_the_error(step):
    """Exact networks leave Var(eps | x_t, z) of Var(eps | x_t); that sign adds three times what is else taken off."""
    count = 20_000
    images = VARIANCES.sqrt().view(2, 2) * normal(count, 1, 2, 2, name="images")
    latent, prior = normal(2, count, 4, name="latent")
    seen = Drawn(torch.full((count,), step), normal(count, 1, 2, 2, name="noise"), latent, prior)
    known = float(SCHEDULE.alpha[step] / SCHEDULE.sigma[step]) ** 2
    left = known / (known + 1 / VARIANCES), known / (known + 1 / VARIANCES + WEIGHTS**2 / SPREAD**2)
    unguided, guided = (float(each.sum()) for each in left)

    def loss(sign: Sign) -> float:
        found = sami_loss(exact_posterior, exact_noise, images, seen, SCHEDULE, weight=0.0, sign=sign)
        return float(found.denoising.detach())

    found = errors(exact_posterior, exact_noise, images, seen, SCHEDULE).unguided
    assert float(found.square().sum() / count) == pytest.approx(unguided, rel=0.03)
    assert loss("right") == pytest.approx(guided, rel=0.03)
    assert loss("printed") == pytest.approx(unguided + 3 * (unguided - guided), rel=0.03)


@pytest.mark.parametrize("reading", ["alpha", "covariance"])
def test_other_misprints_miss_the_law(reading):
    expected_mean, expected_variance = conditional(Z)

    def miss(found: Tensor) -> float:
        scale = (found.var(dim=0) / expected_variance).log().abs().max()
        return float(((found.mean(dim=0) - expected_mean).abs() / expected_variance.sqrt()).max() + scale)

    found = drawn(Z, 1000, reading=reading)
    assert miss(found) > 5 * miss(drawn(Z, 1000))


def test_the_printed_volume_changes_nothing_where_the_variance_is_known():
    torch.testing.assert_close(drawn(Z, 5, constraints=PRINTED), drawn(Z, 5))


def test_without_constraints_samples_are_unconditional():
    start = normal(6, 1, 2, 2, name="start")
    free = unconditional_samples(exact_noise, start, SCHEDULE, torch_generator("sampler"))
    torch.testing.assert_close(drawn(Z, 6, constraints=Constraints(0.0, 0.0)), free.flatten(1))


def test_a_latent_without_its_distance_is_sloppy():
    kept = torch.tensor([1.0, 0.0, 1.0, 1.0], dtype=torch.float64)
    found = drawn(Z, 2000, constraints=Constraints(distance=kept))
    rigid = drawn(Z, 2000)
    torch.testing.assert_close(found[:, [0, 2, 3]], rigid[:, [0, 2, 3]])
    assert found[:, 1].var() == pytest.approx(float(VARIANCES[1]), rel=0.15)


def test_shifting_the_noise_is_algorithm_1():
    """The mean shifted by +(1 - alpha) / sqrt(alpha) g is that of the shifted noise, the variance the large one."""
    z = normal(3, 4, name="z")
    start = normal(3, 1, 2, 2, name="start")
    times = timesteps(200, 200, "trailing")
    score = score_of(exact_posterior, z)
    noise = noise_of(exact_noise)
    by_noise = sample(
        guided_noise(noise, score, SCHEDULE), start, SCHEDULE, times,
        partial(ddpm_step, kind="noise", variance="large", generator=torch_generator("sampler")),
    )  # fmt: skip
    by_mean = sample(
        noise, start, SCHEDULE, times, partial(guided_step, score=score, generator=torch_generator("sampler"))
    )
    torch.testing.assert_close(by_noise, by_mean, rtol=1e-9, atol=1e-11)


def test_the_last_step_adds_no_noise():
    x, noise = normal(2, 1, 2, 2), normal(2, 1, 2, 2, name="noise")
    score = score_of(exact_posterior, normal(2, 4, name="z"))
    last, again = (
        guided_step(x, noise, SCHEDULE, 1, 0, score=score, generator=torch_generator(name)) for name in ("a", "b")
    )
    assert torch.equal(last, again)
    expected = (x - float(SCHEDULE.sigma[1]) * noise) / float(SCHEDULE.alpha[1]) + float(
        SCHEDULE.beta[1] / SCHEDULE.alpha[1]
    ) * score(x, 1)
    torch.testing.assert_close(last, expected)


def test_fewer_moves_land_near():
    wanted, _ = conditional(Z)
    schedule = linear_schedule(1000)
    found = drawn(Z, 500, schedule, moves=250)
    torch.testing.assert_close(found.mean(dim=0), wanted, atol=0.05, rtol=0)


def test_any_sampler_takes_the_guided_noise():
    wanted, _ = conditional(Z)
    noise = guided_noise(noise_of(exact_noise), score_of(exact_posterior, Z.expand(300, -1)), SCHEDULE)
    start = normal(300, 1, 2, 2, name="start")
    found = sample(noise, start, SCHEDULE, timesteps(200, 100, "trailing"), partial(ddim_step, kind="noise"))
    torch.testing.assert_close(found.flatten(1).mean(dim=0), wanted, atol=0.05, rtol=0)


def test_every_image_keeps_its_own_z():
    z = torch.stack([Z, -Z])
    both = conditional_samples(
        exact_posterior, exact_noise, z, torch.zeros(2, 1, 2, 2).double(), SCHEDULE, torch_generator("sampler")
    )
    wanted = torch.stack([conditional(each)[0] for each in z])
    assert ((both.flatten(1) * wanted)[:, :2] > 0).all()


def test_one_watches_the_norms_along_a_run():
    seen = []
    noise = guided_noise(
        noise_of(exact_noise), score_of(exact_posterior, Z[None]), SCHEDULE,
        watch=lambda t, predicted, pulled: seen.append((t, predicted, pulled)),
    )  # fmt: skip
    found = noise(normal(1, 1, 2, 2), 100)
    ((t, predicted, pulled),) = seen
    assert t == 100
    torch.testing.assert_close(found, predicted - pulled)


def test_the_start_is_noise_even_where_data_are_left():
    """The disks' schedule leaves abar_T = .0175."""
    schedule = ddpm_schedule(400)
    assert schedule.alpha[-1] ** 2 == pytest.approx(0.0175, abs=5e-5)
    mean, _ = propagated(Z, schedule, timesteps(400, 400, "trailing"))
    wanted, _ = conditional(Z)
    torch.testing.assert_close(mean, wanted, rtol=0.05, atol=5e-3)


def networks():
    encoder = StridedEncoder(("encoder",), size=8, widths=(4, 4), latents=2)
    return encoder, Denoiser(("denoiser",), size=8, base=4, multipliers=(1,), middle=2)


def test_networks_are_in_evaluation_meanwhile_and_keep_their_deviations():
    encoder, denoiser = networks()
    before = {name: value.clone() for name, value in encoder.state_dict().items()}
    start, z = normal(5, 1, 8, 8).float(), normal(5, 2).float()
    schedule = ddpm_schedule(5)
    together = conditional_samples(encoder, denoiser, z, start, schedule, torch_generator("a"))
    assert encoder.training and denoiser.training
    assert all(torch.equal(before[name], value) for name, value in encoder.state_dict().items())
    alone = conditional_samples(encoder, denoiser, z[:1], start[:1], schedule, torch_generator("a"), moves=1)
    first = conditional_samples(encoder, denoiser, z, start, schedule, torch_generator("a"), moves=1)
    torch.testing.assert_close(first[:1], alone)
    assert not together.requires_grad


def test_evaluation_ends_where_an_error_does():
    encoder, denoiser = networks()
    denoiser.eval()
    with pytest.raises(RecomposeError), evaluating(encoder, denoiser, exact_noise):
        assert not encoder.training
        raise RecomposeError("x")
    assert encoder.training and not denoiser.training


def test_images_go_through_in_parts(monkeypatch):
    sizes = []

    class Counted(nn.Module):
        def forward(self, x: Tensor, t: Tensor) -> Tensor:
            sizes.append(len(x))
            return exact_noise(x, t)

    whole = drawn(Z, 7)
    monkeypatch.setattr("recompose.papers.sami.sampling.AT_ONCE", 3)
    torch.testing.assert_close(drawn(Z, 7), whole)
    noise_of(Counted())(normal(7, 1, 2, 2), 5)
    assert sizes == [3, 3, 1]


def test_a_denoiser_of_other_images_is_told_in_one_line():
    encoder, _ = networks()
    denoiser = Denoiser(("denoiser",), size=16, base=4, multipliers=(1,), middle=2)
    with pytest.raises(RecomposeError, match="images of 1x8x8 for a denoiser of 1x16x16"):
        conditional_samples(
            encoder, denoiser, torch.zeros(2, 2), torch.zeros(2, 1, 8, 8), ddpm_schedule(5), torch_generator("a")
        )


def test_noise_of_a_step_comes_to_the_images():
    """On whichever device they are; here on the one that holds no numbers."""
    x = torch.empty(2, 1, 4, 4, device="meta")
    found = guided_step(
        x, x, ddpm_schedule(), 20, 10, score=lambda x, t: torch.zeros_like(x), generator=torch_generator("elsewhere")
    )
    assert found.device.type == "meta"
