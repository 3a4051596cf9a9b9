"""An artifact's numbers, cell by cell: this job's share of them, with the finished ones from the store."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from recompose.errors import RecomposeError
from recompose.storage import Batch, CellStore

Row = dict[str, Any]


def sweep(
    cells: Mapping[str, tuple[Any, ...]], measure: Callable[..., list[Row]], batch: Batch, store: CellStore | None
) -> pd.DataFrame:
    """Measure this batch's share of the cells, or take them from the store where they are finished; all their rows.

    cells: what each is called, by which it is kept and told of, and the arguments with which it is measured. An error
    names the cell. The rows stand in the order of the cells; neither the batch nor an interruption changes a byte as
    long as a cell draws its random numbers by its own name.
    """
    rows: list[Row] = []
    share = batch.deal(list(cells.items()))
    for number, (name, arguments) in enumerate(share, start=1):
        start = time.perf_counter()
        kept = store.get(name) if store else None
        if kept is None:
            kept = _named(name, measure, arguments)
            kept = store.put(name, kept) if store else kept
            print(f"{number}/{len(share)} {name}: {time.perf_counter() - start:.1f} s", flush=True)
        rows += kept
    return pd.DataFrame(rows)


def _named(name: str, measure: Callable[..., list[Row]], arguments: tuple[Any, ...]) -> list[Row]:
    """The rows of a cell; whatever goes wrong, its name is told."""
    try:
        return measure(*arguments)
    except RecomposeError as error:
        raise RecomposeError(f"{name}: {error}") from error
    except Exception as error:
        error.add_note(f"in cell {name}")
        raise
