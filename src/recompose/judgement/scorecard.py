"""The scorecard: what each claim comes to on the results of one scale. Verdicts are computed, never written.

A claim is reproduced where the whole 95 % interval of its number satisfies the condition, not reproduced where the
whole interval violates it, and undecided else; how numbers get their intervals, `recompose.judgement.measuring` tells.
What is claimed of several cases (`each`) is reproduced if it is for each of them, not reproduced if one violates it.
"""

import functools
import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd

from recompose.blocks import SCALES
from recompose.errors import RecomposeError
from recompose.judgement.claims import Claim, Headline, Paper, load_papers
from recompose.judgement.estimates import Estimate, exact
from recompose.judgement.findings import VERDICTS
from recompose.judgement.measuring import Frames, Group, compared, estimate, groups
from recompose.randomness import numpy_generator
from recompose.storage import read_csv

REPRODUCED, NOT_REPRODUCED, UNDECIDED, NEEDS_DATA = VERDICTS

COLUMNS = (
    "paper", "id", "by", "where", "statement", "kind", "cell", "artifact", "quantity", "value", "ci_low", "ci_high",
    "published", "condition", "worst", "verdict", "note",
)  # fmt: skip

COARSE = 1.5
"""A number measured with so many times the printed one's standard error, or more, does not decide by agreeing."""
MANY = 1000
"""Where so many times as much data would be needed, the value is as good as on the bound."""


@dataclass(frozen=True)
class Verdict:
    """What a claim comes to."""

    verdict: str
    value: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    condition: str = ""
    worst: str = ""
    """which of several cases the number is of"""
    note: str = ""


@dataclass(frozen=True)
class Case:
    """One of the cases that a claim speaks of: its number, where that has to lie, and what follows."""

    group: Group
    estimate: Estimate
    region: tuple[float, float]
    verdict: str

    @property
    def room(self) -> tuple[int, float]:
        """Its place among the cases, the worst first: by verdict, then by how far its interval is inside."""
        low, high = self.estimate.interval
        order = (NOT_REPRODUCED, UNDECIDED, REPRODUCED)
        return order.index(self.verdict), min(low - self.region[0], self.region[1] - high)


def score(
    results: str | Path,
    claims: str | Path,
    data: Mapping[str, Collection[str]] = MappingProxyType({}),
    partial: bool = False,
) -> pd.DataFrame:
    """The scorecard of one results tree, results/<scale>: a row for each claim of each paper.

    `data` tells by its slug where the images of a paper are from; a claim on other ones `needs real data`. A `partial`
    tree has some artifacts only: claims about others are left out; else they are an error.
    """
    papers = _papers(results, claims, partial)
    rows = [row for paper in papers for row in judged(paper, results, data.get(paper.slug, ()))]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def judged(paper: Paper, results: str | Path, data: Collection[str] = ()) -> list[dict[str, Any]]:
    """The rows of the scorecard on one paper, whose numbers in a results tree are all that is asked."""
    frames, scale = _frames(Path(results) / paper.slug), scale_of(results)
    found = {claim.id: judge(claim, frames, scale, data) for claim in paper.claims}
    return [_row(paper, claim, granted(claim, found)) for claim in paper.claims]


def _papers(results: str | Path, claims: str | Path, partial: bool) -> list[Paper]:
    """The papers with their claims; in a partial tree those that its numbers can answer."""
    found = load_papers(claims)
    return [answerable(paper, results) for paper in found] if partial else found


def answerable(paper: Paper, results: str | Path) -> Paper:
    """A paper with those of its claims that the numbers in a results tree can answer."""
    return paper.about({path.stem for path in Path(results, paper.slug).glob("*.csv")})


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
    told = claim.model_dump(include={"id", "by", "where", "statement", "kind", "quantity", "published"})
    told["cell"] = claim.cell is not None
    # With the digits that `write_csv` leaves them: what is shown of a row is the same before and after.
    found = {key: float(f"{getattr(verdict, key):.10g}") for key in ("value", "ci_low", "ci_high")}
    found |= {key: getattr(verdict, key) for key in ("condition", "worst", "verdict")}
    note = " ".join(filter(None, [claim.reading, verdict.note]))
    return {"paper": paper.slug, "artifact": claim.of.artifact, "note": note} | told | found


# ---------------------------------------------------------------------------------------------------------------
# One claim


