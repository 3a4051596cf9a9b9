"""Paper 1, coupled inference: parts of the large artifacts, then numbers, then tables, figures and the notebook."""

COUPLED_INFERENCE = f"{TREE}/coupled_inference"
COUPLED_INFERENCE_CODE = code_hash("recompose.papers.coupled_inference.experiments")
COUPLED_INFERENCE_AGGREGATION = code_hash("recompose.papers.coupled_inference.aggregation")
COUPLED_INFERENCE_PUBLISHED = "config/published/coupled_inference.csv"
VARIANTS = ["gaussian", "latent_gaussian", "similarity", "latent_similarity"]

# Where the hyperparameters of the diffusion methods stand.
FOUND = expand(f"{COUPLED_INFERENCE}/search/{{variant}}.yaml", variant=VARIANTS)
TUNED = ["config/tuned/coupled_inference.yaml"]
HYPERPARAMETERS = {"published": [COUPLED_INFERENCE_PUBLISHED], "tuned": TUNED, "search": FOUND}[
    settings.coupled_inference.hyperparameters
]

# The artifacts whose cells are dealt to jobs, and the configuration keys that each of them reads.
SWEEPS = {
    "table1": ("table1", "methods", "hyperparameters"),
    "figure2": ("figure2", "methods", "hyperparameters"),
    "figure3": ("figure3", "methods", "hyperparameters"),
    "figure4": ("figure4", "hyperparameters"),
    "figure5": ("figure5", "hyperparameters"),
    "figure6": ("figure6", "hyperparameters"),
}
DRAWN = ["figure2", "figure3", "figure4", "figure5", "figure6", "capacity"]
WRITTEN = ["table1", "capacity", "table_search"]

COUPLED_INFERENCE_NUMBERS = expand(
    f"{COUPLED_INFERENCE}/{{artifact}}.csv", artifact=[*SWEEPS, "capacity", "table_search"]
)
COUPLED_INFERENCE_TABLES = expand(f"{COUPLED_INFERENCE}/{{artifact}}.md", artifact=WRITTEN)
COUPLED_INFERENCE_FIGURES = expand(
    f"{COUPLED_INFERENCE}/{{artifact}}.{{format}}", artifact=DRAWN, format=["png", "svg"]
)
COUPLED_INFERENCE_NOTEBOOK = f"{TREE}/notebooks/coupled_inference.html"

CLAIMS += ["config/claims/coupled_inference.yaml"]
NUMBERS += COUPLED_INFERENCE_NUMBERS
TABLES += COUPLED_INFERENCE_TABLES
FIGURES += COUPLED_INFERENCE_FIGURES
PUBLISHED += [COUPLED_INFERENCE_PUBLISHED]
NOTEBOOKS += [COUPLED_INFERENCE_NOTEBOOK]


rule coupled_inference:
    input:
        COUPLED_INFERENCE_NUMBERS,
        COUPLED_INFERENCE_TABLES,
        COUPLED_INFERENCE_FIGURES,


rule coupled_inference_capacity:
    input:
        expand(f"{COUPLED_INFERENCE}/capacity.{{format}}", format=["csv", "md", "png", "svg"]),


rule coupled_inference_search:
    input:
        FOUND,


for artifact, keys in SWEEPS.items():

    rule:
        name:
            f"coupled_inference_{artifact}_part"
        input:
            HYPERPARAMETERS,
        output:
            f"{COUPLED_INFERENCE}/parts/{artifact}.{{batch}}-of-{BATCHES}.csv",
        log:
            f"{TREE}/logs/coupled_inference/{artifact}.{{batch}}-of-{BATCHES}.log",
        benchmark:
            f"{TREE}/benchmarks/coupled_inference/{artifact}.{{batch}}-of-{BATCHES}.tsv"
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            batch=f"{{batch}}/{BATCHES}",
            settings=reads("coupled_inference", *keys),
            code=COUPLED_INFERENCE_CODE,
        shell:
            "recompose coupled-inference {params.artifact} --settings {params.settings:q}"
            " --batch {params.batch} --output {output:q} > {log:q} 2>&1"

    rule:
        name:
            f"coupled_inference_{artifact}_numbers"
        input:
            parts=expand(f"{COUPLED_INFERENCE}/parts/{artifact}.{{batch}}-of-{BATCHES}.csv", batch=range(BATCHES)),
            published=[COUPLED_INFERENCE_PUBLISHED] if artifact == "table1" else [],
        output:
            csv=f"{COUPLED_INFERENCE}/{artifact}.csv",
            provenance=sidecar(f"{COUPLED_INFERENCE}/{artifact}.csv"),
        log:
            f"{TREE}/logs/coupled_inference/{artifact}.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            settings=reads("coupled_inference", *keys),
            code=[COUPLED_INFERENCE_CODE, COUPLED_INFERENCE_AGGREGATION],
        shell:
            "recompose coupled-inference gather {params.artifact} {input.parts:q} --settings {params.settings:q}"
            " --output {output.csv:q} > {log:q} 2>&1"


