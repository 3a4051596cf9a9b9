"""The numbers of rooms: samples of every setting and model, what a judge says of them, and what they are made from."""

from collections.abc import Iterator, Mapping
from functools import partial
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.datasets import rooms as rendered
from recompose.diffusion.predictions import target
from recompose.errors import named
from recompose.machine import require_memory
from recompose.metrics.intervals import normal_interval
from recompose.papers.weighted_composition.rooms.aggregation import clustered_share
from recompose.papers.weighted_composition.rooms.data import load_rooms
from recompose.papers.weighted_composition.rooms.judge import ASKED, Judge, alike, holds, spoiled, trained_judge
from recompose.papers.weighted_composition.rooms.mixtures import CELLS, mixtures
from recompose.papers.weighted_composition.rooms.names import (
    CLASSES,
    MODELS,
    OBJECTS,
    OUTCOMES,
    SAMPLES,
    SETTINGS,
    SOURCES,
)
from recompose.papers.weighted_composition.rooms.networks import SLUG, centred, learned_velocities, schedule_of
from recompose.papers.weighted_composition.rooms.sampling import Course, composed_swarms, sampled_alone
from recompose.papers.weighted_composition.rooms.settings import (
    Rooms,
    RoomsJudge,
    RoomsNetworks,
    RoomsSampling,
)
from recompose.randomness import torch_generator
from recompose.storage import Measured
from recompose.sweeps import CellStore, Row
from recompose.tensor_cells import Tensors, kept_tensors

BLOCK = 1024
"""Particles that are sampled together, on any machine: a swarm's random numbers hang on its block."""
TIMES = (1, 25, 75, 150, 250, 350, 450, 550, 650, 750, 850, 950)
"""Steps of the noise at which velocities are compared with what they should be."""
PREDICTED = 100
"""Images of a class for that."""
SPOILED = 10
"""How often each room is spoiled to measure the judge."""
SCENES = 200
"""Rendered scenes over which the places of objects are averaged."""


