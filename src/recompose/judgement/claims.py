"""The claims a paper makes of its results: strict models, read from `config/claims/<slug>.yaml`.

A claim measures one number with a structured query (never an expression) and says where it has to lie.
Numbers that the paper prints stand in `config/published/<slug>.csv` alone; a claim refers to them.
"""

import itertools
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

import pandas as pd
from pydantic import Field, ValidationError, ValidationInfo, field_validator, model_validator

from recompose.artifacts import Paper as ArtifactTable
from recompose.artifacts import pick
from recompose.blocks import Block, Scale
from recompose.config.reading import read_yaml
from recompose.errors import RecomposeError
from recompose.judgement.findings import Finding
from recompose.papers import papers
from recompose.storage import read_csv

Scalar = str | int | float
Read = Literal["only", "mean", "peak", "breadth", "rise", "fitted_rise", "departure", "rank_correlation", "slowdown"]
PUBLISHED_COLUMNS = ("artifact", "where", "quantity", "value")
"""Of the printed numbers; what else is in a row says what the number is about, and can be bound to a claim."""


class Query(Block):
    """Rows of one artifact's CSV, and how they become one number."""

    artifact: str
    rows: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict)
    """column: value, or a list of values, each of which must be there"""
    without: dict[str, Scalar] = Field(default_factory=dict)
    """column: value that is left out"""
    value: str = ""
    """the measured column; empty: the one that the paper's table of artifacts names"""
    spread: Literal["interval", "shared", "none"] = "interval"
    """each row's `<value>_ci_low` and `<value>_ci_high`, or else `ci_low` and `ci_high`, and rows are independent; the
    same, of rows about the same problems, whose errors add up; none, the value is exact"""
    over: list[str] = Field(default_factory=list, max_length=2)
    """what varies: a column that names runs, sets or classes, which are resampled; or two, of pairs of them"""
    along: str | None = None
    """an axis: the rows of one axis value are averaged, and then the line is read"""
    read: Read = "only"
    """one row is meant; the mean of the rows; or a property of the line (recompose.judgement.estimates.LINES)"""
    best_of: str | None = None
    """a column, for example method: of its values the one with the largest result is taken"""
    minus: "Query | None" = None
    """subtracted at each axis value, before the line is read"""

    @model_validator(mode="after")
    def _what_is_resampled_has_no_other_spread(self) -> Self:
        if self.over and self.spread != "interval":
            raise ValueError(f"spread: {self.spread} beside `over`, which says how the rows vary")
        return self

    @model_validator(mode="after")
    def _line_needs_axis(self) -> Self:
        if (self.read in ("only", "mean")) != (self.along is None):
            raise ValueError(f"read: {self.read} {'takes no' if self.along else 'needs an'} axis (`along`)")
        if self.minus and not self.along:
            raise ValueError("`minus` subtracts along an axis; between two numbers use the claim's `against`")
        return self


class Needs(Block):
    """What a claim needs before it can be judged; without it its number is measured and shown all the same."""

    scale: Scale = "small"
    data: str | None = None
    """a `source` of the paper's images, where a number is of such as cannot be shipped"""


class Cell(Block):
    """Where a printed number stands in its table."""

    row: str
    column: str


