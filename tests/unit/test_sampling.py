"""The samplers, step by step against diffusers, and from end to end against a Gaussian with a known answer."""

from functools import partial
from itertools import pairwise

import numpy as np
import pytest
import torch

from recompose.diffusion.guidance import classifier_free
from recompose.diffusion.predictions import to_noise
from recompose.diffusion.sampling import ddim_step, ddpm_step, noise_like, sample
from recompose.diffusion.schedules import cosine_schedule, ddpm_schedule, timesteps, zero_terminal_snr
from recompose.errors import RecomposeError

SCHEDULES = {
    "linear": (ddpm_schedule(), {}),
    "cosine": (cosine_schedule(1000), {"beta_schedule": "squaredcos_cap_v2"}),
    "zero terminal SNR": (zero_terminal_snr(ddpm_schedule()), {"rescale_betas_zero_snr": True}),
}
KINDS = {"noise": "epsilon", "clean": "sample", "velocity": "v_prediction"}


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def peer(scheduler, name, kind, spacing, clip, count=20, **options):
    """diffusers' scheduler, with our table: theirs is the same in single precision (tests/unit/test_schedules.py)."""
    import diffusers

    schedule, table = SCHEDULES[name]
    made = getattr(diffusers, scheduler)(
        prediction_type=KINDS[kind], timestep_spacing=spacing, clip_sample=clip is not None,
        clip_sample_range=clip or 1.0, **table, **options,
    )  # fmt: skip
    made.set_timesteps(count)
    np.testing.assert_allclose(made.alphas_cumprod, schedule.alpha[1:] ** 2, atol=1e-6)
    made.alphas_cumprod = torch.from_numpy(schedule.alpha[1:] ** 2)
    return schedule, made


def same_steps(ours, theirs, schedule, kind, spacing, count=20):
    """Each step of a run, from images and predictions of chance."""
    for t, s in pairwise(timesteps(1000, count, spacing)):
        x, predicted = torch.randn((2, 4, 3, 8, 8), generator=generator(t), dtype=torch.double)
        if kind == "noise" and schedule.alpha[t] == 0:
            with pytest.raises(RecomposeError, match="predict the velocity"):
                ours(x, predicted, schedule, t, s, generator=generator(t))
            continue
        found = ours(x, predicted, schedule, t, s, generator=generator(t))
        expected = theirs(predicted, t - 1, x, generator=generator(t)).prev_sample
        torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_an_ancestral_step_is_that_of_diffusers(name, kind, spacing, clip):
    schedule, theirs = peer("DDPMScheduler", name, kind, spacing, clip)
    same_steps(partial(ddpm_step, kind=kind, clip=clip), theirs.step, schedule, kind, spacing)


@pytest.mark.parametrize("eta", [0.0, 1.0])
@pytest.mark.parametrize("clip", [None, 1.0])
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", SCHEDULES)
def test_a_ddim_step_is_that_of_diffusers(name, kind, spacing, clip, eta):
    schedule, theirs = peer("DDIMScheduler", name, kind, spacing, clip)
    ours = partial(ddim_step, kind=kind, clip=clip, eta=eta)
    same_steps(ours, partial(theirs.step, eta=eta), schedule, kind, spacing)


def test_an_ancestral_step_with_the_larger_variance_is_that_of_diffusers():
    """As SAMI samples: sqrt(beta) noise."""
    schedule, theirs = peer("DDPMScheduler", "linear", "noise", "leading", None, variance_type="fixed_large")
    ours = partial(ddpm_step, kind="noise", variance="large")
    same_steps(ours, theirs.step, schedule, "noise", "leading")


def test_single_precision_is_kept_and_close_to_diffusers_own_table():
    from diffusers import DDPMScheduler

    theirs = DDPMScheduler(clip_sample=True)
    theirs.set_timesteps(20)
    x, predicted = torch.randn((2, 4, 3, 8, 8), generator=generator())
    found = ddpm_step(x, predicted, ddpm_schedule(), 501, 451, kind="noise", clip=1.0, generator=generator(1))
    assert found.dtype == torch.float32
    expected = theirs.step(predicted, 500, x, generator=generator(1)).prev_sample
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)


# -- From noise to data


MEAN, DEVIATION = 0.7, 0.5


def of_a_gaussian(x, t, schedule, mean=MEAN, deviation=DEVIATION, kind="noise"):
    """What a perfect network predicts for data from N(mean, deviation^2)."""
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    variance = alpha**2 * deviation**2 + sigma**2
    score = (alpha * mean - x) / variance
    return {"noise": -sigma * score, "velocity": (-sigma * score - sigma * x) / alpha if alpha else -mean + 0 * x}[kind]


def moments(step, schedule, times, kind, **options):
    x = torch.randn(10_000, generator=generator(), dtype=torch.double)
    predict = partial(of_a_gaussian, schedule=schedule, kind=kind, **options)
    found = sample(predict, x, schedule, times, partial(step, kind=kind))
    return float(found.mean()), float(found.std())


@pytest.mark.parametrize(("spacing", "name"), [("leading", "linear"), ("trailing", "zero terminal SNR")])
def test_samples_of_a_gaussian_have_its_moments(spacing, name):
    schedule, times = SCHEDULES[name][0], timesteps(1000, 1000, spacing)
    kind = "velocity" if name == "zero terminal SNR" else "noise"
    for step in (
        ddim_step,
        partial(ddim_step, eta=1.0, generator=generator(1)),
        partial(ddpm_step, generator=generator(2)),
    ):
        mean, deviation = moments(step, schedule, times, kind)
        assert mean == pytest.approx(MEAN, abs=0.02)
        assert deviation == pytest.approx(DEVIATION, rel=0.02)


