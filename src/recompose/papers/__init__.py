"""One package per paper: the method as the paper writes it, its baselines, experiments and figures.

A paper's package never imports another paper's; what two papers need moves down to the shared rooms.
"""

import importlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from recompose.artifacts import Paper, pick


@cache
def papers() -> dict[str, Paper]:
    """The table of each paper, by slug, in the order of their numbers: a folder with an `artifacts.py` takes part."""
    slugs = sorted(path.parent.name for path in Path(__file__).parent.glob("*/artifacts.py"))
    tables = [importlib.import_module(f"{__name__}.{slug}.artifacts").PAPER for slug in slugs]
    return {paper.slug: paper for paper in sorted(tables, key=lambda paper: paper.number)}


def chosen(artifacts: str | Sequence[str]) -> dict[str, Paper]:
    """The papers with `all` of their artifacts, with those of their `probe`, or with these `<paper>_<artifact>`."""
    if artifacts == "all":
        return papers()
    if artifacts == "probe":
        return {slug: paper.only(paper.probe) for slug, paper in papers().items()}
    known = {f"{slug}_{each.name}": (slug, each.name) for slug, paper in papers().items() for each in paper.artifacts}
    found = [pick(known, name, "artifact of a paper") for name in artifacts]
    names = {slug: [name for paper, name in found if paper == slug] for slug in papers()}
    return {slug: papers()[slug].only(wanted) for slug, wanted in names.items() if wanted}
