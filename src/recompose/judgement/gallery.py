"""What the page opens with: of each paper its findings, filled in, small pictures, printed cells as a heat map."""

import base64
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from recompose.errors import RecomposeError, nearest
from recompose.judgement.claims import Paper
from recompose.judgement.findings import Finding, pieces
from recompose.judgement.scorecard import NEEDS_DATA, NOT_REPRODUCED, UNDECIDED, measured

THUMBNAIL = (360, 240)
"""pixels of a small picture, at most: twice what it takes on the page"""
STEPS = (0.5, 1.5, 3.0)
"""half widths of its interval by which a measured number is off the printed one, where the colours change"""

Row = Mapping[Any, Any]


@dataclass(frozen=True)
class Told:
    """A finding on one tree's results: text and numbers by turns, and the claims that it stands on."""

    parts: list[tuple[str, bool]]
    """a text, and whether it is a number that was filled in"""
    claims: list[Row]
    changed: list[Row]
    """those that came out otherwise: unless there are none, the sentence does not hold here"""


def told(paper: Paper, card: pd.DataFrame, headline: Mapping[str, Mapping[str, float]]) -> list[Told]:
    """The findings of a paper whose numbers are there: in a tree with some artifacts only, some are not."""
    rows = {row["id"]: row for row in card.to_dict("records")}
    ids = [claim.id for claim in paper.claims]
    return [
        _told(finding, rows, headline)
        for finding in paper.findings
        if finding.claims_among(ids) <= set(rows) and finding.headlines_among(ids) <= set(headline)
    ]


def _told(finding: Finding, rows: Mapping[str, Row], headline: Mapping[str, Mapping[str, float]]) -> Told:
    parts = [
        (text, False) if name is None else (_number(name, form, rows, headline), True)
        for text, name, form in pieces(finding.says)
        if text or name is not None
    ]
    changed = [rows[name] for name, verdict in finding.given.items() if rows[name]["verdict"] != verdict]
    return Told(parts, [rows[name] for name in finding.given], changed)


def _number(name: str, form: str, rows: Mapping[str, Row], headline: Mapping[str, Mapping[str, float]]) -> str:
    """What a placeholder stands for."""
    if name in rows:
        value = rows[name]["value"]
        if pd.isna(value):
            return "(not measured)"
        return _spaced(format(float(value), form)) if form else measured(rows[name])
    number, _, case = name.partition(".")
    if case not in headline[number]:
        raise RecomposeError(f"findings: {{{name}}}: no such case of {number}; {nearest(case, headline[number])}")
    return _spaced(format(headline[number][case], form or ".3f"))


def _spaced(number: str) -> str:
    """With a space before the sign of percents."""
    return number.replace("%", "\u00a0%")


def title(artifact: str) -> str:
    """How the page calls an artifact.

    >>> title("figure2"), title("rooms_weights")
    ('Figure 2', 'Rooms weights')
    """
    return re.sub(r"(?<=[a-z])(?=\d)", " ", artifact.replace("_", " ")).capitalize()


def thumbnail(picture: Path) -> str:
    """A PNG made small, as a data URL of few colours, the same bytes for the same picture."""
    with Image.open(picture) as image:
        small = image.convert("RGB")
        small.thumbnail(THUMBNAIL, Image.Resampling.LANCZOS)
    content = io.BytesIO()
    small.quantize(64, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(content, "png", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(content.getvalue()).decode()}"


@dataclass(frozen=True)
class HeatMap:
    """The printed numbers of one table: what was measured in each cell, and how far that is from what is printed."""

    artifact: str
    title: str
    quantity: str
    """what its cells measure; of several quantities all of them"""
    columns: list[str]
    rows: list[tuple[str, list[dict[str, Any] | None]]]
    """the name of a row, and its cells in the order of the columns; None where the paper prints nothing"""


def heat_maps(paper: Paper, claims: list[dict[str, Any]]) -> list[HeatMap]:
    """One for each table of which single cells are claimed; `claims` are those of the paper as the page shows them."""
    places = {claim.id: claim.cell for claim in paper.claims if claim.cell}
    tables: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
    for claim in claims:
        if place := places.get(claim["id"]):
            cells = tables.setdefault(claim["artifact"], {})
            cells[place.row, place.column] = claim | _off(claim)
    return [
        HeatMap(
            artifact,
            title(artifact),
            ", ".join(dict.fromkeys(cell["quantity"] for cell in cells.values())),
            # A heading breaks between its parts, never at a sign.
            [column.replace(" = ", "\u00a0=\u00a0") for column in columns],
            [(row, [cells.get((row, column)) for column in columns]) for row in rows],
        )
        for artifact, cells in tables.items()
        for rows in [list(dict.fromkeys(row for row, _ in cells))]
        for columns in [list(dict.fromkeys(column for _, column in cells))]
    ]


def _off(claim: Row) -> dict[str, Any]:
    """How far a cell is from what is printed: a step of the colours, up or down, and a mark that needs no colour."""
    shown = {"shown": claim["measured"].partition(" ")[0]}
    if claim["verdict"] == NEEDS_DATA:  # measured on other data it is not compared
        return shown | {"step": 0, "mark": "*"}
    if claim["value"] == "" or claim["published"] == "":
        return shown | {"step": 0, "mark": "?"}
    difference = claim["value"] - float(claim["published"])
    half = (claim["ci_high"] - claim["ci_low"]) / 2
    size = sum(abs(difference) > step * half for step in STEPS)
    up = difference > 0
    mark = {NOT_REPRODUCED: "▲" if up else "▼", UNDECIDED: "?"}.get(claim["verdict"], "")
    return shown | {"step": size if up else -size, "mark": mark}
