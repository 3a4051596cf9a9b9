"""What only paper 5 has: sets of images, networks, and artifacts that are numbers and pictures."""

import inspect
import json
from collections.abc import Iterable
from typing import Annotated

import typer

from recompose.cli.options import Results, Scale, Settings
from recompose.cli.paper import paper_commands
from recompose.errors import RecomposeError, nearest
from recompose.papers.feature_guidance.names import DERIVED, IMAGELESS, IMAGES, NETWORKS, USES

PAPER = "feature_guidance"
PACKAGE = f"recompose.papers.{PAPER}"
Names = Annotated[list[str] | None, typer.Argument(help="Which ones; else all.")]
Processes = Annotated[int, typer.Option(min=1, help="Processes that make textures at the same time.")]

commands = paper_commands(
    PAPER,
    list(DERIVED),
    derived={table: [f"{name}.csv" for name in sources] for table, sources in DERIVED.items()},
)


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

    tree, function = tree_of_scale(scale, results), function_of(PAPER, "data", "images")
    settings = settings or resolve(PAPER, function, scale)
    for name in _known(names, IMAGES, "set of images"):
        step = Step(tree, f"{PACKAGE}.data", PAPER, settings)
        made = step.call(function, name, processes=processes)
        step.save((made, {}), tree / PAPER / "images" / f"{name}.safetensors", write_tensors)


@commands.command()
def networks(names: Names = None, settings: Settings = None, results: Results = None, scale: Scale = None) -> None:
    """Train networks; a training that was stopped goes on."""
    from recompose.cli.step import Step, function_of, resolve, tree_of_scale
    from recompose.papers.feature_guidance.data import load_images
    from recompose.storage import write_csv, write_tensors
    from recompose.workflow.provenance import require_unchanged

    tree, function = tree_of_scale(scale, results), function_of(PAPER, "networks", "networks")
    settings = settings or resolve(PAPER, function, scale)
    checkpoints = []
    for name in _known(names, NETWORKS, "network"):
        step = Step(tree, f"{PACKAGE}.networks", PAPER, settings)
        data = tree / PAPER / "images" / f"{NETWORKS[name].images}.safetensors"
        require_unchanged([data], tree)
        # Other settings, images or code begin a checkpoint of their own.
        checkpoint = tree / PAPER / "cells" / "networks" / f"{name}-{step.fingerprint(data)}.safetensors"
        checkpoints.append(checkpoint)
        network, losses = step.call(function, name, load_images(data)[0], checkpoint=checkpoint)
        step.save(network, tree / PAPER / "networks" / f"{name}.safetensors", write_tensors)
        step.save(losses, tree / PAPER / "training" / f"{name}.csv", write_csv)
    # Only now: Snakemake deletes what a job that did not end has made, and the next one begins with finished networks.
    for checkpoint in checkpoints:
        checkpoint.unlink(missing_ok=True)


@commands.command()
def measure(names: Names = None, settings: Settings = None, results: Results = None, scale: Scale = None) -> None:
    """Compute the numbers and the images of artifacts; each has a command of its own, too."""
    from recompose.cli.step import Step, function_of, parse, resolve, tree_of_scale
    from recompose.papers.feature_guidance.experiments import MEASURES
    from recompose.papers.feature_guidance.sampling import late
    from recompose.storage import write_csv, write_tensors
    from recompose.workflow.provenance import require_unchanged

    tree, function = tree_of_scale(scale, results), function_of(PAPER, "experiments", "measured")
    for name in _known(names, USES, "artifact"):
        given = parse(settings) or parse(resolve(PAPER, MEASURES[name], scale, "network"))
        read = {"device", "scale", "network", *inspect.signature(MEASURES[name]).parameters}
        own = {key: value for key, value in given.items() if key in read}
        step = Step(tree, f"{PACKAGE}.experiments", PAPER, json.dumps(own))
        require_unchanged([tree / PAPER / "networks" / f"{each}.safetensors" for each in USES[name]], tree)
        found = step.call(function, name, tree / PAPER)
        why = late(found.numbers, own["sampling"]["limit"]) if "sampling" in own else None
        folder = tree / PAPER / "unfinished" if why else tree / PAPER
        step.save(found.numbers, folder / f"{name}.csv", write_csv)
        if name not in IMAGELESS:
            step.save((found.bytes(), {}), folder / f"{name}.safetensors", write_tensors)
        if why:
            raise RecomposeError(f"{name}: {why}; what there is stands in {folder}")


@commands.command()
def training(results: Results = None, scale: Scale = None) -> None:
    """Put the loss curves of all networks together."""
    from recompose.cli.step import Step, function_of, tree_of_scale
    from recompose.storage import write_csv

    tree = tree_of_scale(scale, results)
    step = Step(tree, f"{PACKAGE}.aggregation")
    curves = step.frames([tree / PAPER / "training" / f"{name}.csv" for name in NETWORKS])
    step.save(function_of(PAPER, "aggregation", "training")(*curves), tree / PAPER / "training.csv", write_csv)


def _add(artifact: str) -> None:
    @commands.command(artifact.replace("_", "-"), help=f"Compute the numbers and the images of {artifact}.")
    def one(settings: Settings = None, results: Results = None, scale: Scale = None) -> None:
        measure([artifact], settings, results, scale)


for _artifact in USES:
    _add(_artifact)


def _known(names: list[str] | None, known: Iterable[str], what: str) -> list[str]:
    for name in names or []:
        if name not in known:
            raise RecomposeError(f"{name}: no {what} of paper 5; {nearest(name, list(known))}")
    return names or list(known)
