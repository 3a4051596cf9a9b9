"""Guidance and objective of paper 3: the score is autograd's, and gradients come from where they should."""

import copy
from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from recompose.diffusion.schedules import cosine_schedule, ddpm_schedule
from recompose.diffusion.training import Training, fit, steps_of_epoch
from recompose.errors import RecomposeError
from recompose.papers.sami.denoisers import Denoiser
from recompose.papers.sami.encoders import HalfUNet, StridedEncoder
from recompose.papers.sami.guidance import (
    PRINTED,
    Constraints,
    guidance_score,
    log_density,
    shifted_noise,
)
from recompose.papers.sami.objective import (
    Annealing,
    Drawn,
    Pair,
    drawn_steps,
    errors,
    noised,
    reduced,
    sami_loss,
    settle,
    training_loss,
)
from recompose.papers.sami.posterior import Posterior, of_outputs
from recompose.randomness import torch_generator

SCHEDULE = cosine_schedule(1000)
PIXELS, LATENTS = 4, 3


def normal(*shape: int, name: str = "test") -> Tensor:
    return torch.randn(shape, generator=torch_generator(name), dtype=torch.float64)


class Bent(nn.Module):
    """A smooth encoder of 2x2 images whose four outputs have weights of their own."""

    def __init__(self):
        super().__init__()
        for name in ("mean", "spread", "mean_noisy", "spread_noisy"):
            setattr(self, name, nn.Parameter(0.5 * normal(PIXELS, LATENTS, name=name)))

    def forward(self, x: Tensor, t: Tensor | None = None) -> Posterior:
        mean, spread = (self.mean, self.spread) if t is None else (self.mean_noisy, self.spread_noisy)
        return of_outputs(torch.tanh(x.flatten(1) @ mean), torch.sin(x.flatten(1) @ spread))


class Operations(TorchDispatchMode):
    """Counts as PyTorch's own counter does, which follows modules too, and stumbles over second derivatives."""

    total = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        formula = flop_registry.get(function._overloadpacket)
        self.total += formula(*args, **(kwargs or {}), out_val=found) if formula else 0
        return found


def none_seen(x: Tensor, t: Tensor) -> Tensor:
    return 0.3 * x


@pytest.fixture
def images():
    return normal(5, 1, 2, 2, name="images").clamp(-1, 1)


@pytest.fixture
def drawn():
    t = torch.tensor([1, 100, 400, 800, 1000])
    return Drawn(t, normal(5, 1, 2, 2, name="noise"), normal(5, LATENTS, name="latent"), normal(5, LATENTS))


def networks(frozen: bool = False, size: int = 8) -> Pair:
    encoder = StridedEncoder(("encoder",), size=size, widths=(4, 4), latents=LATENTS)
    return Pair(encoder, Denoiser(("denoiser",), size=size, base=4, multipliers=(1,), middle=2), frozen=frozen)


# ---------------------------------------------------------------------------------------------------------------
# The score


def test_log_density_is_torchs_but_for_its_constant():
    posterior = Posterior(normal(3, 4), normal(3, 4, name="variance").exp())
    z = normal(3, 4, name="z")
    expected = torch.distributions.Normal(posterior.mean, posterior.variance.sqrt()).log_prob(z).sum(dim=1)
    constant = -0.5 * 4 * torch.log(torch.tensor(2 * torch.pi, dtype=torch.float64))
    torch.testing.assert_close(log_density(z, posterior) + constant, expected)


def test_the_score_is_the_gradient_of_each_image_alone(images):
    encoder, t = Bent(), torch.ones(5)
    z = normal(5, LATENTS)
    found = guidance_score(encoder, images, z, t)
    assert not found.requires_grad
    step = 1e-6
    for place in range(PIXELS):
        moved = images.clone()
        moved.flatten(1)[:, place] += step
        back = images.clone()
        back.flatten(1)[:, place] -= step
        slope = (log_density(z, encoder(moved, t)) - log_density(z, encoder(back, t))) / (2 * step)
        torch.testing.assert_close(found.flatten(1)[:, place], slope.detach(), rtol=1e-6, atol=1e-7)


