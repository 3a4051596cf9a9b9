"""The command line. Thin: a command resolves its settings, calls the function of its name, and keeps what comes back.

Heavy imports stand inside the commands, so that `recompose --help` answers at once.
"""

import hashlib
import inspect
import json
import shutil
import sys
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recompose.errors import RecomposeError, nearest

if TYPE_CHECKING:
    import pandas as pd

Settings = Annotated[str | None, typer.Option(help="The configuration block as JSON. Without it, config/ is read.")]
Scale = Annotated[str | None, typer.Option(help="smoke, small or paper; without it, as config/config.yaml says.")]
Inputs = Annotated[list[Path] | None, typer.Option("--input", help="A file to read; may stand several times.")]
Output = Annotated[Path | None, typer.Option(help="The file to write; without it, the standard place.")]
Outputs = Annotated[list[Path] | None, typer.Option("--output", help="A file to write; may stand several times.")]
Results = Annotated[Path | None, typer.Option(help="The results tree; without it, that of the scale.")]

_QUIET = {"no_args_is_help": True, "rich_markup_mode": None, "pretty_exceptions_enable": False}
app = typer.Typer(help="Every table and figure of five papers, regenerated and judged.", add_completion=False, **_QUIET)


def main() -> None:
    """Run the command line. A RecomposeError is told in one line; every other exception keeps its traceback."""
    try:
        app()
    except RecomposeError as error:
        for line in str(error).splitlines():
            print(f"error: {line}", file=sys.stderr)
        sys.exit(2)


# ---------------------------------------------------------------------------------------------------------------
# One step: settings in, an artifact and its record out


class Step:
    """What every command that makes an artifact has in common: where, from which settings, by which code."""

    def __init__(self, tree: Path, modules: list[str], paper: str | None = None, settings: str | None = None) -> None:
        from recompose.storage import require_format

        require_format(tree)
        self.tree, self.modules, self.paper = tree, modules, paper
        self.settings: dict[str, Any] = _parse(settings) if settings else {}
        self.device = "cpu"
        self.start = time.perf_counter()

    def save(self, value: Any, output: Path) -> None:
        """Write a frame, a figure, a mapping or a text, each atomically, and the record beside it."""
        from recompose import provenance, storage

        match output.suffix:
            case ".csv":
                storage.write_csv(value, output)
            case ".png" | ".svg":
                storage.write_figure(value, output)
            case ".yaml":
                import yaml

                storage.write_text(yaml.safe_dump(value, sort_keys=False), output)
            case _:
                storage.write_text(value, output)
        provenance.record(
            output,
            tree=self.tree,
            modules=self.modules,
            paper=self.paper,
            settings=self.settings,
            device=self.device,
            seconds=time.perf_counter() - self.start,
        )

    def call(self, function: Callable[..., Any], *arguments: Any, **offered: Any) -> Any:
        """Call an experiment with its settings as models, and with those of the offered arguments that it takes."""
        import torch

        from recompose.machine import resolve_device

        torch.set_num_threads(1)  # jobs are the parallelism; and the bytes must not depend on the number of cores
        values = dict(self.settings)
        self.device = resolve_device(values.pop("device", "auto"))
        offered |= {"device": self.device, "scale": values.pop("scale", None)}
        taken = {name: value for name, value in offered.items() if name in inspect.signature(function).parameters}
        return function(*arguments, **_models(self.paper, values), **taken)

    def fingerprint(self) -> str:
        """What the rows of a cell depend on."""
        from recompose.provenance import code_hash

        depends = [self.settings, self.device, code_hash(*self.modules)]
        return hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]


def _parse(settings: str) -> dict[str, Any]:
    try:
        values = json.loads(settings)
    except ValueError as error:
        raise RecomposeError(f"--settings: not valid JSON ({error}): {settings:.60}") from None
    if not isinstance(values, dict):
        raise RecomposeError(f"--settings: expected a JSON object, found {settings:.60}")
    return values


def _models(paper: str | None, values: dict[str, Any]) -> dict[str, Any]:
    """The blocks of one paper as the models that its functions take."""
    if not values:
        return {}
    from recompose.config.loading import ConfigError, Layer, validate
    from recompose.config.models import Config

    model = Config.model_fields[str(paper)].annotation
    assert model is not None
    blocks, mistakes = validate(model, [Layer("--settings", values)])
    if mistakes:
        raise ConfigError(mistakes)
    return {key: getattr(blocks, key) for key in values}


