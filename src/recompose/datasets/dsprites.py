"""dSprites (Matthey et al., 2017): every combination of a shape, scale, angle and position, drawn or from its archive.

A sprite has a number from 0 to 737,279, whose digits in mixed bases are its classes. The outlines of drawn ones were
fitted to published images, of whose pixels that are on one in 600 or so differs.
"""

import math
import zipfile
import zlib
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.pictures import Pixels, listed
from recompose.errors import RecomposeError
from recompose.machine import require_memory
from recompose.randomness import numpy_generator

FACTORS = ("color", "shape", "scale", "orientation", "x", "y")
"""The columns of classes and values, by the archive's names."""
CLASSES = (1, 3, 6, 40, 32, 32)
"""How many of each there are. The shapes are a square, an ellipse and a heart."""
SIDE = 64
"""Pixels of an image's side in the archive."""
FILE = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz"
AGAIN = f"download {FILE} again from the page of dSprites (Matthey et al., 2017)"
REACH = 14
"""No sprite is farther than so many pixels from its centre."""
BLOCK = 256
"""Images that are drawn, or read, at once."""

Numbers = NDArray[np.int64]
"""Of sprites, (n,), or their classes, (n, 6)."""
Bits = NDArray[np.bool_]


class Sprites(NamedTuple):
    """Images, bytes, (n, 1, size, size); classes (n, 6), from 0; values (n, 6), angles in radians, places in [0, 1]."""

    images: Pixels
    classes: Numbers
    values: NDArray[np.float64]


def shuffled(names: tuple[str | int, ...]) -> Numbers:
    """The numbers of all sprites in an order that the names decide: slices of it are disjoint random subsets."""
    return numpy_generator("dsprites", *names).permutation(math.prod(CLASSES))


def classes_of(numbers: Numbers) -> Numbers:
    """The classes of sprites, (n, 6). Raises RecomposeError for a number that is none of a sprite."""
    count = math.prod(CLASSES)
    wrong = numbers[(numbers < 0) | (numbers >= count)].tolist()
    if wrong:
        raise RecomposeError(f"no sprites {listed(wrong)}: their numbers go from 0 to {count - 1}")
    return np.stack(np.unravel_index(numbers, CLASSES), axis=-1).astype(np.int64)


def values_of(classes: Numbers) -> NDArray[np.float64]:
    """What classes stand for, (n, 6): colour and shape count from 1; the last angle is the first one again."""
    _, shapes, scales, angles, *places = CLASSES
    tables = [
        np.ones(1),
        np.arange(1.0, shapes + 1),
        np.linspace(0.5, 1, scales),
        np.linspace(0, 2 * np.pi, angles),
        *(np.linspace(0, 1, each) for each in places),
    ]
    return np.stack([table[column] for table, column in zip(tables, classes.T, strict=True)], axis=-1)


def sprites(numbers: Numbers, *, size: int = SIDE, archive: Path | None = None) -> Sprites:
    """The sprites of these numbers, (n,), in this order: from the archive where there is one, else drawn.

    size: of a smaller image each pixel is the average of a block. Raises RecomposeError for a number that is none of
    a sprite, a size that does not divide 64, and where the archive is not as it should be.
    """
    if size < 1 or SIDE % size:
        raise RecomposeError(f"size {size}: sprites have {SIDE} pixels along their side, or a number that divides that")
    require_memory(float(len(numbers) * size**2), f"{len(numbers)} sprites of {size} pixels")
    classes = classes_of(numbers)
    images = np.empty((len(numbers), 1, size, size), np.uint8)
    if archive is not None:
        _read(archive, numbers, images)
    else:
        for start in range(0, len(numbers), BLOCK):
            block = slice(start, start + BLOCK)
            images[block] = _averaged(drawn(values_of(classes[block])), size)
    return Sprites(images, classes, values_of(classes))


def drawn(values: NDArray[np.float64]) -> Bits:
    """The images of sprites with these values, (n, 6): (n, 64, 64), on where a pixel's middle is inside the outline."""
    found = np.zeros((len(values), SIDE, SIDE), bool)
    for shape, inside in enumerate((_square, _ellipse, _heart), start=1):
        chosen = np.flatnonzero(values[:, 1] == shape)
        scale, angle, x, y = values[chosen, 2:].T[:, :, None, None]
        x, y = 16 + 32 * x, 16 + 32 * y
        columns, rows = (np.floor(each - REACH).astype(int) + np.arange(2 * REACH + 2) for each in (x, y))
        rows = rows.swapaxes(1, 2)
        across, down = columns + 0.5 - x, rows + 0.5 - y
        cos, sin = np.cos(angle), np.sin(angle)
        lit = inside((cos * across - sin * down) / scale, (sin * across + cos * down) / scale)
        found[chosen[:, None, None], rows, columns] = lit
    return found