rule coupled_inference_capacity_numbers:
    input:
        f"{COUPLED_INFERENCE}/figure2.csv",
    output:
        csv=f"{COUPLED_INFERENCE}/capacity.csv",
        provenance=sidecar(f"{COUPLED_INFERENCE}/capacity.csv"),
    log:
        f"{TREE}/logs/coupled_inference/capacity.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        settings=reads("coupled_inference", "capacity"),
        code=COUPLED_INFERENCE_AGGREGATION,
    shell:
        "recompose coupled-inference capacity --input {input:q} --settings {params.settings:q}"
        " --output {output.csv:q} > {log:q} 2>&1"


rule coupled_inference_search_variant:
    output:
        yaml=f"{COUPLED_INFERENCE}/search/{{variant}}.yaml",
        provenance=sidecar(f"{COUPLED_INFERENCE}/search/{{variant}}.yaml"),
    log:
        f"{TREE}/logs/coupled_inference/search_{{variant}}.log",
    benchmark:
        f"{TREE}/benchmarks/coupled_inference/search_{{variant}}.tsv"
    wildcard_constraints:
        variant="|".join(VARIANTS),
    conda:
        "../../environment.yml"
    params:
        settings=reads("coupled_inference", "search"),
        code=code_hash("recompose.papers.coupled_inference.search"),
    shell:
        "recompose coupled-inference search {wildcards.variant} --settings {params.settings:q}"
        " --output {output.yaml:q} > {log:q} 2>&1"


rule coupled_inference_table_search_numbers:
    input:
        COUPLED_INFERENCE_PUBLISHED,
        sorted({*TUNED, *HYPERPARAMETERS}),
    output:
        csv=f"{COUPLED_INFERENCE}/table_search.csv",
        provenance=sidecar(f"{COUPLED_INFERENCE}/table_search.csv"),
    log:
        f"{TREE}/logs/coupled_inference/table_search.log",
    conda:
        "../../environment.yml"
    params:
        settings=reads("coupled_inference", "search", "hyperparameters"),
        code=COUPLED_INFERENCE_CODE,
    shell:
        "recompose coupled-inference table-search --settings {params.settings:q}"
        " --output {output.csv:q} > {log:q} 2>&1"


for artifact in WRITTEN:

    rule:
        name:
            f"coupled_inference_{artifact}" + "_table" * (artifact in DRAWN)
        input:
            f"{COUPLED_INFERENCE}/{artifact}.csv",
        output:
            table=report(
                f"{COUPLED_INFERENCE}/{artifact}.md",
                caption=f"../report/coupled_inference/{artifact}.rst",
                category="Coupled inference",
                labels={"artifact": artifact, "form": "table"},
            ),
            provenance=sidecar(f"{COUPLED_INFERENCE}/{artifact}.md"),
        log:
            f"{TREE}/logs/coupled_inference/{artifact}_table.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            code=code_hash("recompose.papers.coupled_inference.tables"),
        shell:
            "recompose coupled-inference table {params.artifact} --input {input:q}"
            " --output {output.table:q} > {log:q} 2>&1"


for artifact in DRAWN:

    rule:
        name:
            f"coupled_inference_{artifact}" + "_figure" * (artifact in WRITTEN)
        input:
            f"{COUPLED_INFERENCE}/{artifact}.csv",
        output:
            png=f"{COUPLED_INFERENCE}/{artifact}.png",
            svg=report(
                f"{COUPLED_INFERENCE}/{artifact}.svg",
                caption=f"../report/coupled_inference/{artifact}.rst",
                category="Coupled inference",
                labels={"artifact": artifact, "form": "figure"},
            ),
            provenance=[sidecar(f"{COUPLED_INFERENCE}/{artifact}.{form}") for form in ["png", "svg"]],
        log:
            f"{TREE}/logs/coupled_inference/{artifact}_figure.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            code=code_hash("recompose.papers.coupled_inference.figures"),
        shell:
            "recompose coupled-inference plot {params.artifact} --input {input:q}"
            " --output {output.png:q} --output {output.svg:q} > {log:q} 2>&1"


rule coupled_inference_notebook:
    input:
        notebook="workflow/notebooks/coupled_inference.ipynb",
        claims="config/claims/coupled_inference.yaml",
        published=COUPLED_INFERENCE_PUBLISHED,
        readings=sorted(map(str, Path("config/tuned").glob("coupled_inference*.csv"))),
        numbers=COUPLED_INFERENCE_NUMBERS,
        tables=COUPLED_INFERENCE_TABLES,
        figures=COUPLED_INFERENCE_FIGURES,
        scorecard=f"{TREE}/scorecard.csv",
    output:
        html=COUPLED_INFERENCE_NOTEBOOK,
    log:
        f"{TREE}/logs/coupled_inference/notebook.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scale=settings.scale,
        code=code_hash("recompose.judgement.notebook"),
    shell:
        "recompose notebook coupled-inference --results results/{params.scale} --output {output.html:q} > {log:q} 2>&1"
