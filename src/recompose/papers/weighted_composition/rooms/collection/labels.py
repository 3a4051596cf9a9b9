"""What people say of the candidates: accept, or reject (F.3). No torch: the workflow and the page read it.

A label stands in `data/rooms/labels/<class>.csv`, or is the folder that a copy of the image lies in:
`data/rooms/accept/<class>/` or `data/rooms/reject/<class>/`.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from recompose.datasets.pictures import listed, pictures_in
from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.collection.files import (
    ROOMS,
    candidate_numbers,
    number_of,
    numbers_in,
)
from recompose.storage import write_text

KINDS = {"accept": True, "reject": False}
COLUMNS = ["image", "label"]


def labels_file(name: str) -> Path:
    """The labels of a class that the page keeps."""
    return ROOMS / "labels" / f"{name}.csv"


def labels(name: str) -> dict[int, bool]:
    """Whether each labelled candidate of a class is accepted, from the table and the folders.

    Raises RecomposeError where they contradict each other, or are of images that are gone.
    """
    folders = (dict.fromkeys(_folder(kind, name), accepted) for kind, accepted in KINDS.items())
    sources = [read_table(name), *folders]
    found: dict[int, bool] = {}
    both: set[int] = set()
    for source in sources:
        both |= {number for number, accepted in source.items() if found.get(number, accepted) != accepted}
        found |= source
    if both:
        raise RecomposeError(
            f"{name}: both accepted and rejected, in {labels_file(name)} or in the folders accept/{name}/ and"
            f" reject/{name}/ of {ROOMS}: {_files(sorted(both))}; take one of the two labels away"
        )
    gone = found.keys() - set(candidate_numbers(name))
    if gone:
        raise RecomposeError(
            f"{name}: labels of images that are not in {ROOMS / 'candidates' / name}: {_files(sorted(gone))}; make or"
            " bring them back, or take the labels away"
        )
    return found


def _folder(kind: str, name: str) -> list[int]:
    """The labelled images in a folder, by their numbers. Refuses what is no image, or not named as a candidate is."""
    folder = ROOMS / kind / name
    files = pictures_in(folder)
    strangers = [path.name for path in files if number_of(path.name) is None]
    if strangers:
        raise RecomposeError(
            f"{folder}: no names of candidates: {listed(strangers)}; name each as the candidate that it is a copy of,"
            " or move it away"
        )
    return numbers_in(folder)


def _files(numbers: Sequence[int]) -> str:
    return listed([f"{number:05d}.png" for number in numbers])


def read_table(name: str) -> dict[int, bool]:
    """The labels in the table of a class, in the order in which they were given; none without the table."""
    path = labels_file(name)
    try:
        lines = list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"))))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, csv.Error) as error:
        raise RecomposeError(f"{path}: not a readable table ({error}); repair it, or move it away") from None
    if not lines or lines[0] != COLUMNS:
        raise RecomposeError(f"{path}: the first line has to be {','.join(COLUMNS)}; write it there")
    found: dict[int, bool] = {}
    for place, line in enumerate(lines[1:], start=2):
        number = number_of(line[0]) if len(line) == len(COLUMNS) else None
        if number is None or line[1] not in KINDS:
            raise RecomposeError(
                f"{path}, line {place}: {','.join(line)!r} is no label; expected a name like 00012.png, and accept or"
                " reject"
            )
        if found.setdefault(number, KINDS[line[1]]) != KINDS[line[1]]:
            raise RecomposeError(f"{path}, line {place}: {line[0]} is both accepted and rejected; take one line away")
    return found


def write_table(name: str, found: Mapping[int, bool]) -> None:
    """Write the table of a class anew, whole or not at all."""
    kinds = {accepted: kind for kind, accepted in KINDS.items()}
    lines = [",".join(COLUMNS), *(f"{number:05d}.png,{kinds[accepted]}" for number, accepted in found.items())]
    write_text("\n".join(lines) + "\n", labels_file(name))


def labels_hash(name: str) -> str:
    """One hash of all labels of a class, right or wrong: what the rule that reads them depends on."""
    path = labels_file(name)
    folders = [repr(numbers_in(ROOMS / kind / name)).encode() for kind in KINDS]
    said = [path.read_bytes() if path.exists() else b"", *folders]
    return hashlib.sha256(b"\0".join(said)).hexdigest()[:16]
