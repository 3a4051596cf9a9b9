"""What only paper 1 has: a search for hyperparameters."""

from pathlib import Path

from recompose.cli.options import Output, Scale, Settings
from recompose.cli.paper import paper_commands

PAPER = "coupled_inference"
PACKAGE = f"recompose.papers.{PAPER}"

commands = paper_commands(
    PAPER,
    ["table1", "figure2", "figure3", "figure4", "figure5", "figure6", "capacity", "table_search"],
    derived={"capacity": ["figure2.csv"]},
)


@commands.command()
def search(variant: str, settings: Settings = None, output: Output = None, scale: Scale = None) -> None:
    """Search the hyperparameters of one variant; a search that was stopped goes on."""
    from recompose.cli.step import Step, function_of, resolve, tree_of, tree_of_scale
    from recompose.storage import write_yaml
    from recompose.workflow.provenance import code_hash

    function = function_of(PAPER, "search", "search")
    output = output or tree_of_scale(scale) / PAPER / "search" / f"{variant}.yaml"
    settings = settings or resolve(PAPER, function, scale)
    step = Step(tree_of(output, PAPER), f"{PACKAGE}.search", PAPER, settings)
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
    searches = {path.stem: path for path in sorted((tree / PAPER / "search").glob("*.yaml"))}
    found = {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in searches.items()}
    records = {name: read_json(sidecar_of(path, tree)) for name, path in searches.items()}
    tuned, readings = function_of(PAPER, "adoption", "adopt")(found, records)
    write_yaml(tuned, folder / f"{PAPER}.yaml")
    write_csv(readings, folder / f"{PAPER}_readings.csv")