def judge(claim: Claim, frames: Frames, scale: str, data: Collection[str] = ()) -> Verdict:
    """The verdict on one claim. Rows it asks for that are not there are an error, never a pass.

    Without the data that it needs, or below its scale, its number is measured where the rows are there, and decides
    nothing. `data`: where the images of its paper are from.
    """
    lacks = _lacks(claim, scale, data)
    try:
        cases = _cases(claim, frames)
    except LookupError as error:
        if lacks:
            return Verdict(lacks.verdict, note=f"{lacks.note.rstrip('.')}: here are {error.args[0]}.")
        raise RecomposeError(f"claim {claim.id}: {error.args[0]}") from error
    except ValueError as error:
        raise RecomposeError(f"claim {claim.id}: {error}") from error
    if not cases:
        none = "The number is not defined on these results."
        return replace(lacks, note=f"{lacks.note} {none}") if lacks else Verdict(UNDECIDED, note=none)
    verdict = lacks.verdict if lacks else _together(claim, cases)
    case = cases[min(claim.exceptions, len(cases) - 1)]
    notes = [_bound(case.estimate)]
    if verdict == NEEDS_DATA and lacks:
        notes.append(lacks.note)
    elif verdict == UNDECIDED:
        notes.append(claim.decided_by or (lacks.note if lacks else _decides(case)))
    place = ", ".join(f"{column} = {value}" for column, value in case.group.items())
    worst = place and f"{place} ({f'the worst but {claim.exceptions}' if claim.exceptions else 'the worst'})"
    low, high = case.estimate.interval
    return Verdict(
        verdict, case.estimate.value, low, high, _condition(claim, case.region), worst, " ".join(filter(None, notes))
    )


def _lacks(claim: Claim, scale: str, data: Collection[str]) -> Verdict | None:
    """The verdict on a claim that cannot be judged on such results: data first, then scale."""
    if claim.needs.data and claim.needs.data not in data:
        return Verdict(NEEDS_DATA, note=f"It needs {claim.needs.data}.")
    if SCALES.index(scale) < SCALES.index(claim.needs.scale):
        return Verdict(UNDECIDED, note=f"It needs scale {claim.needs.scale}.")
    return None


def _cases(claim: Claim, frames: Frames) -> list[Case]:
    """The cases that a claim speaks of, the worst first.

    A line that never gets to where it is read says nothing, nor does a ratio to zero.
    """
    generator = numpy_generator("scorecard", claim.id)
    measured = [(group, compared(claim, frames, group, generator)) for group in groups(claim, frames)]
    measured = [(group, found) for group, found in measured if math.isfinite(found.value)]
    if claim.kind == "fit":
        return [_fit(claim, frames, measured)]
    cases = []
    for group, found in measured:
        region = _region(claim, found)
        cases.append(Case(group, found, region, _verdict(claim, found, region)))
    return sorted(cases, key=lambda case: case.room)


def _region(claim: Claim, found: Estimate) -> tuple[float, float]:
    """Where the number has to lie; of a printed number with errors of its own: two of those of the difference."""
    if not claim.uncertain:
        return claim.region
    assert claim.published is not None
    width = 2 * math.hypot(found.error, _error(claim, claim.published))
    return claim.published - width, claim.published + width


def _error(claim: Claim, published: float) -> float:
    """The standard error of a printed number; of an accuracy with one success and one failure more (never zero)."""
    if claim.published_error is not None:
        return claim.published_error
    trials = claim.published_trials
    assert trials is not None
    share = (published * trials + 1) / (trials + 2)
    return math.sqrt(share * (1 - share) / trials)


def _verdict(claim: Claim, found: Estimate, region: tuple[float, float]) -> str:
    """By the whole interval; by the value where the region is made of both numbers' errors.

    An interval that touches a bound is neither inside nor outside, unless the number is exact.
    """
    low, high = region
    if claim.uncertain:
        assert claim.published is not None
        if not low <= found.value <= high:
            return NOT_REPRODUCED
        return REPRODUCED if found.error < COARSE * _error(claim, claim.published) else UNDECIDED
    smallest, largest = found.interval
    smallest = -math.inf if "below" in found.beyond else smallest
    largest = math.inf if "above" in found.beyond else largest
    certain = claim.of.spread == "none" and (claim.against is None or claim.against.spread == "none")
    if (low < smallest and largest < high) or (certain and low <= smallest and largest <= high):
        return REPRODUCED
    if largest < low or smallest > high or (not certain and (largest == low or smallest == high)):
        return NOT_REPRODUCED
    return UNDECIDED


def _fit(claim: Claim, frames: Frames, measured: list[tuple[Group, Estimate]]) -> Case:
    """All the differences to printed numbers as one: their chi-square, which 95 of 100 such sets do not exceed."""
    from scipy.special import chdtri

    assert claim.against is not None
    generator = numpy_generator("scorecard", claim.id, "published")
    square, coarse = 0.0, False
    for group, difference in measured:
        error = _error(claim, estimate(claim.against, frames, group, generator).value)
        square += difference.value**2 / (difference.error**2 + error**2)
        coarse = coarse or difference.error >= COARSE * error
    bound = float(chdtri(len(measured), 0.05))
    verdict = NOT_REPRODUCED if square > bound else UNDECIDED if coarse else REPRODUCED
    return Case({}, exact(np.array([square])), (-math.inf, bound), verdict)


def _together(claim: Claim, cases: list[Case]) -> str:
    """The verdict on all cases: as many as may fail are excused."""
    verdicts = [case.verdict for case in cases]
    if verdicts.count(NOT_REPRODUCED) > claim.exceptions:
        return NOT_REPRODUCED
    return REPRODUCED if len(cases) - verdicts.count(REPRODUCED) <= claim.exceptions else UNDECIDED


