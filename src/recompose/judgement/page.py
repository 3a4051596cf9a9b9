"""The page: one offline file with the scorecard, each figure beside its claims, and all provenance."""

import base64
import itertools
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from PIL import Image

from recompose.judgement.claims import Paper, load_papers
from recompose.judgement.findings import VERDICTS
from recompose.judgement.gallery import heat_maps, thumbnail, title, told
from recompose.judgement.scorecard import counts, measured, scale_of
from recompose.judgement.templates import render_template
from recompose.papers import papers
from recompose.storage import read_csv, read_json
from recompose.workflow.provenance import caption, read_manifest

SCORECARD_COLUMNS = (
    "paper", "id", "by", "where", "statement", "kind", "cell", "artifact", "quantity", "condition", "worst", "verdict",
    "note",
)  # fmt: skip
_MIME = {".svg": "image/svg+xml", ".png": "image/png"}


@dataclass(frozen=True)
class Table:
    """A table of an artifact's Markdown file: groups of columns with their widths, headings, rows, legend."""

    groups: list[tuple[str, int]]
    headings: list[str]
    rows: list[list[tuple[str, str]]]
    legend: str


def render(results: str | Path, claims: str | Path = Path("config/claims")) -> str:
    """The page of one results tree as HTML. Its links are relative to the tree's folder."""
    results = Path(results)
    card = read_csv(results / "scorecard.csv", SCORECARD_COLUMNS)
    manifest = read_manifest(results)
    numbers = read_json(results / "scorecard.json") if (results / "scorecard.json").exists() else {}
    papers = [
        _paper(paper, card[card.paper == paper.slug], results, manifest)
        | {"findings": told(paper, card[card.paper == paper.slug], numbers.get(paper.slug, {}).get("headline", {}))}
        for paper in load_papers(claims)
    ]
    return render_template(
        "page.html.j2",
        scale=scale_of(results),
        papers=papers,
        claims=[claim for paper in papers for claim in paper["claims"] if not claim["cell"]],
        verdicts=VERDICTS,
        files=[
            {"name": name, "link": name}
            for name in ("scorecard.csv", "scorecard.md", "manifest.json")
            if (results / name).exists()
        ],
        record=_flatten(manifest.get("scorecard.csv", {})),
        commit=next((entry.get("commit") for entry in manifest.values() if entry.get("commit")), None),
        edited=any(entry.get("dirty") for entry in manifest.values()),
    )


def _paper(paper: Paper, card: pd.DataFrame, results: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    folder, table = results / paper.slug, papers()[paper.slug]
    shown = [each for each in table.artifacts if each.forms and (folder / f"{each.name}.csv").exists()]
    # A claim about numbers that nothing shows by themselves stands beside what is made from them.
    beside = {source: each.name for each in reversed(shown) for source in each.sources} | {
        each.name: each.name for each in shown
    }
    claims = [_claim(row, beside.get(row["artifact"], "")) for row in card.to_dict("records")]
    notebook = results / "notebooks" / f"{paper.slug}.html"
    return {
        "slug": paper.slug,
        "number": table.number,
        "name": table.name,
        "asks": paper.asks,
        "title": paper.title,
        "citation": paper.citation,
        "data": paper.data,
        "claims": claims,
        "counts": [
            (by, bool(cell), list(zip(VERDICTS, counts(told).values(), strict=True)))
            for (by, cell), told in card.groupby(["by", "cell"], sort=False)
        ],
        "heat_maps": heat_maps(paper, claims),
        "notebook": f"notebooks/{notebook.name}" if notebook.exists() else None,
        "artifacts": [
            _artifact(artifact.name, caption(table, artifact, results), folder, manifest)
            | {"claims": [claim for claim in claims if claim["beside"] == artifact.name]}
            for artifact in shown
        ],
    }


def _claim(row: Mapping[Any, Any], beside: str) -> dict[str, Any]:
    """A claim as the page shows it, beside one of the artifacts; or, where none is there, in the list alone."""
    return {str(key): "" if pd.isna(value) else value for key, value in row.items()} | {
        "measured": measured(row),
        "published": "" if pd.isna(row["published"]) else f"{row['published']:g}",
        "beside": beside,
        "anchor": f"{row['paper']}-{beside}" if beside else "",
    }


def _artifact(name: str, caption: str, folder: Path, manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Everything the page shows of one artifact; what is not there is left out."""
    files = [folder / f"{name}{suffix}" for suffix in (".csv", ".md", ".svg", ".png")]
    pictures = [file for file in files[2:] if file.exists()]
    picture = next(iter(pictures), None)
    table = files[1].read_text(encoding="utf-8") if files[1].exists() else None
    return {
        "name": name,
        "title": title(name),
        "caption": caption,
        "picture": _embed(picture) if picture else None,
        "thumbnail": thumbnail(pictures[-1]) if pictures and pictures[-1].suffix == ".png" else None,
        "wide": bool(picture and _is_wide(picture)),
        "table": parse_table(table) if table else None,
        "links": [{"name": file.name, "link": f"{folder.name}/{file.name}"} for file in files if file.exists()],
        "records": [
            (file.name, _flatten(manifest[f"{folder.name}/{file.name}"]))
            for file in files
            if f"{folder.name}/{file.name}" in manifest
        ],
    }


def _embed(picture: Path) -> str:
    content = base64.b64encode(picture.read_bytes()).decode()
    return f"data:{_MIME[picture.suffix]};base64,{content}"


def _is_wide(picture: Path) -> bool:
    """Whether claims go below a figure, because several panels in a row would be too small beside them."""
    if picture.suffix == ".png":
        with Image.open(picture) as image:
            return image.width > 1.8 * image.height
    box = re.search(rb'viewBox="0 0 ([\d.]+) ([\d.]+)"', picture.read_bytes()[:2000])
    return box is not None and float(box[1]) > 1.8 * float(box[2])


def _flatten(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """A record of provenance as lines; the hashes of single modules stay in the manifest."""
    shown = {key: value for key, value in record.items() if key not in ("module_hashes", "path")}
    return [
        (key.replace("_", " "), value if isinstance(value, str) else json.dumps(value))
        for key, value in shown.items()
        if value not in (None, {}, [])
    ]


def parse_table(markdown: str) -> Table:
    """A Markdown table and its legend. Headings `group, column` share a group, `(published)` is split off.

    >>> parse_table("| Model | K = 2, m = 2 |\\n|---|---:|\\n| ALS | 0.9 ± 0.1 (0.8) |\\n").rows
    [[('ALS', ''), ('0.9 ± 0.1', '(0.8)')]]
    """
    lines = markdown.strip().splitlines()
    cells = [[cell.strip() for cell in line[2:-2].split(" | ")] for line in lines if line.startswith("|")]
    parted = [heading.rpartition(", ") for heading in cells[0]]
    groups = [(group, len(list(same))) for group, same in itertools.groupby(part[0] for part in parted)]
    rows = [[_split(cell) for cell in row] if any(row) else [] for row in cells[2:]]
    legend = " ".join(line for line in lines if line and not line.startswith("|"))
    return Table(groups, [part[2] for part in parted], rows, legend)


def _split(cell: str) -> tuple[str, str]:
    match = re.fullmatch(r"(.*\S) (\([\d.]+\))", cell)
    return (match[1], match[2]) if match else (cell, "")
