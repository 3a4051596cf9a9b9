"""Rooms, rendered: a wooden floor, white walls, a window with sun, and what stands or hangs in them.

They stand in for the pictures that paper 2 asks FLUX.1-schnell for. Every scene is drawn by its own names, whatever the
size of its picture and whichever process draws it.
"""

import functools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from recompose.datasets.rooms.picture import picture
from recompose.datasets.rooms.scene import OBJECTS, scene
from recompose.errors import RecomposeError

FINEST = 64
"""Pictures are rendered with so many pixels on a side at least, and with twice as many as they have from there on."""


def room(objects: tuple[str, ...], names: tuple[str | int, ...], *, size: int, variety: float) -> np.ndarray:
    """One picture, bytes of shape (3, size, size): the average over each pixel of a finer one.

    objects: of couch, table and painting. names: what the scene is drawn by. variety: in (0, 1], how far layout, sizes,
    colours, light and camera vary around their middle.
    """
    colours, _ = _rendered(objects, names, size, variety)
    rounded = np.clip(np.round(255 * _averaged(colours, size)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(2, 0, 1))


def rooms(
    objects: tuple[str, ...], names: tuple[str | int, ...], count: int, *, size: int, variety: float, processes: int = 1
) -> np.ndarray:
    """So many pictures, (count, 3, size, size), of scenes with these names and a number; the same by any processes."""
    make = functools.partial(_numbered, objects=objects, names=names, size=size, variety=variety)
    if processes == 1:
        return np.stack([make(number) for number in range(count)])
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        return np.stack(list(pool.map(make, range(count), chunksize=16)))


def _numbered(
    number: int, objects: tuple[str, ...], names: tuple[str | int, ...], size: int, variety: float
) -> np.ndarray:
    return room(objects, (*names, number), size=size, variety=variety)


def occupancy(
    objects: tuple[str, ...], names: tuple[str | int, ...], *, size: int, variety: float
) -> dict[str, np.ndarray]:
    """How much of each pixel shows each object of a scene, (size, size), in [0, 1]."""
    _, seen = _rendered(objects, names, size, variety)
    return {each: _averaged((seen == OBJECTS.index(each)).astype(np.float32), size) for each in objects}


def _rendered(
    objects: tuple[str, ...], names: tuple[str | int, ...], size: int, variety: float
) -> tuple[np.ndarray, np.ndarray]:
    unknown = [each for each in objects if each not in OBJECTS]
    if unknown:
        raise RecomposeError(f"{unknown[0]}: no object of a room; known are {', '.join(OBJECTS)}")
    if not 0 < variety <= 1:
        raise RecomposeError(f"variety = {variety}, expected more than 0 and at most 1")
    if size < 8 or size & (size - 1):
        raise RecomposeError(f"rooms of {size}x{size} pixels, expected a power of two from 8 on")
    return picture(scene(objects, names, variety), FINEST if size < FINEST else 2 * size)


def _averaged(fine: np.ndarray, size: int) -> np.ndarray:
    """The mean over the blocks that become a pixel: (n, n, ...) -> (size, size, ...)."""
    each = len(fine) // size
    blocks = fine.reshape(size, each, size, each, *fine.shape[2:])
    averaged: np.ndarray = blocks.mean(axis=(1, 3))
    return averaged
