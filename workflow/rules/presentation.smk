"""Of every paper, from its table of artifacts: figures, tables, the notebook, and the targets."""

for slug, paper in PAPERS.items():
    wanted = CHOSEN.get(slug, paper)

    rule:
        name:
            slug
        input:
            everything(wanted),

    rule:
        name:
            f"{slug}_notebook"
        input:
            everything(wanted),
            notebook=f"workflow/notebooks/{slug}.ipynb",
            claims=f"config/claims/{slug}.yaml",
            published=published(slug),
            readings=sorted(map(str, Path("config/tuned").glob(f"{slug}*.csv"))),
        output:
            f"{TREE}/notebooks/{slug}.html",
        log:
            f"{TREE}/logs/{slug}/notebook.log",
        localrule: True
        params:
            paper=paper.command,
            scale=settings.scale,
            captions=[caption(slug, artifact) for artifact in paper.artifacts if artifact.forms],
            code=code_hash("recompose.judgement.notebook"),
        shell:
            "recompose notebook {params.paper} --results results/{params.scale} > {log:q} 2>&1"

    if paper.data:

        rule:
            name:
                f"{slug}_images"
            input:
                image_sets(slug, *wanted.data),

    if paper.networks:

        rule:
            name:
                f"{slug}_networks"
            input:
                weights(slug, *wanted.networks),

    for artifact in paper.artifacts:
        # A target by its name, where no rule that draws or prints it has that already.
        if f"{slug}_{artifact.name}" not in (drawn(slug, artifact), printed(slug, artifact)):

            rule:
                name:
                    f"{slug}_{artifact.name}"
                input:
                    csv(slug, artifact.name),
                    *(shown(slug, artifact, form) for form in artifact.forms),

        if "figure" in artifact.forms:

            rule:
                name:
                    drawn(slug, artifact)
                input:
                    measured(slug, artifact),
                output:
                    png=shown(slug, artifact, "figure")[0],
                    svg=report(
                        shown(slug, artifact, "figure")[1],
                        caption="../report/caption.rst",
                        category=paper.name,
                        labels={"artifact": artifact.name, "form": "figure"},
                    ),
                    provenance=sidecars(shown(slug, artifact, "figure")),
                log:
                    f"{TREE}/logs/{slug}/{artifact.name}_figure.log",
                localrule: True
                params:
                    figure=f"{paper.command} plot {artifact.name}",
                    scale=settings.scale,
                    code=code(slug, artifact.shown_by("figure")),
                shell:
                    "recompose {params.figure} --results results/{params.scale} > {log:q} 2>&1"

    for printer, artifacts in tables_by_rule(slug).items():

        rule:
            name:
                printer
            input:
                csv(slug, *artifacts),
            output:
                tables=[
                    report(
                        path,
                        caption="../report/caption.rst",
                        category=paper.name,
                        labels={"artifact": Path(path).stem, "form": "table"},
                    )
                    for path in made(slug, *(f"{artifact}.md" for artifact in artifacts))
                ],
                provenance=sidecars(made(slug, *(f"{artifact}.md" for artifact in artifacts))),
            log:
                f"{TREE}/logs/{slug}/{printer}_table.log",
            localrule: True
            params:
                tables=[paper.command, "table", *artifacts],
                scale=settings.scale,
                told=[paper.told_of_data(paper.artifact(each), PLAIN[slug]) for each in artifacts],
                code=code(slug, *dict.fromkeys(paper.artifact(each).shown_by("table") for each in artifacts)),
            shell:
                "recompose {params.tables} --results results/{params.scale} > {log:q} 2>&1"
