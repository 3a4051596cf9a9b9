"""The data set of rooms of paper 2, made as the paper made it, class by class."""

from typing import Annotated, Any

import typer

from recompose.cli.options import PLAIN, Scale, Settings
from recompose.errors import RecomposeError

Class = Annotated[str, typer.Option("--class", help="empty, couch, table, painting, couch_table or couch_painting.")]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Of the page, on this machine alone; 0: a free one.")]

commands = typer.Typer(help="The data set of rooms of paper 2, made anew; docs/rooms.md goes through it.", **PLAIN)


@commands.command()
def candidates(name: Class, settings: Settings = None, scale: Scale = None) -> None:
    """Generate the candidates of a class; what is there is not made again."""
    _summarize("candidates:candidates", name, settings, scale)


@commands.command()
def embeddings(name: Class, settings: Settings = None, scale: Scale = None) -> None:
    """Embed the candidates of a class; those that are embedded are not embedded again."""
    _summarize("embeddings:embeddings", name, settings, scale)


@commands.command()
def label(name: Class, port: Port = 8765, settings: Settings = None, scale: Scale = None) -> None:
    """Open a page on which to accept or reject candidates of a class; it goes on where it was left."""
    _call("labelling:serve", name, settings, scale, port=port)


@commands.command()
def accepted(name: Class, settings: Settings = None, scale: Scale = None) -> None:
    """Accept images of a class, by hand and by classifier, until there are enough; more candidates are made for it."""
    _summarize("acceptance:accepted", name, settings, scale)


@commands.command()
def calibration() -> None:
    """Draw how far the classifiers' probabilities can be trusted, of the classes that have accepted images."""
    from recompose.papers.weighted_composition.rooms.collection.calibration import calibration, calibration_figure
    from recompose.papers.weighted_composition.rooms.collection.files import ROOMS
    from recompose.papers.weighted_composition.rooms.names import CLASSES
    from recompose.storage import read_json, write_csv, write_figure

    files = [ROOMS / "accepted" / f"{name}.json" for name in CLASSES]
    summaries = [read_json(path) for path in files if path.exists()]
    if not summaries:
        raise RecomposeError(f"{ROOMS / 'accepted'}: no class has accepted images; recompose rooms accepted makes them")
    frame = calibration(summaries)
    write_csv(frame, ROOMS / "calibration.csv")
    figure = calibration_figure(frame)
    for end in ("png", "svg"):
        write_figure(figure, ROOMS / f"calibration.{end}")


def _summarize(where: str, name: str, settings: str | None, scale: str | None) -> None:
    """Do a step for a class, and write what it came to: `data/rooms/<step>/<class>.json`."""
    from recompose.papers.weighted_composition.rooms.collection.files import ROOMS
    from recompose.storage import write_json

    write_json(_call(where, name, settings, scale), ROOMS / where.partition(":")[2] / f"{name}.json")


def _call(where: str, name: str, settings: str | None, scale: str | None, **offered: Any) -> Any:
    """Call a function of the collection (`module:function`) for a class, with its settings."""
    from recompose.artifacts import pick
    from recompose.cli.step import Step, function_of, resolve
    from recompose.papers.weighted_composition.rooms.collection import SLUG
    from recompose.papers.weighted_composition.rooms.collection.files import ROOMS
    from recompose.papers.weighted_composition.rooms.names import CLASSES

    pick(CLASSES, name, "class of rooms")
    given = settings or resolve(SLUG, scale, "rooms_collection")
    step = Step(ROOMS, f"recompose.papers.{SLUG}.rooms.collection", SLUG, given)
    step.keep(["rooms_collection"])
    return step.call(function_of(SLUG, f"rooms.collection.{where}"), name, **offered)
