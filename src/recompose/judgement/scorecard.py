"""The scorecard: what each claim comes to on the results of one scale. Verdicts are computed, never written.

Confidence intervals. A row's own 95 % interval is read as a normal distribution in two pieces (one
standard deviation below the value, another above it, so that the interval of an accuracy near 1 stays
lopsided) and rows count as independent. Draws of the rows are carried through the whole measurement, and
the interval is the 2.5 and the 97.5 percentile. All methods solve the same problems, so their accuracies
rise and fall together: for a difference the independence is on the safe side. Where the worst of several
groups or the best of several methods is reported, the choice is made once, on the measured values.
Replicates (rows that repeat one observation) are resampled instead.
"""

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recompose.blocks import SCALES
from recompose.errors import RecomposeError
from recompose.judgement.claims import Claim, Headline, Paper, Query, load_papers
from recompose.judgement.estimates import LINES, Estimate, exact, from_interval, from_replicates
from recompose.randomness import numpy_generator
from recompose.storage import read_csv

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
NOT_TESTABLE = "not testable at this scale"
NEEDS_DATA = "needs real data"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, NOT_TESTABLE, NEEDS_DATA)

COLUMNS = (
    "paper", "id", "by", "where", "statement", "kind", "artifact", "value", "ci_low", "ci_high", "published",
    "tolerance", "verdict", "note",
)  # fmt: skip

Frames = Callable[[str], pd.DataFrame]
Group = dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """What a claim comes to."""

    verdict: str
    value: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    note: str = ""


def score(results: str | Path, claims: str | Path, data: Iterable[str] = (), partial: bool = False) -> pd.DataFrame:
    """The scorecard of one results tree, results/<scale>: a row for each claim of each paper.

    `data` names the data sets that were really there; a claim on any other one `needs real data`. A `partial` tree has
    some artifacts only: claims about others are left out; else they are an error.
    """
    rows, scale = [], scale_of(results)
    for paper in _papers(results, claims, partial):
        frames = _frames(Path(results) / paper.slug)
        verdicts = {claim.id: judge(claim, frames, scale, data) for claim in paper.claims}
        rows += [_row(paper, claim, granted(claim, verdicts)) for claim in paper.claims]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _papers(results: str | Path, claims: str | Path, partial: bool) -> list[Paper]:
    """The papers with their claims; in a partial tree those that its numbers can answer."""
    found = load_papers(claims)
    if partial:
        found = [paper.about({path.stem for path in Path(results, paper.slug).glob("*.csv")}) for paper in found]
    return found


def scale_of(results: str | Path) -> str:
    """The scale of a results tree, which is its folder's name."""
    scale = Path(results).resolve().name
    if scale not in SCALES:
        raise RecomposeError(f"{results}: expected the results of a scale, in a folder named {', '.join(SCALES)}")
    return scale


def _frames(folder: Path) -> Frames:
    """The artifacts of a paper's folder, each read once."""
    return functools.cache(lambda artifact: read_csv(folder / f"{artifact}.csv"))


def _row(paper: Paper, claim: Claim, verdict: Verdict) -> dict[str, Any]:
    return {
        "paper": paper.slug,
        "id": claim.id,
        "by": claim.by,
        "where": claim.where,
        "statement": claim.statement,
        "kind": claim.kind,
        "artifact": claim.of.artifact,
        "value": verdict.value,
        "ci_low": verdict.ci_low,
        "ci_high": verdict.ci_high,
        "published": claim.published,
        "tolerance": claim.tolerance,
        "verdict": verdict.verdict,
        "note": " ".join(filter(None, [f"Holds if {_condition(claim)}.", claim.reading, verdict.note])),
    }


def _condition(claim: Claim) -> str:
    """Where the measured number has to lie, in words."""
    low, high = claim.region
    what = {"difference": "the difference", "ratio": "the ratio", "gain": "the relative increase"}[claim.compare]
    what = f"the confidence interval of {what}" if claim.significant else what
    if not claim.against:
        what = "the confidence interval" if claim.significant else "the value"
    if claim.kind == "number":
        return f"{what} is within {claim.tolerance:g} of {claim.published:g}"
    if math.isfinite(low) and math.isfinite(high):
        return f"{what} lies in [{low:g}, {high:g}]"
    return f"{what} is at least {low:g}" if math.isfinite(low) else f"{what} is at most {high:g}"


