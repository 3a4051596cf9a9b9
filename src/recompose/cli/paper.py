"""The commands that every paper has, from its table: names, and `--results` for the tree that they read and write."""

import shutil
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from recompose.artifacts import Artifact, Form, Paper, pick
from recompose.cli.options import PLAIN, Batch, Results, Scale, Settings
from recompose.errors import NotFinite, RecomposeError, nearest

Names = Annotated[list[str] | None, typer.Argument(help="Which ones; else all.")]
Processes = Annotated[int, typer.Option(min=1, help="Processes that make images at the same time.")]
Batches = Annotated[int, typer.Option(min=1, help="How many parts there are.")]


def paper_commands(paper: Paper) -> typer.Typer:
    """A command for each artifact; those that gather, draw and print; those of data sets and networks, if any."""
    commands = typer.Typer(help=f"The artifacts of {paper.slug}.", **PLAIN)

    def add_artifact(artifact: Artifact) -> None:
        @commands.command(artifact.name.replace("_", "-"), help=f"Compute the numbers of {artifact.title}.")
        def one(settings: Settings = None, batch: Batch = None, results: Results = None, scale: Scale = None) -> None:
            compute(paper, artifact, settings, batch, results, scale)

    for artifact in paper.artifacts:
        add_artifact(artifact)

    @commands.command()
    def numbers(names: Names = None, settings: Settings = None, results: Results = None, scale: Scale = None) -> None:
        """Compute the numbers of several artifacts, one after another."""
        for name in names or [artifact.name for artifact in paper.artifacts]:
            compute(paper, paper.artifact(name), settings, None, results, scale)

    @commands.command()
    def gather(name: str, batches: Batches, settings: Settings = None, results: Results = None) -> None:
        """Put the parts of an artifact together."""
        from recompose.cli.step import Step, function_of, tree_of_scale
        from recompose.storage import write_numbers

        tree, artifact = tree_of_scale(None, results), paper.artifact(name)
        step = Step(tree, f"{paper.package}.{artifact.computed_by}", paper.slug, settings)
        step.modules.append(f"{paper.package}.aggregation:gather")
        folder = tree / paper.slug
        parts = [part_of(folder, name, f"{index}/{batches}") for index in range(batches)]
        step.inherit(parts)
        step.reads(map(Path, artifact.files))
        frames = step.frames(parts)
        frame = function_of(paper.slug, "aggregation:gather")(name, frames)
        step.save(frame, folder / f"{name}.csv", partial(write_numbers, index=artifact.index))
        shutil.rmtree(folder / "cells" / name, ignore_errors=True)

    @commands.command()
    def plot(names: Names = None, results: Results = None, scale: Scale = None) -> None:
        """Draw figures from their numbers."""
        from recompose.storage import write_figure

        for name in names or paper.having("figure"):
            show(paper, paper.artifact(name), "figure", ("png", "svg"), write_figure, results, scale)

    @commands.command()
    def table(names: Names = None, results: Results = None, scale: Scale = None) -> None:
        """Print tables as people read them."""
        from recompose.storage import write_text

        for name in names or paper.having("table"):
            show(paper, paper.artifact(name), "table", ("md",), write_text, results, scale)

    if paper.data:
        _add_images(commands, paper)
    if paper.networks:
        _add_networks(commands, paper)
    return commands


def compute(
    paper: Paper, artifact: Artifact, settings: str | None, batch: str | None, results: Path | None, scale: str | None
) -> None:
    """Compute the numbers of an artifact, or a share of their cells, and the pictures that its figure shows."""
    from recompose.cli.step import Step, function_of, hyperparameter_files, resolve, takes, tree_of_scale
    from recompose.storage import Measured, write_numbers, write_tensors
    from recompose.sweeps import WHOLE, CellStore
    from recompose.sweeps import Batch as Share

    share = Share.parse(batch) if batch else WHOLE
    tree = tree_of_scale(scale, results)  # before what takes seconds to import: from here on, others wait
    folder = tree / paper.slug
    function = function_of(paper.slug, artifact.computed_by)
    given = settings or resolve(paper.slug, scale, *artifact.reads)
    step = Step(tree, f"{paper.package}.{artifact.computed_by}", paper.slug, given)
    step.keep(artifact.reads)
    step.reads([] if batch else map(Path, artifact.files))  # of parts, `gather` reads them
    step.reads(hyperparameter_files(paper.slug, folder, step.settings.get("hyperparameters")))
    networks = [folder / "networks" / f"{name}.safetensors" for name in artifact.networks]
    step.require_unchanged([*networks, *(folder / "training" / f"{name}.csv" for name in artifact.networks)])
    offered: dict[str, Any] = {"folder": folder, "network_names": artifact.networks, "batch": share}
    dealt = takes(function, "batch")
    if takes(function, "cells"):
        offered["cells"] = CellStore(folder / "cells" / artifact.name, step.fingerprint(*networks))
    if batch and not dealt:
        raise RecomposeError(f"{artifact.name} is not made in parts; leave --batch out")
    seen = [folder / f"{source}.safetensors" for source in artifact.sees]
    frames = step.frames([*(folder / f"{source}.csv" for source in artifact.sources), *seen])
    try:
        found = step.call(function, *[artifact.name] * bool(artifact.function), *frames, **offered)
        made = found if isinstance(found, Measured) else Measured(found)
        images = made.bytes()
    except NotFinite as error:
        raise NotFinite(f"{artifact.name}: {error}") from error
    numbers = made.numbers
    if dealt and not batch:
        numbers = function_of(paper.slug, "aggregation:gather")(artifact.name, [numbers])
    place = folder / "unfinished" if made.unfinished else folder
    write = partial(write_numbers, index=artifact.index)
    step.save(numbers, part_of(folder, artifact.name, batch) if batch else place / f"{artifact.name}.csv", write)
    if artifact.pictures:
        step.save((images, {}), place / f"{artifact.name}.safetensors", write_tensors)
    if dealt:
        offered["cells"].clear()  # those of other parts stay
    elif "cells" in offered:
        shutil.rmtree(offered["cells"].folder, ignore_errors=True)
    if made.unfinished:
        raise RecomposeError(f"{artifact.name}: {made.unfinished}; what there is stands in {place}")


