"""Training and sampling of paper 3, each beside what a user would write from its algorithms: one image after another.

    python benchmarks/sami.py               both, the networks of disks and of faces at the scale small; a minute
    python benchmarks/sami.py training

benchmarks/README.md says how to read the table. What bounds a step of training are its convolutions, 9 passes of the
encoder and 3 of the denoiser (`recompose.papers.sami.objective` counts them): no way of writing Algorithm 2 down does
with fewer, so of whole batches ours and the plain loop cost the same, and only the batch itself is to be won.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from statistics import median

import torch
from torch import Tensor
from torch.distributions import Normal, kl_divergence

from recompose.diffusion.schedules import Schedule
from recompose.papers.sami.networks import schedule_of, untrained
from recompose.papers.sami.objective import Drawn, Pair, sami_loss
from recompose.papers.sami.sampling import conditional_samples
from recompose.papers.sami.settings import Autoencoder, Sami
from recompose.randomness import torch_generator

FEW = 4
"""Images that go one after another; each takes as long as the next."""
MOVES = 5


def drawn_for(x: Tensor, schedule: Schedule, latents: int) -> Drawn:
    """What a step draws for these images."""
    generator = torch_generator("benchmark", "drawn")
    t = 1 + torch.randint(schedule.steps, (len(x),), generator=generator)
    noise = torch.randn(x.shape, generator=generator)
    return Drawn(t, noise, *torch.randn(2, len(x), latents, generator=generator))


def plain_loss(pair: Pair, x: Tensor, drawn: Drawn, schedule: Schedule, weight: float) -> Tensor:
    """Algorithm 2 line by line, with the sign of Eq. 10, and PyTorch's distributions."""
    alpha, sigma = (scale.float()[:, None, None, None] for scale in schedule.at(drawn.t))
    noisy = (alpha * x + sigma * drawn.noise).requires_grad_()
    clean = pair.encoder(x)
    known = Normal(clean.mean, clean.variance.sqrt())
    z = clean.mean + clean.variance.sqrt() * drawn.latent_noise
    seen = pair.encoder(noisy, drawn.t)
    log_q = Normal(seen.mean, seen.variance.sqrt()).log_prob(z).sum()  # type: ignore[no-untyped-call]
    (score,) = torch.autograd.grad(log_q, noisy, create_graph=True)
    error = drawn.noise - (pair.decoder(noisy.detach(), drawn.t) - sigma * score)
    prior = Normal(torch.zeros_like(z), torch.ones_like(z))
    return error.square().sum(dim=(1, 2, 3)).mean() + weight * kl_divergence(known, prior).sum(dim=1).mean()


def training(name: str, settings: Autoencoder, x: Tensor, repeats: int) -> None:
    """A step of ours, of the plain loop on the same batch, and the gradients of a few images one after another."""
    schedule = schedule_of(settings)
    drawn = drawn_for(x, schedule, settings.latents)
    pair = untrained(x, settings, ("benchmark",)).train()
    losses: list[float] = []

    def stepped(loss: Callable[[], Tensor]) -> Callable[[], None]:
        def run() -> None:
            pair.zero_grad(set_to_none=True)
            found = loss()
            found.backward()  # type: ignore[no-untyped-call]
            losses.append(found.item())

        return run

    def ours() -> Tensor:
        return sami_loss(pair.encoder, pair.decoder, x, drawn, schedule, weight=settings.weight).total

    def plain() -> Tensor:
        return plain_loss(pair, x, drawn, schedule, settings.weight)

    def alone(place: int) -> Tensor:
        here = slice(place, place + 1)
        return plain_loss(pair, x[here], Drawn(*(each[here] for each in drawn)), schedule, settings.weight)

    def one_by_one() -> None:
        for place in range(FEW):
            stepped(partial(alone, place))()

    for step in (stepped(ours), stepped(plain)):
        step()
    apart = abs(losses[0] - losses[1]) / losses[0]
    spent = alternating([stepped(ours), stepped(plain), one_by_one], repeats)
    batch, same, each = spent[0] / len(x), spent[1] / len(x), spent[2] / FEW
    print(
        f"{name}: training, {len(x)} images of {x.shape[-1]} pixels: {batch * 1e3:.2f} ms an image; plain loop on the"
        f" batch {same / batch:.2f} x (losses apart by {apart:.0e}), image by image {each / batch:.1f} x"
    )


def sampling(name: str, settings: Autoencoder, x: Tensor, repeats: int) -> None:
    """A few moves for all images and conditions at once, and for one image after another."""
    schedule = schedule_of(settings)
    pair = untrained(x, settings, ("benchmark",)).eval().requires_grad_(False)
    z = pair.encoder(x).mean

    def run(part: slice) -> None:
        conditional_samples(
            pair.encoder, pair.decoder, z[part], x[part], schedule, torch_generator("benchmark", "noise"), moves=MOVES
        )

    def one_by_one() -> None:
        for place in range(FEW):
            run(slice(place, place + 1))

    spent = alternating([lambda: run(slice(None)), one_by_one], repeats)
    batch, each = spent[0] / len(x), spent[1] / FEW
    print(
        f"{name}: sampling, {len(x)} images: {batch / MOVES * 1e3:.2f} ms an image and move; image by image"
        f" {each / batch:.1f} x"
    )


def alternating(functions: list[Callable[[], object]], repeats: int) -> list[float]:
    """Median seconds of each, their repeats taking turns, after a call of each to warm up."""
    spent: list[list[float]] = [[] for _ in functions]
    for _ in range(repeats + 1):
        for place, function in enumerate(functions):
            start = time.perf_counter()
            function()
            spent[place].append(time.perf_counter() - start)
    return [median(each[1:]) for each in spent]


def main() -> None:
    """Print what is asked for."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("what", nargs="*", help="training, sampling; without it both")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    print(f"torch {version('torch')}, {platform.machine()}, {options.threads} threads, load {os.getloadavg()[0]:.1f}")
    paper = Sami()
    for name, settings, size in (
        ("disks", paper.disks_networks, paper.disks.size),
        ("dsprites", paper.dsprites_networks, paper.dsprites.size),
        ("faces", paper.faces_networks, paper.faces.size),
    ):
        x = torch.randn(128, 1, size, size, generator=torch_generator("benchmark", "images"))
        if not options.what or "training" in options.what:
            training(name, settings, x[: settings.batch], options.repeats)
        if not options.what or "sampling" in options.what:
            sampling(name, settings, x, options.repeats)


if __name__ == "__main__":
    main()