def judge(claim: Claim, frames: Frames, scale: str, data: Iterable[str] = ()) -> Verdict:
    """The verdict on one claim. Rows it asks for that are not there are an error, never a pass."""
    if claim.needs.data and claim.needs.data not in data:
        return Verdict(NEEDS_DATA, note=f"It needs {claim.needs.data}.")
    if SCALES.index(scale) < SCALES.index(claim.needs.scale):
        return Verdict(NOT_TESTABLE, note=f"It needs scale {claim.needs.scale}.")
    try:
        group, estimate = _measure(claim, frames)
    except LookupError as error:
        raise RecomposeError(f"claim {claim.id}: {error.args[0]}") from error
    if estimate is None:
        return Verdict(NOT_TESTABLE, note="The number is not defined on these results.")
    low, high = estimate.interval
    verdict, note = _verdict(claim, estimate), _note(claim, group, estimate)
    if verdict == NOT_REPRODUCED and claim.significant and scale != SCALES[-1] and _inside(claim, estimate.value):
        # Nothing contradicts the claim. The published numbers of runs and problems have to decide; fewer cannot.
        undecided = "The value lies there and its interval does not: a larger scale has to decide."
        verdict, note = NOT_TESTABLE, f"{note} {undecided}".strip()
    return Verdict(verdict, estimate.value, low, high, note)


def granted(claim: Claim, verdicts: Mapping[str, Verdict]) -> Verdict:
    """The verdict on a claim, among those on what it takes for granted: two methods that fail alike do not agree."""
    verdict = verdicts[claim.id]
    failed = [name for name in claim.requires if verdicts[name].verdict == NOT_REPRODUCED]
    if verdict.verdict != REPRODUCED or not failed:
        return verdict
    note = f"It takes for granted what is not reproduced: {', '.join(failed)}. {verdict.note}"
    return replace(verdict, verdict=NOT_REPRODUCED, note=note)


def _note(claim: Claim, group: Group, estimate: Estimate) -> str:
    place = ", ".join(f"{column} = {value}" for column, value in group.items())
    worst = "the worst case" + (f" but {claim.exceptions}" if claim.exceptions else "")
    notes = [f"Reported is {worst}: {place}."] if place else []
    if estimate.beyond:
        notes.append(f"A capacity lies beyond the grid: the true value may lie {' or '.join(sorted(estimate.beyond))}.")
    return " ".join(notes)


def _verdict(claim: Claim, estimate: Estimate) -> str:
    """Inside the region or not; a mere bound decides only what it can."""
    low, high = claim.region
    smallest, largest = _ends(claim, estimate)
    smallest = -math.inf if "below" in estimate.beyond else smallest
    largest = math.inf if "above" in estimate.beyond else largest
    if low <= smallest and largest <= high and not (claim.significant and (low == smallest or largest == high)):
        return REPRODUCED
    if estimate.beyond and largest >= low and smallest <= high:
        return NOT_TESTABLE
    return NOT_REPRODUCED


def _inside(claim: Claim, value: float) -> bool:
    low, high = claim.region
    return low <= value <= high


def _ends(claim: Claim, estimate: Estimate) -> tuple[float, float]:
    """What has to lie in the region: the value, or its whole interval."""
    return estimate.interval if claim.significant else (estimate.value, estimate.value)


def _measure(claim: Claim, frames: Frames) -> tuple[Group, Estimate | None]:
    """The claim's number in its worst group: the one with the least room inside the region."""
    generator = numpy_generator("scorecard", claim.id)
    measured = []
    for group in _groups(claim, frames):
        estimate = _estimate(claim.of, frames, group, generator)
        if claim.against:
            other = _estimate(claim.against, frames, group, generator)
            estimate = estimate - other if claim.compare == "difference" else estimate / other
            if claim.compare == "gain":
                estimate = replace(estimate, value=estimate.value - 1, draws=estimate.draws - 1)
        if not math.isnan(estimate.value):  # a line that never gets to where it would be read says nothing
            measured.append((group, estimate))
    if not measured:
        return {}, None
    low, high = claim.region

    def room(item: tuple[Group, Estimate]) -> tuple[bool, float]:
        """A value beyond the region is worse than an interval that reaches beyond it."""
        smallest, largest = _ends(claim, item[1])
        return _inside(claim, item[1].value), min(smallest - low, high - largest)

    measured.sort(key=room)
    return measured[min(claim.exceptions, len(measured) - 1)]


def _groups(claim: Claim | Headline, frames: Frames) -> list[Group]:
    """The combinations of the columns in `each` that the rows have."""
    if not claim.each:
        return [{}]
    rows = _select(claim.of, frames, {})
    for column in claim.each:
        _column(rows, column, claim.of)
    groups = rows[claim.each].drop_duplicates().sort_values(claim.each).to_dict("records")
    return [{str(column): value for column, value in group.items()} for group in groups]


