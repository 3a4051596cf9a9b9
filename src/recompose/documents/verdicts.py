"""The table of verdicts in README.md, made from the reference results."""

from pathlib import Path

from recompose.errors import RecomposeError
from recompose.judgement.findings import VERDICTS
from recompose.papers import papers
from recompose.storage import read_json

BEGIN = "<!-- made from results/reference/small/scorecard.json: recompose config verdicts -->\n"
END = "<!-- /verdicts -->"
_COUNTED = {"paper sentences": "sentences", "paper table cells": "printed cells"}


def verdicts(readme: Path = Path("README.md"), reference: Path = Path("results/reference/small/scorecard.json")) -> str:
    """README.md with its table renewed: the verdicts of each paper, sentences and printed cells apart.

    Raises RecomposeError where the two comments around the table are not there.
    """
    before, begin, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        raise RecomposeError(f"{readme}: the table of verdicts has to stand between {BEGIN.strip()} and {END}")
    return "".join([before, begin, _table(read_json(reference)), end, after])


def _table(counted: dict[str, dict[str, dict[str, int]]]) -> str:
    """A row for each group of claims; only the first of a paper names it."""
    lines = [f"| paper | | {' | '.join(VERDICTS)} |", f"|---|---|{'---:|' * len(VERDICTS)}"]
    for slug, paper in papers().items():
        if slug not in counted:
            continue
        name = f"{paper.number}. [{paper.name}](docs/findings.md#paper-{paper.number})"
        for group, what in _COUNTED.items():
            if numbers := counted[slug].get(group):
                found = [str(numbers[verdict.replace(" ", "_")]) for verdict in VERDICTS]
                lines.append(f"| {name} | {what} | {' | '.join(found)} |")
                name = ""
    return "\n".join([*lines, ""])
