"""The baselines of paper 3's Table 2: one registry, each loss as its paper has it."""

import pytest
import torch
from torch import Tensor

from recompose.diffusion.schedules import cosine_schedule
from recompose.diffusion.training import Training, fit
from recompose.errors import RecomposeError
from recompose.papers.sami.baselines import (
    BASELINES,
    Batch,
    Decoder,
    Weights,
    baseline_loss,
    mean_discrepancy,
    told_noise,
)
from recompose.papers.sami.denoisers import Denoiser
from recompose.papers.sami.encoders import StridedEncoder
from recompose.papers.sami.objective import Drawn, Pair
from recompose.randomness import torch_generator

SCHEDULE = cosine_schedule(100)
WEIGHTS = Weights(divergence=0.5, discrepancy=3.0)


def normal(*shape: int, name: str = "test") -> Tensor:
    return torch.randn(shape, generator=torch_generator(name))


def pair(name: str) -> Pair:
    encoder = StridedEncoder(("encoder",), size=8, widths=(4, 4), latents=2)
    if BASELINES[name].decodes == "image":
        return Pair(encoder, Decoder(("decoder",), size=8, latents=2, widths=(4, 8)))
    return Pair(encoder, Denoiser(("decoder",), size=8, base=4, multipliers=(1,), middle=2, latents=2))


@pytest.fixture
def drawn():
    return Drawn(torch.tensor([1, 30, 60, 100]), normal(4, 1, 8, 8), normal(4, 2, name="z"), normal(4, 2, name="p"))


def batch(name: str, drawn: Drawn) -> Batch:
    return Batch(pair(name).eval(), normal(4, 1, 8, 8, name="images"), drawn, SCHEDULE, WEIGHTS, "pixel_sum")


def test_all_of_them_are_there_in_the_order_of_the_table():
    assert list(BASELINES) == ["ae", "vae", "beta_vae", "info_vae", "diffae", "infodiffusion"]
    assert [each.decodes for each in BASELINES.values()] == ["image"] * 4 + ["noise"] * 2


def test_losses_of_autoencoders(drawn):
    made = batch("ae", drawn)
    encoder, decoder = made.networks.encoder, made.networks.decoder
    posterior = encoder(made.images)
    z = posterior.sample(drawn.latent_noise)

    def error(z: Tensor) -> Tensor:
        return (made.images - decoder(z)).square().sum(dim=(1, 2, 3)).mean()

    kl, mmd = posterior.divergence().mean(), mean_discrepancy(z, drawn.prior)
    expected = {
        "ae": error(posterior.mean),
        "vae": error(z) + kl,
        "beta_vae": error(z) + 0.5 * kl,
        "info_vae": error(z) + 0.5 * kl + 3.0 * mmd,
    }
    for name, value in expected.items():
        torch.testing.assert_close(BASELINES[name].loss(made), value)


def test_losses_of_denoisers(drawn):
    made = batch("diffae", drawn)
    decoder = made.networks.decoder
    with torch.no_grad():
        for name, parameter in decoder.named_parameters():
            if "modulation" in name:
                parameter.normal_(generator=torch_generator("modulation"))
    alpha, sigma = (scale[:, None, None, None] for scale in SCHEDULE.at(drawn.t))
    posterior = made.networks.encoder(made.images)
    z = posterior.sample(drawn.latent_noise)

    def error(z: Tensor) -> Tensor:
        seen = decoder(alpha * made.images + sigma * drawn.noise, drawn.t, z)
        return (drawn.noise - seen).square().sum(dim=(1, 2, 3)).mean()

    regular = 0.5 * posterior.divergence().mean() + 3.0 * mean_discrepancy(z, drawn.prior)
    torch.testing.assert_close(BASELINES["diffae"].loss(made), error(posterior.mean))
    torch.testing.assert_close(BASELINES["infodiffusion"].loss(made), error(z) + regular)
    predicted = told_noise(decoder, z)(made.images, 30)
    torch.testing.assert_close(predicted, decoder(made.images, 30, z))


@pytest.mark.parametrize("name", BASELINES)
def test_every_baseline_trains(name):
    model = pair(name)
    data = normal(8, 1, 8, 8).clamp(-1, 1)
    loss = baseline_loss(name, model, lambda chosen: data[chosen], 8, SCHEDULE, WEIGHTS, batch=8, names=("test",))
    training = Training(30, 1e-2, fused=False)
    losses = fit(model, loss, training, name=name, identity={}, report=lambda line: None)
    assert losses[-5:].mean() < losses[:5].mean()


def test_an_unknown_baseline_is_told():
    with pytest.raises(RecomposeError, match='did you mean "diffae"'):
        baseline_loss("difae", pair("ae"), lambda chosen: chosen, 8, SCHEDULE, WEIGHTS, batch=8, names=("test",))


def test_the_discrepancy_is_that_of_the_kernel():
    x, y = normal(5, 3), 1 + normal(7, 3, name="y")

    def kernel(a: Tensor, b: Tensor) -> float:
        return float(sum(torch.exp(-(p - q).square().sum() / 3) for p in a for q in b)) / (len(a) * len(b))

    assert float(mean_discrepancy(x, y)) == pytest.approx(kernel(x, x) + kernel(y, y) - 2 * kernel(x, y), rel=1e-4)
    assert float(mean_discrepancy(x, x)) == pytest.approx(0, abs=1e-6)
    assert mean_discrepancy(normal(500, 3), normal(500, 3, name="b")) < 0.01 < mean_discrepancy(x, y)