def _estimate(query: Query, frames: Frames, group: Group, generator: np.random.Generator) -> Estimate:
    """One number from the rows of a query: the best of several, a property of a line, or the rows' mean."""
    rows = _select(query, frames, group)
    if query.best_of:
        single = query.model_copy(update={"best_of": None})
        values = sorted(_column(rows, query.best_of, query).unique())
        results = [_estimate(single, frames, {**group, query.best_of: value}, generator) for value in values]
        return max(results, key=lambda estimate: estimate.value)
    if query.along:
        axis = sorted(_column(rows, query.along, query).unique())
        line = []
        for place in axis:
            here = {**group, query.along: place}
            point = _mean(query, _select(query, frames, here), generator)
            line.append(point - _estimate(query.minus, frames, here, generator) if query.minus else point)
        return LINES[query.read](np.asarray(axis, dtype=float), line)
    if query.read == "only" and len(rows) != 1:
        raise LookupError(f"{len(rows)} rows where one is meant ({_describe(query, group)})")
    return _mean(query, rows, generator)


def _select(query: Query, frames: Frames, group: Group) -> pd.DataFrame:
    """The rows of a query in one group. Every value that is asked for has to be there."""
    frame = frames(query.artifact)
    chosen = np.ones(len(frame), dtype=bool)
    for column, wanted in {**query.rows, **group}.items():
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


def _describe(query: Query, group: Group) -> str:
    filters = (f"{column} = {value}" for column, value in {**query.rows, **group}.items())
    return ", ".join([f"{query.artifact}.csv", *filters])


def _column(rows: pd.DataFrame, column: str, query: Query) -> pd.Series:
    if column not in rows.columns:
        raise LookupError(f"{query.artifact}.csv has no column {column}; it has {', '.join(rows.columns)}")
    return rows[column]


def _mean(query: Query, rows: pd.DataFrame, generator: np.random.Generator) -> Estimate:
    """The mean of the rows with its draws (see the module)."""
    columns = (query.value, "ci_low", "ci_high") if query.spread == "interval" else (query.value,)
    values, *ends = (_column(rows, column, query).to_numpy(dtype=float) for column in columns)
    if np.isnan([values, *ends]).any():
        raise LookupError(f"a number is missing in {', '.join(columns)} ({_describe(query, {})})")
    match query.spread:
        case "none":
            estimate = exact(values)
        case "replicates":
            estimate = from_replicates(values, generator)
        case _:
            estimate = from_interval(values, ends[0], ends[1], generator=generator)
    if "censored" in rows:  # a capacity beyond the grid is only a bound
        return replace(estimate, beyond=frozenset(rows["censored"].dropna()) & {"above", "below"})
    return estimate


def summary(card: pd.DataFrame, numbers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """For metrics: how many claims of each paper came to which verdict, by whom they are; and its headline numbers."""
    return {
        str(paper): {str(by): _counts(claims) for by, claims in group.groupby("by")} | {"headline": numbers[str(paper)]}
        for paper, group in card.groupby("paper")
    }


def headlines(results: str | Path, claims: str | Path, partial: bool = False) -> dict[str, dict[str, dict[str, float]]]:
    """Each paper's results in a few numbers: for metrics. A number that these settings make no rows for is left out."""
    found: dict[str, dict[str, dict[str, float]]] = {}
    for paper in _papers(results, claims, partial):
        frames = _frames(Path(results) / paper.slug)
        numbers = {name: _headline(entry, frames) for name, entry in paper.headline.items()}
        found[paper.slug] = {name: values for name, values in numbers.items() if values}
    return found


def _headline(headline: Headline, frames: Frames) -> dict[str, float]:
    generator = numpy_generator("scorecard", "headline")
    try:
        return {
            " ".join(map(str, group.values())): _estimate(headline.of, frames, group, generator).value
            for group in _groups(headline, frames)
        }
    except LookupError:
        return {}


def _counts(claims: pd.DataFrame) -> dict[str, int]:
    return {verdict.replace(" ", "_"): int((claims.verdict == verdict).sum()) for verdict in VERDICTS}


def markdown(card: pd.DataFrame) -> str:
    """The scorecard as people read it."""
    lines = ["# Scorecard", ""]
    for (paper, by), claims in card.groupby(["paper", "by"], sort=False):
        counts = ", ".join(f"{n} {verdict}" for verdict, n in claims.verdict.value_counts().items())
        lines += [f"## {paper}: claims of {'the paper' if by == 'paper' else by}", "", f"{counts}.", ""]
        lines += ["| claim | where | measured | published | verdict |", "|---|---|---|---|---|"]
        for row in claims.to_dict("records"):
            published = "" if pd.isna(row["published"]) else f"{row['published']:g}"
            cells = [row["statement"], row["where"], measured(row), published, row["verdict"]]
            lines.append(f"| {' | '.join(cell.replace('|', '&#124;') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def measured(row: Mapping[Any, Any]) -> str:
    """A measured number with its interval, as people read it."""
    if pd.isna(row["value"]):
        return ""
    value, low, high = (_number(row[key]) for key in ("value", "ci_low", "ci_high"))
    return f"{value} [{low}, {high}]"


def _number(number: float) -> str:
    return f"{number:.3f}" if abs(number) < 10 else f"{number:.1f}"
