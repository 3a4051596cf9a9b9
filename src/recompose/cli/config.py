"""The commands about the configuration: check it, and write the documents made from its models."""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

import typer

from recompose.cli.options import PLAIN, Check, Scale
from recompose.papers import papers

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
    """Refuse what the models cannot see, because to know it takes torch or another file: each paper's own `check`.

    And the claims, which are judged when all else is done.
    """
    from recompose.judgement.claims import load_papers

    load_papers("config/claims")
    for slug, paper in papers().items():
        if find_spec(f"{paper.package}.checks"):
            import_module(f"{paper.package}.checks").check(getattr(settings, slug))


def _add_document(name: str, help: str) -> None:
    @commands.command(name, help=help)
    def document(check: Check = False) -> None:
        from recompose.documents import write_document

        write_document(name, check)


_add_document("defaults", "config/scales/small.yaml: every key with its default.")
_add_document("schema", "workflow/schemas/config.schema.json: for editors.")
_add_document("reference", "config/README.md: every key, for people.")
_add_document("pipeline", "dvc.yaml: stages and plots, from the papers' tables.")
_add_document("targets", "docs/targets.md: every target, from the papers' tables.")
_add_document("verdicts", "README.md: the table of verdicts, from the reference results.")
_add_document("work", "docs/scaling.md: the tables of times and growth, from the reference results and the works.")
