"""Paper 3, SAMI: images, networks, and what is measured of their latents."""

from recompose.papers.sami.work import works as works_of_sami

SAMI = PAPERS["sami"]
SAMI_WORK = works_of_sami(settings.sami)
# Importing what networks need takes longer than what smoke does with them: there one job trains all networks of a set of
# images, and one measures them, but for appendix B, which asks few of them.
SAMI_TRAINED, SAMI_MEASURED = {}, {}
for name, network in SAMI.networks.items():
    SAMI_TRAINED.setdefault(f"of_{network.data}" if BATCHES == 1 else name, []).append(name)
for each in SAMI.artifacts:
    together = BATCHES == 1 and each.networks and each.home != "theory.measures"
    SAMI_MEASURED.setdefault(f"of_{SAMI.networks[each.networks[0]].data}" if together else each.name, []).append(each)

for name, data in SAMI.data.items():

    rule:
        name:
            f"sami_{name}_images"
        input:
            real_images("sami", data),
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


for place, names in SAMI_TRAINED.items():
    networks = [SAMI.networks[name] for name in names]
    losses = made("sami", *(f"training/{name}.csv" for name in names))

    rule:
        name:
            f"sami_{place}_network"
        input:
            image_sets("sami", *dict.fromkeys(each.data for each in networks)),
            weights("sami", *dict.fromkeys(name for each in networks for name in each.networks if name not in names)),
        output:
            network=weights("sami", *names),
            losses=losses,
            provenance=sidecars(weights("sami", *names) + losses),
        log:
            f"{TREE}/logs/sami/network_{place}.log",
        benchmark:
            f"{TREE}/benchmarks/sami/network_{place}.tsv"
        priority: round(SAMI_WORK[names[0]].teraflop)  # the longest first: no core waits at the end
        resources:
            **asks(SAMI_WORK[names[0]], gpu=True),
        params:
            names=names,
            scale=settings.scale,
            settings=reads("sami", *dict.fromkeys(key for each in networks for key in each.reads)),
            code=code("sami", *dict.fromkeys(each.module for each in networks)),
        shell:
            "recompose sami networks {params.names} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for place, artifacts in SAMI_MEASURED.items():
    networks = list(dict.fromkeys(name for each in artifacts for name in each.networks))
    files = [path for each in artifacts for path in measured("sami", each)]

    rule:
        name:
            f"sami_{place}_numbers"
        input:
            image_sets("sami", *dict.fromkeys(SAMI.networks[name].data for name in networks)),
            weights("sami", *networks),
            csv("sami", *(name for each in artifacts for name in each.sources)),
            [path for each in artifacts for path in each.files],
            [real_images("sami", SAMI.unkept[each.stand_in]) for each in artifacts if each.stand_in in SAMI.unkept],
        output:
            measured=files,
            provenance=sidecars(files),
        log:
            f"{TREE}/logs/sami/{place}.log",
        benchmark:
            f"{TREE}/benchmarks/sami/{place}.tsv"
        priority: round(SAMI_WORK[artifacts[0].name].teraflop) if artifacts[0].name in SAMI_WORK else 0
        localrule: not networks
        resources:
            **asks(SAMI_WORK.get(artifacts[0].name), any(each.gpu for each in artifacts)),
        params:
            names=[each.name for each in artifacts],
            scale=settings.scale,
            settings=reads("sami", *dict.fromkeys(key for each in artifacts for key in each.reads)),
            code=code("sami", *dict.fromkeys(each.computed_by for each in artifacts)),
        shell:
            "recompose sami numbers {params.names} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
