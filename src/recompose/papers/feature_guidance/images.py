"""The images that the networks of paper 5 are trained and tested on (Appendix A, section 5.3): how they are made."""

import functools
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from recompose.datasets.archives import ARCHIVES, cifar10, listing
from recompose.datasets.archives import read as read_pictures
from recompose.datasets.photographs import PhotographedTexture, photographed_textures
from recompose.datasets.textures import FAMILIES, patches, texture
from recompose.errors import RecomposeError
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import means
from recompose.papers.feature_guidance.names import GROUPS, ONE_TEXTURE
from recompose.randomness import torch_generator

DATA = Path("data")


def images(
    name: str, *, images: configuration.Images, gaussians: configuration.Gaussians, processes: int = 1
) -> dict[str, Tensor]:
    """A set of images: `train` and `test`, bytes of shape (images, channels, height, width), with `train_labels` etc.

    Textures are independent of each other: any number of processes makes the same.
    """
    if name == "two_gaussians":
        return _gaussians(gaussians)
    if name in GROUPS and images.multi == "archives":
        return _archives(name, images)
    if images.source == "photographs" and name not in GROUPS:
        return _photographs(name, images)
    return _divided([label for label, _, _ in _members(name, images)], _textures(name, images, processes))


def _divided(labels: Iterable[int], parts: list[tuple[Tensor, Tensor]]) -> dict[str, Tensor]:
    """The two parts of each texture, with its label, put together."""
    found = {}
    for place, name in enumerate(("train", "test")):
        part = [both[place] for both in parts]
        found[name] = torch.cat(part)
        counts = torch.tensor([len(each) for each in part])
        found[f"{name}_labels"] = torch.tensor(list(labels)).repeat_interleave(counts)
    return found


def _members(name: str, images: configuration.Images) -> list[tuple[int, int, int]]:
    """What a set is made of: of each texture its label, its class and its realization."""
    families = len(FAMILIES)
    match name:
        case "gray_textures" | "colour_textures":
            return [(each, each, 0) for each in range(_classes(name, images))]
        case "one_texture":  # realization 0 is in the other sets
            return [(0, ONE_TEXTURE, each + 1) for each in range(images.single)]
        case _:  # a family is a class; its textures are others than those of the other sets
            first = max(images.classes, images.colour_classes) // families + 1
            others = range(first, first + images.members)
            return [(label, label + families * each, 0) for label in range(GROUPS[name]) for each in others]


def _classes(name: str, images: configuration.Images) -> int:
    """How many textures are classes of a set."""
    return images.colour_classes if name == "colour_textures" else images.classes


def _textures(name: str, images: configuration.Images, processes: int) -> list[tuple[Tensor, Tensor]]:
    if name in GROUPS:  # many textures, a few patches of each
        images = images.model_copy(update={"size": images.size // 2, "patch": images.group_patch})
    channels = 1 if name in ("gray_textures", "one_texture") else 3
    make = functools.partial(_patches, images=images, channels=channels)
    which = [(texture, image) for _, texture, image in _members(name, images)]
    if processes == 1:
        return [make(each) for each in which]
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return list(pool.map(make, which, chunksize=4))


def _patches(which: tuple[int, int], images: configuration.Images, channels: int) -> tuple[Tensor, Tensor]:
    """The patches of one texture as bytes, for training and for testing."""
    made = texture(*which, size=images.size, patch=images.patch, channels=channels)
    cut = torch.from_numpy(np.round(255 * patches(made, images.patch)).astype(np.uint8))
    return cut[: -images.held_out], cut[-images.held_out :]


def _gaussians(gaussians: configuration.Gaussians) -> dict[str, Tensor]:
    first, second = means(gaussians)
    found = {}
    for part, count in (("train", gaussians.images), ("test", gaussians.samples * 2)):
        generator = torch_generator(SLUG, "gaussians", part)
        labels = torch.arange(count) % 2
        places = labels + torch.randn(count, generator=generator) / gaussians.separation
        found[part] = first + places[:, None, None, None] * (second - first)
        found[f"{part}_labels"] = labels
    return found


def _photographs(name: str, images: configuration.Images) -> dict[str, Tensor]:
    """Textures from photographs: a class for each, or one texture's."""
    folder = DATA / ("one_texture" if name == "one_texture" else "textures")
    channels = 1 if name in ("gray_textures", "one_texture") else 3
    least = 1 if name == "one_texture" else 2
    found = photographed_textures(folder, images.patch, channels, images.held_out, least, images.skip_unusable)
    if name == "one_texture":
        files = tuple(path for each in found for path in each.files)
        found = [PhotographedTexture(name, files, images.patch, channels)]
    elif len(found) < _classes(name, images):
        key = "colour_classes" if name == "colour_textures" else "classes"
        raise RecomposeError(
            f"{folder}: {len(found)} textures, and images.{key} = {_classes(name, images)} are asked for; add more, or"
            f" lower images.{key}"
        )
    parts = [torch.from_numpy(each.patches()) for each in found[: _classes(name, images)]]
    return _divided(range(len(parts)), [(part[: -images.held_out], part[-images.held_out :]) for part in parts])


def _archives(name: str, images: configuration.Images) -> dict[str, Tensor]:
    """Figure 14: a class for each of six data sets. Figure 16: CIFAR-10, whose test pictures are its own."""
    if name == "ten_groups":
        read = {part: cifar10(DATA, part) for part in ("train", "test")}
        tensors = {part: torch.from_numpy(pictures.pictures) for part, pictures in read.items()}
        return tensors | {f"{part}_labels": torch.from_numpy(pictures.labels) for part, pictures in read.items()}
    parts = []
    for each in list(ARCHIVES)[: GROUPS[name]]:
        found = listing(each, DATA, images.pictures)
        pictures = torch.from_numpy(
            read_pictures(found, DATA / each, images.group_patch, 3, images.skip_unusable).pictures
        )
        if len(pictures) <= images.held_out:
            raise RecomposeError(
                f"{DATA / each}: {len(pictures)} pictures leave none to train on beside images.held_out ="
                f" {images.held_out} for testing; add more"
            )
        parts.append((pictures[: -images.held_out], pictures[-images.held_out :]))
    return _divided(range(len(parts)), parts)
