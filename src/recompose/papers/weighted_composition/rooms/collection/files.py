"""Where the files of the collection lie, and how its images are read."""

import re
from pathlib import Path

from PIL import Image

from recompose.datasets.pictures import Unusable, opened
from recompose.errors import RecomposeError

ROOMS = Path("data", "rooms")
NOTE = "recompose"
"""The text in a PNG file, or in one of embeddings, that says what it was made with, as JSON."""

_NUMBERED = re.compile(r"\d{5}\.png")


def candidate_file(name: str, number: int) -> Path:
    """The image of a class and number."""
    return ROOMS / "candidates" / name / f"{number:05d}.png"


def number_of(file: str) -> int | None:
    """The number of a candidate by its file's name; none of another file.

    >>> number_of("00012.png"), number_of("12.png")
    (12, None)
    """
    return int(file[:5]) if _NUMBERED.fullmatch(file) else None


def numbers_in(folder: Path) -> list[int]:
    """The numbers of the candidates' files that lie in a folder, in their order; none without the folder."""
    names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    return sorted(number for number in map(number_of, names) if number is not None)


def candidate_numbers(name: str) -> list[int]:
    """The candidates of a class that are there, by their numbers."""
    return numbers_in(ROOMS / "candidates" / name)


def image(path: Path) -> Image.Image:
    """A whole square image in RGB. Raises RecomposeError in a line that names one that is not."""
    try:
        found = opened(path)
        if found.width != found.height:
            raise Unusable(f"{found.width} x {found.height} pixels, not a square")
    except Unusable as reason:
        raise RecomposeError(f"{path}: {reason}; delete it and run again: it is made anew") from None
    converted = found.convert("RGB")
    converted.info = found.info
    return converted
