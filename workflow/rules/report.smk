"""Over all papers: the targets, the scorecard, the manifest and the page."""


rule tables:
    input:
        TABLES,


rule figures:
    input:
        FIGURES,


rule scorecard:
    input:
        claims=CLAIMS,
        published=PUBLISHED,
        numbers=NUMBERS,
    output:
        csv=f"{TREE}/scorecard.csv",
        table=report(
            f"{TREE}/scorecard.md",
            caption="../report/scorecard.rst",
            category="Scorecard",
            labels={"artifact": "scorecard", "form": "table"},
        ),
        summary=f"{TREE}/scorecard.json",
        provenance=[sidecar(f"{TREE}/scorecard.{form}") for form in ["csv", "md", "json"]],
    log:
        f"{TREE}/logs/scorecard.log",
    localrule: True
    params:
        scale=settings.scale,
        partial="" if settings.artifacts == "all" else "--partial",
        # The column that a claim means where it names none.
        values=[f"{artifact.name}: {artifact.value}" for paper in CHOSEN.values() for artifact in paper.artifacts],
        code=code_hash("recompose.judgement.scorecard"),
    shell:
        "recompose scorecard {params.partial} --results results/{params.scale} > {log:q} 2>&1"


rule manifest:
    input:
        [sidecar(artifact) for artifact in NUMBERS + TABLES + FIGURES],
        rules.scorecard.output.provenance,
    output:
        f"{TREE}/manifest.json",
    log:
        f"{TREE}/logs/manifest.log",
    localrule: True
    params:
        scale=settings.scale,
        code=code_hash("recompose.workflow.provenance"),
    shell:
        "recompose manifest --results results/{params.scale} > {log:q} 2>&1"


rule page:
    input:
        rules.scorecard.output.csv,
        rules.scorecard.output.summary,
        rules.manifest.output,
        NUMBERS,
        TABLES,
        FIGURES,
        NOTEBOOKS,
        CLAIMS,
        PUBLISHED,
        sorted(map(str, Path("src/recompose/judgement").glob("*.j2"))),
    output:
        f"{TREE}/index.html",
    log:
        f"{TREE}/logs/page.log",
    localrule: True
    params:
        scale=settings.scale,
        captions=[caption(slug, artifact) for slug, paper in CHOSEN.items() for artifact in paper.artifacts],
        code=code_hash("recompose.judgement.page"),
    shell:
        "recompose page --results results/{params.scale} > {log:q} 2>&1"
