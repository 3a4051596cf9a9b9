"""Which numbers of an artifact moved between two runs, and by how many standard errors.

Rows are matched by their places, the index columns that the paper's table of artifacts names. Rows of one and the same
place are matched in their order, if both trees have as many of them.

A column with a 95 % interval is measured: `ci_low` and `ci_high` are those of the artifact's own number, `x_ci_low` of
the column whose name begins with x. So is a `mean` with `std` and `n`. The standard error of a movement is
that of both numbers, in quadrature, each on the side that faces the other number: what there is of its interval,
over 1.96. In an artifact without intervals every number is measured. A number without a standard error moves
relative to the larger of the two. What stands beside the measured numbers (their spread, a cost, a note) is only
told to differ.

The counts that chance explains are those of two independent normal measurements of the same thing. Two runs of one
configuration draw the same random numbers, and should not differ at all. An interval that is wider than a normal one
(of few runs, or corrected for many tests) makes movements look smaller.
"""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api.types import is_bool_dtype, is_float_dtype, is_numeric_dtype

from recompose.errors import RecomposeError
from recompose.metrics.intervals import NORMAL

SAME = 1e-6
"""Numbers that are relatively closer than this are the same: processors disagree in the last digits."""
COUNTS = ("n", "trials")
"""How often something was measured: neither a place nor a measurement."""
CHANCE = {level: math.erfc(level / math.sqrt(2)) for level in (2, 4)}
"""How often a number moves by more than so many standard errors though nothing has changed."""

Ends = tuple[str, str]


@dataclass(frozen=True)
class Movement:
    """One number in both trees."""

    column: str
    place: str
    before: float
    after: float
    error: float
    """the standard error of the movement; nan without uncertainty"""
    moved: bool
    """by more than the last digits"""

    @property
    def judged(self) -> bool:
        """Whether there is a standard error to compare the movement with."""
        return math.isfinite(self.error)

    @property
    def size(self) -> float:
        """The movement in standard errors, or else relative to the larger number; infinite to or from undefined."""
        difference = self.after - self.before
        if not self.moved:
            return 0.0
        size = difference / (self.error if self.judged else max(abs(self.before), abs(self.after)))
        return size if math.isfinite(size) else math.inf

    def __str__(self) -> str:
        where = f" at {self.place}" if self.place else ""
        if math.isinf(self.size):
            size = ""
        else:
            size = f"{self.size:+.1f} s.e.: " if self.judged else f"{100 * self.size:+.3g} %: "
        return f"{size}{self.column} {_number(self.before)} -> {_number(self.after)}{where}"


@dataclass(frozen=True)
class Artifact:
    """What became of the rows and the numbers of one artifact."""

    name: str
    matched: int
    changed: int
    """rows in which a measured number moved"""
    alone: tuple[int, int]
    """rows without a partner in the other tree"""
    judged: int
    """numbers with a standard error"""
    beyond: dict[int, int]
    """standard errors: how many numbers moved by more"""
    largest: Movement | None
    """in standard errors"""
    relative: Movement | None
    """the largest of the numbers without a standard error"""
    beside: dict[str, int]
    """column that is not measured: rows in which it differs"""
    columns: tuple[list[str], list[str]]
    """columns that the other tree does not have"""

    @property
    def expected(self) -> dict[int, float]:
        """How many numbers chance alone moves by more than so many standard errors."""
        return {level: self.judged * chance for level, chance in CHANCE.items()}

    @property
    def rows_differ(self) -> bool:
        """Whether a number moved or a row has no partner."""
        return bool(self.changed or any(self.alone))

    @property
    def also(self) -> str:
        """What differs beside the measured numbers, in words."""
        told = [f"{column} ({rows} rows)" for column, rows in self.beside.items()]
        alone = zip(self.columns, ("first", "second"), strict=True)
        return ", ".join([*told, *(f"{column} (in the {tree} only)" for columns, tree in alone for column in columns)])

    @property
    def same(self) -> bool:
        """Whether the two trees hold the same of it."""
        return not self.rows_differ and not self.also


def compare_frames(first: pd.DataFrame, second: pd.DataFrame, name: str, index: Sequence[str], value: str) -> Artifact:
    """Compare the rows of one artifact, whose numbers are known to be numbers; `value` is its own number."""
    common = [column for column in first.columns if column in second.columns]
    spreads = _spreads(common, value)
    places = [column for column in index if column in common]
    a, b = (frame.set_axis(_numbered(_keys(frame, places)), axis=0) for frame in (first, second))
    partners = a.index.intersection(b.index)
    a, b = a.loc[partners], b.loc[partners]

    taken = {*places, *COUNTS}
    numbers = list(spreads) or [
        column for column in common if column not in taken and _are_numbers(a[column], b[column])
    ]
    moves = [move for column in numbers for move in _moves(a, b, column, spreads.get(column))]
    judged = [move for move in moves if move.judged]
    shown = {*places, *numbers, *itertools.chain(*spreads.values())}
    differing = {column: int(_differs(a[column], b[column]).sum()) for column in common if column not in shown}
    return Artifact(
        name=name,
        matched=len(partners),
        changed=len({move.place for move in moves if move.moved}),
        alone=(len(first) - len(partners), len(second) - len(partners)),
        judged=len(judged),
        beyond={level: sum(abs(move.size) > level for move in judged) for level in CHANCE},
        largest=_largest(judged),
        relative=_largest([move for move in moves if not move.judged]),
        beside={column: rows for column, rows in differing.items() if rows},
        columns=(
            [column for column in first.columns if column not in common],
            [column for column in second.columns if column not in common],
        ),
    )


