"""What a run leaves behind, to be compared byte by byte."""

import hashlib
import re

from project import Project

TIMES = re.compile(rb'"(date|(wall|processor)_seconds)": [^\n]*|<dt>(date|(wall|processor) seconds)</dt><dd>[^<]*</dd>')
"""Of records and of the page: when something was made, and how long it took."""


def state(project: Project) -> dict[str, str]:
    """The hash of every file of the smoke tree but logs, locks and Snakemake's records; times do not count."""
    files = {path.relative_to(project.tree): path for path in project.tree.rglob("*") if path.is_file()}
    return {
        str(name): hashlib.sha256(TIMES.sub(b"", path.read_bytes())).hexdigest()
        for name, path in sorted(files.items())
        if name.parts[0] not in ("logs", "benchmarks") and name.suffix not in (".lock", ".jsonl")
    }