def test_the_score_does_not_need_gradients_to_be_on(images):
    with torch.no_grad():
        found = guidance_score(Bent(), images, normal(5, LATENTS), torch.ones(5))
    assert found.abs().sum() > 0


def test_nothing_comes_back_to_x_but_to_z(images):
    x, z = images.clone().requires_grad_(), normal(5, LATENTS).requires_grad_()
    guidance_score(Bent(), x, z, torch.ones(5), create_graph=True).square().sum().backward()
    assert x.grad is None
    assert z.grad.abs().sum() > 0


def test_constraints_are_terms_of_the_score(images):
    encoder, z, t = Bent(), normal(5, LATENTS), torch.ones(5)

    def score(**terms) -> Tensor:
        return guidance_score(encoder, images, z, t, constraints=Constraints(**terms))

    both = guidance_score(encoder, images, z, t)
    torch.testing.assert_close(score(volume=0.0) + score(distance=0.0), both)
    assert not score(distance=0.0, volume=0.0).any()
    first = torch.tensor([1.0, 0.0, 0.0], dtype=torch.float64)
    torch.testing.assert_close(
        score(distance=first, volume=0.0) + score(distance=1 - first, volume=0.0), score(volume=0.0)
    )


def test_the_printed_volume_counts_half(images):
    encoder, z, t = Bent(), normal(5, LATENTS), torch.ones(5)
    posterior = encoder(images, t)
    distance = ((z - posterior.mean).square() / posterior.variance).sum(dim=1)
    printed = -0.5 * (distance + posterior.variance.sqrt().log().sum(dim=1))
    torch.testing.assert_close(log_density(z, posterior, PRINTED), printed)


def test_shifting_the_noise_is_shifting_the_mean():
    """A.2 with the sign it loses in its last two lines."""
    schedule = ddpm_schedule()
    x, noise, score = (normal(6, name=name) for name in ("x", "noise", "score"))
    for t in (1, 2, 500, 1000):
        alpha, sigma = 1 - schedule.beta[t], float(schedule.sigma[t])

        def mean(seen: Tensor, alpha: float = alpha, sigma: float = sigma) -> Tensor:
            return (x - (1 - alpha) / sigma * seen) / alpha**0.5

        shifted = mean(noise) + (1 - alpha) / alpha**0.5 * score
        torch.testing.assert_close(mean(shifted_noise(noise, score, sigma)), shifted, rtol=1e-12, atol=1e-14)


# ---------------------------------------------------------------------------------------------------------------
# The objective


def test_the_gradient_comes_through_both_passes_of_the_encoder(images, drawn):
    encoder = Bent()
    sami_loss(encoder, none_seen, images, drawn, SCHEDULE, weight=0.0).total.backward()
    for name, parameter in encoder.named_parameters():
        assert parameter.grad.abs().min() > 0, name


def test_the_gradient_is_that_of_the_loss(images, drawn):
    """Nothing on the way is detached that depends on the encoder: finite differences agree."""
    encoder = Bent()

    def loss() -> Tensor:
        return sami_loss(encoder, none_seen, images, drawn, SCHEDULE, weight=0.1).total

    loss().backward()
    for parameter in encoder.parameters():
        with torch.no_grad():
            for place in (0, 7):
                value = parameter.view(-1)[place].item()
                found = []
                for moved in (value + 1e-6, value - 1e-6):
                    parameter.view(-1)[place] = moved
                    found.append(float(loss()))
                parameter.view(-1)[place] = value
                slope = (found[0] - found[1]) / 2e-6
                assert float(parameter.grad.view(-1)[place]) == pytest.approx(slope, rel=1e-5, abs=1e-7)


def test_the_loss_is_equation_10(images, drawn):
    encoder = Bent()
    total, denoising, divergence = sami_loss(encoder, none_seen, images, drawn, SCHEDULE, weight=0.1)
    alpha, sigma = (scale.double()[:, None, None, None] for scale in SCHEDULE.at(drawn.t))
    noisy = alpha * images + sigma * drawn.noise
    clean = encoder(images)
    z = clean.mean + clean.variance.sqrt() * drawn.latent_noise
    score = guidance_score(encoder, noisy, z, drawn.t)
    error = drawn.noise - none_seen(noisy, drawn.t) + sigma * score
    torch.testing.assert_close(denoising, error.square().sum(dim=(1, 2, 3)).mean())
    torch.testing.assert_close(divergence, clean.divergence().mean())
    torch.testing.assert_close(total, denoising + 0.1 * divergence)


