"""CelebA with its attributes (Liu et al., 2015), as it lies unpacked in data/celeba/: pictures and two tables of them.
CelebA-HQ in data/celeba_hq/ has larger pictures of some, with or without its one table (Lee et al., 2020).

Every line of the tables is checked: a table that was cut short, or is of other pictures, would give faces the
attributes of others.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.archives import Listing, listing, read
from recompose.datasets.pictures import Pixels, listed
from recompose.datasets.tables import Labels, text
from recompose.errors import RecomposeError

PICTURES = "img_align_celeba"
ATTRIBUTES = "list_attr_celeba.txt"
PARTITION = "list_eval_partition.txt"
PICTURES_OF_HQ = "CelebA-HQ-img"
OF_HQ = "CelebAMask-HQ-attribute-anno.txt"
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


class Photographs(NamedTuple):
    """Pictures (n, channels, size, size), the attributes of each (n, 40) with their names, or None without a table."""

    pictures: Pixels
    attributes: NDArray[np.bool_] | None
    names: list[str]


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
    names, rows = _described(table)
    parts = _rows(second, _lines(second), 1, 1, PARTS)
    _require_all(rows, pictures, table, PICTURES, f"unpack {PICTURES}.zip again")
    _require_all(rows, parts.lines, table, PARTITION, _anew(second))
    _require_all(parts, rows.lines, second, ATTRIBUTES, _anew(table))
    _require_lines(pictures, rows, table, PICTURES)
    place = {name: number for number, name in enumerate(parts.lines)}
    order = [place[name] for name in rows.lines]
    return Faces(
        names,
        rows.values.astype(bool),
        [pictures[name] for name in rows.lines],
        parts.values[order, 0].astype(np.int64),
    )


def photographs(
    name: Literal["celeba", "celeba_hq"],
    data: Path,
    *,
    size: int,
    channels: int,
    start: int = 0,
    count: int | None = None,
    crop: int | None = None,
) -> Photographs:
    """Pictures of data/<name>/ from one on, so many or all that follow, in the order of their files.

    Of each the square in the middle, of crop pixels or the largest one, is resized to size, in gray (1) or colour (3);
    a table that is there is checked as `attributes` does. Raises RecomposeError where there are fewer pictures, and for
    one that is broken or smaller than the crop.
    """
    names: list[str]
    has: NDArray[np.bool_] | None
    if name == "celeba":
        of = attributes(data)
        order = sorted(range(len(of.files)), key=lambda number: of.files[number].name)
        files, names, has = [of.files[number] for number in order], of.names, of.attributes[order]
    else:
        files = listing(name, data).files
        names, has = _of_hq(data / name / OF_HQ, files)
    stop = len(files) if count is None else start + count
    if not 0 <= start < stop <= len(files):
        raise RecomposeError(
            f"{data / name}: {len(files)} pictures, and those from number {start} to {stop} are asked for; ask for"
            " fewer, or unpack all of them"
        )
    chosen = Listing(files[start:stop], np.zeros(stop - start, np.int64), ["face"])
    pictures = read(chosen, data / name, size, channels, skip_unusable=None, crop=crop).pictures
    return Photographs(pictures, None if has is None else has[start:stop], names)


def _of_hq(table: Path, files: Sequence[Path]) -> tuple[list[str], NDArray[np.bool_] | None]:
    """The names and attributes of these pictures of CelebA-HQ, where its table is there."""
    if not table.exists():
        return [], None
    names, rows = _described(table)
    known = {path.name for path in files}
    _require_all(rows, known, table, PICTURES_OF_HQ, _anew(table))
    _require_lines(known, rows, table, PICTURES_OF_HQ)
    place = {name: number for number, name in enumerate(rows.lines)}
    return names, rows.values[[place[path.name] for path in files]].astype(bool)


def _described(table: Path) -> tuple[list[str], _Rows]:
    """A table of attributes: how many pictures it is of, the attributes' names, and a line for each picture."""
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
    return names, rows


def _require_lines(pictures: Iterable[str], rows: _Rows, table: Path, where: str) -> None:
    """Refuse a table that lacks pictures."""
    if strangers := sorted(name for name in pictures if name not in rows.lines):
        raise RecomposeError(f"{table}: no line of pictures in {where}: {listed(strangers)}; {_anew(table)}")


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
    return "unpack CelebAMask-HQ.zip again" if path.name == OF_HQ else f"download {path.name} again {SOURCE}"
