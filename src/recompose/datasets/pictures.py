"""Pictures on disk, read as arrays; whatever cannot be used is named, all of it at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from recompose.errors import RecomposeError

Seen = TypeVar("Seen")
Pixels = NDArray[np.uint8]
"""(C, H, W), or (n, C, H, W)."""

SUFFIXES = frozenset({".bmp", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"})
NAMED = 20
"""A message names so many things, and counts the others."""
MODES = {1: "L", 3: "RGB"}
"""Pillow's names of gray and colour."""
BROKEN = (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError)
"""What Pillow's decoders raise over a damaged file."""


class Unusable(Exception):
    """One file cannot be used; the message says why."""


def listed(things: Sequence[object]) -> str:
    """The first of many, and how many more there are."""
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(map(str, things[:NAMED])) + more


def pictures_in(folder: Path) -> list[Path]:
    """The pictures directly in a folder, in the order of their names; none where there is no folder."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES and path.is_file())


def opened(path: Path, draft: int | None = None) -> Image.Image:
    """A whole picture in memory; a JPEG may come reduced, to no fewer pixels than the draft asks for."""
    try:
        with Image.open(path) as image:
            if draft is not None:
                image.draft(None, (draft, draft))
            image.load()
    except FileNotFoundError:
        raise Unusable("missing") from None
    except BROKEN:
        raise Unusable("not a whole picture") from None
    if image.mode[0] in "IF":
        raise Unusable("more than 8 bits a channel")
    return image


def pixels(image: Image.Image, channels: int) -> Pixels:
    """A picture in gray (1) or colour (3): (channels, H, W)."""
    found = np.asarray(image.convert(MODES[channels]))
    return np.ascontiguousarray(found.reshape(*found.shape[:2], channels).transpose(2, 0, 1))


def looked_at(
    paths: Sequence[Path], look: Callable[[Path], Seen], where: Path, skip_unusable: bool
) -> list[tuple[Path, Seen]]:
    """What look returns of every file; the Unusable ones are refused together, or left out where that was asked for."""

    def attempt(path: Path) -> Seen | Unusable:
        try:
            return look(path)
        except Unusable as reason:
            return reason

    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside Python's lock
        seen = list(zip(paths, pool.map(attempt, paths), strict=True))
    unusable = [f"{path.relative_to(where)} ({reason})" for path, reason in seen if isinstance(reason, Unusable)]
    if unusable and (not skip_unusable or len(unusable) == len(seen)):
        files = "1 file" if len(unusable) == 1 else f"{len(unusable)} files"
        raise RecomposeError(
            f"{where}: {files} cannot be used: {listed(unusable)}; repair or remove them, or set"
            " images.skip_unusable: true"
        )
    return [(path, found) for path, found in seen if not isinstance(found, Unusable)]


def square(image: Image.Image, size: int) -> Image.Image:
    """The largest square in the middle of a picture, resized with antialiasing."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