def test_ddim_moves_a_gaussian_along_a_line_whose_slope_is_known():
    """Every step is affine in x: its slope is (alpha_s alpha_t s^2 + sigma_s sigma_t) / (alpha_t^2 s^2 + sigma_t^2)."""
    schedule, times = ddpm_schedule(), timesteps(1000, 10, "leading")
    expected = 1.0
    for t, s in pairwise(times):
        (a, b), (g, h) = ((schedule.alpha[k], schedule.sigma[k]) for k in (t, s))
        expected *= (g * a * DEVIATION**2 + h * b) / (a**2 * DEVIATION**2 + b**2)
    x = torch.tensor([-1.0, 1.0], dtype=torch.double)
    found = sample(partial(of_a_gaussian, schedule=schedule), x, schedule, times, partial(ddim_step, kind="noise"))
    assert float(found.diff() / 2) == pytest.approx(expected, rel=1e-9)


def test_an_ancestral_sampler_is_ddim_at_eta_one():
    schedule, times = ddpm_schedule(), timesteps(1000, 30, "trailing")
    x = torch.randn(100, generator=generator(), dtype=torch.double)
    predict = partial(of_a_gaussian, schedule=schedule)
    one, other = (
        sample(predict, x, schedule, times, step)
        for step in (
            partial(ddpm_step, kind="noise", generator=generator(1)),
            partial(ddim_step, kind="noise", eta=1.0, generator=generator(1)),
        )
    )
    torch.testing.assert_close(one, other)


def test_a_clip_keeps_the_data_in_their_range():
    schedule, times = ddpm_schedule(), timesteps(1000, 20, "leading")
    predict = partial(of_a_gaussian, schedule=schedule, mean=3.0)
    x = torch.randn(500, generator=generator(), dtype=torch.double)
    for step in (ddim_step, partial(ddpm_step, generator=generator(1))):
        assert float(sample(predict, x, schedule, times, partial(step, kind="noise", clip=1.0)).abs().max()) <= 1.0


def test_guidance_by_another_gaussian_moves_the_mean():
    """p_0 = N(m_0, s^2), q = N(m_q, s^2): guided by w the law is N((1 - w) m_0 + w m_q, s^2)."""
    schedule, times, weight = ddpm_schedule(), timesteps(1000, 1000, "leading"), 1.7

    def predict(x, t):
        return classifier_free(
            of_a_gaussian(x, t, schedule, mean=-0.2), of_a_gaussian(x, t, schedule, mean=0.5), weight
        )

    x = torch.randn(10_000, generator=generator(), dtype=torch.double)
    found = sample(predict, x, schedule, times, partial(ddim_step, kind="noise"))
    assert float(found.mean()) == pytest.approx(0.7 * 0.2 + 1.7 * 0.5, abs=0.02)
    assert float(found.std()) == pytest.approx(DEVIATION, rel=0.02)


def test_shifting_the_noise_by_a_guidance_shifts_the_ancestral_mean():
    """SAMI: eps - sigma g is the mean + (1 - a_t) / sqrt(a_t) g."""
    schedule, t = ddpm_schedule(), 400
    x, noise, guidance = torch.randn((3, 50), generator=generator(), dtype=torch.double)
    step = partial(ddpm_step, x, schedule=schedule, t=t, s=t - 1, kind="noise")
    moved = step(noise - schedule.sigma[t] * guidance, generator=generator(1)) - step(noise, generator=generator(1))
    torch.testing.assert_close(moved, schedule.beta[t] / (1 - schedule.beta[t]) ** 0.5 * guidance)


def test_a_sample_that_is_not_finite_is_an_error():
    schedule = ddpm_schedule()
    with pytest.raises(RecomposeError, match="a sample of 5 steps is not finite"):
        sample(
            lambda x, t: x / 0, torch.ones(3), schedule, timesteps(1000, 5, "leading"), partial(ddim_step, kind="noise")
        )


def test_a_noise_predictor_cannot_start_where_no_data_are_left():
    schedule = SCHEDULES["zero terminal SNR"][0]
    predict = partial(of_a_gaussian, schedule=schedule)
    with pytest.raises(RecomposeError, match="alpha = 0, where the noise says nothing of the data"):
        sample(predict, torch.ones(3), schedule, timesteps(1000, 5, "trailing"), partial(ddim_step, kind="noise"))
    assert to_noise(torch.ones(1), torch.ones(1), 0.0, 1.0, "score").isfinite().all()


def test_noise_is_drawn_where_the_generator_is():
    """Images on a GPU, here on the device without numbers, take a processor's noise: the same on every device."""
    elsewhere = torch.empty(2, 1, 4, 4, device="meta")
    assert noise_like(elsewhere, generator()).device.type == "meta"
    assert (
        ddpm_step(elsewhere, elsewhere, ddpm_schedule(), 20, 10, kind="noise", generator=generator()).device.type
        == "meta"
    )
    here = torch.empty(2, 1, 4, 4, dtype=torch.float64)
    assert noise_like(here, generator()).equal(torch.randn(here.shape, generator=generator(), dtype=here.dtype))
