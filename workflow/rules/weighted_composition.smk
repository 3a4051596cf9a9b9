"""Paper 2, weighted compositions: networks, distances from them, all tables at once, figures and the notebook."""

from dataclasses import asdict

from recompose.workflow.cluster import tell_profile
from recompose.papers.weighted_composition.names import MODELS, SETTINGS, TABLES as NUMBERED
from recompose.papers.weighted_composition.work import works

WEIGHTED_COMPOSITION = f"{TREE}/weighted_composition"
WEIGHTED_COMPOSITION_CODE = code_hash("recompose.papers.weighted_composition.experiments")
WEIGHTED_COMPOSITION_AGGREGATION = code_hash("recompose.papers.weighted_composition.aggregation")
WEIGHTED_COMPOSITION_PUBLISHED = "config/published/weighted_composition.csv"

NETWORKS = [
    f"{WEIGHTED_COMPOSITION}/networks/{setting}_{model}.safetensors" for model in MODELS for setting in SETTINGS
]
DISTANCES = ("task", "sampling")
SAMPLED = {
    "figure1": ("figure1", "task", "sampling"),
    "error_map": ("error_map", "task", "sampling"),
    "grid": ("grid", *DISTANCES),
}
PICTURED = ["figure1", "particles", "excess", "error_map"]
WRITTEN_OUT = ["theorems", "grid"]

WEIGHTED_COMPOSITION_NUMBERS = expand(
    f"{WEIGHTED_COMPOSITION}/{{artifact}}.csv",
    artifact=[
        "distances",
        *NUMBERED,
        *(f"{table}_summary" for table in NUMBERED),
        "particles",
        "excess",
        "comparisons",
        "theorems",
        *SAMPLED,
    ],
)
WEIGHTED_COMPOSITION_TABLES = expand(
    f"{WEIGHTED_COMPOSITION}/{{artifact}}.md", artifact=[*NUMBERED, "comparisons", *WRITTEN_OUT]
)
WEIGHTED_COMPOSITION_FIGURES = expand(
    f"{WEIGHTED_COMPOSITION}/{{artifact}}.{{format}}", artifact=PICTURED, format=["png", "svg"]
)
WEIGHTED_COMPOSITION_NOTEBOOK = f"{TREE}/notebooks/weighted_composition.html"
WEIGHTED_COMPOSITION_MADE_TOGETHER = ["particles", "excess", "comparisons"]

CLAIMS += ["config/claims/weighted_composition.yaml"]
NUMBERS += WEIGHTED_COMPOSITION_NUMBERS
TABLES += WEIGHTED_COMPOSITION_TABLES
FIGURES += WEIGHTED_COMPOSITION_FIGURES
PUBLISHED += [WEIGHTED_COMPOSITION_PUBLISHED]
NOTEBOOKS += [WEIGHTED_COMPOSITION_NOTEBOOK]

for name, work in works(settings.weighted_composition, BATCHES).items():
    tell_profile(f"weighted_composition_{name}", **asdict(work))


rule weighted_composition:
    input:
        WEIGHTED_COMPOSITION_NUMBERS,
        WEIGHTED_COMPOSITION_TABLES,
        WEIGHTED_COMPOSITION_FIGURES,


rule weighted_composition_networks:
    input:
        NETWORKS,


for artifact in [*NUMBERED, "comparisons"]:

    rule:
        name:
            f"weighted_composition_{artifact}"
        input:
            expand(f"{WEIGHTED_COMPOSITION}/{artifact}.{{format}}", format=["csv", "md"]),