def require_numbers(frames: Sequence[pd.DataFrame], paths: Sequence[Path]) -> None:
    """Refuse text where there has to be a number: in a mean or an interval, or where the other tree has fractions."""
    for column in (column for column in frames[0].columns if column in frames[1].columns):
        named = column in ("mean", "std", "n") or column.endswith(("ci_low", "ci_high"))
        if not named and not any(_has_fractions(frame[column]) for frame in frames):
            continue
        for frame, path in zip(frames, paths, strict=True):
            values = frame[column].dropna()
            wrong = values[pd.to_numeric(values, errors="coerce").isna()]
            if len(wrong):
                raise RecomposeError(
                    f"{path}: column {column}: {wrong.iloc[0]!r} is no number; delete the file, and the next run "
                    "makes it again"
                )


def _has_fractions(values: pd.Series) -> bool:
    return is_float_dtype(values) and bool((values.dropna() % 1 != 0).any())


def _spreads(columns: Sequence[str], value: str) -> dict[str, Ends]:
    """Each measured column with an uncertainty: the two ends of its interval, or the names of `std` and `n`."""
    spreads: dict[str, Ends] = {}
    for low in (column for column in columns if column.endswith("ci_low") and f"{column[:-3]}high" in columns):
        start = low.removesuffix("ci_low").removesuffix("_")
        owner = next((column for column in columns if column.startswith(start)), "") if start else value
        if owner in columns:
            spreads[owner] = low, f"{low[:-3]}high"
    if {"mean", "std", "n"} <= set(columns) and "mean" not in spreads:
        spreads["mean"] = ("std", "n")
    return spreads


def _keys(frame: pd.DataFrame, places: list[str]) -> pd.Index:
    """Each row's places in words."""
    texts = [[f"{column} = {_place(value)}" for value in frame[column]] for column in places]
    return pd.Index([", ".join(row) for row in zip(*texts, strict=True)] if places else [""] * len(frame), dtype=object)


def _place(value: Any) -> str:
    """One value of a place, the same however a column holds it: 4 with an empty cell below it is 4.0."""
    if isinstance(value, float) and math.isfinite(value):
        return str(int(value)) if value == int(value) else f"{value:.6g}"
    return "none" if pd.isna(value) else str(value)


def _numbered(keys: pd.Index) -> pd.Index:
    """The keys, in which each of several equal ones says which of how many it is."""
    named = pd.Series(keys)
    total = named.groupby(named).transform("size")
    nth = named.groupby(named).cumcount() + 1
    return pd.Index(named.where(total == 1, named + " (" + nth.astype(str) + " of " + total.astype(str) + ")"))


def _are_numbers(*columns: pd.Series) -> bool:
    return all(is_numeric_dtype(column) and not is_bool_dtype(column) for column in columns)


def _differs(before: pd.Series, after: pd.Series) -> np.ndarray:
    """(rows,): where two columns differ by more than the last digits."""
    if _are_numbers(before, after):
        numbers, others = (column.to_numpy(dtype=float) for column in (before, after))
        return ~np.isclose(numbers, others, rtol=SAME, atol=0, equal_nan=True)
    differs: np.ndarray = (before.map(_place) != after.map(_place)).to_numpy()
    return differs


def _moves(a: pd.DataFrame, b: pd.DataFrame, column: str, spread: Ends | None) -> list[Movement]:
    """The numbers that a column of matched rows has in either tree."""
    before, after = (frame[column].to_numpy(dtype=float) for frame in (a, b))
    with np.errstate(invalid="ignore"):  # infinity less infinity
        way = np.sign(after - before)
    errors = np.hypot(_error(a, column, spread, way), _error(b, column, spread, -way))
    errors[errors == 0] = np.nan
    moved = _differs(a[column], b[column])
    return [
        Movement(column, place, float(was), float(now), float(error), bool(differs))
        for place, was, now, error, differs in zip(a.index, before, after, errors, moved, strict=True)
    ]


def _error(frame: pd.DataFrame, column: str, spread: Ends | None, way: np.ndarray) -> np.ndarray:
    """(rows,): the standard errors of a column on the side above (way > 0) or below; nan without uncertainty."""
    if spread is None:
        return np.full(len(frame), np.nan)
    value, *ends = (frame[name].to_numpy(dtype=float) for name in (column, *spread))
    if spread == ("std", "n"):
        return ends[0] / np.sqrt(ends[1])
    above, below = ends[1] - value, value - ends[0]
    side: np.ndarray = np.where(way > 0, above, np.where(way < 0, below, np.maximum(above, below)))
    return side.clip(0) / NORMAL


def _largest(moves: list[Movement]) -> Movement | None:
    return max((move for move in moves if move.moved), key=lambda move: abs(move.size), default=None)


def _number(value: float) -> str:
    return "undefined" if math.isnan(value) else f"{value:.4g}"
