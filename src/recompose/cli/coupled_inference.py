"""What only paper 1 has: a search for hyperparameters."""

from pathlib import Path

import typer

from recompose.artifacts import Paper
from recompose.cli.options import Results, Scale, Settings


def add_search(commands: typer.Typer, paper: Paper) -> None:
    """Add the commands of the search to the paper's."""

    @commands.command()
    def search(variant: str, settings: Settings = None, results: Results = None, scale: Scale = None) -> None:
        """Search the hyperparameters of one variant; a search that was stopped goes on."""
        from recompose.cli.step import Step, function_of, resolve, tree_of_scale
        from recompose.storage import write_yaml
        from recompose.workflow.code import code_hash

        tree, function = tree_of_scale(scale, results), function_of(paper.slug, "search:search")
        step = Step(tree, f"{paper.package}.search", paper.slug, settings or resolve(paper.slug, scale, "search"))
        output = tree / paper.slug / "search" / f"{variant}.yaml"
        # Edited code starts a journal of its own: what the old code measured says nothing of the new one.
        journal = output.with_name(f"{variant}-{code_hash(*step.modules)}.journal")
        step.save(step.call(function, variant, journal=journal), output, write_yaml)

    @commands.command()
    def adopt(scale: Scale = None) -> None:
        """Put what the searches of a results tree found into config/tuned, in the place of what is there."""
        import yaml

        from recompose.cli.step import function_of, tree_of_scale
        from recompose.storage import read_json, write_csv, write_yaml
        from recompose.workflow.provenance import sidecar_of

        tree, folder = tree_of_scale(scale), Path("config/tuned")
        searches = {path.stem: path for path in sorted((tree / paper.slug / "search").glob("*.yaml"))}
        found = {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in searches.items()}
        records = {name: read_json(sidecar_of(path, tree)) for name, path in searches.items()}
        tuned, readings = function_of(paper.slug, "adoption:adopt")(found, records)
        write_yaml(tuned, folder / f"{paper.slug}.yaml")
        write_csv(readings, folder / f"{paper.slug}_readings.csv")
