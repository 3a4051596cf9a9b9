"""How two results trees differ: what they were made by, which numbers moved, which verdicts turned."""

import itertools
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

import pandas as pd

from recompose import artifacts as tables
from recompose.errors import RecomposeError
from recompose.judgement.findings import VERDICTS
from recompose.judgement.movements import CHANCE, Artifact, compare_frames, require_numbers
from recompose.judgement.scorecard import measured
from recompose.judgement.templates import render_template
from recompose.papers import papers
from recompose.storage import read_csv
from recompose.workflow.provenance import MANIFEST, read_records, setting_differences

SCORECARD = "scorecard.csv"


@dataclass(frozen=True)
class Comparison:
    """Everything that is told of two results trees; pairs are of the first and the second tree."""

    trees: tuple[str, str]
    facts: list[tuple[str, str, str]]
    """what they were made by: its name, and how it stands in either tree"""
    settings: list[tuple[str, str, str]]
    """key, and its values"""
    only: tuple[list[str], list[str]]
    """artifacts that the other tree does not have"""
    unknown: list[str]
    """files that are no artifacts of this version, which are not compared"""
    artifacts: list[Artifact]
    """those that moved most come first"""
    claims: int
    """in both trees"""
    turned: list[dict[str, Any]]
    """claims with another verdict"""
    claims_only: tuple[list[str], list[str]]
    """claims that the other tree does not have"""

    @property
    def matched(self) -> int:
        """Rows that both trees have."""
        return sum(artifact.matched for artifact in self.artifacts)

    @property
    def changed(self) -> int:
        """Those of them in which a number moved."""
        return sum(artifact.changed for artifact in self.artifacts)

    @property
    def judged(self) -> int:
        """Their numbers with a standard error."""
        return sum(artifact.judged for artifact in self.artifacts)

    @property
    def alike(self) -> bool:
        """Whether both trees are of one scale and one configuration; else more moves than by chance."""
        return not self.settings and all(before == after for name, before, after in self.facts if name == "scale")

    @property
    def totals(self) -> list[tuple[int, int, str]]:
        """Standard errors, how many numbers moved by more, and how many would by chance."""
        return [
            (level, sum(artifact.beyond[level] for artifact in self.artifacts), f"{self.judged * chance:.1f}")
            for level, chance in CHANCE.items()
        ]


def compare(first: str | Path, second: str | Path) -> Comparison:
    """Compare two results trees, also of other scales, commits or machines."""
    trees = Path(first), Path(second)
    _require_whole(trees)
    manifests = [read_records(tree) for tree in trees]
    facts, settings = _provenance(trees, manifests)
    here, there = ({path.relative_to(tree).as_posix() for path in tree.glob("*/*.csv")} for tree in trees)
    known = {f"{slug}/{each.name}.csv": each for slug, paper in papers().items() for each in paper.artifacts}
    artifacts = [_compare_artifact(trees, name, known[name]) for name in sorted(here & there & known.keys())]
    claims, turned, claims_only = _compare_claims(trees)
    return Comparison(
        trees=(str(first), str(second)),
        facts=facts,
        settings=settings,
        only=(_names(here - there), _names(there - here)),
        unknown=_names((here & there) - known.keys()),
        artifacts=sorted(artifacts, key=_order),
        claims=claims,
        turned=turned,
        claims_only=claims_only,
    )


def _names(files: Iterable[str]) -> list[str]:
    return sorted(file.removesuffix(".csv") for file in files)


def _require_whole(trees: Iterable[Path]) -> None:
    """Name what a tree lacks, a line for each tree."""
    faults = []
    for tree in trees:
        missing = [name for name in (MANIFEST, SCORECARD) if not (tree / name).exists()]
        if not tree.is_dir():
            faults.append(f"{tree}: no such folder; name a results tree, for example results/small")
        elif missing:
            faults.append(f"{tree}: no {' and no '.join(missing)}; the workflow writes them: snakemake --cores all")
    if faults:
        raise RecomposeError("\n".join(faults))


def _order(artifact: Artifact) -> tuple[float, float, str]:
    sizes = [abs(moved.size) if moved else 0.0 for moved in (artifact.largest, artifact.relative)]
    return -sizes[0], -sizes[1], artifact.name


# What the trees were made by


