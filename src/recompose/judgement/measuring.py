"""How a claim's query becomes a number with its interval.

A row's own 95 % interval is read as a normal distribution in two pieces (one standard deviation below the value,
another above it, so that the interval of an accuracy near 1 stays lopsided), and rows count as independent, unless the
query says that they share their problems. All methods solve the same problems, so their accuracies rise and fall
together: for a difference the independence is on the safe side. Where runs, sets or classes are named (`over`), these
are resampled, and what is measured of the same ones is paired. Draws are carried through the whole measurement; the
interval is the 2.5 and the 97.5 percentile. Where the best of several methods is taken, the choice is made once, on the
measured values.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from recompose.judgement.claims import Claim, Headline, Query
from recompose.judgement.estimates import LINES, Estimate, exact, from_interval, from_units

Frames = Callable[[str], pd.DataFrame]
"""An artifact's name -> its rows."""
Group = dict[str, Any]
"""One combination of the columns in a claim's `each`."""


def groups(claim: Claim | Headline, frames: Frames) -> list[Group]:
    """The combinations of the columns in `each` that the rows have."""
    if not claim.each:
        return [{}]
    rows = _select(claim.of, frames, {})
    for column in claim.each:
        _column(rows, column, claim.of)
    found = rows[claim.each].drop_duplicates().sort_values(claim.each).to_dict("records")
    return [{str(column): value for column, value in group.items()} for group in found]


def compared(claim: Claim, frames: Frames, group: Group, generator: np.random.Generator) -> Estimate:
    """The claim's number in one group. Raises LookupError where rows that it asks for are not there."""
    of = estimate(claim.of, frames, group, generator)
    if not claim.against:
        return of
    against = estimate(claim.against, frames, group, generator)
    if claim.compare == "difference":
        return of - against
    ratio = of / against
    if claim.compare == "gain":
        return replace(ratio, value=ratio.value - 1, draws=ratio.draws - 1)
    return ratio


def estimate(query: Query, frames: Frames, group: Group, generator: np.random.Generator) -> Estimate:
    """One number from the rows of a query: the best of several, a property of a line, or the rows' mean."""
    rows = _select(query, frames, group)
    if query.best_of:
        single = query.model_copy(update={"best_of": None})
        values = sorted(_column(rows, query.best_of, query).unique())
        results = [estimate(single, frames, {**group, query.best_of: value}, generator) for value in values]
        return max(results, key=lambda each: each.value)
    if query.along:
        axis = sorted(_column(rows, query.along, query).unique())
        line = []
        for place in axis:
            here = {**group, query.along: place}
            point = _mean(query, _select(query, frames, here), generator)
            line.append(point - estimate(query.minus, frames, here, generator) if query.minus else point)
        return LINES[query.read](np.asarray(axis, dtype=float), line)
    if query.read == "only" and len(rows) != 1:
        raise LookupError(f"{len(rows)} rows where one is meant ({_describe(query, group)})")
    return _mean(query, rows, generator)


def _select(query: Query, frames: Frames, group: Group) -> pd.DataFrame:
    """The rows of a query in one group. Every value that is asked for has to be there."""
    frame = frames(query.artifact)
    chosen = np.ones(len(frame), dtype=bool)
    for column, wanted in _narrowed(query, group).items():
        here = _column(frame, column, query).to_numpy()
        values = wanted if isinstance(wanted, list) else [wanted]
        matches = [chosen & (here == value) for value in values]
        for value, match in zip(values, matches, strict=True):
            if not match.any():
                raise LookupError(f"no rows with {column} = {value} ({_describe(query, group)})")
        chosen = np.logical_or.reduce(matches)
    for column, value in query.without.items():
        chosen &= (_column(frame, column, query) != value).to_numpy()
    if not chosen.any():
        raise LookupError(f"no rows ({_describe(query, group)})")
    return frame[chosen]


def _narrowed(query: Query, group: Group) -> dict[str, Any]:
    """The query's filters in one group, which narrows lists of values and never overrides what a query asks for."""
    for column, value in group.items():
        wanted = query.rows.get(column, value)
        if value not in wanted if isinstance(wanted, list) else value != wanted:
            raise ValueError(
                f"{query.artifact}.csv: {column} = {wanted} is asked for and {column} = {value} is what `each` tells "
                "apart; write a claim for each of them instead (`for_each`)"
            )
    return {**query.rows, **group}


def _describe(query: Query, group: Group) -> str:
    filters = (f"{column} = {value}" for column, value in {**query.rows, **group}.items())
    return ", ".join([f"{query.artifact}.csv", *filters])


def _column(rows: pd.DataFrame, column: str, query: Query) -> pd.Series:
    if column not in rows.columns:
        raise LookupError(f"{query.artifact}.csv has no column {column}; it has {', '.join(rows.columns)}")
    return rows[column]


def _mean(query: Query, rows: pd.DataFrame, generator: np.random.Generator) -> Estimate:
    """The mean of the rows with its draws (see the module)."""
    own = f"{query.value}_ci_low" in rows
    ends = [f"{query.value}_{end}" if own else end for end in ("ci_low", "ci_high")]
    columns = [query.value, *(ends if query.spread != "none" and not query.over else [])]
    values, *around = (_column(rows, column, query).to_numpy(dtype=float) for column in columns)
    if not np.isfinite([values, *around]).all():
        raise LookupError(f"a number is missing in {', '.join(columns)} ({_describe(query, {})})")
    if query.over:
        units = np.stack([_column(rows, column, query).to_numpy() for column in query.over], axis=1)
        found = from_units(values, units)
    elif query.spread == "none":
        found = exact(values)
    else:
        found = from_interval(values, *around, generator=generator, shared=query.spread == "shared")
    if "censored" in rows:  # a capacity beyond the grid is only a bound
        return replace(found, beyond=frozenset(rows["censored"].dropna()) & {"above", "below"})
    return found
