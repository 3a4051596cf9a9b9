"""The tables that come with a data set's pictures: text and MATLAB files, and whether they agree with the pictures."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from recompose.datasets.pictures import listed, pictures_in
from recompose.errors import RecomposeError

Labels = NDArray[np.int64]
"""(n,), from 0."""
AGAIN = "unpack it again"
"""What mends a file of an archive."""


def text(path: Path) -> str:
    """A text file in UTF-8, with or without a byte order mark."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RecomposeError(f"{path}: line {line} is no text in UTF-8; unpack it again, or save it as that") from None


def pairs(path: Path) -> dict[str, str]:
    """A table of an id and a value on each line."""
    found: dict[str, str] = {}
    for number, line in enumerate(text(path).split("\n"), start=1):
        match line.split(maxsplit=1):
            case [key, value]:
                if key in found:
                    raise RecomposeError(f"{path}: {listed([key])} stands in it twice, again in line {number}; {AGAIN}")
                found[key] = value.rstrip()
            case [_]:
                raise RecomposeError(f"{path}: line {number} is not an id and a value; {AGAIN}")
    if not found:
        raise RecomposeError(f"{path}: nothing in it; {AGAIN}")
    return found


def matrix(path: Path, name: str) -> NDArray[Any]:
    """A variable of a MATLAB file, flat."""
    try:
        found = np.ravel(loadmat(path, squeeze_me=True)[name])
    except Exception as error:  # the reader lets through whatever it trips over
        raise RecomposeError(f"{path}: no MATLAB file with {name} in it; {AGAIN}") from error
    if not found.size:
        raise RecomposeError(f"{path}: {name} is empty; {AGAIN}")
    return found


def column(records: NDArray[Any], name: str, path: Path) -> list[Any]:
    """A field of each record of a MATLAB file."""
    try:
        return [record[name] for record in records]
    except (IndexError, KeyError, TypeError, ValueError):
        raise RecomposeError(f"{path}: its annotations have no {name}; {AGAIN}, or take the file with labels") from None


def from_zero(labels: Iterable[Any], classes: int, path: Path) -> Labels:
    """Labels that count from 1, from 0; refused unless they are whole numbers of so many classes."""
    every = list(labels)
    wrong = [each for each in every if not _is_one_of(each, classes)]
    if wrong:
        raise RecomposeError(f"{path}: labels other than 1 to {classes}: {listed(wrong)}; {AGAIN}")
    return np.array(every, np.int64) - 1


def _is_one_of(label: Any, classes: int) -> bool:
    try:
        return bool(label == int(label) and 1 <= label <= classes)
    except (OverflowError, TypeError, ValueError):
        return False


def pictured(folder: Path, names: Sequence[str], path: Path) -> list[Path]:
    """The pictures of a table by their paths within a folder: each once, and those in the folder are all in the table.

    Whether each of them is there is seen when it is read.
    """
    outside = [name for name in names if not name or PurePosixPath(name).is_absolute() or ".." in name.split("/")]
    refuse_any(outside, path, f"paths outside {folder.name}")
    files = [folder / name for name in names]
    times = Counter(files)
    twice = [each.relative_to(folder) for each, count in times.items() if count > 1]
    refuse_any(twice, path, "pictures that stand in it twice")
    strangers = [each.relative_to(folder) for each in pictures_in(folder, below=True) if each not in times]
    refuse_any(strangers, path, f"pictures in {folder.name} that it does not list")
    return files


def refuse_any(found: Sequence[object], path: Path, what: str) -> None:
    """Refuse a table over the things in it, or not in it, that are named."""
    if found:
        raise RecomposeError(f"{path}: {what}: {listed(found)}; {AGAIN}")
