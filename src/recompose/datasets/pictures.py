"""Pictures on disk, read as arrays; whatever cannot be used is named, all of it at once."""

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError
from PIL.TiffImagePlugin import BITSPERSAMPLE, TiffImageFile

from recompose.errors import RecomposeError

Seen = TypeVar("Seen")
Pixels = NDArray[np.uint8]
"""(C, H, W), or (n, C, H, W)."""

FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "QOI", "TGA", "TIFF", "WEBP")
"""Of Pillow's formats those with 8 bits a channel, or where one sees that there are more; a file's content decides."""
SUFFIXES = frozenset(
    {".apng", ".bmp", ".gif", ".icb", ".jfif", ".jpe", ".jpeg", ".jpg", ".pbm", ".pfm", ".pgm", ".png", ".pnm", ".ppm"}
    | {".qoi", ".tga", ".tif", ".tiff", ".vda", ".vst", ".webp"}
)
"""The endings of those formats."""
OF_TOOLS = frozenset(
    {"#recycle", "#snapshot", "$recycle.bin", "@eadir", "@recently-snapshot", "@recycle", "__macosx", "__pycache__"}
    | {"desktop.ini", "ehthumbs.db", "icon\r", "lost+found", "system volume information", "thumbs.db"}
)
"""Files and folders that systems, archivers and storage boxes leave behind, in small letters."""
NAMED = 20
"""A message names so many things, and counts the others."""
MODES = {1: "L", 3: "RGB"}
"""Pillow's names of gray and colour."""
CONVERTIBLE = frozenset({"1", "L", "LA", "P", "PA", "RGB", "RGBA", "RGBX", "CMYK", "YCbCr", "HSV"})
"""What Pillow turns into both."""


class Unusable(Exception):
    """One file cannot be used; the message says why."""


def listed(things: Sequence[object]) -> str:
    """The first of many, and how many more there are; on one line, whatever is in a name."""
    names = [name if name.isprintable() else repr(name) for name in map(str, things[:NAMED])]
    more = f" and {len(things) - NAMED} more" if len(things) > NAMED else ""
    return ", ".join(names) + more


def is_hidden(name: str) -> bool:
    """Whether a file or folder of this name is hidden, or a tool's own: it is no data, wherever it lies.

    >>> [is_hidden(name) for name in (".DS_Store", "@eaDir", "Thumbs.db", "wood.png")]
    [True, True, True, False]
    """
    return name.startswith(".") or name.lower() in OF_TOOLS


def entries(folder: Path) -> list[Path]:
    """What lies directly in a folder and is not hidden, in the order of the names."""
    try:
        return sorted(path for path in folder.iterdir() if not is_hidden(path.name))
    except OSError as error:
        raise _unreadable(error) from None


def pictures_in(folder: Path, below: bool = False) -> list[Path]:
    """The pictures of a data set in a folder, by their endings, in the order of their paths; none without the folder.

    below: also those in its folders, linked ones too. Whatever else lies there and is not hidden is refused.
    """
    if not folder.is_dir():
        if os.path.lexists(folder):
            raise RecomposeError(f"{folder}: not a folder; put the folder of the data set in its place")
        return []
    found: list[Path] = []
    others: list[Path] = []
    met: dict[tuple[int, int], str] = {}

    def refuse(error: OSError) -> None:
        raise _unreadable(error) from None

    for place, folders, files in os.walk(folder, onerror=refuse, followlinks=True):
        known = os.stat(place)
        before = met.setdefault((known.st_dev, known.st_ino), place)
        if before != place:
            raise RecomposeError(f"{place}: leads to {before}, which is read already; remove the link")
        folders[:] = [name for name in folders if not is_hidden(name)]
        if not below:
            others += [Path(place, name) for name in folders]
            folders.clear()
        for path in (Path(place, name) for name in files if not is_hidden(name)):
            (found if path.suffix.lower() in SUFFIXES else others).append(path)
    if others:
        names = listed([path.relative_to(folder) for path in sorted(others)])
        raise RecomposeError(f"{folder}: no pictures of the data set: {names}; move them elsewhere")
    return sorted(found)


def _unreadable(error: OSError) -> RecomposeError:
    return RecomposeError(f"{error.filename}: {error.strerror}; make this folder one that can be read")