def _resolve(paper: str, function: Callable[..., Any], scale: str | None) -> str:
    """The settings that the workflow would pass: the keys the function takes, from the files in config/."""
    from recompose.config import block, load_config

    config = load_config(scale=scale)
    keys = [name for name in inspect.signature(function).parameters if name in type(getattr(config, paper)).model_fields]
    return json.dumps(block(config, paper, *keys))


def _tree(scale: str | None, results: Path | None = None) -> Path:
    """The results tree of a scale."""
    from recompose.config import load_config

    return results or Path("results", load_config(scale=scale).scale)


def _tree_of(output: Path, paper: str) -> Path:
    """The tree that an output stands in; anywhere else, its own folder."""
    return next((folder.parent for folder in output.parents if folder.name == paper), output.parent)


def _function(paper: str, module: str, name: str) -> Callable[..., Any]:
    """A paper's function by name; an unknown name is told with the nearest one."""
    found = import_module(f"recompose.papers.{paper}.{module}")
    public = [key for key, value in vars(found).items() if inspect.isfunction(value) and not key.startswith("_")]
    if name not in public:
        own = [key for key in public if getattr(found, key).__module__ == found.__name__]
        raise RecomposeError(f"{name}: {paper} has no such {module.removesuffix('s')}; {nearest(name, own)}")
    function: Callable[..., Any] = getattr(found, name)
    return function


def _frames(inputs: list[Path]) -> "list[pd.DataFrame]":
    from recompose.storage import read_csv

    return [read_csv(path) for path in inputs]


# ---------------------------------------------------------------------------------------------------------------
# The commands of a paper


def paper_commands(paper: str, artifacts: list[str], derived: dict[str, list[str]]) -> typer.Typer:
    """The commands that every paper has: one per artifact, and those that gather, draw and print them.

    `derived` names the artifacts that are computed from others' files.
    """
    package = f"recompose.papers.{paper}"
    commands = typer.Typer(help=f"Paper: {paper.replace('_', ' ')}.", **_QUIET)

    def add(artifact: str) -> None:
        @commands.command(artifact.replace("_", "-"), help=f"The numbers of {artifact}.")
        def experiment(
            settings: Settings = None,
            output: Output = None,
            batch: Annotated[str | None, typer.Option(help="INDEX/COUNT: one share of the cells, not yet gathered.")] = None,
            input: Inputs = None,
            scale: Scale = None,
        ) -> None:
            from recompose.storage import WHOLE, Batch, CellStore

            share = Batch.parse(batch) if batch else WHOLE
            function = _function(paper, "experiments", artifact)
            settings = settings or _resolve(paper, function, scale)
            output = output or _tree(scale) / paper / f"{artifact}.csv"
            tree = _tree_of(output, paper)
            inputs = input or [tree / paper / name for name in derived.get(artifact, [])]
            step = Step(tree, [f"{package}.experiments"], paper, settings)
            cells = CellStore(tree / paper / "cells" / artifact, step.fingerprint())
            frame = step.call(function, *_frames(inputs), batch=share, cells=cells, folder=tree / paper)
            if batch is None and "batch" in inspect.signature(function).parameters:
                frame = _function(paper, "experiments", "gather")(artifact, [frame])
            step.save(frame, output)
            cells.clear()

    for artifact in artifacts:
        add(artifact)

    @commands.command()
    def gather(artifact: str, parts: list[Path], settings: Settings = None, output: Output = None) -> None:
        """Put the parts of an artifact together, in an order of their own."""
        output = output or parts[0].parent.parent / f"{artifact}.csv"
        step = Step(_tree_of(output, paper), [f"{package}.experiments"], paper, settings)
        step.save(_function(paper, "experiments", "gather")(artifact, _frames(parts)), output)
        shutil.rmtree(step.tree / paper / "cells" / artifact, ignore_errors=True)

    @commands.command()
    def plot(artifact: str, input: Inputs = None, output: Outputs = None, scale: Scale = None) -> None:
        """Draw a figure from its numbers."""
        outputs = output or [_tree(scale) / paper / f"{artifact}.{suffix}" for suffix in ("png", "svg")]
        inputs = input or [outputs[0].with_suffix(".csv")]
        step = Step(_tree_of(outputs[0], paper), [f"{package}.figures"])
        figure = _function(paper, "figures", artifact)(*_frames(inputs))
        for path in outputs:
            step.save(figure, path)

    @commands.command()
    def table(artifact: str, input: Inputs = None, output: Output = None, scale: Scale = None) -> None:
        """Print a table as people read it."""
        output = output or _tree(scale) / paper / f"{artifact}.md"
        step = Step(_tree_of(output, paper), [f"{package}.tables"])
        step.save(_function(paper, "tables", artifact)(*_frames(input or [output.with_suffix(".csv")])), output)

    @commands.command()
    def search(variant: str, settings: Settings = None, output: Output = None, scale: Scale = None) -> None:
        """Search the hyperparameters of one variant; a search that was stopped goes on."""
        function = _function(paper, "search", "search")
        settings = settings or _resolve(paper, function, scale)
        output = output or _tree(scale) / paper / "search" / f"{variant}.yaml"
        step = Step(_tree_of(output, paper), [f"{package}.search"], paper, settings)
        step.save(step.call(function, variant, journal=output.with_suffix(".journal")), output)

    return commands