def part_of(folder: Path, artifact: str, batch: str) -> Path:
    """Where a share of an artifact's cells is kept: of the batch `0/4` in `parts/<artifact>.0-of-4.csv`."""
    return folder / "parts" / f"{artifact}.{batch.replace('/', '-of-')}.csv"


def show(
    paper: Paper, artifact: Artifact, form: Form, ends: tuple[str, ...], write: Any, results: Path | None,
    scale: str | None,
) -> None:  # fmt: skip
    """Draw or print an artifact from its numbers, and the pictures beside them."""
    from recompose.cli.step import Step, function_of, tree_of_scale
    from recompose.workflow.provenance import made_with

    if form not in artifact.forms:
        raise RecomposeError(f"{artifact.name} is no {form}; {nearest(artifact.name, paper.having(form))}")
    tree = tree_of_scale(scale, results)
    inputs = [tree / paper.slug / f"{artifact.name}{end}" for end in (".csv", *[".safetensors"] * artifact.pictures)]
    step = Step(tree, f"{paper.package}.{artifact.shown_by(form)}")
    shown = function_of(paper.slug, artifact.shown_by(form))(*step.frames(inputs))
    if form == "table" and artifact.stand_in:  # it is read without the page, too
        told = paper.told_of_data(artifact, made_with(tree, paper, artifact.stand_in))
        shown = f"{shown.rstrip()}\n\n{told}\n" if told else shown
    for end in ends:
        step.save(shown, inputs[0].with_suffix(f".{end}"), write)


def _add_images(commands: typer.Typer, paper: Paper) -> None:
    @commands.command()
    def images(
        names: Names = None,
        settings: Settings = None,
        processes: Processes = 1,
        results: Results = None,
        scale: Scale = None,
    ) -> None:
        """Make sets of images."""
        from recompose.cli.step import Step, function_of, resolve, tree_of_scale
        from recompose.storage import write_tensors

        tree = tree_of_scale(scale, results)
        for name in names or list(paper.data):
            data = pick(paper.data, name, f"set of images of {paper.slug}")
            given = settings or resolve(paper.slug, scale, *data.reads)
            step = Step(tree, f"{paper.package}.{data.module}", paper.slug, given)
            step.keep(data.reads)
            made = step.call(function_of(paper.slug, f"{data.module}:images"), name, processes=processes)
            step.save((made, {}), tree / paper.slug / "images" / f"{name}.safetensors", write_tensors)


def _add_networks(commands: typer.Typer, paper: Paper) -> None:
    @commands.command()
    def networks(names: Names = None, settings: Settings = None, results: Results = None, scale: Scale = None) -> None:
        """Train networks; a training that was stopped goes on."""
        from recompose.cli.step import Step, function_of, resolve, tree_of_scale
        from recompose.storage import write_numbers, write_tensors

        tree = tree_of_scale(scale, results)
        folder, checkpoints = tree / paper.slug, []
        for name in names or list(paper.networks):
            network = pick(paper.networks, name, f"network of {paper.slug}")
            given = settings or resolve(paper.slug, scale, *network.reads)
            function = function_of(paper.slug, f"{network.module}:networks")
            step = Step(tree, f"{paper.package}.{network.module}", paper.slug, given)
            step.keep(network.reads)
            data = [folder / "images" / f"{network.data}.safetensors"] if network.data else []
            data += [folder / "networks" / f"{other}.safetensors" for other in network.networks]
            step.require_unchanged(data)
            # Other settings, images or code begin a checkpoint of their own.
            checkpoint = folder / "cells" / "networks" / f"{name}-{step.fingerprint(*data)}.safetensors"
            checkpoints.append(checkpoint)
            weights, losses = step.call(function, name, folder=folder, checkpoint=checkpoint)
            step.save(weights, folder / "networks" / f"{name}.safetensors", write_tensors)
            if losses is not None:
                step.save(losses, folder / "training" / f"{name}.csv", write_numbers)
        # Only now: Snakemake deletes what a job that did not end has made, and the next one begins with what is done.
        for checkpoint in checkpoints:
            checkpoint.unlink(missing_ok=True)
