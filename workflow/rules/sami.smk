"""Paper 3, SAMI: images, networks, and what is measured of their latents."""

from recompose.papers.sami.work import works as works_of_sami

SAMI = PAPERS["sami"]
SAMI_WORK = works_of_sami(settings.sami)

for name, data in SAMI.data.items():

    rule:
        name:
            f"sami_{name}_images"
        output:
            images=image_sets("sami", name),
            provenance=sidecars(image_sets("sami", name)),
        log:
            f"{TREE}/logs/sami/images_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/sami/images_{name}.tsv"
        priority: round(sum(work.teraflop for work in SAMI_WORK.values()))  # before every network
        resources:
            **asks(),
        params:
            name=name,
            scale=settings.scale,
            settings=reads("sami", *data.reads),
            code=code("sami", data.module),
        shell:
            "recompose sami images {params.name} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for name, network in SAMI.networks.items():

    rule:
        name:
            f"sami_{name}_network"
        input:
            image_sets("sami", network.data),
            weights("sami", *network.networks),
        output:
            network=weights("sami", name),
            losses=made("sami", f"training/{name}.csv"),
            provenance=sidecars(weights("sami", name) + made("sami", f"training/{name}.csv")),
        log:
            f"{TREE}/logs/sami/network_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/sami/network_{name}.tsv"
        priority: round(SAMI_WORK[name].teraflop)  # the longest first: no core waits at the end
        resources:
            **asks(SAMI_WORK[name], gpu=True),
        params:
            name=name,
            scale=settings.scale,
            settings=reads("sami", *network.reads),
            code=code("sami", network.module),
        shell:
            "recompose sami networks {params.name} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for each in SAMI.artifacts:

    rule:
        name:
            f"sami_{each.name}_numbers"
        input:
            image_sets("sami", *dict.fromkeys(SAMI.networks[name].data for name in each.networks)),
            weights("sami", *each.networks),
        output:
            measured=measured("sami", each),
            provenance=sidecars(measured("sami", each)),
        log:
            f"{TREE}/logs/sami/{each.name}.log",
        benchmark:
            f"{TREE}/benchmarks/sami/{each.name}.tsv"
        priority: round(SAMI_WORK[each.name].teraflop) if each.name in SAMI_WORK else 0
        resources:
            **asks(SAMI_WORK.get(each.name), each.gpu),
        params:
            name=each.name,
            scale=settings.scale,
            settings=reads("sami", *each.reads),
            code=code("sami", each.computed_by),
        shell:
            "recompose sami numbers {params.name} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