def _provenance(
    trees: Sequence[Path], manifests: Sequence[Mapping[str, Mapping[str, Any]]]
) -> tuple[list[tuple[str, str, str]], list[tuple[str, str, str]]]:
    """Facts and settings of two manifests; settings are compared where both trees have the artifact."""
    facts = [_facts(tree, manifest) for tree, manifest in zip(trees, manifests, strict=True)]
    names = dict.fromkeys(itertools.chain(*facts))
    before, after = ([", ".join(sorted(fact.get(name, {}))) or "unknown" for name in names] for fact in facts)
    here, there = manifests
    settings: dict[str, tuple[str, str]] = {}
    for artifact in here.keys() & there.keys():
        made, other = here[artifact], there[artifact]
        paper = f"{made['paper']}." if made.get("paper") else ""
        for key, *values in setting_differences(made.get("settings", {}), other.get("settings", {})):
            if key != "scale":  # one of the facts
                settings[f"{paper}{key}"] = values[0], values[1]
    told = list(zip(names, before, after, strict=True))
    return told, [(key, *values) for key, values in sorted(settings.items())]


def _facts(tree: Path, manifest: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, None]]:
    """What a manifest says of all of its artifacts: a fact's name, and the values it has, each once."""
    found: dict[str, dict[str, None]] = {"scale": {}, "commit": {}, "device": {}}
    for artifact, entry in manifest.items():
        try:
            commit = str(entry.get("commit") or "")[:10]
            known = {
                "scale": entry.get("settings", {}).get("scale"),
                "commit": commit + (" (edited)" if entry.get("dirty") else "") if commit else None,
                "device": entry.get("device"),
                **entry.get("versions", {}),
            }
        except (AttributeError, TypeError) as error:
            path = tree / MANIFEST
            raise RecomposeError(f"{path}: the entry of {artifact} is not whole; delete it and run again") from error
        for name, value in known.items():
            if value is not None:
                found.setdefault(name, {})[str(value)] = None
    return found


# Which numbers moved


def _compare_artifact(trees: Sequence[Path], name: str, declared: tables.Artifact) -> Artifact:
    paths = [tree / name for tree in trees]
    frames = [read_csv(path) for path in paths]
    require_numbers(frames, paths)
    return compare_frames(frames[0], frames[1], name.removesuffix(".csv"), declared.index, declared.value)


# Which verdicts turned


def _compare_claims(trees: Sequence[Path]) -> tuple[int, list[dict[str, Any]], tuple[list[str], list[str]]]:
    """How many claims are in both scorecards, those with another verdict, and those in one of them only."""
    paths = [tree / SCORECARD for tree in trees]
    cards = [_read_scorecard(path) for path in paths]
    require_numbers(cards, paths)
    here, there = ({f"{row['paper']}/{row['id']}": row for row in card.to_dict("records")} for card in cards)
    both = [name for name in here if name in there]
    turned = [
        {
            "name": name,
            "statement": there[name]["statement"],
            "verdicts": (here[name]["verdict"], there[name]["verdict"]),
            "measured": (measured(here[name]), measured(there[name])),
        }
        for name in both
        if here[name]["verdict"] != there[name]["verdict"]
    ]
    only = [name for name in here if name not in there], [name for name in there if name not in here]
    return len(both), turned, only


def _read_scorecard(path: Path) -> pd.DataFrame:
    card = read_csv(path, ("paper", "id", "statement", "verdict", "value", "ci_low", "ci_high"))
    unknown = card.verdict[~card.verdict.isin(VERDICTS)]
    if len(unknown):
        raise RecomposeError(f"{path}: unknown verdict {unknown.iloc[0]!r}; recompose scorecard writes the file anew")
    return card


# How it is told

SHOWN = 12
"""So many lines of a list stand in the terminal; the page has all."""
WIDTH = 160
"""Characters of a line that may be long."""
UNLIKE = (
    "Scales or settings differ: the same rows are not measurements of the same thing, and more moves than by chance."
)
HEADINGS = ("artifact", "rows", "alone", "changed", *(f"> {level} s.e. (chance)" for level in CHANCE), "moved furthest")


def text(comparison: Comparison) -> str:
    """A comparison as a short text."""
    sections = [
        [f"{comparison.trees[0]} -> {comparison.trees[1]}"],
        _provenance_lines(comparison),
        *_only_lines("Artifacts", comparison.trees, comparison.only),
        *(
            [[f"No artifacts of this version, not compared: {', '.join(comparison.unknown)}"]]
            if comparison.unknown
            else []
        ),
        _number_lines(comparison),
        _claim_lines(comparison),
        *_only_lines("Claims", comparison.trees, comparison.claims_only),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines) + "\n"