def test_without_constraints_guidance_takes_nothing_off(images, drawn):
    nothing = Constraints(distance=0.0, volume=0.0)
    found = errors(Bent(), none_seen, images, drawn, SCHEDULE, constraints=nothing)
    torch.testing.assert_close(found.guided, found.unguided)


def test_reductions_differ_by_the_number_of_pixels():
    error = normal(5, 1, 2, 2)
    assert float(reduced(error, "pixel_sum")) == pytest.approx(4 * float(reduced(error, "pixel_mean")))
    assert float(reduced(error, "pixel_mean")) == pytest.approx(float(error.square().mean()))


def test_the_encoder_is_run_on_clean_images_first(images, drawn):
    seen = []

    class Watched(Bent):
        def forward(self, x: Tensor, t: Tensor | None = None) -> Posterior:
            seen.append((x.detach().clone(), t))
            return super().forward(x, t)

    sami_loss(Watched(), none_seen, images, drawn, SCHEDULE, weight=0.1)
    assert len(seen) == 2
    assert torch.equal(seen[0][0], images) and seen[0][1] is None
    assert not torch.equal(seen[1][0], images) and torch.equal(seen[1][1], drawn.t)


@pytest.mark.parametrize("power", [1.0, 0.5, 0.3])
def test_steps_are_drawn_by_the_power(power):
    uniform = torch.rand(100_000, generator=torch_generator("test"))
    t = drawn_steps(uniform, 10, power)
    assert (t.min(), t.max()) == (1, 10)
    places = torch.arange(11, dtype=torch.float64) / 10
    expected = (places ** (1 / power)).diff()
    torch.testing.assert_close(torch.bincount(t, minlength=11)[1:] / 100_000, expected.float(), atol=5e-3, rtol=0)


def test_the_largest_uniform_number_stays_within_the_steps():
    almost = torch.nextafter(torch.tensor([1.0]), torch.tensor([0.0]))
    assert drawn_steps(almost, 1000, 0.3).tolist() == [1000]
    assert drawn_steps(torch.zeros(1), 1000, 0.3).tolist() == [1]


def test_the_weight_is_annealed_by_equal_factors():
    annealing = Annealing(1e-11, 1e-10, 5)
    weights = [annealing.weight(epoch) for epoch in range(5)]
    assert weights[0] == pytest.approx(1e-11) and weights[-1] == pytest.approx(1e-10)
    assert [b / a for a, b in pairwise(weights)] == pytest.approx([10**0.25] * 4)
    assert Annealing(1e-11, 1e-10, 1).weight(0) == 1e-10


@pytest.mark.parametrize(("frozen", "passes"), [(False, 3), (True, 1)])
def test_a_step_takes_nine_passes_of_the_encoder(frozen, passes):
    encoder = HalfUNet(("encoder",), size=16, widths=(16, 32), channels=8, latents=3)
    denoiser = Denoiser(("denoiser",), size=16, channels=8, base=8, multipliers=(1,), middle=2)
    model = Pair(encoder, denoiser, frozen=frozen)
    images = normal(4, 8, 16, 16).float()
    drawn = Drawn(torch.tensor([1, 9, 400, 900]), images.flip(0), normal(4, 3).float(), normal(4, 3).float())

    def operations(run) -> int:
        with Operations() as counted:
            run()
        return counted.total

    encoded, decoded = operations(lambda: encoder(images)), operations(lambda: model.decoder(images, drawn.t))
    step = operations(lambda: sami_loss(encoder, model.decoder, images, drawn, SCHEDULE, weight=0.1).total.backward())
    # Clean images and the denoiser's input need no gradient of their own, which the first convolutions save.
    assert 0.9 < step / (9 * encoded + passes * decoded) < 1


