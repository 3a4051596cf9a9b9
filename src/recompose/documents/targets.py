"""What stands of every artifact in dvc.yaml and docs/targets.md, made from the papers' tables."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from recompose.artifacts import Paper
from recompose.papers import papers
from recompose.storage import read_json
from recompose.workflow.provenance import busy_seconds

_PIPELINE = """\
# Made from the papers' tables of artifacts: recompose config pipeline
# Snakemake makes the results and decides what reruns; DVC keeps their versions, compares and shares them
# (docs/versions.md). One stage per paper and one for what is over all papers, at the scale of config/config.yaml.
# Lines in which versions are compared have templates of their own in .dvc/plots; the rest are the figures themselves.
"""
_SETTINGS = [{"config/config.yaml": None}, {"config/scales/${scale}.yaml": None}]
_JUDGED = ["config/claims", "config/published", "config/tuned"]
_SOURCES = ["src/recompose", "workflow"]
_OVER_ALL = ["index.html", "manifest.json", "notebooks", "provenance", "scorecard.csv", "scorecard.md"]

_TARGETS = """\
# Targets

<!-- made from the papers' tables of artifacts: recompose config targets -->

With the environment active (`. .venv/bin/activate`), plain Snakemake is the interface: `snakemake --cores all <target>`
makes a target and what it needs.

    snakemake --cores all                                              # everything
    snakemake --cores all -n                                           # what would run, and why
    snakemake --cores all coupled_inference_figure2                    # one artifact, and what it needs
    snakemake --cores all results/small/coupled_inference/table1.md    # one file
    snakemake --cores all coupled_inference_figure2 --forcerun coupled_inference_figure2_part   # measure it again
    snakemake --cores all --config artifacts='[coupled_inference_figure2]'  # it, its verdicts, a page of what there is
    snakemake --cores 2                                                # everything, on two cores
    snakemake --cores all --config scale=smoke                         # another scale (targets go before --config)
    snakemake --cores all --config scale=smoke artifacts=probe         # a cheap chain of each paper: does all work?
    snakemake --report report.zip                                      # Snakemake's own report, after a run
    snakemake --lint
    snakemake --profile profiles/slurm --config scale=paper            # on a SLURM cluster: cluster.md

`snakemake --list-target-rules` names all targets. Any file below `results/` is a target too. `all`, which needs no
name, is everything; `tables`, `figures`, `scorecard` and `page` are those of all papers, `<paper>` is all that a
paper makes, `<paper>_notebook` its claims, told one after another. A figure lands in the tree of its scale, for example
as `results/small/coupled_inference/figure2.png` (and `.svg`), a table beside it ([results.md](results.md)). Papers are
made one after the other, and when one is done its notebook is there, with its figures and verdicts:
`results/small/notebooks/coupled_inference.html`. The page, `results/small/index.html`, is made of everything and comes
last.

Each step of the rules is a command of `recompose`, which works without Snakemake, too, and then makes nothing that it
needs: `recompose --help` names those over all papers (scorecard, page, diff, verify, config) and the papers, and
`recompose coupled-inference --help` what a paper has.

![data set, solve, measure, table and figure, scorecard, page](overview.svg)

What a target is made by, Snakemake draws: `snakemake --rulegraph mermaid-js coupled_inference_figure2` prints three
rules, of a paper 29 to 65, of everything 261, as [Mermaid](https://mermaid.live) draws them.

At the scale small all of it takes some 100 minutes on two cores. Measuring took these times of one core in the
[reference run](../results/reference/README.md); what comes before it, images, networks and the numbers that it is read
off, is not counted: where it says 0 s, the work stands in other rows. At the published scale paper 1 takes 1.3
hours of one core, by its operations; the run that is kept took 21 minutes of two, without two artifacts and three
methods that came later. [scales.md](scales.md) tells how the scales differ.

Left out are the drawings that explain a method and show no result: Figure 1 of papers 1, 3, 4 and 5, and Figure 9 of
paper 5, its network. The rooms of paper 2 (Figures 2-4) are rendered ones; [rooms.md](rooms.md) says how to make the
paper's own anew.
"""


def pipeline() -> str:
    """dvc.yaml."""
    tables = papers()
    trees = {slug: f"results/${{scale}}/{slug}" for slug in sorted(tables)}
    sources = ["Snakefile", *_JUDGED, "profiles/default", "requirements.txt", *_SOURCES]
    stages: dict[str, Any] = {slug: _stage(slug, sources, [tree]) for slug, tree in trees.items()}
    outs = [f"results/${{scale}}/{name}" for name in _OVER_ALL]
    page = _stage("page", sorted([*_JUDGED, *trees.values(), *_SOURCES]), outs)
    stages["page"] = page | {"metrics": [_kept("results/${scale}/scorecard.json")]}
    content = {
        "vars": ["config/config.yaml:scale"],
        "stages": stages,
        "plots": [plot for paper in tables.values() for plot in _plots(paper)],
        "artifacts": {
            name: {"path": kept.path, "type": kept.type, "desc": kept.title}
            for paper in tables.values()
            for name, kept in paper.kept.items()
        },
    }
    return _PIPELINE + yaml.dump(content, Dumper=_Plain, sort_keys=False, width=120)


class _Plain(yaml.SafeDumper):
    """Without anchors: every stage says in full what it depends on."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _stage(target: str, deps: Sequence[str], outs: Sequence[str]) -> dict[str, Any]:
    return {
        "cmd": f"PYTHONPATH=src snakemake --cores all -- {target}",  # of an experiment in a folder of its own
        "params": _SETTINGS,
        "deps": list(deps),
        "outs": [_kept(out) for out in outs],
    }


def _kept(path: str) -> dict[str, Any]:
    """An output that DVC does not delete before a run: Snakemake need not make it again."""
    return {path: {"persist": True}}


def _plots(paper: Paper) -> Iterator[Any]:
    folder = f"results/${{scale}}/{paper.slug}"
    for artifact in paper.artifacts:
        if artifact.lines:
            told = artifact.lines
            y = {f"{folder}/{artifact.name}.csv": told.y}
            yield {told.title: {"template": told.template, "x": told.x, "y": y}}
    for name in paper.having("figure"):
        yield f"{folder}/{name}.png"


def targets(reference: Path = Path("results/reference/small/manifest.json")) -> str:
    """docs/targets.md."""
    made = read_json(reference)["artifacts"]
    lines = [_TARGETS]
    for slug, paper in papers().items():
        lines += [f"## Paper {paper.number}: `{slug}`", "", "| target | what | small |", "|---|---|---:|"]
        groups = {"images": ("images", paper.data), "networks": ("networks", paper.networks)}
        for target, (folder, names) in groups.items():
            if names:
                files = [f"{slug}/{folder}/{name}.safetensors" for name in names]
                count = f"{len(names)} file{'s'[: len(names) > 1]}"
                lines.append(f"| `{slug}_{target}` | {count}: {', '.join(names)} | {_time(made, files)} |")
        for artifact in paper.artifacts:
            if not artifact.name.endswith("_summary"):
                took = _time(made, [f"{slug}/{artifact.name}.csv"])
                lines.append(f"| `{slug}_{artifact.name}` | {artifact.title} | {took} |")
        lines.append("")
    return "\n".join(lines)


def _time(made: dict[str, Any], files: Sequence[str]) -> str:
    """How long making some files took a core."""
    if any(file not in made for file in files):
        return ""
    seconds = round(sum(busy_seconds(made[file]) for file in files))
    minutes, rest = divmod(seconds, 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
