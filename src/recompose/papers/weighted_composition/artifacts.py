"""What paper 2 makes: its artifacts, in the order people read them, and its networks."""

from recompose.artifacts import Artifact, Kept, Lines, Network, Paper
from recompose.papers.weighted_composition.names import METRICS, MIXTURES, MODELS, SETTINGS, TABLES, Table
from recompose.papers.weighted_composition.rooms.artifacts import DATA, ROOMS, TRAINED

CELL = ("setting", "model", "metric", "samples", "particles")
"""What a distance is of."""
CONDITIONAL = tuple(f"{setting}_conditional" for setting in SETTINGS)
NETWORKS = tuple(f"{setting}_{model}" for model in MODELS for setting in SETTINGS)
SAMPLED = ("task", "sampling")


def _title(table: Table) -> str:
    """What a table of the appendix holds."""
    all_of = "Mixtures" if table.settings == MIXTURES else "Gaussians"
    where = SETTINGS[table.settings[0]] if len(table.settings) == 1 else all_of
    return f"{where}, {table.model} models, {METRICS[table.metric]}"


def _tables(*names: str) -> tuple[Artifact, ...]:
    """Some of Tables 1-27: the distances that stand in them, run by run."""
    return tuple(
        Artifact(
            name,
            title=f"Table {name.removeprefix('table')}: {_title(TABLES[name])}",
            caption=f"{CAPTIONS.get(name, _title(TABLES[name]))}. Mean and standard deviation over the runs; rows: N, "
            "training samples per source; columns: K, particles of a swarm. What the length of the steps alone does to "
            "variances stands in `discretisation`.",
            index=("table", *CELL, "run"),
            forms=("table",),
            value="value",
            sources=("distances",),
            function="table",
        )
        for name in names
    )


CAPTIONS = {
    "table1": "SW2 of conditional models, Gaussians: FKC with K particles on a model trained on N samples, or on exact "
    "scores",
    "table2": "SW2 of conditional models, Gaussian mixtures",
    "table3": 'SW2 of separate "expert" models, Gaussians',
}
"""Of the tables in the paper's text; those of its appendix are named by what they hold."""

