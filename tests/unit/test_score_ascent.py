"""SISA against denoisers whose diffusion is known."""

import math

import pytest
import torch

from recompose.diffusion.score_ascent import denoised, score_ascent

POINT = 0.25


def to_a_point(x, which):
    """The residual of the denoiser that knows one point only."""
    return POINT - x


def start(images=4, sigma=1.0, side=32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return POINT + sigma * torch.randn(images, 1, side, side, generator=generator)


def climb(x, residual=to_a_point, **options):
    defaults = {"step": 0.2, "noise": 0.3, "final": 0.01, "limit": 1000, "generator": torch.Generator().manual_seed(1)}
    return score_ascent(residual, x, **(defaults | options))


@pytest.mark.parametrize(("step", "noise"), [(0.2, 0.3), (0.05, 0.5), (0.5, 1.0), (0.1, 0.1)])
def test_the_noise_falls_by_one_minus_beta_h_a_step(step, noise):
    arrived = climb(start(side=128), step=step, noise=noise)
    expected = math.ceil(math.log(0.01) / math.log(1 - step * noise))
    assert arrived.iterations.double().mean().item() == pytest.approx(expected, rel=0.03)
    assert (arrived.sigma < 0.01).all()


def test_without_injected_noise_nothing_is_random():
    arrived = [climb(start(), noise=1.0, generator=torch.Generator().manual_seed(seed)).x for seed in (1, 2)]
    torch.testing.assert_close(*arrived)


def test_one_full_step_is_the_end():
    arrived = climb(start(), step=1.0, noise=1.0)
    torch.testing.assert_close(arrived.x, torch.full_like(arrived.x, POINT))
    assert arrived.iterations.tolist() == [1] * 4


def test_the_last_denoise_takes_all_of_the_noise_out():
    x = start()
    torch.testing.assert_close(denoised(to_a_point, x), torch.full_like(x, POINT))


def test_each_image_stops_by_itself():
    x = torch.cat([start(1), start(1, sigma=0.1), torch.full((1, 1, 32, 32), POINT)])
    arrived = climb(x)
    first, second, third = arrived.iterations.tolist()
    assert first > second > third == 0
    torch.testing.assert_close(arrived.x[2], x[2])


def test_an_image_that_stops_leaves_the_others_as_they_are():
    x = start(2)
    both = climb(x)
    done = climb(torch.stack([x[0], torch.full_like(x[1], POINT)]))
    torch.testing.assert_close(both.x[0], done.x[0])


def test_the_denoiser_is_told_which_images_it_sees():
    targets = torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1)
    x = targets + torch.tensor([1.0, 0.01, 1.0]).view(3, 1, 1, 1) * start(3)
    arrived = climb(x, residual=lambda x, which: targets[which] - x)
    assert (arrived.x - targets).abs().mean(dim=(1, 2, 3)).max() < 0.02


def test_what_is_not_done_at_the_limit_is_flagged():
    arrived = climb(start(), limit=5)
    assert arrived.iterations.tolist() == [5] * 4
    assert (arrived.sigma > 0.01).all()


def test_samples_of_a_gaussian_have_its_variance():
    """Blind to the level: it is read off the image, whose variance is that of the Gaussian and of the noise."""
    variance = 0.2**2

    def residual(x, which):
        level = (x.flatten(1).var(dim=1) - variance).clamp_min(0).view(-1, 1, 1, 1)
        return level / (level + variance) * (POINT - x)

    arrived = climb(start(8, side=64), residual=residual, step=0.1, noise=0.2, final=0.002)
    assert arrived.x.var().item() == pytest.approx(variance, rel=0.06)
    assert arrived.x.mean().item() == pytest.approx(POINT, abs=0.01)
