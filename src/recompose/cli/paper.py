"""The commands that every paper has: one per artifact, and those that gather, draw and print."""

import inspect
import shutil
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

import typer

from recompose.cli.options import PLAIN, Batch, Inputs, Output, Outputs, Scale, Settings

_PARTS = typer.Argument(help="The parts, in any order.")


def paper_commands(
    paper: str, artifacts: list[str], derived: dict[str, list[str]], modules: Mapping[str, str] = MappingProxyType({})
) -> typer.Typer:
    """The commands of one paper.

    `derived` names the artifacts that are computed from others' files, `modules` those whose function stands in
    another module than `experiments` (derived ones: `aggregation`).
    """
    package = f"recompose.papers.{paper}"
    commands = typer.Typer(help=f"The artifacts of {paper}.", **PLAIN)

    def add_experiment(artifact: str) -> None:
        @commands.command(artifact.replace("_", "-"), help=f"Compute the numbers of {artifact}.")
        def experiment(
            settings: Settings = None,
            output: Output = None,
            batch: Batch = None,
            input: Inputs = None,
            scale: Scale = None,
        ) -> None:
            from recompose.cli.step import (
                Step,
                function_of,
                hyperparameter_files,
                resolve,
                tree_of,
                tree_of_scale,
            )
            from recompose.storage import WHOLE, CellStore, write_csv
            from recompose.storage import Batch as Share
            from recompose.workflow.provenance import require_unchanged

            share = Share.parse(batch) if batch else WHOLE
            output = output or tree_of_scale(scale) / paper / f"{artifact}.csv"
            folder = tree_of(output, paper) / paper  # before what takes seconds to import: from here on, others wait
            module = modules.get(artifact, "aggregation" if artifact in derived else "experiments")
            function = function_of(paper, module, artifact)
            step = Step(folder.parent, f"{package}.{module}", paper, settings or resolve(paper, function, scale))
            step.reads(hyperparameter_files(paper, folder, step.settings.get("hyperparameters")))
            inputs = input or [folder / name for name in derived.get(artifact, [])]
            parameters = inspect.signature(function).parameters
            networks = sorted((folder / "networks").glob("*.safetensors")) if "folder" in parameters else []
            require_unchanged(networks, folder.parent)
            if "batch" not in parameters:
                step.save(step.call(function, *step.frames(inputs), folder=folder), output, write_csv)
                return
            cells = CellStore(folder / "cells" / artifact, step.fingerprint(*networks))
            frame = step.call(function, batch=share, cells=cells, folder=folder)
            if not batch:
                frame = function_of(paper, "aggregation", "gather")(artifact, [frame])
            step.save(frame, output, write_csv)
            cells.clear()

    for artifact in artifacts:
        add_experiment(artifact)

    @commands.command()
    def gather(artifact: str, parts: list[Path] = _PARTS, settings: Settings = None, output: Output = None) -> None:
        """Put the parts of an artifact together."""
        from recompose.cli.step import Step, function_of, tree_of
        from recompose.storage import write_csv

        output = output or parts[0].parent.parent / f"{artifact}.csv"
        step = Step(tree_of(output, paper), f"{package}.experiments", paper, settings)
        step.modules.append(f"{package}.aggregation")
        step.adopt(parts)
        folder = step.tree / paper
        step.save(function_of(paper, "aggregation", "gather")(artifact, step.frames(parts)), output, write_csv)
        shutil.rmtree(folder / "cells" / artifact, ignore_errors=True)

    @commands.command()
    def plot(artifact: str, input: Inputs = None, output: Outputs = None, scale: Scale = None) -> None:
        """Draw a figure from its numbers."""
        from recompose.cli.step import Step, function_of, tree_of, tree_of_scale
        from recompose.storage import write_figure

        outputs = output or [tree_of_scale(scale) / paper / f"{artifact}.{form}" for form in ("png", "svg")]
        step = Step(tree_of(outputs[0], paper), f"{package}.figures")
        draw = function_of(paper, "figures", artifact)
        numbers, images = (outputs[0].with_suffix(suffix) for suffix in (".csv", ".safetensors"))
        figure = draw(*step.frames(input or [numbers, *[images] * images.exists()]))
        for path in outputs:
            step.save(figure, path, write_figure)

    @commands.command()
    def table(artifact: str, input: Inputs = None, output: Output = None, scale: Scale = None) -> None:
        """Print a table as people read it."""
        from recompose.cli.step import Step, function_of, tree_of, tree_of_scale
        from recompose.storage import write_text

        output = output or tree_of_scale(scale) / paper / f"{artifact}.md"
        step = Step(tree_of(output, paper), f"{package}.tables")
        render = function_of(paper, "tables", artifact)
        step.save(render(*step.frames(input or [output.with_suffix(".csv")])), output, write_text)

    return commands
