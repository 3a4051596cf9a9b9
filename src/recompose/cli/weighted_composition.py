"""What only paper 2 has: networks that are trained together, and many tables made at once."""

from pathlib import Path
from typing import Annotated

import typer

from recompose.cli.options import Inputs, Results, Scale, Settings
from recompose.cli.paper import paper_commands

PAPER = "weighted_composition"
PACKAGE = f"recompose.papers.{PAPER}"
Files = Annotated[list[Path] | None, typer.Argument(help="<setting>_<model>.safetensors, else all of the scale.")]

commands = paper_commands(
    PAPER, ["distances", "theorems", "figure1", "error_map", "grid"], derived={}, modules={"theorems": "theorems"}
)


@commands.command()
def networks(outputs: Files = None, settings: Settings = None, scale: Scale = None) -> None:
    """Train the networks of some settings."""
    from recompose.cli.step import Step, function_of, resolve, tree_of, tree_of_scale
    from recompose.papers.weighted_composition.names import MODELS, SETTINGS
    from recompose.storage import write_tensors

    if not outputs:
        folder = tree_of_scale(scale) / PAPER / "networks"
        outputs = [folder / f"{setting}_{model}.safetensors" for model in MODELS for setting in SETTINGS]
    tree = tree_of(outputs[0], PAPER)
    function = function_of(PAPER, "networks", "networks")
    settings = settings or resolve(PAPER, function, scale)
    checkpoints: list[Path] = []
    for path in outputs:
        setting, _, model = path.stem.rpartition("_")
        step = Step(tree, f"{PACKAGE}.networks", PAPER, settings)
        # Other settings or other code begin a checkpoint of their own.
        checkpoint = step.tree / PAPER / "cells" / "networks" / f"{path.stem}-{step.fingerprint()}.safetensors"
        step.save(step.call(function, setting, model, checkpoint=checkpoint), path, write_tensors)
        checkpoints.append(checkpoint)
    for checkpoint in checkpoints:  # all files are there: until then a job that is stopped goes on from these
        checkpoint.unlink(missing_ok=True)


@commands.command()
def tables(input: Inputs = None, results: Results = None, scale: Scale = None) -> None:
    """Make tables 1-27, what is drawn over all of them, and the tests of the claims from the distances."""
    from recompose.cli.step import Step, function_of, tree_of_scale
    from recompose.storage import write_csv, write_text

    tree = tree_of_scale(scale, results)
    step = Step(tree, f"{PACKAGE}.aggregation")
    step.modules.append(f"{PACKAGE}.tables")
    frames = function_of(PAPER, "aggregation", "tables")(*step.frames(input or [tree / PAPER / "distances.csv"]))
    for name, frame in frames.items():
        step.save(frame, tree / PAPER / f"{name}.csv", write_csv)
    for name, text in function_of(PAPER, "tables", "tables")(frames).items():
        step.save(text, tree / PAPER / f"{name}.md", write_text)


def check_weights(reading: str, weights: tuple[float, ...]) -> None:
    """Refuse weights that compose to no distribution. To know takes torch, which the usual ones do without."""
    if weights != (1.0, 1.0, -1.0):
        from recompose.datasets.compositions import composition
        from recompose.papers.weighted_composition.names import SETTINGS

        for setting in SETTINGS:
            composition(setting, reading, weights)  # type: ignore[arg-type]
