"""The commands about the configuration: check it, and write the documents made from its models."""

from typing import TYPE_CHECKING

import typer

from recompose.cli.options import PLAIN, Check, Scale

if TYPE_CHECKING:
    from recompose.config import Config

commands = typer.Typer(help="Check the configuration, and write what is made from its models.", **PLAIN)


@commands.command()
def check(scale: Scale = None) -> None:
    """Validate the configuration; every mistake is listed at once."""
    from recompose.config import load_config

    check_values(load_config(scale=scale))
    print("ok")


def check_values(settings: "Config") -> None:
    """Refuse what the models cannot see, because to know it takes torch or another file."""
    check_methods(settings.coupled_inference.methods)
    check_hyperparameters(settings.coupled_inference.hyperparameters)
    paper = settings.weighted_composition
    check_weights(paper.task.reading, paper.sampling.weights)


def check_methods(methods: str | tuple[str, ...]) -> None:
    """Refuse unknown methods of paper 1. To know them takes torch: the models do not wait for it."""
    if methods != "all":
        from recompose.papers.coupled_inference.hyperparameters import published_hyperparameters
        from recompose.papers.coupled_inference.solvers import solvers_named

        solvers_named(methods, published_hyperparameters())


def check_hyperparameters(source: str) -> None:
    """Refuse a damaged file of hyperparameters of paper 1."""
    if source == "tuned":
        from recompose.papers.coupled_inference.hyperparameters import tuned_hyperparameters

        tuned_hyperparameters()


def check_weights(reading: str, weights: tuple[float, ...]) -> None:
    """Refuse weights of paper 2 that compose to no distribution. To know takes torch; the usual ones do without."""
    if weights != (1.0, 1.0, -1.0):
        from recompose.datasets.compositions import composition
        from recompose.papers.weighted_composition.names import SETTINGS

        for setting in SETTINGS:
            composition(setting, reading, weights)  # type: ignore[arg-type]


def _add_document(name: str, help: str) -> None:
    @commands.command(name, help=help)
    def document(check: Check = False) -> None:
        from recompose.config.documents import write_document

        write_document(name, check)


_add_document("defaults", "config/scales/small.yaml: every key with its default.")
_add_document("schema", "workflow/schemas/config.schema.json: for editors.")
_add_document("reference", "config/README.md: every key, for people.")
_add_document("pipeline", "dvc.yaml: stages and plots, from the papers' tables.")
_add_document("targets", "docs/targets.md: every target, from the papers' tables.")
