"""Paper 2, weighted compositions: networks, distances from them, and all tables at once."""

from recompose.papers.weighted_composition.artifacts import NETWORKS
from recompose.papers.weighted_composition.names import ANALYTIC, MODELS, SETTINGS
from recompose.papers.weighted_composition.work import works as works_of_compositions

COMPOSITIONS = PAPERS["weighted_composition"]
COMPOSITIONS_WORK = works_of_compositions(settings.weighted_composition, BATCHES)
FROM_DISTANCES = [
    artifact.name
    for artifact in COMPOSITIONS.artifacts
    if "distances" in artifact.sources or artifact.function == "table_summary"
]


include: "weighted_composition_rooms.smk"


rule weighted_composition_network:
    output:
        network=f"{TREE}/weighted_composition/networks/{{name}}.safetensors",
        provenance=sidecar(f"{TREE}/weighted_composition/networks/{{name}}.safetensors"),
    log:
        f"{TREE}/logs/weighted_composition/network_{{name}}.log",
    benchmark:
        f"{TREE}/benchmarks/weighted_composition/network_{{name}}.tsv"
    wildcard_constraints:
        name="|".join(NETWORKS),
    resources:
        **asks(lambda wildcards: COMPOSITIONS_WORK[wildcards.name], gpu=True),
    params:
        scale=settings.scale,
        settings=reads("weighted_composition", "task", "networks"),
        code=code("weighted_composition", "networks"),
    shell:
        "recompose weighted-composition networks {wildcards.name} --settings {params.settings:q}"
        " --results results/{params.scale} > {log:q} 2>&1"


for artifact in map(COMPOSITIONS.artifact, ["distances", "exact"]):

    rule:
        name:
            f"weighted_composition_{artifact.name}_part"
        input:
            weights("weighted_composition", *artifact.networks),
        output:
            f"{TREE}/weighted_composition/parts/{artifact.name}.{{batch}}-of-{BATCHES}.csv",
        log:
            f"{TREE}/logs/weighted_composition/{artifact.name}.{{batch}}-of-{BATCHES}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/{artifact.name}.{{batch}}-of-{BATCHES}.tsv"
        resources:
            **asks(COMPOSITIONS_WORK[artifact.name], artifact.gpu),
        params:
            artifact=artifact.name,
            scale=settings.scale,
            batch=f"{{batch}}/{BATCHES}",
            cells=[ANALYTIC, *MODELS, *SETTINGS],
            settings=reads("weighted_composition", *artifact.reads),
            code=code("weighted_composition", artifact.computed_by),
        shell:
            "recompose weighted-composition {params.artifact} --settings {params.settings:q} --batch {params.batch}"
            " --results results/{params.scale} > {log:q} 2>&1"

    rule:
        name:
            f"weighted_composition_{artifact.name}_numbers"
        input:
            parts("weighted_composition", artifact.name),
        output:
            csv=csv("weighted_composition", artifact.name),
            provenance=sidecars(csv("weighted_composition", artifact.name)),
        log:
            f"{TREE}/logs/weighted_composition/{artifact.name}.log",
        localrule: True
        params:
            artifact=artifact.name,
            scale=settings.scale,
            batches=BATCHES,
            settings=reads("weighted_composition", *artifact.reads),
            code=code("weighted_composition", artifact.computed_by, "aggregation:gather"),
        shell:
            "recompose weighted-composition gather {params.artifact} --batches {params.batches}"
            " --settings {params.settings:q} --results results/{params.scale} > {log:q} 2>&1"


rule weighted_composition_tables_numbers:
    input:
        csv("weighted_composition", "distances", "exact"),
    output:
        csv=csv("weighted_composition", *FROM_DISTANCES),
        provenance=sidecars(csv("weighted_composition", *FROM_DISTANCES)),
    log:
        f"{TREE}/logs/weighted_composition/tables.log",
    localrule: True
    params:
        scale=settings.scale,
        names=FROM_DISTANCES,
        settings=reads("weighted_composition"),
        code=code("weighted_composition", "aggregation"),
    shell:
        "recompose weighted-composition numbers {params.names} --settings {params.settings:q}"
        " --results results/{params.scale} > {log:q} 2>&1"


ALONE = ["theorems", "discretisation", "figure1", "error_map", "accuracy", "clipping", "correctors", "grid"]
for artifact in map(COMPOSITIONS.artifact, ALONE):

    rule:
        name:
            f"weighted_composition_{artifact.name}_numbers"
        input:
            weights("weighted_composition", *artifact.networks),
        output:
            csv=csv("weighted_composition", artifact.name),
            provenance=sidecars(csv("weighted_composition", artifact.name)),
        log:
            f"{TREE}/logs/weighted_composition/{artifact.name}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/{artifact.name}.tsv"
        resources:
            **asks(COMPOSITIONS_WORK.get(artifact.name), artifact.gpu),
        params:
            artifact=artifact.name.replace("_", "-"),
            scale=settings.scale,
            cells=list(SETTINGS),
            settings=reads("weighted_composition", *artifact.reads),
            code=code("weighted_composition", artifact.computed_by),
        shell:
            "recompose weighted-composition {params.artifact} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