def opened(path: Path, draft: int | None = None) -> Image.Image:
    """A whole picture in memory, turned as its EXIF data say; a JPEG may come reduced, to no fewer pixels than the
    draft asks for.
    """
    if not path.is_file() and path.exists():
        raise Unusable("not a file")  # a pipe would be waited for
    try:
        with Image.open(path, formats=FORMATS) as image:
            _require_plain(image)
            if draft is not None:
                image.draft(None, (draft, draft))
            image.load()
            ImageOps.exif_transpose(image, in_place=True)
    except (MemoryError, Unusable):
        raise
    except FileNotFoundError:
        raise Unusable("a link to nothing" if path.is_symlink() else "missing") from None
    except UnidentifiedImageError:
        empty = path.stat().st_size == 0
        raise Unusable("an empty file" if empty else "no picture of a kind that is read") from None
    except Exception as error:  # the decoders let through whatever they trip over; the system says why
        why = error.strerror if isinstance(error, OSError) else None
        raise Unusable(why or "not a whole picture") from None
    return image


def _require_plain(image: ImageFile.ImageFile) -> None:
    """Refuse, before it is loaded, what Pillow would reduce without a word: to one picture, or to 8 bits."""
    # The others of an MPO are the camera's: a preview, the other eye's view.
    if image.format != "MPO" and (count := getattr(image, "n_frames", 1)) > 1:
        raise Unusable(f"{count} pictures in one file")
    if image.mode[0] in "IF" or _bits(image) > 8:
        raise Unusable("more than 8 bits a channel")
    if image.mode not in CONVERTIBLE:
        raise Unusable(f"colours as {image.mode}, neither gray nor RGB")


def _bits(image: ImageFile.ImageFile) -> int:
    """How many bits the deepest channel has in the file, where they may be more than Pillow's mode says."""
    if isinstance(image, TiffImageFile):
        return int(np.max(image.tag_v2.get(BITSPERSAMPLE, 1)))
    for tile in image.tile:
        arguments = tile.args if isinstance(tile.args, tuple) else (tile.args,)
        if tile.codec_name.startswith("ppm") and arguments[-1] > 255:  # its largest value
            return 16
        if any(";16" in str(each) for each in arguments) and image.format == "PNG":
            return 16
    return 8


def pixels(image: Image.Image, channels: int) -> Pixels:
    """A picture in gray (1) or colour (3): (channels, H, W)."""
    found = np.asarray(image.convert(MODES[channels]))
    return np.ascontiguousarray(found.reshape(*found.shape[:2], channels).transpose(2, 0, 1))


def looked_at(
    paths: Sequence[Path], look: Callable[[Path], Seen], where: Path, skip_unusable: bool | None
) -> list[tuple[Path, Seen]]:
    """What look returns of every file; the Unusable ones are refused together, or left out where that was asked for.

    skip_unusable: None where no setting asks for it, so that the message names none.
    """

    def attempt(path: Path) -> Seen | Unusable:
        try:
            return look(path)
        except Unusable as reason:
            return reason

    Image.init()  # once, not in every thread
    with ThreadPoolExecutor(os.cpu_count()) as pool:  # Pillow decodes outside Python's lock
        seen = list(zip(paths, pool.map(attempt, paths), strict=True))
    unusable = [f"{os.path.relpath(path, where)} ({reason})" for path, reason in seen if isinstance(reason, Unusable)]
    if unusable and (not skip_unusable or len(unusable) == len(seen)):
        files = "1 file" if len(unusable) == 1 else f"{len(unusable)} files"
        setting = "" if skip_unusable is None else ", or set images.skip_unusable: true"
        raise RecomposeError(f"{where}: {files} cannot be used: {listed(unusable)}; repair or remove them{setting}")
    return [(path, found) for path, found in seen if not isinstance(found, Unusable)]


def square(image: Image.Image, size: int, crop: int | None = None) -> Image.Image:
    """The square in the middle of a picture, resized with antialiasing: of so many pixels, or the largest one."""
    side = min(image.size) if crop is None else crop
    if side > min(image.size):
        raise Unusable(f"{image.width} x {image.height} pixels, smaller than a crop of {crop}")
    left, top = (image.width - side) // 2, (image.height - side) // 2
    return image.resize((size, size), Image.Resampling.LANCZOS, box=(left, top, left + side, top + side))