# ---------------------------------------------------------------------------------------------------------------
# Training


def trained(frozen: bool, steps: int = 4) -> tuple[Pair, Pair, Tensor]:
    model = networks(frozen)
    before = copy.deepcopy(model)
    data = normal(10, 1, 8, 8).float().clamp(-1, 1)
    loss = training_loss(
        model, lambda chosen: data[chosen], 10, SCHEDULE, Annealing(1e-6, 1e-3, 2), batch=4, names=("test",), power=0.5
    )
    losses = fit(model, loss, Training(steps, 1e-2, fused=False), name="test", identity={}, report=lambda line: None)
    return before, model, losses


def test_a_frozen_denoiser_keeps_its_bits():
    before, after, _ = trained(frozen=True)
    for (name, old), new in zip(before.decoder.state_dict().items(), after.decoder.state_dict().values(), strict=True):
        assert torch.equal(old, new), name
    changed = [
        not torch.equal(old, new)
        for old, new in zip(before.encoder.parameters(), after.encoder.parameters(), strict=True)
    ]
    assert all(changed)


def test_joint_training_changes_both():
    before, after, losses = trained(frozen=False)
    assert all(not torch.equal(a, b) for a, b in zip(before.parameters(), after.parameters(), strict=True))
    assert losses.shape == (4,) and torch.isfinite(losses).all()


def test_a_training_is_made_of_its_names():
    assert torch.equal(trained(frozen=False)[2], trained(frozen=False)[2])


def test_an_epoch_sees_every_image_once():
    seen = []
    data = normal(10, 1, 8, 8).float()

    def images(chosen: Tensor) -> Tensor:
        seen.append(chosen)
        return data[chosen]

    loss = training_loss(networks(), images, 10, SCHEDULE, Annealing(1e-3, 1e-3, 2), batch=4, names=("test",))
    for step in range(2 * steps_of_epoch(10, 4)):
        loss(step)
    orders = torch.cat(seen).view(2, 10)
    assert torch.equal(orders.sort(dim=1).values, torch.arange(10).expand(2, 10))
    assert not torch.equal(*orders)


@pytest.mark.parametrize("frozen", [False, True])
def test_settled_deviations_are_means_over_batches(frozen):
    model = networks(frozen).double()
    before = copy.deepcopy(model)
    data = normal(12, 1, 8, 8)
    settle(model, lambda chosen: data[chosen], 12, SCHEDULE, batch=4, batches=3, names=("test",))
    assert not model.encoder.training and not model.decoder.training
    assert all(torch.equal(a, b) for a, b in zip(before.parameters(), model.parameters(), strict=True))
    order = torch.randperm(12, generator=torch_generator("test", "epoch", 0)).view(3, 4)
    found = []
    for number, chosen in enumerate(order):
        generator = torch_generator("test", "step", number)
        t = drawn_steps(torch.rand(4, generator=generator), 1000, 1.0)
        noise = torch.randn(4, 1, 8, 8, generator=generator).double()
        noisy, _ = noised(data[chosen], Drawn(t, noise, noise, noise), SCHEDULE)
        for images in (data[chosen], noisy):
            seen = before.encoder.layers[1].convolution(before.encoder.layers[0](images))
            found.append((seen.var(dim=(0, 2, 3), correction=0) + 1e-5).sqrt())
    torch.testing.assert_close(model.encoder.layers[1].norm.deviation[:, 0, 0], torch.stack(found).mean(dim=0))
    assert model.encoder.layers[1].norm.momentum == 0.1
    kept = [torch.equal(a, b) for a, b in zip(before.decoder.buffers(), model.decoder.buffers(), strict=True)]
    assert all(kept) if frozen else not any(kept)


def test_networks_of_other_images_are_no_pair():
    encoder = StridedEncoder(("encoder",), size=8, widths=(4, 4))
    denoiser = Denoiser(("denoiser",), size=8, channels=3, base=4, multipliers=(1,), middle=2)
    with pytest.raises(RecomposeError, match="a decoder of images of 3x8x8 for an encoder of 1x8x8"):
        Pair(encoder, denoiser)
