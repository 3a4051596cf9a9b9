"""The options that several commands share."""

from pathlib import Path
from typing import Annotated, Any

import typer

PLAIN: dict[str, Any] = {
    "no_args_is_help": True,
    "add_completion": False,
    "rich_markup_mode": None,  # plain text, also in the logs
    "pretty_exceptions_enable": False,
}

Settings = Annotated[str | None, typer.Option(help="The configuration block as JSON; else config/ is read.")]
Scale = Annotated[str | None, typer.Option(help="smoke, small or paper; else as config/config.yaml says.")]
Output = Annotated[Path | None, typer.Option(help="The file to write; else the standard place.")]
Results = Annotated[Path | None, typer.Option(help="The results tree; else that of the scale.")]
Batch = Annotated[str | None, typer.Option(help="INDEX/COUNT: one share of the cells, not yet gathered.")]
Check = Annotated[bool, typer.Option("--check", help="Write nothing; fail if the file is out of date.")]
