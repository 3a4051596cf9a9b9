"""An artifact's numbers, cell by cell: dealt to jobs, finished ones kept, so that a killed job goes on where it was."""

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd

from recompose.errors import NotFinite, RecomposeError, named
from recompose.storage import write_text

Item = TypeVar("Item")
Row = dict[str, Any]


@dataclass(frozen=True)
class Batch:
    """One of `count` shares of the cells of an artifact. Cells are dealt like cards: costs even out."""

    index: int = 0
    count: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.index < self.count:
            raise RecomposeError(f"batch {self.index}/{self.count}: expected INDEX/COUNT, INDEX from 0 below COUNT")

    @classmethod
    def parse(cls, text: str) -> "Batch":
        """Read `0/4`, the first of four."""
        index, slash, count = text.partition("/")
        if not (slash and index.isdecimal() and count.isdecimal()):
            raise RecomposeError(f"batch {text}: expected INDEX/COUNT, for example 0/4")
        return cls(int(index), int(count))

    def deal(self, cells: Sequence[Item]) -> list[Item]:
        """The cells of this share, in order.

        >>> Batch(1, 2).deal(["a", "b", "c", "d"])
        ['b', 'd']
        """
        return list(cells[self.index :: self.count])


WHOLE = Batch()


@dataclass
class CellStore:
    """The finished cells of a job in progress, one JSON file each: a killed job goes on where it was.

    The fingerprint stands for everything the rows depend on, settings and code; a cell with another
    fingerprint is as good as absent, and so is one that a kill cut short.
    """

    folder: Path
    fingerprint: str
    _used: set[Path] = field(default_factory=set, init=False, repr=False)

    def _file(self, key: str) -> Path:
        path = Path(self.folder) / f"{hashlib.sha256(key.encode()).hexdigest()}.json"
        self._used.add(path)
        return path

    def get(self, key: str) -> list[dict[str, Any]] | None:
        """The rows of a finished cell, or None."""
        try:
            content = json.loads(self._file(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        if not isinstance(content, dict) or content.get("fingerprint") != self.fingerprint:
            return None
        rows: list[dict[str, Any]] | None = content.get("rows")
        return rows

    def put(self, key: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Keep the rows of a cell, and return them as `get` will, so that a resumed job sees the same."""
        content = {"fingerprint": self.fingerprint, "key": key, "rows": rows}
        text = json.dumps(content, default=lambda scalar: scalar.item())  # NumPy's scalars become plain
        write_text(text, self._file(key))
        kept: list[dict[str, Any]] = json.loads(text)["rows"]
        return kept

    def clear(self) -> None:
        """Remove the cells this job has used; other jobs' cells stay."""
        for path in self._used:
            path.unlink(missing_ok=True)


def sweep(
    cells: Mapping[str, tuple[Any, ...]], measure: Callable[..., list[Row]], batch: Batch, store: CellStore | None
) -> pd.DataFrame:
    """Measure this batch's share of the cells, or take them from the store where they are finished; all their rows.

    cells: what each is called, by which it is kept and told of, and the arguments with which it is measured. An error
    names the cell, and a number in its rows that is not finite is one: what was not measured is left out of a row. The
    rows stand in the order of the cells; neither the batch nor an interruption changes a byte as long as a cell draws
    its random numbers by its own name.
    """
    rows: list[Row] = []
    share = batch.deal(list(cells.items()))
    for number, (name, arguments) in enumerate(share, start=1):
        start = time.perf_counter()
        kept = store.get(name) if store else None
        if kept is None:
            with named(name):
                kept = finite(measure(*arguments))
            kept = store.put(name, kept) if store else kept
            print(f"{number}/{len(share)} {name}: {time.perf_counter() - start:.1f} s", flush=True)
        rows += kept
    return pd.DataFrame(rows)


def finite(rows: list[Row]) -> list[Row]:
    """These rows, unless a number in them is not finite."""
    for column, value in (entry for row in rows for entry in row.items()):
        if isinstance(value, float | np.floating) and not np.isfinite(value):
            raise NotFinite(f"{column} came out as {value}; what was measured there has run away")
    return rows