class Claim(Block):
    """One claim: what is measured, and where it has to lie, with its whole 95 % interval.

    - `number`: within `tolerance` of what the paper prints; or, where the printed number's own uncertainty is known
      (`published_trials`, `published_error`), within two standard errors of the difference of the two;
    - `fit`: as many numbers beside what the paper prints (`against`) as `each` tells apart, by the chi-square of all;
    - `equivalence`: a difference within `tolerance` of zero;
    - `ordering`: a comparison with another query, between `at_least` and `at_most`;
    - `threshold`: a number by itself, between `at_least` and `at_most`;
    - `trend`: a property of a line along an axis, between `at_least` and `at_most`.
    """

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_.-]*$")
    by: Literal["paper", "recompose"] = "paper"
    statement: str
    where: str
    kind: Literal["number", "fit", "ordering", "threshold", "equivalence", "trend"]
    quantity: str
    """what is measured, with its unit"""
    cell: Cell | None = None
    """of one printed number of a table, which is counted apart from sentences: its row and column"""
    of: Query
    against: Query | None = None
    compare: Literal["difference", "ratio", "gain"] = "difference"
    """of - against, of / against, of / against - 1"""
    each: list[str] = Field(default_factory=list)
    """columns: the claim has to hold for each of their combinations, and the worst one is reported"""
    exceptions: int = Field(0, ge=0)
    """so many combinations may fail"""
    published: float | None = None
    published_trials: int | None = Field(None, gt=0)
    """of a printed accuracy: how many trials it is the mean of"""
    published_error: float | None = Field(None, gt=0)
    """of any other printed number: its standard error"""
    tolerance: float | None = Field(None, gt=0)
    at_least: float | None = None
    at_most: float | None = None
    requires: list[str] = Field(default_factory=list)
    """ids of claims that the sentence takes for granted: unless they are reproduced, this one is not either"""
    reading: str = ""
    """how the words were read, where they leave a choice"""
    decided_by: str = ""
    """what would decide it, where more of the same would not"""
    needs: Needs = Needs()

    @model_validator(mode="after")
    def _kind_has_its_keys(self) -> Self:
        bounds = self.at_least is not None or self.at_most is not None
        widths = [self.tolerance, self.published_trials, self.published_error]
        told = sum(each is not None for each in widths)
        wrong = {
            "number": self.published is None or told != 1 or bounds,
            "fit": self.against is None or not self.each or self.published_trials is None or told != 1 or bounds,
            "equivalence": self.tolerance is None or self.published is not None or bounds,
            "ordering": self.against is None or not bounds,
            "threshold": self.against is not None or not bounds,
            "trend": self.of.along is None or not bounds,
        }[self.kind]
        if wrong:
            raise ValueError(f"a claim of kind {self.kind} lacks a key or has one too many")
        return self

    @property
    def uncertain(self) -> bool:
        """Whether the printed number has errors of its own, which decide beside those of the measured one."""
        return self.published is not None and self.tolerance is None

    @property
    def region(self) -> tuple[float, float]:
        """Where the measured number has to lie; for a printed number's own errors its interval decides, too."""
        if self.tolerance is not None:
            centre = self.published or 0.0
            return centre - self.tolerance, centre + self.tolerance
        low = float("-inf") if self.at_least is None else self.at_least
        return low, float("inf") if self.at_most is None else self.at_most


class Headline(Block):
    """A number that tells the results in short, for each combination of the values of some columns."""

    of: Query
    each: list[str]


class Paper(Block):
    """One file of claims: what the paper is, and what it claims."""

    slug: str
    title: str
    citation: str
    data: str
    """what the results were measured on; every stand-in is named"""
    headline: dict[str, Headline] = Field(default_factory=dict)
    """what `dvc metrics` compares"""
    claims: list[Claim]
    asks: str = ""
    """the paper's question, in one sentence"""
    findings: list[Finding] = Field(default_factory=list)
    """what matters most of its results, favourable or not"""

    def about(self, artifacts: Collection[str]) -> "Paper":
        """The same paper with what asks these artifacts alone of its claims and headline numbers."""
        kept = [claim for claim in self.claims if _artifacts_of(claim) <= set(artifacts)]
        ids = {claim.id for claim in kept}
        headline = {name: entry for name, entry in self.headline.items() if entry.of.artifact in artifacts}
        claims = [claim for claim in kept if ids.issuperset(claim.requires)]
        known = {claim.id for claim in self.claims}
        left = {claim.id for claim in claims}
        findings = [
            finding
            for finding in self.findings
            if finding.claims_among(known) <= left and finding.headlines_among(known) <= set(headline)
        ]
        return self.model_copy(update={"claims": claims, "headline": headline, "findings": findings})

    @field_validator("claims")
    @classmethod
    def _ids_are_unique_and_known(cls, claims: list[Claim]) -> list[Claim]:
        ids = [claim.id for claim in claims]
        twice = sorted({name for name in ids if ids.count(name) > 1})
        if twice:
            raise ValueError(f"ids given twice: {', '.join(twice)}")
        unknown = sorted({name for claim in claims for name in claim.requires} - set(ids))
        if unknown:
            raise ValueError(f"claims required but not there: {', '.join(unknown)}")
        return claims

    @field_validator("findings")
    @classmethod
    def _findings_name_what_is_there(cls, findings: list[Finding], info: ValidationInfo) -> list[Finding]:
        if "claims" in info.data and "headline" in info.data:
            ids = [claim.id for claim in info.data["claims"]]
            for finding in findings:
                finding.require_known(ids, info.data["headline"])
        return findings


def _artifacts_of(claim: Claim) -> set[str]:
    """The artifacts that a claim asks."""
    queries = [query for query in (claim.of, claim.against) if query]
    return {each.artifact for query in queries for each in (query, query.minus) if each}


