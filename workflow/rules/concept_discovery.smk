"""Paper 4, concept discovery: images, networks, samples of every method, and what is measured of them."""

from recompose.papers.concept_discovery.work import works as works_of_concepts

CONCEPTS = PAPERS["concept_discovery"]
CONCEPTS_WORK = works_of_concepts(settings.concept_discovery)
# Importing what networks need takes longer than what smoke does with them: there one job trains those of a set of images,
# and one does what is of a kind.
CONCEPTS_TRAINED, CONCEPTS_TOGETHER = {}, {}
for name, network in CONCEPTS.networks.items():
    CONCEPTS_TRAINED.setdefault(f"of_{network.data}" if BATCHES == 1 else name, []).append(name)
for each in CONCEPTS.artifacts:
    explored = each.home in ("exploration", "search")
    kind = "explored" if explored else "compared" if each.sees else "asked" if each.gpu else each.name
    CONCEPTS_TOGETHER.setdefault(kind if BATCHES == 1 else each.name, []).append(each.name)


for name, data in CONCEPTS.data.items():

    rule:
        name:
            f"concept_discovery_{name}_images"
        input:
            real_images("concept_discovery", data),
        output:
            images=image_sets("concept_discovery", name),
            provenance=sidecars(image_sets("concept_discovery", name)),
        log:
            f"{TREE}/logs/concept_discovery/images_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/concept_discovery/images_{name}.tsv"
        priority: round(sum(work.teraflop for work in CONCEPTS_WORK.values()))  # before every network
        resources:
            **asks(),
        params:
            name=name,
            scale=settings.scale,
            settings=reads("concept_discovery", *data.reads),
            code=code("concept_discovery", data.module),
        shell:
            "recompose concept-discovery images {params.name} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for place, names in CONCEPTS_TRAINED.items():
    networks = [CONCEPTS.networks[name] for name in names]
    losses = made("concept_discovery", *(f"training/{name}.csv" for name in names))

    rule:
        name:
            f"concept_discovery_{place}_network"
        input:
            image_sets("concept_discovery", *dict.fromkeys(each.data for each in networks)),
        output:
            network=weights("concept_discovery", *names),
            losses=losses,
            provenance=sidecars(weights("concept_discovery", *names) + losses),
        log:
            f"{TREE}/logs/concept_discovery/network_{place}.log",
        benchmark:
            f"{TREE}/benchmarks/concept_discovery/network_{place}.tsv"
        priority: round(CONCEPTS_WORK[names[0]].teraflop)  # the longest first: no core waits at the end
        resources:
            **asks(CONCEPTS_WORK[names[0]], gpu=True),
        params:
            names=names,
            scale=settings.scale,
            settings=reads("concept_discovery", *dict.fromkeys(key for each in networks for key in each.reads)),
            code=code("concept_discovery", *dict.fromkeys(each.module for each in networks)),
        shell:
            "recompose concept-discovery networks {params.names} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for place, names in CONCEPTS_TOGETHER.items():
    artifacts = [CONCEPTS.artifact(name) for name in names]
    networks = list(dict.fromkeys(name for each in artifacts for name in each.networks))

    rule:
        name:
            f"concept_discovery_{place}_numbers"
        input:
            image_sets("concept_discovery", *dict.fromkeys(CONCEPTS.networks[name].data for name in networks)),
            weights("concept_discovery", *networks),
            csv("concept_discovery", *(name for each in artifacts for name in each.sources)),
            [path for each in artifacts for path in each.files],
            made("concept_discovery", *dict.fromkeys(f"{name}.safetensors" for each in artifacts for name in each.sees)),
        output:
            measured=[path for each in artifacts for path in measured("concept_discovery", each)],
            provenance=sidecars([path for each in artifacts for path in measured("concept_discovery", each)]),
        log:
            f"{TREE}/logs/concept_discovery/{place}.log",
        benchmark:
            f"{TREE}/benchmarks/concept_discovery/{place}.tsv"
        priority: round(CONCEPTS_WORK[place].teraflop) if place in CONCEPTS_WORK else 0
        localrule: all(each.sources for each in artifacts)
        resources:
            **asks(CONCEPTS_WORK.get(place), any(each.gpu for each in artifacts)),
        params:
            names=names,
            scale=settings.scale,
            settings=reads("concept_discovery", *dict.fromkeys(key for each in artifacts for key in each.reads)),
            code=code("concept_discovery", *dict.fromkeys(each.computed_by for each in artifacts)),
        shell:
            "recompose concept-discovery numbers {params.names} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