def samples(
    name: str, *, folder: Path, rooms: Rooms, rooms_networks: RoomsNetworks, rooms_sampling: RoomsSampling, device: str,
    cells: CellStore | None = None,
) -> Measured:  # fmt: skip
    """Samples of a setting and model: of the composition for every K, and of each condition by itself.

    Numbers: the course of the weights, weighing by weighing, over the swarms. Images: `K=<K>`, (swarms, K, 3, size,
    size), and `<condition>`, (samples, 3, size, size).
    """
    setting, model = SAMPLES[name]
    learned = partial(
        learned_velocities, folder, setting, model, rooms=rooms, rooms_networks=rooms_networks,
        at_once=rooms_sampling.at_once, device=device,
    )  # fmt: skip
    velocities = learned()
    shape, schedule = (3, rooms.size, rooms.size), schedule_of()
    told: dict[str, Any] = {"schedule": schedule, "sampling": rooms_sampling, "device": device}
    rows: list[Row] = []
    images = {}
    for particles, swarms in zip(rooms_sampling.particles, rooms_sampling.swarms, strict=True):
        some = min(swarms, max(1, BLOCK // particles))
        _require_room(some * particles, rooms.size, device)
        blocks = []
        for first in range(0, swarms, some):
            place = f"K={particles} from {first}"

            def make(place: str = place, count: int = min(some, swarms - first), particles: int = particles) -> Tensors:
                generator = torch_generator(SLUG, name, place, device=device)
                found, course = composed_swarms(
                    velocities, shape, swarms=count, particles=particles, generator=generator, **told
                )
                return {"images": _bytes(found), **_stacked(course)}

            with torch.inference_mode(), named(place):
                blocks.append(kept_tensors(cells, place, make))
            print(f"{name}: {place}, of {swarms} swarms", flush=True)
        whole = {key: torch.cat([block[key] for block in blocks], dim=int(key != "images")) for key in blocks[0]}
        images[f"K={particles}"] = whole.pop("images").float() / 255
        rows += _course(whole, particles)
    for number, source in enumerate(SOURCES):

        def alone(number: int = number, source: str = source) -> Tensors:
            generator = torch_generator(SLUG, name, source, device=device)
            of_source = learned(sources=(number,))
            found = sampled_alone(of_source, shape, rooms_sampling.alone, generator=generator, **told)
            return {"images": _bytes(found)}

        with torch.inference_mode(), named(source):
            images[source] = kept_tensors(cells, source, alone)["images"].float() / 255
        print(f"{name}: {source} by itself", flush=True)
    frame = pd.DataFrame(rows, columns=["particles", "weighing", *COURSE])
    return Measured(frame.assign(setting=setting, model=model)[["setting", "model", *frame.columns]], images)


COURSE = ("quantity", "mean", "ci_low", "ci_high", "n")


def _bytes(images: Tensor) -> Tensor:
    return (127.5 * (images.clamp(-1, 1) + 1)).round().byte().cpu().contiguous()


def _stacked(course: Course) -> Tensors:
    """(weighings, swarms) of each quantity; none for a swarm of one."""
    quantities = {"ess": course.ess, "distinct": course.distinct, "variance": course.variance}
    return {name: torch.stack(each).float() for name, each in quantities.items() if each}


def _course(quantities: Mapping[str, Tensor], particles: int) -> Iterator[Row]:
    """Mean over the swarms after each weighing, with its interval."""
    for quantity, values in quantities.items():
        for weighing, of_swarms in enumerate(values, start=1):
            place = {"particles": particles, "weighing": weighing, "quantity": quantity}
            yield place | normal_interval(of_swarms.double().numpy()).columns(len(of_swarms))


def _require_room(particles: int, size: int, device: str) -> None:
    """Places, predictions of three conditions and what is made of them, all in fp32."""
    if device == "cpu":
        require_memory(4.0 * 12 * 3 * size**2 * particles, f"sampling {particles} particles of {size}x{size}")


# ---------------------------------------------------------------------------------------------------------------
# What a judge says


def rooms_judged(
    *images: Mapping[str, np.ndarray], folder: Path, rooms: Rooms, rooms_judge: RoomsJudge, device: str
) -> pd.DataFrame:
    """What samples show: of each swarm the shares of its particles, and of each condition's samples, one by one.

    images: those of `SAMPLES`, in that order. `alone`: one object and not both; `shown`: what the first particle of a
    swarm shows.
    """
    judge = trained_judge(folder / "networks" / "rooms_judge.safetensors", rooms, rooms_judge, device)
    one, other = (list(OUTCOMES).index(each) for each in ("couch_only", "other_only"))
    frames = []
    for (setting, model), of_setting in zip(SAMPLES.values(), images, strict=True):
        # The conditions, then K by K: a file has them in another order.
        kinds = sorted(of_setting, key=lambda name: int(name.partition("=")[2] or 0))
        for name in kinds:
            found = of_setting[name]
            swarms = found if found.ndim == 5 else found[:, None]
            outcomes, intact = outcomes_of(judge, torch.from_numpy(swarms).flatten(0, 1), setting, device)
            of_swarms = outcomes.reshape(swarms.shape[:2])
            source, _, particles = name.partition("=")
            rows = {
                "setting": setting,
                "model": model,
                "source": "composition" if particles else source,
                "particles": int(particles or 1),
                "swarm": np.arange(len(swarms)),
                **{outcome: (of_swarms == place).mean(axis=1) for place, outcome in enumerate(OUTCOMES)},
                "alone": ((of_swarms == one) | (of_swarms == other)).mean(axis=1),
                "intact": intact.reshape(swarms.shape[:2]).mean(axis=1),
                "shown": np.array(list(OUTCOMES))[of_swarms[:, 0]],
            }
            frames.append(pd.DataFrame(rows))
    return pd.concat(frames, ignore_index=True)


@torch.inference_mode()
def outcomes_of(judge: Judge, images: Tensor, setting: str, device: str) -> tuple[np.ndarray, np.ndarray]:
    """What each image shows, by its place in OUTCOMES, and the probability that it is a room: both (images,).

    images: bytes, (images, 3, size, size).
    """
    logits = torch.cat([judge(centred(part, device)).cpu() for part in torch.split(images, 512)])
    there = logits > 0
    couch, other = (there[:, ASKED.index(each)] for each in ("couch", SETTINGS[setting].other))
    places = {name: place for place, name in enumerate(OUTCOMES)}
    found = torch.full((len(images),), places["none"])
    found[couch & ~other], found[other & ~couch] = places["couch_only"], places["other_only"]
    found[couch & other] = places["both"]
    found[~there[:, -1]] = places["warped"]
    return found.numpy(), torch.sigmoid(logits[:, -1]).numpy()


@torch.inference_mode()
def rooms_accuracy(*, folder: Path, rooms: Rooms, rooms_judge: RoomsJudge, device: str) -> pd.DataFrame:
    """How often the judge is right on images that it was not trained on: real rooms, and spoiled ones.

    Rooms are spoiled `SPOILED` times each, for chance decides how badly; the interval is over rooms.
    """
    judge = trained_judge(folder / "networks" / "rooms_judge.safetensors", rooms, rooms_judge, device)
    data = load_rooms(folder / "images" / "rooms.safetensors", "test")
    clean = centred(data.images, device)
    generator = torch_generator(SLUG, "rooms_accuracy", "test")
    of_bad = []
    for _ in range(SPOILED):
        others = torch.randperm(len(clean), generator=generator)
        same = alike(data.labels, data.labels[others]).to(device)
        of_bad.append(judge.intact(spoiled(clean, clean[others.to(device)], same, generator)).cpu() <= 0)
    logits, held = judge(clean).cpu(), holds(data.labels).bool()
    right = {each: ((logits[:, place] > 0) == held[:, place])[None] for place, each in enumerate(OBJECTS)}
    right |= {"intact": logits[None, :, -1] > 0, "spoiled": torch.stack(of_bad)}
    rows = []
    for asked, answers in right.items():  # (times, rooms)
        found = clustered_share(answers.double().mean(dim=0).numpy(), len(answers))
        rows.append({"asked": asked, **found.columns(answers.numel(), "accuracy")})
    return pd.DataFrame(rows)


# ---------------------------------------------------------------------------------------------------------------
# What they are made from


@torch.inference_mode()
def rooms_errors(
    *, folder: Path, rooms: Rooms, rooms_networks: RoomsNetworks, rooms_sampling: RoomsSampling, device: str
) -> pd.DataFrame:
    """The mean square of predicted minus true velocity on images that no network has seen, by condition.

    Of every class as many; weighed as the condition mixes them. The interval is over the images.
    """
    data, schedule = load_rooms(folder / "images" / "rooms.safetensors", "test"), schedule_of()
    each = len(data.images) // len(CLASSES)
    some = min(PREDICTED, each)
    rows: list[Row] = []
    for setting, (model, velocities) in _all_velocities(folder, rooms, rooms_networks, rooms_sampling, device):
        shown = SETTINGS[setting].classes()
        weights = mixtures(setting, rooms)
        errors = []
        for cell in CELLS:
            first = list(CLASSES).index(shown[cell]) * each
            clean = centred(data.images[first : first + some], device)
            of_times = []
            for t in TIMES:
                noise = torch.randn(clean.shape, generator=torch_generator(SLUG, "errors", cell, t)).to(device)
                alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
                found = velocities(alpha * clean + sigma * noise, t)
                of_times.append((found - target(clean, noise, alpha, sigma, "velocity")).square().mean(dim=(2, 3, 4)))
            errors.append(torch.stack(of_times).mean(dim=0).cpu().double().numpy())  # (sources, images)
        for number, source in enumerate(SOURCES):
            per_image = np.stack([of_class[number] for of_class in errors], axis=1) @ weights[number]
            place = {"setting": setting, "model": model, "source": source}
            rows.append(place | normal_interval(per_image).columns(some, "error"))
    return pd.DataFrame(rows)


def _all_velocities(
    folder: Path, rooms: Rooms, networks: RoomsNetworks, sampling: RoomsSampling, device: str
) -> Iterator[tuple[str, tuple[str, Any]]]:
    for setting in SETTINGS:
        for model in MODELS:
            told: dict[str, Any] = {"rooms": rooms, "rooms_networks": networks, "at_once": sampling.at_once}
            yield setting, (model, learned_velocities(folder, setting, model, device=device, **told))


@torch.inference_mode()
def rooms_overlap(*, folder: Path, rooms: Rooms, rooms_judge: RoomsJudge, device: str) -> pd.DataFrame:
    """How far two objects are from factorized: do they stand in the same places, do they change images alike.

    `places`: what the mean occupancies of two objects share, sum min(p, q) / min(sum p, sum q), where scenes are known;
    `pixels`, `features`: |cos(mu_A - mu_0, mu_B - mu_0)| of the means of images with A, with B, and of empty rooms, in
    pixels and in what the judge's classifiers see.
    """
    judge = trained_judge(folder / "networks" / "rooms_judge.safetensors", rooms, rooms_judge, device)
    data = load_rooms(folder / "images" / "rooms.safetensors", "test")
    images = centred(data.images, device)
    spaces = {"pixels": images.flatten(1), "features": judge.features(images)}
    maps = _occupied(rooms) if rooms.source == "rendered" else {}
    rows = []
    for first, second in combinations(OBJECTS, 2):
        pair = {"first": first, "second": second}
        if maps:
            shared = np.minimum(maps[first], maps[second]).sum() / min(maps[first].sum(), maps[second].sum())
            rows.append(pair | {"quantity": "places", "value": float(shared)})
        for name, points in spaces.items():
            means = [points[data.labels == list(CLASSES).index(each)].mean(dim=0) for each in ("empty", first, second)]
            cosine = torch.cosine_similarity(means[1] - means[0], means[2] - means[0], dim=0)
            rows.append(pair | {"quantity": name, "value": float(cosine.abs())})
    return pd.DataFrame(rows)


def _occupied(rooms: Rooms) -> dict[str, np.ndarray]:
    """How often each place shows an object, over scenes that hold it alone: (size, size)."""
    return {
        each: np.mean(
            [
                rendered.occupancy(
                    (each,), (each, "occupancy", number), size=max(rooms.size, 32), variety=rooms.variety
                )[each]
                for number in range(SCENES)
            ],
            axis=0,
        )
        for each in OBJECTS
    }


def rooms_classes(*, folder: Path, rooms: Rooms) -> Measured:
    """What the images look like: some of each class, as networks see them, and larger where they can be rendered."""

    data = load_rooms(folder / "images" / "rooms.safetensors", "train")
    each = len(data.images) // len(CLASSES)
    images = {}
    for number, (name, objects) in enumerate(CLASSES.items()):
        some = data.images[number * each : number * each + COLUMNS]
        images[f"small {name}"] = some.float() / 255
        if rooms.source == "rendered":
            large = [
                rendered.room(objects, (name, "train", place), size=max(LARGE, rooms.size), variety=rooms.variety)
                for place in range(len(some))
            ]
            images[f"large {name}"] = torch.from_numpy(np.stack(large)).float() / 255
    rows = [{"class": name, "part": part, "images": getattr(rooms, part)} for name in CLASSES for part in PARTS_SHOWN]
    return Measured(pd.DataFrame(rows), images)


PARTS_SHOWN = ("train", "judging", "test")
COLUMNS, LARGE = 8, 64


def pictures(name: str, judged: pd.DataFrame, *images: Mapping[str, np.ndarray]) -> Measured:
    """The samples that a figure shows, unpicked: of each swarm the first particle, for the smallest K and for K = 16.

    Figures 2 and 4 show the conditional networks, Figure 3 the separate ones; Figure 4 begins where Figure 2 ends.
    """
    model, first, count = SHOWN[name]
    rows, found = [], {}
    for (setting, of_model), of_setting in zip(SAMPLES.values(), images, strict=True):
        if of_model != model:
            continue
        here = judged[(judged.setting == setting) & (judged.model == model) & (judged.source == "composition")]
        sizes = sorted(here.particles.unique())
        for particles in dict.fromkeys([sizes[0], CORRECTED if CORRECTED in sizes else sizes[-1]]):
            swarms = of_setting[f"K={particles}"][first : first + count]
            shown = here[here.particles == particles].shown.iloc[first : first + count]
            found[f"{setting} K={particles}"] = torch.from_numpy(swarms[:, 0]).float() / 255
            place = {"setting": setting, "model": model, "particles": particles}
            rows += [
                place | {"number": first + number, "shown": each, "both": float(each == "both")}
                for number, each in enumerate(shown)
            ]
    return Measured(pd.DataFrame(rows), found)


SHOWN = {"figure2": ("conditional", 0, 9), "figure3": ("separate", 0, 9), "figure4": ("conditional", 9, 25)}
CORRECTED = 16
