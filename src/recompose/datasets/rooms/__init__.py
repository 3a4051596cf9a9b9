"""Rooms that are rendered, not photographed: the images of paper 2, section 5.3.

A scene is a living room with a window through which the sun shines, and with some objects. Every random draw of it
comes from its names, whatever of it is shown and at whatever size.
"""

import functools
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.rooms.picture import seen
from recompose.datasets.rooms.scene import Scene, scene
from recompose.errors import RecomposeError, nearest
from recompose.randomness import numpy_generator

OBJECTS = ("couch", "table", "painting")
"""What may stand or hang in a room."""
LEAST = 64
"""A picture has so many rays along its side or more, and at least two a pixel, which are averaged."""


def room(objects: tuple[str, ...], names: tuple[str | int, ...], *, size: int, variety: float) -> NDArray[np.uint8]:
    """One image: (3, size, size). The same names give the same room, with other objects in it or at another size.

    variety: from 0 to 1, how far layout, sizes, colours, light and camera go from their middle.
    """
    light, _, of_scene = _rendered(objects, names, size, variety)
    display = np.sqrt(1 - np.exp(-np.float32(of_scene.exposure) * light))
    return np.round(255 * _averaged(display, size, of_scene.mirrored)).astype(np.uint8)


def rooms(
    objects: tuple[str, ...],
    names: tuple[str | int, ...],
    count: int,
    *,
    size: int,
    variety: float,
    processes: int = 1,
) -> NDArray[np.uint8]:
    """So many images, (count, 3, size, size), of the names and a number; any number of processes makes the same."""
    make = functools.partial(_numbered, objects=objects, names=names, size=size, variety=variety)
    if processes == 1 or count == 0:
        made = [make(number) for number in range(count)]
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            made = list(pool.map(make, range(count), chunksize=32))
    return np.stack(made) if made else np.empty((0, 3, size, size), np.uint8)


def occupancy(
    objects: tuple[str, ...], names: tuple[str | int, ...], *, size: int, variety: float
) -> dict[str, NDArray[np.bool_]]:
    """Where each object is seen in the room of these names: (size, size), wherever it covers most of a pixel."""
    _, what, of_scene = _rendered(objects, names, size, variety)
    return {
        each: _averaged((what == number)[None].astype(np.float32), size, of_scene.mirrored)[0] > 0.5
        for number, each in enumerate(objects, 1)
    }


def _numbered(
    number: int, objects: tuple[str, ...], names: tuple[str | int, ...], size: int, variety: float
) -> NDArray[np.uint8]:
    return room(objects, (*names, number), size=size, variety=variety)


def _rendered(
    objects: tuple[str, ...], names: tuple[str | int, ...], size: int, variety: float
) -> tuple[NDArray[np.floating], NDArray[np.intp], Scene]:
    """The light of all rays, what they meet, and the scene."""
    for each in objects:
        if each not in OBJECTS:
            raise RecomposeError(f"{each}: no object of a room; {nearest(each, OBJECTS)}")
    if not (size > 0 and _side(size) % size == 0):
        raise RecomposeError(f"size {size}: an image has a positive number of pixels; take 16, 32, 64, 128 or 256")
    if not 0 < variety <= 1:
        raise RecomposeError(f"variety {variety}: not above 0 and at most 1; take 1 for all kinds of rooms")
    of_scene = scene(numpy_generator("rooms", *names), variety)
    light, what = seen(of_scene, objects, _side(size))
    return light, what, of_scene


def _side(size: int) -> int:
    """Rays along the side of an image: a multiple of its pixels."""
    return size * max(2, -(-LEAST // size)) if size > 0 else 0


def _averaged(values: NDArray[np.floating], size: int, mirrored: bool) -> NDArray[np.floating]:
    """The means of pixels: (channels, rays) -> (channels, size, size)."""
    each = _side(size) // size
    rows = values.reshape(len(values) * size, each, size * each).mean(axis=1)
    image = (sum(rows[:, start::each] for start in range(each)) / each).reshape(len(values), size, size)
    return image[:, :, ::-1] if mirrored else image