# The networks of a setting and a model are one file; some files are one job.
for share in range(min(BATCHES, len(NETWORKS))):

    rule:
        name:
            f"weighted_composition_networks_{share}"
        output:
            networks=NETWORKS[share::BATCHES],
            provenance=[sidecar(path) for path in NETWORKS[share::BATCHES]],
        log:
            f"{TREE}/logs/weighted_composition/networks.{share}-of-{BATCHES}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/networks.{share}-of-{BATCHES}.tsv"
        conda:
            "../../environment.yml"
        params:
            settings=reads("weighted_composition", "task", "networks"),
            code=code_hash("recompose.papers.weighted_composition.networks"),
        shell:
            "recompose weighted-composition networks {output.networks:q} --settings {params.settings:q}"
            " > {log:q} 2>&1"


rule weighted_composition_distances_part:
    input:
        NETWORKS,
    output:
        f"{WEIGHTED_COMPOSITION}/parts/distances.{{batch}}-of-{BATCHES}.csv",
    log:
        f"{TREE}/logs/weighted_composition/distances.{{batch}}-of-{BATCHES}.log",
    benchmark:
        f"{TREE}/benchmarks/weighted_composition/distances.{{batch}}-of-{BATCHES}.tsv"
    conda:
        "../../environment.yml"
    params:
        batch=f"{{batch}}/{BATCHES}",
        settings=reads("weighted_composition", *DISTANCES),
        code=WEIGHTED_COMPOSITION_CODE,
    shell:
        "recompose weighted-composition distances --settings {params.settings:q}"
        " --batch {params.batch} --output {output:q} > {log:q} 2>&1"


rule weighted_composition_distances:
    input:
        expand(f"{WEIGHTED_COMPOSITION}/parts/distances.{{batch}}-of-{BATCHES}.csv", batch=range(BATCHES)),
    output:
        csv=f"{WEIGHTED_COMPOSITION}/distances.csv",
        provenance=sidecar(f"{WEIGHTED_COMPOSITION}/distances.csv"),
    log:
        f"{TREE}/logs/weighted_composition/distances.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        settings=reads("weighted_composition", *DISTANCES),
        code=[WEIGHTED_COMPOSITION_CODE, WEIGHTED_COMPOSITION_AGGREGATION],
    shell:
        "recompose weighted-composition gather distances {input:q} --settings {params.settings:q}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule weighted_composition_tables:
    input:
        f"{WEIGHTED_COMPOSITION}/distances.csv",
    output:
        numbers=expand(
            f"{WEIGHTED_COMPOSITION}/{{artifact}}.csv",
            artifact=[*NUMBERED, *(f"{table}_summary" for table in NUMBERED), *WEIGHTED_COMPOSITION_MADE_TOGETHER],
        ),
        tables=[
            report(
                f"{WEIGHTED_COMPOSITION}/{artifact}.md",
                caption=f"../report/weighted_composition/{'comparisons' if artifact == 'comparisons' else 'tables'}.rst",
                category="Weighted composition",
                labels={"artifact": artifact, "form": "table"},
            )
            for artifact in [*NUMBERED, "comparisons"]
        ],
        provenance=[
            sidecar(f"{WEIGHTED_COMPOSITION}/{artifact}.{form}")
            for artifact in [*NUMBERED, "comparisons"]
            for form in ["csv", "md"]
        ]
        + [
            sidecar(f"{WEIGHTED_COMPOSITION}/{artifact}.csv")
            for artifact in [*(f"{table}_summary" for table in NUMBERED), "particles", "excess"]
        ],
    log:
        f"{TREE}/logs/weighted_composition/tables.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scale=settings.scale,
        code=[WEIGHTED_COMPOSITION_AGGREGATION, code_hash("recompose.papers.weighted_composition.tables")],
    shell:
        "recompose weighted-composition tables --input {input:q} --results results/{params.scale} > {log:q} 2>&1"


rule weighted_composition_theorems_numbers:
    output:
        csv=f"{WEIGHTED_COMPOSITION}/theorems.csv",
        provenance=sidecar(f"{WEIGHTED_COMPOSITION}/theorems.csv"),
    log:
        f"{TREE}/logs/weighted_composition/theorems.log",
    benchmark:
        f"{TREE}/benchmarks/weighted_composition/theorems.tsv"
    conda:
        "../../environment.yml"
    params:
        settings=reads("weighted_composition", "theorems"),
        code=code_hash("recompose.papers.weighted_composition.theorems"),
    shell:
        "recompose weighted-composition theorems --settings {params.settings:q}"
        " --output {output.csv:q} > {log:q} 2>&1"


