"""CelebA with its attributes (Liu et al., 2015), as it lies unpacked in data/celeba/: pictures and two tables of them.

Every line of the tables is checked: a table that was cut short, or is of other pictures, would give faces the
attributes of others.
"""

from collections.abc import Container, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.archives import listing
from recompose.datasets.pictures import listed
from recompose.datasets.tables import Labels, text
from recompose.errors import RecomposeError

PICTURES = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"
COLUMNS = 40
HAS = {"-1": 0, "1": 1}
PARTS = {"0": 0, "1": 1, "2": 2}
"""Of the second table: training, validation, test."""
SOURCE = "from the project page of CelebA (Liu et al., 2015)"


class Faces(NamedTuple):
    """In the order of the table: attributes (n, 40) with their names, pictures, and 0, 1 or 2 for their parts, (n,)."""

    names: list[str]
    attributes: NDArray[np.bool_]
    files: list[Path]
    partition: Labels


class _Rows(NamedTuple):
    """What a table says of pictures: the number of the line of each by its name, and the values, (n, columns)."""

    lines: dict[str, int]
    values: NDArray[np.uint8]


def attributes(data: Path) -> Faces:
    """What the tables of data/celeba/ say of its pictures.

    Raises RecomposeError where a file is not there, a line is not as it should be, or tables and pictures disagree.
    """
    folder = data / "celeba"
    pictures = {path.name: path for path in listing("celeba", data).files}
    table, second = folder / ATTRIBUTES, folder / PARTITION
    count, header, *rest = [*_lines(table), "", ""]
    names = header.split()
    if len(names) != COLUMNS:
        raise RecomposeError(f"{table}: line 2 has {len(names)} names, expected {COLUMNS}; {_anew(table)}")
    if len(set(names)) != COLUMNS:
        raise RecomposeError(
            f"{table}: line 2 has {len(set(names))} different names, expected {COLUMNS}; {_anew(table)}"
        )
    rows = _rows(table, rest, 3, COLUMNS, HAS)
    if count.strip() != str(len(rows.lines)):
        raise RecomposeError(
            f"{table}: line 1 is {listed([count.strip()])}, and {len(rows.lines)} pictures follow; {_anew(table)}"
        )
    parts = _rows(second, _lines(second), 1, 1, PARTS)
    _require_all(rows, pictures, table, PICTURES, f"unpack {PICTURES}.zip again")
    _require_all(rows, parts.lines, table, PARTITION, _anew(second))
    _require_all(parts, rows.lines, second, ATTRIBUTES, _anew(table))
    if strangers := [name for name in pictures if name not in rows.lines]:
        raise RecomposeError(f"{table}: no line of pictures in {PICTURES}: {listed(strangers)}; {_anew(table)}")
    place = {name: number for number, name in enumerate(parts.lines)}
    order = [place[name] for name in rows.lines]
    return Faces(
        names,
        rows.values.astype(bool),
        [pictures[name] for name in rows.lines],
        parts.values[order, 0].astype(np.int64),
    )


def _require_all(rows: _Rows, known: Container[str], path: Path, where: str, mend: str) -> None:
    """Refuse a table with lines of pictures that are not known."""
    strangers = [f"{name} (line {line})" for name, line in rows.lines.items() if name not in known]
    if strangers:
        raise RecomposeError(f"{path}: pictures that are not in {where}: {listed(strangers)}; {mend}")


def _lines(path: Path) -> list[str]:
    if not path.is_file():
        raise RecomposeError(f"{path}: not there; download {path.name} {SOURCE} into this folder")
    return text(path).split("\n")


def _rows(path: Path, lines: Sequence[str], first: int, columns: int, codes: Mapping[str, int]) -> _Rows:
    """Lines of a picture's name and so many values, of which each has a code; the first one's number is given."""
    numbers: dict[str, int] = {}
    values = bytearray()
    for number, line in enumerate(lines, start=first):
        if not line.strip():
            continue
        name, *found = line.split()
        if len(found) != columns:
            raise RecomposeError(f"{path}: line {number} has {len(found)} values, expected {columns}; {_anew(path)}")
        if name in numbers:
            raise RecomposeError(
                f"{path}: line {number} is of {listed([name])}, as line {numbers[name]} is; {_anew(path)}"
            )
        try:
            values += bytes([codes[each] for each in found])
        except KeyError as error:
            wrong = listed([error.args[0]])
            raise RecomposeError(
                f"{path}: line {number} has {wrong}, expected {' or '.join(codes)}; {_anew(path)}"
            ) from None
        numbers[name] = number
    return _Rows(numbers, np.frombuffer(bytes(values), np.uint8).reshape(-1, columns))


def _anew(path: Path) -> str:
    """What mends a table."""
    return f"download {path.name} again {SOURCE}"
