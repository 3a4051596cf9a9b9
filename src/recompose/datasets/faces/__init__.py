"""Faces that are drawn, not photographed: with the 40 attributes of CelebA, whose stand-in they are (papers 3 and 4).

A face is `sampled` from its attributes and its names, and `drawn` at any size; between two faces is another one
(`between`), so that sequences move smoothly.
"""

import functools
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.faces.attributes import ATTRIBUTES, attributes, vector
from recompose.datasets.faces.drawing import painted
from recompose.datasets.faces.parameters import Face, between, sampled
from recompose.errors import RecomposeError

__all__ = ["ATTRIBUTES", "Face", "all_drawn", "attributes", "between", "drawn", "face", "faces", "sampled", "vector"]

LEAST = 64
"""A picture is painted with so many points along its side or more; those of a pixel are averaged."""
LUMINANCE = np.array([0.299, 0.587, 0.114], np.float32)
"""Of red, green and blue (ITU-R BT.601)."""


def drawn(of: Face, size: int, gray: bool = False) -> NDArray[np.uint8]:
    """The picture of a face: bytes, (3, size, size), or (1, size, size) in gray."""
    if not 8 <= size <= 512:
        raise RecomposeError(f"size {size}: a face has from 8 to 512 pixels along its side")
    each = max(1, -(-LEAST // size))
    picture = painted(of, size * each)
    picture = np.tensordot(LUMINANCE, picture, 1)[None] if gray else picture
    means = picture.reshape(len(picture), size, each, size, each).mean(axis=(2, 4))
    return np.rint(255 * means).astype(np.uint8)


def face(has: np.ndarray, names: tuple[str | int, ...], *, size: int, gray: bool = False) -> NDArray[np.uint8]:
    """One picture of somebody with these attributes, (40,) of bool; what they do not say is drawn by the names."""
    return drawn(sampled(has, names), size, gray)


def faces(
    have: np.ndarray, names: tuple[str | int, ...], *, size: int, gray: bool = False, processes: int = 1
) -> NDArray[np.uint8]:
    """Pictures of so many as there are rows of attributes, (count, 40): of the names and the row's number."""
    of = [sampled(has, (*names, number)) for number, has in enumerate(have)]
    return all_drawn(of, size=size, gray=gray, processes=processes)


def all_drawn(of: Sequence[Face], *, size: int, gray: bool = False, processes: int = 1) -> NDArray[np.uint8]:
    """The pictures of faces: bytes, (faces, 3, size, size), or (faces, 1, size, size) in gray."""
    make = functools.partial(drawn, size=size, gray=gray)
    if processes == 1 or not of:
        made = list(map(make, of))
    else:
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            made = list(pool.map(make, of, chunksize=32))
    return np.stack(made) if made else np.empty((0, 1 if gray else 3, size, size), np.uint8)
