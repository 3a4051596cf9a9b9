"""Corrected rooms of paper 2, beside the arrangement of the authors' code: images per second of whole swarms.

    python benchmarks/rooms.py               the scale small, untrained networks; four minutes
    python benchmarks/rooms.py --size 64     rooms of as many pixels

benchmarks/README.md says how to read the lines.
"""

import argparse
import os
import platform
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import torch
from side_by_side import alternating, tell
from torch import Tensor

from recompose.diffusion.particles import descended, systematic_resampling
from recompose.diffusion.sampling import ddpm_step
from recompose.diffusion.schedules import timesteps
from recompose.networks.diffusers_unet import ClassUNet, kept
from recompose.networks.diffusers_unet_operations import operations
from recompose.papers.weighted_composition.rooms.names import MODELS, SOURCES, network_names
from recompose.papers.weighted_composition.rooms.networks import learned_velocities, schedule_of, shape_of
from recompose.papers.weighted_composition.rooms.sampling import BASE_COMPOSED, composed_swarms, weight_factor
from recompose.papers.weighted_composition.rooms.settings import Rooms, RoomsNetworks, RoomsSampling
from recompose.randomness import torch_generator
from recompose.storage import write_tensors

SETTING, PARTICLES, SWARMS = "f_id", 16, 16
BATCHES = (128, 256)
"""Images that go through a network together; a conditional one sees each three times."""
One = Callable[[Tensor, int], Tensor]
"""x: (images, 3, size, size) and the step -> the velocity under one condition."""


def authors(of_sources: list[One], shape: tuple[int, ...], sampling: RoomsSampling, device: str) -> Tensor:
    """All particles, (swarms, particles, *shape), arranged as the authors arrange them.

    All particles at once through the network, in fp32, one condition after another, at every new place, also after the
    last move; gaps from the squares of whole scores; the predictions of particles that are resampled go with them. The
    moves and random numbers are ours, so the images have to be ours, too.
    """
    schedule, generator = schedule_of(), torch_generator("benchmark", "rooms", device=device)
    times = timesteps(schedule.steps, sampling.steps, sampling.spacing)
    share = [weight_factor(schedule, t, s, sampling) for t, s in pairwise(times[:-1])]
    x = torch.randn((*shape, SWARMS, PARTICLES), generator=generator, device=device)

    def predicted(x: Tensor, t: int) -> list[Tensor]:
        images = x.flatten(-2).movedim(-1, 0)
        return [one(images, t).movedim(0, -1).unflatten(-1, (SWARMS, PARTICLES)) for one in of_sources]

    velocities = predicted(x, times[0])
    for number, (t, s) in enumerate(pairwise(times), start=1):
        composed = sum(weight * each for weight, each in zip(BASE_COMPOSED, velocities, strict=True))
        x = ddpm_step(x, composed, schedule, t, s, kind="velocity", generator=generator, clip=sampling.clip)
        velocities = predicted(x, max(s, 1))
        if number > (sampling.weighted or sampling.steps - 1):
            continue
        alpha, sigma = float(schedule.alpha[s]), float(schedule.sigma[s])
        noises = [alpha * each + sigma * x for each in velocities]
        squares = [each.square().sum(dim=(0, 1, 2)) for each in noises]
        composed = sum(weight * each for weight, each in zip(BASE_COMPOSED, noises, strict=True))
        of_squares = sum(weight * each for weight, each in zip(BASE_COMPOSED, squares, strict=True))
        gained = share[number - 1] * (composed.square().sum(dim=(0, 1, 2)) - of_squares)
        ancestors = systematic_resampling(gained, generator)
        x, velocities = descended(x, ancestors), [descended(each, ancestors) for each in velocities]
    return x.movedim((-2, -1), (0, 1))


def compared(model: str, rooms: Rooms, settings: RoomsNetworks, repeats: int, device: str, folder: Path) -> None:
    """Ours for some batches, and the authors' way, of one model."""
    for name in network_names(SETTING, model):
        network = ClassUNet(("benchmark", name), shape_of(name, rooms, settings))
        write_tensors(kept(network, name, "fp32"), folder / "networks" / f"{name}.safetensors")
    shape, many = (3, rooms.size, rooms.size), SWARMS * PARTICLES

    def asked(at_once: int, sources: tuple[int, ...]) -> Callable[[Tensor, int], Tensor]:
        return learned_velocities(
            folder, SETTING, model, rooms=rooms, rooms_networks=settings, at_once=at_once, device=device,
            sources=sources,
        )  # fmt: skip

    def ours(at_once: int) -> Callable[[], Tensor]:
        velocities, sampling = asked(at_once, tuple(range(len(SOURCES)))), RoomsSampling(at_once=at_once)
        return lambda: composed_swarms(
            velocities, shape, swarms=SWARMS, particles=PARTICLES, schedule=schedule_of(), sampling=sampling,
            generator=torch_generator("benchmark", "rooms", device=device), device=device,
        )[0]  # fmt: skip

    alone = [asked(many, (source,)) for source in range(len(SOURCES))]
    of_sources: list[One] = [lambda x, t, one=one: one(x, t)[0] for one in alone]  # type: ignore[misc]
    ways = {f"{batch} at once": ours(batch) for batch in BATCHES}
    theirs = lambda: authors(of_sources, shape, RoomsSampling(), device)  # noqa: E731
    wanted = theirs()
    for name, way in ways.items():
        apart = (way() - wanted).abs().flatten(2).amax(dim=-1)
        print(f"{model}, {name}: {float((apart < 0.01).float().mean()):.1%} of the particles are the authors' way's")
    spent = alternating([theirs, *ways.values()], repeats, device)
    counted = len(SOURCES) * RoomsSampling().steps * many * operations(
        rooms.size, settings.patch, settings.widths, settings.layers
    )  # fmt: skip
    for name, each in zip(["authors' way", *ways], spent, strict=True):
        print(f"{model}, {name}: {SWARMS / each:.2f} images/s of K = {PARTICLES}, {counted / each / 1e9:.1f} GFLOP/s"
              f" in convolutions, {spent[0] / each:.2f} x the authors' way")  # fmt: skip
    tell(2, f"corrected rooms, {rooms.size} pixels, {model}", "the authors' arrangement", spent[0] / spent[-1])


def main() -> None:
    """Print the lines of both models."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--size", type=int, default=Rooms().size)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    print(f"torch {version('torch')}, {device}, {platform.machine()}, {options.threads} threads, load"
          f" {os.getloadavg()[0]:.1f}")  # fmt: skip
    rooms = Rooms(size=options.size)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode():
        for model in MODELS:
            compared(model, rooms, RoomsNetworks(), options.repeats, device, Path(folder))


if __name__ == "__main__":
    main()