def _provenance_lines(comparison: Comparison) -> list[str]:
    differing = [f"  {name}: {before} -> {after}" for name, before, after in comparison.facts if before != after]
    alike = [f"{name} {value}" for name, value, other in comparison.facts if value == other]
    keys = [shorten(f"{key}: {before} -> {after}", WIDTH) for key, before, after in comparison.settings]
    settings = (
        [f"  settings: {len(keys)} key{'s differ' if keys[1:] else ' differs'}", *_first(keys)]
        if keys
        else ["  settings: no key differs"]
    )
    return ["Made by", *differing, *([f"  the same: {', '.join(alike)}"] if alike else []), *settings]


def _first(lines: Sequence[str]) -> list[str]:
    """The first of many lines, indented, and how many more there are."""
    more = [f"and {len(lines) - SHOWN} more; --output FILE.html shows all"] if len(lines) > SHOWN else []
    return [f"    {line}" for line in [*lines[:SHOWN], *more]]


def _only_lines(what: str, trees: tuple[str, str], names: tuple[list[str], list[str]]) -> list[list[str]]:
    return [
        [f"{what} only in {tree}: {len(alone)}", *_first(alone)]
        for tree, alone in zip(trees, names, strict=True)
        if alone
    ]


def _number_lines(comparison: Comparison) -> list[str]:
    """A table of the artifacts in which something differs; the others in a line."""
    artifacts = comparison.artifacts
    if not artifacts:
        return ["Numbers: no artifact is in both trees"]
    same = [artifact.name for artifact in artifacts if artifact.same]
    lines = [f"Numbers: {comparison.changed} of {comparison.matched} rows in both trees changed"]
    lines += [
        f"  {beyond} of {comparison.judged} numbers moved by more than {level} standard errors ({expected} by chance)"
        for level, beyond, expected in comparison.totals
        if comparison.changed
    ]
    lines += [f"  {UNLIKE}"] if comparison.changed and not comparison.alike else []
    cells = [cell for artifact in artifacts if artifact.rows_differ for cell in _cells(artifact)]
    lines += ["", *_first(_aligned([HEADINGS, *cells]))] if cells else []
    beside = [f"{artifact.name}: {artifact.also}" for artifact in artifacts if artifact.also]
    lines += ["", "  other columns that differ", *_first(beside)] if beside else []
    told = shorten(f"nothing moved ({len(same)}): {', '.join(same)}", WIDTH)
    return [*lines, "", f"  {told}"] if same else lines


def _cells(artifact: Artifact) -> Iterator[tuple[str, ...]]:
    """One line of the table, and another one where numbers without a standard error moved too."""
    beyond = [f"{count} ({artifact.expected[level]:.1f})" for level, count in artifact.beyond.items()]
    moved = [str(move) for move in (artifact.largest, artifact.relative) if move]
    alone = " + ".join(map(str, artifact.alone)) if any(artifact.alone) else ""
    counts = beyond if artifact.judged else [""] * len(beyond)
    yield artifact.name, str(artifact.matched), alone, str(artifact.changed), *counts, *(moved[:1] or [""])
    for more in moved[1:]:
        yield *[""] * (len(HEADINGS) - 1), more


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows of cells below one another: the first and the last column to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for first, *numbers, last in rows:
        middle = [cell.rjust(width) for cell, width in zip(numbers, widths[1:-1], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *middle, last]).rstrip())
    return lines


def _claim_lines(comparison: Comparison) -> list[str]:
    turns = Counter(" -> ".join(claim["verdicts"]) for claim in comparison.turned)
    told = []
    for claim in comparison.turned:
        sides = [" ".join(filter(None, side)) for side in zip(claim["verdicts"], claim["measured"], strict=True)]
        told.append(f"{claim['name']}: {' -> '.join(sides)}")
    return [
        f"Claims: {len(told)} of {comparison.claims} in both trees have another verdict",
        *(f"  {turn}: {count}" for turn, count in turns.most_common()),
        *_first(told),
    ]


def render(comparison: Comparison) -> str:
    """A comparison as one offline page."""
    return render_template("diff.html.j2", comparison=comparison, headings=HEADINGS, verdicts=VERDICTS, unlike=UNLIKE)
