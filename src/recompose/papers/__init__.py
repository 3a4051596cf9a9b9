"""One package per paper: the method as the paper writes it, its baselines, experiments and figures.

A paper's package never imports another paper's; what two papers need moves down to the shared rooms.
"""

import importlib
from functools import cache
from pathlib import Path

from recompose.artifacts import Paper


@cache
def papers() -> dict[str, Paper]:
    """The table of each paper, by slug, in the order of their numbers: a folder with an `artifacts.py` takes part."""
    slugs = sorted(path.parent.name for path in Path(__file__).parent.glob("*/artifacts.py"))
    tables = [importlib.import_module(f"{__name__}.{slug}.artifacts").PAPER for slug in slugs]
    return {paper.slug: paper for paper in sorted(tables, key=lambda paper: paper.number)}