PAPER = Paper(
    slug="weighted_composition",
    number=2,
    name="Weighted composition",
    artifacts=(
        Artifact(
            "figure1",
            title="Figure 1: learned and exact densities",
            caption="Learned and analytical densities of P^0, P^a1, P^a2, each sampled by itself, and of their "
            "composition, sampled by the corrector (as published: factorized, out of distribution, K = 16). "
            "Filled: samples; lines: the true density. The conditional networks of the largest N.",
            index=("source", "scores", "x", "y"),
            forms=("figure",),
            reads=("figure1", *SAMPLED),
            value="density",
            networks=CONDITIONAL,
            gpu=True,
        ),
        *_tables("table1", "table2", "table3"),
        Artifact(
            "exact",
            title="SW2 with exact scores, sampled as published",
            caption="SW2 of the corrector with exact scores, as many outputs and steps as published: what no network "
            "has a part in.",
            index=("setting", "metric", "particles", "run"),
            forms=("table",),
            reads=("exact", *SAMPLED),
            value="value",
            gpu=True,
        ),
        Artifact(
            "discretisation",
            title="what steps of a finite length do to variances",
            caption="Variances where Euler-Maruyama steps of a finite length end, with exact scores: as much of the "
            "tables' distances is neither estimation nor composition.",
            index=("setting", "steps"),
            forms=("table",),
            reads=("sampling", "exact"),
            value="naive",
            module="theorems",
        ),
        Artifact(
            "particles",
            title="SW2 against the number of particles",
            caption="SW2 against the number of particles, in every setting (this project's figure). Bands: 95 % "
            "intervals of the mean over the runs; dotted: the distance between two sets of true samples.",
            index=CELL,
            forms=("figure",),
            value="geometric_mean",
            sources=("distances",),
            lines=Lines(
                "Distance against the number of particles (paper 2)", "particles", "particles", "geometric_mean"
            ),
        ),
        Artifact(
            "excess",
            title="the same beyond its floor",
            caption="SW2 beyond that between two sets of true samples, sqrt(SW2^2 - floor^2), negative where the floor "
            "is larger: what is left is error, whatever the number of samples (this project's figure).",
            index=CELL,
            forms=("figure",),
            sources=("distances",),
        ),
        Artifact(
            "error_map",
            title="where the error of learned scores arises",
            caption="Where the composed learned score is wrong, at falling times: conditional networks of the "
            "largest N; white, where the trajectories with exact scores are. The colours end at .02 and 2 "
            "(this project's figure).",
            index=("setting", "t", "x", "y"),
            forms=("figure",),
            reads=("error_map", *SAMPLED),
            value="error",
            networks=CONDITIONAL,
            gpu=True,
        ),
        Artifact(
            "comparisons",
            title="the paired tests behind the claims",
            caption="The paired tests behind the claims: more particles against fewer, separate against conditional "
            "models.",
            index=("contrast", *CELL, "base"),
            forms=("table",),
            sources=("distances", "exact"),
        ),
        Artifact(
            "theorems",
            title="Theorems 1, 2 and 3 as numbers",
            caption="Theorems 1, 2 and 3 as numbers.",
            index=("theorem", "setting", "quantity", "particles"),
            forms=("table",),
            reads=("theorems",),
            value="value",
            module="theorems",
        ),
        Artifact(
            "accuracy",
            title="how well networks know what they were trained on",
            caption="Error of the predicted noise where the sources have their mass, of conditional and of separate "
            "networks.",
            index=("setting", "model", "samples", "run", "source"),
            forms=("table",),
            reads=("accuracy", "task"),
            value="error",
            networks=NETWORKS,
            gpu=True,
        ),
        Artifact(
            "clipping",
            title="what the clip of the log-weights trades",
            caption="SW2 with and without the clip of the log-weight rate (appendix F.1), for learned scores and for "
            "exact ones.",
            index=("setting", "samples", "clip", "metric", "particles", "run"),
            forms=("table",),
            reads=("clipping", *SAMPLED),
            value="value",
            networks=CONDITIONAL,
            gpu=True,
        ),
        Artifact(
            "correctors",
            title="the samplers of compositions side by side",
            caption="SW2 of every sampler of compositions that is registered, with exact scores and with those of the "
            "conditional networks of the largest N (this project's table).",
            index=("setting", "model", "corrector", "metric", "particles", "run"),
            forms=("table",),
            reads=("correctors", *SAMPLED),
            value="value",
            networks=CONDITIONAL,
            gpu=True,
        ),
        Artifact(
            "grid",
            title="compositions from a grid against the compositions themselves",
            caption="Distances of samples from exact scores and from grids of them, on the same random numbers.",
            index=("setting", "metric", "particles", "run"),
            forms=("table",),
            reads=("grid", *SAMPLED),
            value="apart",
            gpu=True,
        ),
        *ROOMS,
        *_tables(*(name for name in TABLES if name not in CAPTIONS)),
        Artifact(
            "distances",
            title="SW2 and MMD2 of every cell, from the networks and from exact scores",
            caption="The distances that all tables are made from.",
            index=(*CELL, "run"),
            reads=SAMPLED,
            value="value",
            networks=NETWORKS,
            gpu=True,
        ),
        *(
            Artifact(
                f"{name}_summary",
                title=f"Table {name.removeprefix('table')} over its runs",
                caption=f"{_title(table)}, over the runs.",
                index=("table", *CELL),
                sources=(name,),
                function="table_summary",
            )
            for name, table in TABLES.items()
        ),
    ),
    data=DATA,
    networks={name: Network(reads=("task", "networks")) for name in NETWORKS} | TRAINED,
    probe=("figure1",),
    kept={
        "composition-networks": Kept(
            "results/${scale}/weighted_composition/networks",
            "model",
            "Networks of paper 2, conditional and separate, for each setting, of points and of rooms",
        )
    },
)