for artifact in WRITTEN_OUT:

    rule:
        name:
            f"weighted_composition_{artifact}"
        input:
            f"{WEIGHTED_COMPOSITION}/{artifact}.csv",
        output:
            table=report(
                f"{WEIGHTED_COMPOSITION}/{artifact}.md",
                caption=f"../report/weighted_composition/{artifact}.rst",
                category="Weighted composition",
                labels={"artifact": artifact, "form": "table"},
            ),
            provenance=sidecar(f"{WEIGHTED_COMPOSITION}/{artifact}.md"),
        log:
            f"{TREE}/logs/weighted_composition/{artifact}_table.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            code=code_hash("recompose.papers.weighted_composition.tables"),
        shell:
            "recompose weighted-composition table {params.artifact} --input {input:q}"
            " --output {output.table:q} > {log:q} 2>&1"


for artifact, keys in SAMPLED.items():

    rule:
        name:
            f"weighted_composition_{artifact}_numbers"
        input:
            [path for path in NETWORKS if path.endswith("_conditional.safetensors")],
        output:
            csv=f"{WEIGHTED_COMPOSITION}/{artifact}.csv",
            provenance=sidecar(f"{WEIGHTED_COMPOSITION}/{artifact}.csv"),
        log:
            f"{TREE}/logs/weighted_composition/{artifact}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/{artifact}.tsv"
        conda:
            "../../environment.yml"
        params:
            artifact=artifact.replace("_", "-"),
            settings=reads("weighted_composition", *keys),
            code=WEIGHTED_COMPOSITION_CODE,
        shell:
            "recompose weighted-composition {params.artifact} --settings {params.settings:q}"
            " --output {output.csv:q} > {log:q} 2>&1"


for artifact in PICTURED:

    rule:
        name:
            f"weighted_composition_{artifact}"
        input:
            f"{WEIGHTED_COMPOSITION}/{artifact}.csv",
        output:
            png=f"{WEIGHTED_COMPOSITION}/{artifact}.png",
            svg=report(
                f"{WEIGHTED_COMPOSITION}/{artifact}.svg",
                caption=f"../report/weighted_composition/{artifact}.rst",
                category="Weighted composition",
                labels={"artifact": artifact, "form": "figure"},
            ),
            provenance=[sidecar(f"{WEIGHTED_COMPOSITION}/{artifact}.{form}") for form in ["png", "svg"]],
        log:
            f"{TREE}/logs/weighted_composition/{artifact}_figure.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            code=code_hash("recompose.papers.weighted_composition.figures"),
        shell:
            "recompose weighted-composition plot {params.artifact} --input {input:q}"
            " --output {output.png:q} --output {output.svg:q} > {log:q} 2>&1"


rule weighted_composition_notebook:
    input:
        notebook="workflow/notebooks/weighted_composition.ipynb",
        claims="config/claims/weighted_composition.yaml",
        published=WEIGHTED_COMPOSITION_PUBLISHED,
        numbers=WEIGHTED_COMPOSITION_NUMBERS,
        tables=WEIGHTED_COMPOSITION_TABLES,
        figures=WEIGHTED_COMPOSITION_FIGURES,
        scorecard=f"{TREE}/scorecard.csv",
    output:
        html=WEIGHTED_COMPOSITION_NOTEBOOK,
    log:
        f"{TREE}/logs/weighted_composition/notebook.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scale=settings.scale,
        code=code_hash("recompose.judgement.notebook"),
    shell:
        "recompose notebook weighted-composition --results results/{params.scale} --output {output.html:q} > {log:q} 2>&1"