def granted(claim: Claim, verdicts: Mapping[str, Verdict]) -> Verdict:
    """The verdict on a claim, among those on what it takes for granted: two methods that fail alike do not agree."""
    verdict = verdicts[claim.id]
    for worse in (NOT_REPRODUCED, UNDECIDED, NEEDS_DATA):
        named = ", ".join(name for name in claim.requires if verdicts[name].verdict == worse)
        if named and verdict.verdict == REPRODUCED:
            what = worse if worse == NEEDS_DATA else f"is {worse}"
            note = f"It takes for granted what {what}: {named}. {verdict.note}".strip()
            verdict = replace(verdict, verdict=worse, note=note)
    return verdict


# ---------------------------------------------------------------------------------------------------------------
# In words


def _condition(claim: Claim, region: tuple[float, float]) -> str:
    """Where the measured number has to lie."""
    low, high = region
    if claim.kind == "fit":
        return f"at most {high:.3g}"
    if claim.published is not None:
        width = f"within {high - claim.published:.3g} of {claim.published:g}"
        return f"{width}, two standard errors of the difference" if claim.uncertain else width
    if math.isfinite(low) and math.isfinite(high):
        return f"within {high:g} of 0" if low == -high else f"between {low:g} and {high:g}"
    return f"at least {low:g}" if math.isfinite(low) else f"at most {high:g}"


def _bound(found: Estimate) -> str:
    ways = " or ".join(sorted(found.beyond))
    return f"A capacity lies beyond the grid: the true value may lie {ways}." if ways else ""


def _decides(case: Case) -> str:
    """How much more data would decide a case, if its value stayed: an interval shrinks with their square root."""
    if case.estimate.beyond:
        return "A wider grid would decide it."
    value, (low, high), (bottom, top) = case.estimate.value, case.estimate.interval, case.region
    if value < bottom:
        needed = _times(high - value, bottom - value)
    elif value > top:
        needed = _times(value - low, value - top)
    else:
        needed = max(_times(value - low, value - bottom), _times(high - value, top - value))
    if needed > MANY:
        return "Its value lies on the bound: no amount of data is likely to decide it."
    return f"About {math.ceil(needed)} times as much data would decide it, if its value stayed where it is."


def _times(reach: float, room: float) -> float:
    return (reach / room) ** 2 if room > 0 else math.inf


# ---------------------------------------------------------------------------------------------------------------
# All of them


def summary(card: pd.DataFrame, numbers: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """For metrics: how many claims of each paper came to which verdict, sentences and cells of tables apart."""
    return {
        str(paper): {
            f"{by} {_counted(cell)}": counts(claims) for (by, cell), claims in group.groupby(["by", "cell"], sort=False)
        }
        | {"headline": numbers[str(paper)]}
        for paper, group in card.groupby("paper")
    }


def _counted(cell: object) -> str:
    return "table cells" if cell else "sentences"


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
            " ".join(map(str, group.values())): estimate(headline.of, frames, group, generator).value
            for group in groups(headline, frames)
        }
    except LookupError:
        return {}


def counts(claims: pd.DataFrame) -> dict[str, int]:
    """How many of these claims came to each verdict."""
    return {verdict.replace(" ", "_"): int((claims.verdict == verdict).sum()) for verdict in VERDICTS}


def markdown(card: pd.DataFrame) -> str:
    """The scorecard as people read it."""
    lines = ["# Scorecard", ""]
    for (paper, by, cell), claims in card.groupby(["paper", "by", "cell"], sort=False):
        told = ", ".join(f"{n} {verdict}" for verdict, n in claims.verdict.value_counts().items())
        whose = "the paper's" if by == "paper" else f"{by}'s"
        lines += [f"## {paper}: {whose} {_counted(cell)}", "", f"{told}.", ""]
        lines += ["| claim | where | quantity | measured [95 %] | reproduced if | case | published | verdict | note |"]
        lines += ["|---|---|---|---|---|---|---|---|---|"]
        for row in claims.to_dict("records"):
            published = "" if pd.isna(row["published"]) else f"{row['published']:g}"
            places = [row["quantity"], measured(row), row["condition"], row["worst"], published]
            cells = [row["statement"], row["where"], *places, row["verdict"], row["note"]]
            lines.append(f"| {' | '.join(str(cell).replace('|', '&#124;') for cell in cells)} |")
        lines.append("")
    return "\n".join(lines)


def measured(row: Mapping[Any, Any]) -> str:
    """A measured number with its interval, as people read it."""
    if pd.isna(row["value"]):
        return ""
    value, low, high = (_number(row[key]) for key in ("value", "ci_low", "ci_high"))
    return value if value == low == high else f"{value} [{low}, {high}]"


def _number(number: float) -> str:
    if 0 < abs(number) < 0.01:
        return f"{number:.2g}"
    return f"{number:.3f}" if abs(number) < 10 else f"{number:.1f}"