def load_papers(folder: str | Path) -> list[Paper]:
    """Every paper's file of claims, with the numbers of `published/<slug>.csv` beside the folder filled in."""
    folder = Path(folder)
    files = sorted(folder.glob("*.yaml"))
    if not files:
        raise RecomposeError(f"{folder}: no claims (*.yaml) found")
    found = [load_paper(file, folder.parent / "published" / f"{file.stem}.csv") for file in files]
    return sorted(found, key=lambda paper: papers()[paper.slug].number)


def load_paper(file: Path, published: Path) -> Paper:
    """One file of claims."""
    content, mistakes = read_yaml(Path(), file.as_posix())
    if mistakes:
        raise RecomposeError("\n".join(mistakes))
    if not isinstance(content.get("claims"), list):
        raise RecomposeError(f"{file}: expected a mapping with a list `claims`")
    table = pick(papers(), file.stem, "paper of this project")
    printed = published.exists()  # a paper may print no number
    numbers = read_csv(published, PUBLISHED_COLUMNS) if printed else pd.DataFrame(columns=list(PUBLISHED_COLUMNS))
    try:
        claims = [claim for entry in content["claims"] for claim in _expand(entry, numbers)]
        told = Paper.model_validate({**content, "slug": file.stem, "claims": claims})
        return told.model_copy(
            update={
                "claims": [_with_values(claim, table) for claim in told.claims],
                "headline": {name: _with_values(entry, table) for name, entry in told.headline.items()},
            }
        )
    except ValidationError as error:
        lines = (f"{file}: {_place(fault['loc'], claims)}: {fault['msg']}" for fault in error.errors())
        raise RecomposeError("\n".join(lines)) from error
    except (KeyError, ValueError, RecomposeError) as error:
        raise RecomposeError(f"{file}: {error}") from error


Asking = TypeVar("Asking", Claim, Headline, Query)


def _with_values(asking: Asking, table: ArtifactTable) -> Asking:
    """Queries that name no column get the one that their artifact's numbers stand in."""
    update: dict[str, Any] = {
        key: _with_values(query, table)
        for key in type(asking).model_fields
        if isinstance(query := getattr(asking, key), Query)
    }
    if isinstance(asking, Query):
        declared = table.artifact(asking.artifact)  # also where a column is named: an unknown artifact is a mistake
        update["value"] = asking.value or declared.value
    return asking.model_copy(update=update)


def _place(location: tuple[int | str, ...], claims: list[dict[str, Any]]) -> str:
    """Where a mistake stands, with the claim's name instead of its number."""
    names = list(map(str, location))
    if location[:1] == ("claims",) and len(location) > 1 and isinstance(location[1], int):
        names[:2] = [f"claim {claims[location[1]].get('id', location[1])}"]
    return ".".join(names)


def _expand(entry: dict[str, Any], numbers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """One claim for each published number or each combination of the listed values; else the entry itself.

    `{name}` in any text stands for the bound value. `published: {column: value}` is looked up in the CSV.
    """
    template = {key: value for key, value in entry.items() if key != "for_each"}
    for binding in _bindings(entry.get("for_each", {}), numbers):
        claim = _fill(template, binding)
        if isinstance(claim.get("published"), dict):
            found = _match(numbers, claim["published"])
            if len(found) != 1:
                raise ValueError(f"claim {claim.get('id')}: published matches {len(found)} numbers, one is meant")
            claim["published"] = float(found["value"].iloc[0])
        yield claim


def _bindings(for_each: dict[str, Any], numbers: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """What the names in a template stand for; `label` is the method's name as the papers print it."""
    if "published" in for_each:
        for row in _match(numbers, for_each["published"]).to_dict("records"):
            named = {str(key): value for key, value in row.items() if not pd.isna(value)}
            whole = {key: int(value) for key, value in named.items() if isinstance(value, float) and value.is_integer()}
            yield {**named, **whole, "label": _label(named.get("method", ""))}
    else:
        for values in itertools.product(*for_each.values()):
            named = dict(zip(for_each, values, strict=True))
            yield {**named, "label": _label(named.get("method", ""))}


def _label(method: str) -> str:
    return method.replace("_", " ").upper()


def _match(numbers: pd.DataFrame, rows: Mapping[str, Scalar]) -> pd.DataFrame:
    found = numbers
    for column, value in rows.items():
        found = found[found[column] == value]
    if found.empty:
        raise ValueError(f"no published number with {rows}")
    return found


def _fill(value: Any, binding: dict[str, Any]) -> Any:
    """Replace `{name}` in every text; a text that is nothing else becomes the bound value with its type."""
    if isinstance(value, dict):
        return {key: _fill(item, binding) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, binding) for item in value]
    if not isinstance(value, str) or not binding:
        return value
    alone = re.fullmatch(r"\{(\w+)\}", value)
    return binding[alone[1]] if alone else value.format(**binding)