ARTIFACTS = ["table1", "figure2", "figure3", "figure4", "figure5", "figure6", "capacity", "table_search"]
app.add_typer(
    paper_commands("coupled_inference", ARTIFACTS, derived={"capacity": ["figure2.csv"]}), name="coupled-inference"
)

# ---------------------------------------------------------------------------------------------------------------
# The commands over all papers


@app.command()
def scorecard(
    results: Results = None,
    claims: Annotated[Path, typer.Option(help="The folder of the claims.")] = Path("config/claims"),
    output: Outputs = None,
    scale: Scale = None,
) -> None:
    """Judge every claim from the numbers of a results tree."""
    from recompose.scorecard import markdown, score

    tree = _tree(scale, results)
    step = Step(tree, ["recompose.scorecard"])
    frame = score(tree, claims)
    for path in output or [tree / "scorecard.csv", tree / "scorecard.md"]:
        step.save(markdown(frame) if path.suffix == ".md" else frame, path)


@app.command()
def page(results: Results = None, output: Output = None, scale: Scale = None) -> None:
    """Write the page: one offline file with the scorecard, the figures and where each number comes from."""
    from recompose.page import render
    from recompose.storage import write_text

    tree = _tree(scale, results)
    output = output or tree / "index.html"
    write_text(render(tree), output)  # no record: the page shows the manifest, which gathers the records


@app.command()
def notebook(paper: str, results: Results = None, output: Output = None, scale: Scale = None) -> None:
    """Run a paper's notebook on a results tree and convert it to one HTML file."""
    from recompose.notebook import run_notebook

    slug, tree = paper.replace("-", "_"), _tree(scale, results)
    run_notebook(slug, tree, output or tree / slug / "notebook.html")


@app.command()
def manifest(results: Results = None, settings: Settings = None, scale: Scale = None) -> None:
    """Gather the records of a results tree into its manifest.json."""
    from recompose.provenance import write_manifest

    write_manifest(_tree(scale, results), _parse(settings) if settings else {})


@app.command()
def verify(scale: Scale = None) -> None:
    """Name every artifact that is missing, changed or stale; exit status 1 if there is one."""
    from recompose import provenance
    from recompose.config import load_config

    config = load_config(scale=scale)
    findings = list(provenance.verify(Path("results", config.scale), config))
    for finding in findings:
        print(finding)
    if findings:
        raise typer.Exit(1)
    print("ok")


# ---------------------------------------------------------------------------------------------------------------
# The configuration and the documents made from its models

config_commands = typer.Typer(help="The configuration: check it, and write what is generated from its models.", **_QUIET)
app.add_typer(config_commands, name="config")
Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail if the file is not up to date.")]


@config_commands.command("check")
def check_config(scale: Scale = None) -> None:
    """Validate the configuration; every mistake is listed at once."""
    from recompose.config import load_config

    config = load_config(scale=scale)
    if config.coupled_inference.methods != "all":
        methods = import_module("recompose.papers.coupled_inference.experiments").methods_named
        methods(config.coupled_inference.methods)
    print("ok")


def _add_document(name: str, help: str) -> None:
    @config_commands.command(name, help=help)
    def document(check: Check = False) -> None:
        from recompose.config.documents import write_document

        write_document(name, check)


_add_document("defaults", "config/scales/small.yaml: every key with its default.")
_add_document("schema", "workflow/schemas/config.schema.json: for editors.")
_add_document("reference", "config/README.md: every key, for people.")


if __name__ == "__main__":
    main()