def _square(x: NDArray[np.float64], y: NDArray[np.float64]) -> Bits:
    return np.maximum(np.abs(x), np.abs(y)) <= 9.6


def _ellipse(x: NDArray[np.float64], y: NDArray[np.float64]) -> Bits:
    return (x / 12.75) ** 2 + (y / 7.25) ** 2 <= 1


def _heart(x: NDArray[np.float64], y: NDArray[np.float64]) -> Bits:
    """Its outline is x = 9.6 sin^3 t, y = -0.6635 (13 cos t - 5 cos 2t - 2 cos 3t - cos 4t) - 1.436.

    Each x inside meets it twice, at cosines of opposite sign: above in the picture and below.
    """
    sine = np.cbrt(np.minimum(np.abs(x) / 9.6, 1))
    square = 1 - sine**2
    cosine = np.sqrt(square)
    odd = cosine * (13 - 2 * (4 * square - 3))
    even = -5 * (2 * square - 1) - (8 * square**2 - 8 * square + 1)
    upwards = -(y + 1.436) / 0.6635
    return (np.abs(x) <= 9.6) & (np.abs(upwards - even) <= odd)


def _averaged(images: Bits, size: int) -> Pixels:
    """Bytes, (n, 1, size, size)."""
    each = SIDE // size
    lit = images.reshape(-1, size, each, size, each).sum(axis=(2, 4))
    return np.rint(255 / each**2 * lit).astype(np.uint8)[:, None]


def _read(archive: Path, numbers: Numbers, images: Pixels) -> None:
    """Fill in the images of these numbers from the archive, whose members are read from their beginnings, in blocks."""
    count, size = math.prod(CLASSES), images.shape[-1]
    if not archive.is_file():
        raise RecomposeError(f"{archive}: not there; {AGAIN.replace('again ', '')}")
    order = np.argsort(numbers, kind="stable")
    wanted = numbers[order]
    try:
        with zipfile.ZipFile(archive) as members:
            _require_latents(archive, members)
            with members.open("imgs.npy") as stream:
                _require_header(archive, stream, "imgs", np.dtype(np.uint8), (count, SIDE, SIDE))
                last = int(wanted[-1]) if len(wanted) else -1  # what comes after it need not be unpacked
                for start in range(0, last + 1, BLOCK):
                    content = _exactly(stream, min(BLOCK, count - start) * SIDE**2)
                    among = slice(*np.searchsorted(wanted, [start, start + BLOCK]))
                    if among.start == among.stop:
                        continue
                    found = np.frombuffer(content, np.uint8).reshape(-1, SIDE, SIDE)[wanted[among] - start]
                    if found.max() > 1:
                        raise RecomposeError(f"{archive}: imgs has {found.max()}, expected 0 and 1; {AGAIN}")
                    images[order[among]] = _averaged(found.astype(bool), size)
    except (KeyError, EOFError, OSError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error) as error:
        why = str(error).strip("'\"") or "cut short"
        raise RecomposeError(f"{archive}: not a whole archive of dSprites ({why}); {AGAIN}") from error


def _require_latents(archive: Path, members: zipfile.ZipFile) -> None:
    """Refuse an archive whose factors are others than those of the numbers."""
    classes = classes_of(np.arange(math.prod(CLASSES)))
    expected = {"latents_classes": classes, "latents_values": values_of(classes)}
    for name, table in expected.items():
        with members.open(f"{name}.npy") as stream:
            _require_header(archive, stream, name, table.dtype, table.shape)
            found = np.frombuffer(_exactly(stream, table.nbytes), table.dtype).reshape(table.shape)
        wrong = np.flatnonzero(~np.isclose(found, table, rtol=0, atol=1e-6).all(axis=1))
        if len(wrong):
            row = int(wrong[0])
            raise RecomposeError(
                f"{archive}: row {row} of {name} is {found[row].tolist()}, expected {table[row].tolist()}; {AGAIN}"
            )


def _require_header(archive: Path, stream: IO[bytes], name: str, dtype: np.dtype, shape: tuple[int, ...]) -> None:
    """Refuse another array than the expected one; nothing is unpickled, since only its header is read."""
    version = np.lib.format.read_magic(stream)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    found, fortran, kind = read(stream)
    if (found, kind) != (shape, dtype) or fortran:
        raise RecomposeError(f"{archive}: {name} is {kind} {found}, expected {dtype} {shape}; {AGAIN}")


def _exactly(stream: IO[bytes], length: int) -> bytes:
    content = stream.read(length)
    if len(content) != length:
        raise EOFError(f"{length - len(content)} bytes are missing")
    return content
