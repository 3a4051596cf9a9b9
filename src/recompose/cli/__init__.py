"""The command line. Thin: a command resolves its settings, calls the function of its name, keeps the result.

Heavy imports stand inside the commands, so that `recompose --help` answers at once.
"""

import atexit
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from recompose.cli import config, rooms
from recompose.cli.coupled_inference import add_search
from recompose.cli.options import PLAIN, Output, Results, Scale
from recompose.cli.paper import paper_commands
from recompose.errors import RecomposeError, as_lines
from recompose.machine import require_own_source
from recompose.papers import papers

Partial = Annotated[bool, typer.Option("--partial", help="Leave out claims about artifacts that are not there.")]

app = typer.Typer(help="Every table and figure of five papers, regenerated and judged.", **PLAIN)
app.add_typer(config.commands, name="config")
for _paper in papers().values():
    _commands = paper_commands(_paper)
    if _paper.slug == "coupled_inference":
        add_search(_commands, _paper)
    app.add_typer(_commands, name=_paper.command)
app.add_typer(rooms.commands, name="rooms")


def main() -> None:
    """Run the command line: a RecomposeError is told in a line; every other exception keeps its traceback.

    So is a GPU whose memory is full, with what was asked for and what there is.
    """
    try:
        require_own_source(Path())
        app()
    except RecomposeError as error:
        print(as_lines(error), file=sys.stderr)
        sys.exit(2)
    except Exception as error:
        torch = sys.modules.get("torch")
        if torch is None or not isinstance(error, torch.OutOfMemoryError):
            raise
        sizes = ". ".join(str(error).split("\n")[0].split(". ")[:3]).rstrip(".")
        print(
            f"error: {sizes}; make smaller what goes through it at once: particles, at_once or batch", file=sys.stderr
        )
        sys.exit(2)
    finally:  # a Ctrl-C has nothing left to stop, and would be a traceback of what torch does at exit
        atexit.register(signal.signal, signal.SIGINT, signal.SIG_IGN)


@app.command()
def scorecard(
    results: Results = None,
    claims: Annotated[Path, typer.Option(help="The folder of the claims.")] = Path("config/claims"),
    partial: Partial = False,
    scale: Scale = None,
) -> None:
    """Judge every claim from the numbers of a results tree."""
    from recompose.cli.step import Step, tree_of_scale
    from recompose.judgement.scorecard import headlines, markdown, score, summary
    from recompose.storage import write_csv, write_json, write_text
    from recompose.workflow.provenance import require_unchanged, sources

    tree = tree_of_scale(scale, results)
    require_unchanged(tree.glob("*/*.csv"), tree)
    data = {slug: sources(tree, paper) for slug, paper in papers().items()}
    step = Step(tree, "recompose.judgement.scorecard")
    card = score(tree, claims, data, partial)
    step.save(card, tree / "scorecard.csv", write_csv)
    step.save(markdown(card), tree / "scorecard.md", write_text)
    step.save(summary(card, headlines(tree, claims, partial)), tree / "scorecard.json", write_json)


@app.command()
def page(results: Results = None, scale: Scale = None) -> None:
    """Write the page: one offline file with the scorecard, the figures and where each number comes from."""
    from recompose.cli.step import tree_of_scale
    from recompose.judgement.page import render
    from recompose.storage import write_text
    from recompose.workflow.provenance import require_tree_unchanged

    tree = tree_of_scale(scale, results)
    require_tree_unchanged(tree)
    # It has no record of its own: the page shows the manifest, and the manifest gathers the records.
    write_text(render(tree), tree / "index.html")


@app.command()
def notebook(paper: str, results: Results = None, scale: Scale = None) -> None:
    """Run a paper's notebook on a results tree, and convert it to one HTML file."""
    from recompose.cli.step import tree_of_scale
    from recompose.judgement.notebook import run_notebook
    from recompose.workflow.provenance import require_unchanged

    slug, tree = paper.replace("-", "_"), tree_of_scale(scale, results)
    require_unchanged((tree / slug).glob("*.*"), tree)
    run_notebook(slug, tree, tree / "notebooks" / f"{slug}.html")


@app.command()
def manifest(results: Results = None, scale: Scale = None) -> None:
    """Gather the records of a results tree into its manifest.json."""
    from recompose.cli.step import tree_of_scale
    from recompose.workflow.provenance import require_tree_unchanged, write_manifest

    tree = tree_of_scale(scale, results)
    require_tree_unchanged(tree)
    write_manifest(tree)


@app.command()
def diff(
    first: Path,
    second: Path,
    output: Annotated[Path | None, typer.Option(help="Write all of it as one offline HTML file, too.")] = None,
) -> None:
    """Tell how two results trees differ: what made them, which numbers moved how far, which verdicts turned."""
    from recompose.judgement.comparison import compare, render, text
    from recompose.storage import write_text
    from recompose.workflow.provenance import require_unchanged

    for tree in (first, second):
        require_unchanged([*tree.glob("*/*.csv"), tree / "scorecard.csv"], tree)
    comparison = compare(first, second)
    print(text(comparison), end="")
    if output:
        write_text(render(comparison), output)


@app.command()
def restore(scale: Scale = None) -> None:
    """Bring results back from the DVC remote, checked; exit status 1 if one is missing, damaged or stale."""
    from recompose.config import load_config
    from recompose.workflow import restoring

    config = load_config(scale=scale)
    tree = Path("results", config.scale)
    done = restoring.restore(tree, config)
    waiting = f", {len(done.waiting)} left out that were made from what is named here" if done.waiting else ""
    print("\n".join([*done.findings, f"{tree}: {done.placed} files restored, {done.there} were there{waiting}"]))
    if done.findings:
        raise typer.Exit(1)


@app.command()
def plots_page(output: Output = None) -> None:
    """Write .dvc/plots.html, in which `dvc plots` works offline."""
    from recompose.judgement.plots_page import plots_page as page_of_plots
    from recompose.storage import write_text

    write_text(page_of_plots(), output or Path(".dvc/plots.html"))


@app.command()
def verify(scale: Scale = None) -> None:
    """Name every artifact that is missing, changed or stale; exit status 1 if there is one."""
    from recompose.config import load_config
    from recompose.workflow import provenance

    config = load_config(scale=scale)
    findings = list(provenance.verify(Path("results", config.scale), config))
    print("\n".join(findings) or "ok")
    if findings:
        raise typer.Exit(1)
