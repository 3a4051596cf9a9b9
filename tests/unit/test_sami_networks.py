"""The networks of paper 3: the authors' numbers of parameters fix them, and they have no biases."""

from functools import partial

import pytest
import torch
from torch import Tensor, nn

from recompose.errors import RecomposeError
from recompose.papers.sami.baselines import Decoder
from recompose.papers.sami.denoisers import Denoiser, Pretrained
from recompose.papers.sami.encoders import ENCODERS, DiffusersHalfUNet, HalfUNet, StridedEncoder
from recompose.papers.sami.layers import BiasFreeNorm, embedding
from recompose.papers.sami.posterior import SMALLEST_VARIANCE, Posterior, of_outputs
from recompose.randomness import torch_generator

SMALL = {
    "disks": partial(StridedEncoder, ("test",), size=16, widths=(8, 8)),
    "dsprites": partial(StridedEncoder, ("test",), size=16, widths=(4, 8), latents=7, first_norm=True, pooled=2),
    "faces": partial(HalfUNet, ("test",), size=32, latents=5, widths=(4, 8, 8)),
}


def normal(*shape: int, name: str = "test") -> Tensor:
    return torch.randn(shape, generator=torch_generator(name), dtype=torch.float64)


def parameters(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def used_to(network: nn.Module, *inputs: Tensor) -> nn.Module:
    """In evaluation, after some batches: the running deviations are those of the data."""
    network.double().train()
    for _ in range(20):
        network(*inputs)
    return network.eval()


@pytest.mark.parametrize(("data", "count"), [("celeba", 4_716_480), ("disks", 120_768)])
def test_encoders_have_the_authors_numbers_of_parameters(data, count):
    with torch.device("meta"):
        assert parameters(ENCODERS[data](("test",))) == count


def test_the_denoiser_has_the_authors_number_of_parameters():
    with torch.device("meta"):
        assert parameters(Denoiser(("test",))) == 30_896_768


@pytest.mark.parametrize(
    ("data", "channels", "size", "latents"),
    [("celeba", 1, 64, 256), ("disks", 1, 32, 3), ("dsprites", 1, 64, 7), ("celeba_hq", 3, 256, 512)],
)
def test_published_encoders_take_the_published_images(data, channels, size, latents):
    with torch.device("meta"):
        encoder = ENCODERS[data](("test",))
        features = encoder.body(torch.empty(2, channels, size, size), None).flatten(1)
    assert encoder.mean(features).shape == encoder.spread(features).shape == (2, latents)


@pytest.mark.parametrize(
    ("shape", "size"), [({}, 64), ({"size": 32}, 32), ({"base": 48}, 64)], ids=["celeba", "disks", "dsprites"]
)
def test_published_denoisers_take_the_published_images(shape, size):
    with torch.device("meta"):
        x, t = torch.empty(2, 1, size, size), torch.ones(2, dtype=torch.long)
        assert Denoiser(("test",), **shape)(x, t).shape == x.shape


def test_table_1s_widths_are_an_option():
    with torch.device("meta"):
        encoder = HalfUNet(("test",), widths=(64,) * 6)
        denoiser = Denoiser(("test",), multipliers=(1,) * 5, middle=1)
        assert encoder.body(torch.empty(2, 1, 64, 64), None).shape == (2, 64, 2, 2)
        assert denoiser(torch.empty(2, 1, 64, 64), 1).shape == (2, 1, 64, 64)


@pytest.mark.parametrize("data", SMALL)
@pytest.mark.parametrize("a", [0.01, 3.0])
def test_in_evaluation_the_mean_is_homogeneous(data, a):
    encoder = SMALL[data]()
    x = normal(6, 1, encoder.size, encoder.size)
    used_to(encoder, x)
    torch.testing.assert_close(encoder(a * x).mean, a * encoder(x).mean, rtol=1e-10, atol=0)
    assert (encoder(x).mean.abs().amax(dim=0) > 0).all()


@pytest.mark.parametrize("activation", ["relu", "silu"])
def test_only_silu_bends_the_mean(activation):
    encoder = HalfUNet(("test",), size=16, latents=2, widths=(4, 8), activation=activation)
    x = normal(4, 1, 16, 16)
    used_to(encoder, x)
    homogeneous = torch.allclose(encoder(2 * x).mean, 2 * encoder(x).mean, rtol=1e-9, atol=0)
    assert homogeneous == (activation == "relu")


@pytest.mark.parametrize("data", SMALL)
def test_the_step_is_heard_once_it_is_learned(data):
    deaf, hearing = SMALL[data](), SMALL[data](time_input=True)
    hearing.load_state_dict(deaf.state_dict(), strict=False)
    x, t = normal(4, 1, deaf.size, deaf.size), torch.tensor([0, 1, 500, 1000])
    used_to(deaf, x)
    used_to(hearing, x)
    torch.testing.assert_close(hearing(x, t).mean, deaf(x, t).mean)
    with torch.no_grad():
        for name, parameter in hearing.named_parameters():
            if "modulation" in name:
                parameter.add_(0.1)
    told = hearing(x, t).mean
    assert torch.equal(hearing(x).mean[0], told[0])
    assert (hearing(x).mean[1:] != told[1:]).any(dim=1).all()


@pytest.mark.parametrize("time_input", [False, True])
def test_diffusers_blocks_without_attention(time_input):
    encoder = DiffusersHalfUNet(
        ("test",), size=32, channels=3, latents=5, widths=(8, 16), layers=1, time_input=time_input
    )
    assert not [name for name, _ in encoder.named_modules() if "to_q" in name]
    assert bool([name for name, _ in encoder.named_modules() if "time_emb_proj" in name]) == time_input
    x = normal(2, 3, 32, 32).float()
    clean, noisy = encoder(x), encoder(x, torch.tensor([3, 900]))
    assert clean.mean.shape == (2, 5)
    assert torch.equal(clean.mean, noisy.mean) != time_input


def test_the_norm_is_the_authors():
    norm = BiasFreeNorm(3).double()
    norm.gain.data.fill_(2.0)
    x = 5 + 3 * normal(4, 3, 6, 6)
    found = norm(x)
    deviation = (x.var(dim=(0, 2, 3), correction=0) + 1e-5).sqrt()
    torch.testing.assert_close(found, 2 * x / deviation[:, None, None])
    torch.testing.assert_close(norm.deviation[:, 0, 0], 0.9 + 0.1 * deviation)
    norm.eval()
    torch.testing.assert_close(norm(x), 2 * x / norm.deviation)


def test_gains_begin_small():
    gain = BiasFreeNorm(10_000).gain.detach()
    assert gain.std() == pytest.approx(2 / 576, rel=0.05)
    assert gain.abs().max() <= 0.025


def test_the_batch_couples_images_in_training_alone():
    encoder = SMALL["disks"]().double()
    x = normal(4, 1, 16, 16)
    assert not torch.allclose(encoder(x).mean[:2], encoder(x[:2]).mean)
    encoder.eval()
    torch.testing.assert_close(encoder(x).mean[:2], encoder(x[:2]).mean)


def test_variances_that_underflow_are_clamped():
    spread = torch.tensor([[-200.0, -20.0, 0.0, 3.0]], requires_grad=True)
    found = of_outputs(torch.zeros(1, 4), spread)
    softplus = torch.log1p(spread.detach().exp())
    expected = torch.tensor(
        [[SMALLEST_VARIANCE, SMALLEST_VARIANCE, float(softplus[0, 2] ** 2), float(softplus[0, 3] ** 2)]]
    )
    torch.testing.assert_close(found.variance, expected)
    found.variance.log().sum().backward()
    assert torch.isfinite(spread.grad).all()
    assert spread.grad.nonzero()[:, 1].tolist() == [2, 3]


def test_the_divergence_is_torchs():
    posterior = Posterior(normal(3, 4), normal(3, 4, name="variance").exp())
    q = torch.distributions.Normal(posterior.mean, posterior.variance.sqrt())
    expected = torch.distributions.kl_divergence(q, torch.distributions.Normal(0.0, 1.0)).sum(dim=1)
    torch.testing.assert_close(posterior.divergence(), expected)


def test_latents_have_the_mean_and_variance():
    posterior = Posterior(torch.tensor([[1.0, -2.0]]), torch.tensor([[0.25, 4.0]])).repeat(20_000)
    z = posterior.sample(normal(20_000, 2).float())
    torch.testing.assert_close(z.mean(dim=0), torch.tensor([1.0, -2.0]), atol=0.05, rtol=0)
    torch.testing.assert_close(z.var(dim=0), torch.tensor([0.25, 4.0]), atol=0, rtol=0.05)


def test_equal_names_make_equal_networks():
    same, other = (Denoiser((name,), size=8, base=4, multipliers=(1,), middle=2) for name in ("a", "b"))
    again = Denoiser(("a",), size=8, base=4, multipliers=(1,), middle=2)
    assert all(torch.equal(x, y) for x, y in zip(same.parameters(), again.parameters(), strict=True))
    assert not torch.equal(same.out.weight, other.out.weight)


def test_the_denoiser_hears_the_step_and_what_it_is_told():
    denoiser = Denoiser(("test",), size=16, base=4, latents=3)
    x, z = normal(2, 1, 16, 16), normal(2, 3)
    used_to(denoiser, x, torch.tensor([5, 900]))
    at = denoiser(x, 5)
    torch.testing.assert_close(at, denoiser(x, torch.tensor([5, 5])))
    assert not torch.allclose(at, denoiser(x, 900))
    torch.testing.assert_close(denoiser(x, 5, z), at)
    with torch.no_grad():
        for name, parameter in denoiser.named_parameters():
            if "modulation" in name:
                parameter.normal_(generator=torch.Generator().manual_seed(0))
    assert not torch.allclose(denoiser(x, 5, z), denoiser(x, 5, z.flip(0)))


def test_steps_are_embedded_as_diffusers_does():
    from diffusers.models.embeddings import get_timestep_embedding

    t = torch.tensor([0, 1, 37, 1000])
    torch.testing.assert_close(embedding(t), get_timestep_embedding(t, 64), rtol=1e-4, atol=2e-4)


def test_a_pretrained_network_counts_from_zero():
    class Unet(nn.Module):
        config = type("Config", (), {"sample_size": 8, "in_channels": 3})

        def forward(self, x: Tensor, t: Tensor, return_dict: bool) -> tuple[Tensor]:
            return (x * t[:, None, None, None],)

    x = torch.ones(2, 3, 8, 8)
    assert Pretrained(Unet())(x, torch.tensor([1, 1000]))[:, 0, 0, 0].tolist() == [0, 999]


@pytest.mark.parametrize("network", ["encoder", "denoiser"])
@pytest.mark.parametrize("shape", [(1, 3, 16, 16), (1, 1, 32, 32), (1, 1, 16, 8)])
def test_images_of_another_shape_are_told_in_one_line(network, shape):
    made = {
        "encoder": SMALL["disks"](),
        "denoiser": partial(Denoiser(("test",), size=16, base=4, multipliers=(1,), middle=2), t=1),
    }[network]
    with pytest.raises(
        RecomposeError, match=r"images of \d+x\d+x\d+ for an? \w+ of 1x16x16: .*channels and size"
    ) as told:
        made(torch.zeros(shape))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("network", [HalfUNet, Denoiser, DiffusersHalfUNet, Decoder])
def test_sizes_that_cannot_be_halved_are_told(network):
    with pytest.raises(RecomposeError, match="size: 36"):
        network(("test",), size=36)


def test_a_decoder_makes_images():
    decoder = Decoder(("test",), size=16, latents=3, widths=(4, 8, 8))
    assert decoder(torch.zeros(2, 3)).shape == (2, 1, 16, 16)
