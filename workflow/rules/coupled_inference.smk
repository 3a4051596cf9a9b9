"""Paper 1, coupled inference: parts of the large artifacts, then their numbers, and the search for hyperparameters."""

from recompose.papers.coupled_inference.hyperparameters import SEARCHED

# Where the hyperparameters of the diffusion methods stand.
FOUND = made("coupled_inference", *(f"search/{variant}.yaml" for variant in SEARCHED))
TUNED = ["config/tuned/coupled_inference.yaml"]
HYPERPARAMETERS = {"published": ["config/published/coupled_inference.csv"], "tuned": TUNED, "search": FOUND}[
    settings.coupled_inference.hyperparameters
]


rule coupled_inference_search:
    input:
        FOUND,


QUICKEST_FIRST = ["figure4", "figure5", "restarts", "figure6", "figure3", "figure2", "table1"]
for artifact in QUICKEST_FIRST:

    rule:
        name:
            f"coupled_inference_{artifact}_part"
        input:
            HYPERPARAMETERS,
        output:
            f"{TREE}/coupled_inference/parts/{artifact}.{{batch}}-of-{BATCHES}.csv",
        log:
            f"{TREE}/logs/coupled_inference/{artifact}.{{batch}}-of-{BATCHES}.log",
        benchmark:
            f"{TREE}/benchmarks/coupled_inference/{artifact}.{{batch}}-of-{BATCHES}.tsv"
        priority: len(QUICKEST_FIRST) - QUICKEST_FIRST.index(artifact)  # the first picture comes in the first minute
        resources:
            **asks(),
        params:
            artifact=artifact,
            scale=settings.scale,
            batch=f"{{batch}}/{BATCHES}",
            settings=reads("coupled_inference", *PAPERS["coupled_inference"].artifact(artifact).reads),
            code=code("coupled_inference", f"experiments:{artifact}"),
        shell:
            "recompose coupled-inference {params.artifact} --settings {params.settings:q} --batch {params.batch}"
            " --results results/{params.scale} > {log:q} 2>&1"

    rule:
        name:
            f"coupled_inference_{artifact}_numbers"
        input:
            parts("coupled_inference", artifact),
            PAPERS["coupled_inference"].artifact(artifact).files,
        output:
            csv=csv("coupled_inference", artifact),
            provenance=sidecars(csv("coupled_inference", artifact)),
        log:
            f"{TREE}/logs/coupled_inference/{artifact}.log",
        localrule: True
        params:
            artifact=artifact,
            scale=settings.scale,
            batches=BATCHES,
            settings=reads("coupled_inference", *PAPERS["coupled_inference"].artifact(artifact).reads),
            code=code("coupled_inference", f"experiments:{artifact}", "aggregation:gather"),
        shell:
            "recompose coupled-inference gather {params.artifact} --batches {params.batches}"
            " --settings {params.settings:q} --results results/{params.scale} > {log:q} 2>&1"


rule coupled_inference_capacity_numbers:
    input:
        csv("coupled_inference", "figure2"),
    output:
        csv=csv("coupled_inference", "capacity"),
        provenance=sidecars(csv("coupled_inference", "capacity")),
    log:
        f"{TREE}/logs/coupled_inference/capacity.log",
    localrule: True
    params:
        scale=settings.scale,
        settings=reads("coupled_inference", "capacity"),
        code=code("coupled_inference", "aggregation:capacity"),
    shell:
        "recompose coupled-inference capacity --settings {params.settings:q} --results results/{params.scale} > {log:q} 2>&1"


rule coupled_inference_special_case_numbers:
    output:
        csv=csv("coupled_inference", "special_case"),
        provenance=sidecars(csv("coupled_inference", "special_case")),
    log:
        f"{TREE}/logs/coupled_inference/special_case.log",
    benchmark:
        f"{TREE}/benchmarks/coupled_inference/special_case.tsv"
    resources:
        **asks(),
    params:
        scale=settings.scale,
        settings=reads("coupled_inference", "special_case"),
        code=code("coupled_inference", "special_case:special_case"),
    shell:
        "recompose coupled-inference special-case --settings {params.settings:q}"
        " --results results/{params.scale} > {log:q} 2>&1"


rule coupled_inference_search_variant:
    output:
        yaml=f"{TREE}/coupled_inference/search/{{variant}}.yaml",
        provenance=sidecar(f"{TREE}/coupled_inference/search/{{variant}}.yaml"),
    log:
        f"{TREE}/logs/coupled_inference/search_{{variant}}.log",
    benchmark:
        f"{TREE}/benchmarks/coupled_inference/search_{{variant}}.tsv"
    wildcard_constraints:
        variant="|".join(SEARCHED),
    resources:
        **asks(),
    params:
        scale=settings.scale,
        settings=reads("coupled_inference", "search"),
        code=code("coupled_inference", "search"),
    shell:
        "recompose coupled-inference search {wildcards.variant} --settings {params.settings:q}"
        " --results results/{params.scale} > {log:q} 2>&1"


rule coupled_inference_table_search_numbers:
    input:
        sorted({*PAPERS["coupled_inference"].artifact("table_search").files, *HYPERPARAMETERS}),
    output:
        csv=csv("coupled_inference", "table_search"),
        provenance=sidecars(csv("coupled_inference", "table_search")),
    log:
        f"{TREE}/logs/coupled_inference/table_search.log",
    benchmark:
        f"{TREE}/benchmarks/coupled_inference/table_search.tsv"
    resources:
        **asks(),
    params:
        scale=settings.scale,
        settings=reads("coupled_inference", "search", "hyperparameters"),
        code=code("coupled_inference", "experiments:table_search"),
    shell:
        "recompose coupled-inference table-search --settings {params.settings:q}"
        " --results results/{params.scale} > {log:q} 2>&1"
