"""Noise schedules and the steps that samplers visit, against diffusers' tables and closed forms."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from recompose.diffusion.schedules import (
    VariancePreserving,
    cosine_schedule,
    ddpm_schedule,
    linear_schedule,
    timesteps,
    zero_terminal_snr,
)
from recompose.errors import RecomposeError

SCHEDULES = {
    "linear": (ddpm_schedule, {"beta_schedule": "linear"}),
    "cosine": (cosine_schedule, {"beta_schedule": "squaredcos_cap_v2"}),
    "zero terminal SNR": (
        lambda steps: zero_terminal_snr(ddpm_schedule(steps)),
        {"beta_schedule": "linear", "rescale_betas_zero_snr": True},
    ),
}


@pytest.mark.parametrize("steps", [400, 1000])
@pytest.mark.parametrize("name", SCHEDULES)
def test_the_tables_are_those_of_diffusers(name, steps):
    """Theirs are in single precision."""
    from diffusers import DDPMScheduler

    make, options = SCHEDULES[name]
    ours, theirs = make(steps), DDPMScheduler(num_train_timesteps=steps, **options)
    np.testing.assert_allclose(ours.beta[1:], theirs.betas, atol=5e-6)  # ratios of small numbers
    np.testing.assert_allclose(ours.alpha[1:] ** 2, theirs.alphas_cumprod, atol=1e-6)
    np.testing.assert_allclose(ours.sigma[1:] ** 2, 1 - theirs.alphas_cumprod, atol=1e-6)
    assert ours.steps == steps


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_table_begins_with_the_data_and_preserves_variance(name):
    schedule = SCHEDULES[name][0](1000)
    assert (schedule.alpha[0], schedule.sigma[0], schedule.beta[0]) == (1, 0, 0)
    np.testing.assert_allclose(schedule.alpha**2 + schedule.sigma**2, 1)
    np.testing.assert_allclose(schedule.alpha[1:], schedule.alpha[:-1] * np.sqrt(1 - schedule.beta[1:]), atol=1e-12)
    assert (np.diff(schedule.alpha) < 0).all() and (np.diff(schedule.sigma) > 0).all()


def test_zero_terminal_snr_leaves_the_first_step_and_nothing_at_the_last():
    plain = ddpm_schedule()
    schedule = zero_terminal_snr(plain)
    assert schedule.alpha[1] == pytest.approx(plain.alpha[1], rel=1e-12)
    assert (schedule.alpha[-1], schedule.sigma[-1], schedule.beta[-1]) == (0, 1, 1)


def test_the_linear_schedules_are_one_at_a_thousand_steps():
    for mine, other in zip(vars(linear_schedule(1000)).values(), vars(ddpm_schedule(1000)).values(), strict=True):
        np.testing.assert_allclose(mine, other, rtol=1e-12)
    assert ddpm_schedule(400).alpha[-1] == pytest.approx(0.018**0.5, rel=0.02)  # SAMI's disks


def test_many_steps_are_continuous_time():
    t = np.arange(1, 20_001)
    schedule, process = linear_schedule(20_000), VariancePreserving()
    times = torch.from_numpy(t / 20_000)
    np.testing.assert_allclose(schedule.alpha[1:], process.alpha(times), atol=1e-3)
    np.testing.assert_allclose(schedule.sigma[1:], process.sigma(times), atol=1e-3)
    np.testing.assert_allclose(20_000 * schedule.beta[1:], process.beta(times), rtol=1e-2)


def test_training_takes_the_scales_of_each_image():
    schedule = ddpm_schedule()
    t = torch.tensor([[1], [1000], [0]])
    alpha, sigma = schedule.at(t)
    assert alpha.shape == sigma.shape == (3, 1) and alpha.dtype == torch.float32
    np.testing.assert_allclose(alpha[:, 0], schedule.alpha[[1, 1000, 0]], rtol=1e-6)
    np.testing.assert_allclose(sigma[:, 0], schedule.sigma[[1, 1000, 0]], rtol=1e-6)


@pytest.mark.parametrize("count", [1, 3, 7, 30, 50, 100, 333, 999, 1000])
@pytest.mark.parametrize("spacing", ["leading", "trailing"])
def test_the_steps_are_those_of_diffusers(spacing, count):
    """Theirs are lower by one, and without the data at the end."""
    from diffusers import DDIMScheduler

    theirs = DDIMScheduler(timestep_spacing=spacing)
    theirs.set_timesteps(count)
    *visited, end = timesteps(1000, count, spacing)
    assert end == 0 and [t - 1 for t in visited] == theirs.timesteps.tolist()


@pytest.mark.parametrize("count", [0, 1001])
def test_other_numbers_of_steps_are_refused(count):
    with pytest.raises(RecomposeError, match=f"{count} sampling steps of 1000: expected 1 to 1000"):
        timesteps(1000, count, "leading")


def test_nothing_here_imports_diffusers():
    """It takes seconds: only who needs its networks waits for it."""
    rooms = "feynman_kac, guidance, predictions, sampling, schedules, score_ascent"
    code = f"import sys; from recompose.diffusion import {rooms}; assert 'diffusers' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
