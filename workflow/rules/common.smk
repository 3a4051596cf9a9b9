"""What the other files share: the output tree, what a rule records of what it reads, the words that people see."""

import json

from recompose.cli.config import check_values
from recompose.config import block
from recompose.workflow.metadata import keep, take_over
from recompose.workflow.provenance import code_hash, sidecar_of
from recompose.workflow.run import settle_dates, take
from recompose.storage import require_format

TREE = f"results/{settings.scale}"
BATCHES = settings.execution.batches

# What the rules over all papers collect; each paper's file adds its own.
CLAIMS, PUBLISHED, NUMBERS, TABLES, FIGURES, NOTEBOOKS = [], [], [], [], [], []


def reads(paper, *keys):
    """The configuration that a rule reads, as the JSON that its command takes; a change in it is a reason to rerun."""
    text = json.dumps(block(settings, paper, *keys), separators=(",", ":"))

    def as_it_is(wildcards):
        """Snakemake would look for wildcards in the braces of a text."""
        return text

    return as_it_is


def sidecar(artifact):
    """Where the provenance of an artifact stands."""
    return str(sidecar_of(artifact, TREE))


def go_by_results():
    """Learn of results that were put here by other means than a run, before Snakemake decides what to rerun."""
    try:
        for path in take_over(Path(TREE)):
            logger.warning(f"{path}: not as it was made, or not from these results; it is made again")
    except RecomposeError as error:
        sys.exit(f"error: {error}")


def end():
    """Leave beside the results what Snakemake knows of them."""
    try:
        keep(Path(TREE))
    except RecomposeError as error:
        logger.warning(f"the next run will have to look at all results anew: {error}")


def begin():
    """Refuse, before a job starts, what the configuration's models cannot see: method names, weights, the output tree.

    The tree may be of another version, read-only, or in the hands of another run. Snakemake's own lock, switched off
    in the profiles, would outlive a killed run, and the same command would not go on.
    """
    try:
        check_values(settings)
        require_format(TREE)
        take(TREE)
        settle_dates(TREE)
    except RecomposeError as error:
        sys.exit(f"error: {error}")
    if AHEAD:
        more = f" and {len(AHEAD) - 1} more are" if len(AHEAD) > 1 else " is"
        logger.warning(f"{AHEAD[0]}{more} dated in the future: was the clock set back? touch dates them anew")


if workflow.is_main_process:
    go_by_results()


def banner(state):
    """What a run is and where to look, in a few lines."""
    page = Path(TREE, "index.html")
    lines = [
        f"recompose: {state}",
        f"  command  {' '.join(['snakemake', *sys.argv[1:]])}",
        f"  scale    {settings.scale}",
        f"  outputs  {TREE}",
        f"  logs     {TREE}/logs",
    ]
    return "\n".join([*lines, f"  page     {page}"] if page.exists() else lines)
