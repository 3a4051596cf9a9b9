"""Paper 5, feature guidance: sets of images, networks, what is measured of them, figures, tables and the notebook."""

from dataclasses import asdict

from recompose.workflow.cluster import tell_profile
from recompose.papers.feature_guidance.names import DERIVED, IMAGES, NETWORKS as DENOISERS, USES
from recompose.papers.feature_guidance.work import works as denoisers_works

# The configuration that each artifact reads, beside the network's; all but the first few sample.
GUIDED = {
    "figure2": ("denoised",),
    "figure3": ("gains",),
    "figure4": ("embedding",),
    "figure5": ("distances",),
    "figure6": ("gaussians", "sampling"),
    "figure7": ("samples", "sampling"),
    "figure8": ("interpolation", "samples", "sampling"),
    "figure10": ("samples", "sampling"),
    "figure11": ("samples", "sampling"),
    "figure12": ("partial", "sampling"),
    "figure13": ("partial", "sampling"),
    "figure14": ("samples", "sampling"),
    "figure15": ("embedding",),
    "figure16": ("samples", "sampling"),
    "free_guidance": ("samples", "sampling"),
}
PAINTED = [*GUIDED, "training"]

FEATURE_GUIDANCE_NUMBERS = expand(f"{FEATURE_GUIDANCE}/{{artifact}}.csv", artifact=[*GUIDED, *DERIVED, "training"])
FEATURE_GUIDANCE_TABLES = expand(f"{FEATURE_GUIDANCE}/{{artifact}}.md", artifact=DERIVED)
FEATURE_GUIDANCE_FIGURES = expand(
    f"{FEATURE_GUIDANCE}/{{artifact}}.{{format}}", artifact=PAINTED, format=["png", "svg"]
)
FEATURE_GUIDANCE_NOTEBOOK = f"{TREE}/notebooks/feature_guidance.html"

FEATURE_GUIDANCE_PUBLISHED = "config/published/feature_guidance.csv"

CLAIMS += ["config/claims/feature_guidance.yaml"]
NUMBERS += FEATURE_GUIDANCE_NUMBERS
TABLES += FEATURE_GUIDANCE_TABLES
FIGURES += FEATURE_GUIDANCE_FIGURES
PUBLISHED += [FEATURE_GUIDANCE_PUBLISHED]
NOTEBOOKS += [FEATURE_GUIDANCE_NOTEBOOK]

FEATURE_GUIDANCE_WORK = denoisers_works(settings.feature_guidance)
for name, work in FEATURE_GUIDANCE_WORK.items():
    tell_profile(f"feature_guidance_{name}", **asdict(work))


rule feature_guidance:
    input:
        FEATURE_GUIDANCE_NUMBERS,
        FEATURE_GUIDANCE_TABLES,
        FEATURE_GUIDANCE_FIGURES,


rule feature_guidance_images:
    input:
        image_files(IMAGES),


rule feature_guidance_networks:
    input:
        weights(DENOISERS),


for job, names in jobs_of(IMAGES).items():

    rule:
        name:
            f"feature_guidance_{job}_images"
        input:
            real_images(names),
        output:
            images=image_files(names),
            provenance=[sidecar(path) for path in image_files(names)],
        log:
            f"{TREE}/logs/feature_guidance/images_{job}.log",
        benchmark:
            f"{TREE}/benchmarks/feature_guidance/images_{job}.tsv"
        # Before every network: a job of several cores waits until they are free.
        priority: round(FEATURE_GUIDANCE_WORK["all_network"].teraflop)
        conda:
            "../../environment.yml"
        threads: 1 if BATCHES == 1 else 8
        params:
            names=names,
            scale=settings.scale,
            settings=reads("feature_guidance", "images", "gaussians"),
            code=code_hash("recompose.papers.feature_guidance.data"),
        shell:
            "recompose feature-guidance images {params.names:q} --settings {params.settings:q} --processes {threads}"
            " --results results/{params.scale} > {log:q} 2>&1"


for job, names in jobs_of(DENOISERS).items():

    rule:
        name:
            f"feature_guidance_{job}_network"
        input:
            image_files(sorted({DENOISERS[name].images for name in names})),
        output:
            networks=network_files(names),
            provenance=[sidecar(path) for path in network_files(names)],
        log:
            f"{TREE}/logs/feature_guidance/network_{job}.log",
        benchmark:
            f"{TREE}/benchmarks/feature_guidance/network_{job}.tsv"
        priority: round(FEATURE_GUIDANCE_WORK[f"{job}_network"].teraflop)  # the longest first: no core waits at the end
        conda:
            "../../environment.yml"
        params:
            names=names,
            scale=settings.scale,
            settings=reads("feature_guidance", "network", "training"),
            code=code_hash("recompose.papers.feature_guidance.networks"),
        shell:
            "recompose feature-guidance networks {params.names:q} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for job, names in jobs_of(GUIDED).items():

    rule:
        name:
            f"feature_guidance_{job}_numbers"
        input:
            image_files(sorted({DENOISERS[each].images for name in names for each in USES[name]})),
            weights(sorted({each for name in names for each in USES[name]})),
        output:
            measured=measured_files(names),
            provenance=[sidecar(path) for path in measured_files(names)],
        log:
            f"{TREE}/logs/feature_guidance/{job}.log",
        benchmark:
            f"{TREE}/benchmarks/feature_guidance/{job}.tsv"
        conda:
            "../../environment.yml"
        params:
            names=names,
            scale=settings.scale,
            settings=reads("feature_guidance", "network", *sorted({key for name in names for key in GUIDED[name]})),
            code=code_hash("recompose.papers.feature_guidance.experiments"),
        shell:
            "recompose feature-guidance measure {params.names:q} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


