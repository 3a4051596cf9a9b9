"""Run a paper's notebook on a results tree and turn it into one HTML file that needs no network.

A notebook reads results and computes nothing: its numbers come through a `Reader`, never from a keyboard. Its verdicts
are those of the scorecard, on one paper: it need not wait for the others.
"""

import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from recompose.errors import RecomposeError
from recompose.judgement.claims import load_paper
from recompose.judgement.scorecard import COLUMNS, NOT_REPRODUCED, answerable, judged, measured, scale_of
from recompose.papers import papers
from recompose.storage import read_csv, write_text
from recompose.workflow.provenance import caption, sources

NOTEBOOKS = Path("workflow/notebooks")
CLAIMS = Path("config/claims")

NOT_MADE = "– (not made by this run)"
"""Of an artifact that was not chosen."""

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ max-width: 60rem; margin: 2rem auto; padding: 0 1.25rem; font: 16px/1.55 system-ui, sans-serif; }}
h1, h2, h3 {{ line-height: 1.25; }} h2 {{ margin-top: 2.8rem; }} .anchor-link {{ display: none; }}
img {{ max-width: 100%; height: auto; background: #fff; border-radius: .4rem; }}
div:has(> table) {{ overflow-x: auto; }} table {{ border-collapse: collapse; font-size: .85rem; }}
th, td {{ padding: .25rem .6rem; text-align: left; border-bottom: 1px solid #8886; white-space: nowrap; }}
blockquote {{ margin: .6rem 0; padding-left: 1rem; border-left: .25rem solid #8888; }}
</style>
</head>
<body>
<main>
{body}
</main>
</body>
</html>
"""


def run_notebook(paper: str, results: str | Path, output: str | Path, claims: str | Path = CLAIMS) -> None:
    """Execute a paper's notebook with the parameters `results` and `claims`; write HTML, its code hidden."""
    import papermill
    from nbconvert import HTMLExporter

    source = NOTEBOOKS / f"{paper}.ipynb"
    if not source.exists():
        raise RecomposeError(f"{source}: no such notebook; run this in the folder of the repository")
    parameters = {"results": str(results), "claims": str(claims)}
    known = papermill.inspect_notebook(str(source))
    unknown = sorted(parameters.keys() - known.keys())
    if unknown:  # papermill itself would only warn
        raise RecomposeError(f"{source}: no parameter {', '.join(unknown)} in the cell tagged parameters")
    executed = papermill.execute_notebook(
        str(source),
        None,  # kept in memory: people read the HTML
        parameters=parameters,
        kernel_name="python3",
        progress_bar=False,
        log_output=True,
    )
    for number, cell in enumerate(executed.cells):
        cell.id = f"cell-{number}"  # that of the injected parameters is random; equal results give equal bytes
    # The basic template brings no MathJax, require.js or fonts, which others fetch from a network.
    exporter = HTMLExporter(  # type: ignore[no-untyped-call]
        template_name="basic", exclude_input=True, exclude_output_prompt=True, filters={"markdown2html": _as_html}
    )
    body, _ = exporter.from_notebook_node(executed)
    write_text(_PAGE.format(title=html.escape(f"recompose: {paper}"), body=body), output)


def _as_html(markdown: str) -> str:
    """Markdown as HTML. A tag in it is a text like any other: claims, captions and tables bring none."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=True)).render(markdown))


class Reader:
    """What a notebook shows of one paper's results."""

    def __init__(self, paper: str, results: str | Path, claims: str | Path) -> None:
        self.scale = scale_of(results)
        self.folder, self.config = Path(results) / paper, Path(claims).parent
        self.table_of = papers()[paper]
        self.paper = load_paper(Path(claims) / f"{paper}.yaml", self.config / "published" / f"{paper}.csv")
        rows = judged(answerable(self.paper, results), results, sources(results, self.table_of))
        self.card = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"cell": bool})

    def number(self, artifact: str, value: str = "", **rows: Any) -> str:
        """One number of an artifact, its own one with the interval, or a dash where this scale does not measure it."""
        own = self.table_of.artifact(artifact).value
        value = value or own
        if not (self.folder / f"{artifact}.csv").exists():
            return NOT_MADE
        frame = read_csv(self.folder / f"{artifact}.csv", [value, *rows])
        for column, wanted in rows.items():
            frame = frame[frame[column] == wanted]
        if len(frame) > 1:
            raise RecomposeError(f"{artifact}.csv: {len(frame)} rows with {rows}, one is meant")
        if frame.empty:
            return "– (not measured at this scale)"
        row = frame.iloc[0]
        exact = {"ci_low", "ci_high"} - set(frame.columns) or value != own
        return f"{row[value]:,.4g}" if exact else measured({**row, "value": row[value]})

    def claim(self, name: str) -> str:
        """A claim with its verdict and what it came to."""
        found = self.card[self.card.id == name]
        if found.empty and any(claim.id == name for claim in self.paper.claims):
            return NOT_MADE
        if len(found) != 1:
            raise RecomposeError(f"{len(found)} claims named {name}, one is meant")
        return _line(found.to_dict("records")[0])

    def claims(self, artifact: str) -> str:
        """The paper's claims on an artifact; where it prints many numbers, these are counted."""
        card = self.card[(self.card.artifact == artifact) & (self.card.by == "paper")]
        numbers = card[card.cell]
        counted = numbers if len(numbers) > 8 else numbers.head(0)
        lines = [_line(row) for row in card.drop(counted.index).to_dict("records")]
        if len(counted):
            lines.append(f"Printed numbers: {_counts(counted)}.")
            missed = counted[counted.verdict == NOT_REPRODUCED]
            lines += [_line(row) for row in missed.to_dict("records")]
        return "\n".join(f"- {line}" for line in lines)

    def summary(self) -> str:
        """How many claims came to which verdict."""
        own, ours = self.card[self.card.by == "paper"], self.card[self.card.by != "paper"]
        cells = f" Printed cells of tables: {_counts(own[own.cell])}." if own.cell.any() else ""
        return f"The paper's sentences: {_counts(own[~own.cell])}.{cells} This project's: {_counts(ours)}."

    def figure(self, artifact: str) -> Any:
        """The figure, described by the paper's caption."""
        from IPython.display import Image, Markdown

        if not (self.folder / f"{artifact}.png").exists():
            return Markdown(NOT_MADE)  # type: ignore[no-untyped-call]
        return Image(  # type: ignore[no-untyped-call]
            filename=str(self.folder / f"{artifact}.png"), alt=self._caption(artifact)
        )

    def caption(self, artifact: str) -> str:
        """What the paper says the figure shows."""
        return f"> {self._caption(artifact)}"

    def _caption(self, artifact: str) -> str:
        return caption(self.table_of, self.table_of.artifact(artifact), self.folder.parent)

    def table(self, artifact: str) -> str:
        """The table as people read it."""
        path = self.folder / f"{artifact}.md"
        return path.read_text(encoding="utf-8") if path.exists() else NOT_MADE

    def notes(self, name: str) -> str:
        """A CSV below config/ that was written beside the results, as a table; a word where there is none."""
        path = self.config / name
        if not path.exists():
            return "Nothing has been recorded."
        return str(read_csv(path).to_markdown(index=False, floatfmt=".3f"))


def _counts(claims: pd.DataFrame) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in claims.verdict.value_counts().items()) or "none"


def _line(row: Mapping[Any, Any]) -> str:
    number = measured(row)
    return f"**{row['verdict']}**: {row['statement']}" + (f" {row['quantity']}: {number}." if number else "")