rule feature_guidance_training_numbers:
    input:
        expand(f"{FEATURE_GUIDANCE}/training/{{name}}.csv", name=DENOISERS),
    output:
        csv=f"{FEATURE_GUIDANCE}/training.csv",
        provenance=sidecar(f"{FEATURE_GUIDANCE}/training.csv"),
    log:
        f"{TREE}/logs/feature_guidance/training.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scale=settings.scale,
        code=code_hash("recompose.papers.feature_guidance.aggregation"),
    shell:
        "recompose feature-guidance training --results results/{params.scale} > {log:q} 2>&1"


for artifact, sources in DERIVED.items():

    rule:
        name:
            f"feature_guidance_{artifact}_numbers"
        input:
            [f"{FEATURE_GUIDANCE}/{source}.csv" for source in sources],
        output:
            csv=f"{FEATURE_GUIDANCE}/{artifact}.csv",
            provenance=sidecar(f"{FEATURE_GUIDANCE}/{artifact}.csv"),
        log:
            f"{TREE}/logs/feature_guidance/{artifact}.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            settings=reads("feature_guidance"),
            code=code_hash("recompose.papers.feature_guidance.aggregation"),
        shell:
            "recompose feature-guidance {params.artifact} --settings {params.settings:q} --output {output.csv:q}"
            " > {log:q} 2>&1"

    rule:
        name:
            f"feature_guidance_{artifact}"
        input:
            f"{FEATURE_GUIDANCE}/{artifact}.csv",
        output:
            table=report(
                f"{FEATURE_GUIDANCE}/{artifact}.md",
                caption=f"../report/feature_guidance/{artifact}.rst",
                category="Feature guidance",
                labels={"artifact": artifact, "form": "table"},
            ),
            provenance=sidecar(f"{FEATURE_GUIDANCE}/{artifact}.md"),
        log:
            f"{TREE}/logs/feature_guidance/{artifact}_table.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            code=code_hash("recompose.papers.feature_guidance.tables"),
        shell:
            "recompose feature-guidance table {params.artifact} --input {input:q}"
            " --output {output.table:q} > {log:q} 2>&1"


for artifact in PAINTED:

    rule:
        name:
            f"feature_guidance_{artifact}"
        input:
            drawn_from(artifact),
        output:
            png=f"{FEATURE_GUIDANCE}/{artifact}.png",
            svg=report(
                f"{FEATURE_GUIDANCE}/{artifact}.svg",
                caption=f"../report/feature_guidance/{artifact}.rst",
                category="Feature guidance",
                labels={"artifact": artifact, "form": "figure"},
            ),
            provenance=[sidecar(f"{FEATURE_GUIDANCE}/{artifact}.{form}") for form in ["png", "svg"]],
        log:
            f"{TREE}/logs/feature_guidance/{artifact}_figure.log",
        localrule: True
        conda:
            "../../environment.yml"
        params:
            artifact=artifact,
            inputs=[word for path in drawn_from(artifact) for word in ("--input", path)],
            code=code_hash("recompose.papers.feature_guidance.figures"),
        shell:
            "recompose feature-guidance plot {params.artifact} {params.inputs:q}"
            " --output {output.png:q} --output {output.svg:q} > {log:q} 2>&1"


rule feature_guidance_notebook:
    input:
        notebook="workflow/notebooks/feature_guidance.ipynb",
        claims="config/claims/feature_guidance.yaml",
        published=FEATURE_GUIDANCE_PUBLISHED,
        numbers=FEATURE_GUIDANCE_NUMBERS,
        tables=FEATURE_GUIDANCE_TABLES,
        figures=FEATURE_GUIDANCE_FIGURES,
        scorecard=f"{TREE}/scorecard.csv",
    output:
        html=FEATURE_GUIDANCE_NOTEBOOK,
    log:
        f"{TREE}/logs/feature_guidance/notebook.log",
    localrule: True
    conda:
        "../../environment.yml"
    params:
        scale=settings.scale,
        code=code_hash("recompose.judgement.notebook"),
    shell:
        "recompose notebook feature-guidance --results results/{params.scale} --output {output.html:q} > {log:q} 2>&1"
