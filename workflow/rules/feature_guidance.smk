"""Paper 5, feature guidance: sets of images, networks, and what is measured of them."""

from dataclasses import asdict

from recompose.papers.feature_guidance.folders import folders
from recompose.papers.feature_guidance.names import GROUPS, NETWORKS as DENOISERS
from recompose.papers.feature_guidance.work import works as works_of_denoisers

GUIDANCE = PAPERS["feature_guidance"]
GUIDANCE_WORK = works_of_denoisers(settings.feature_guidance)

for name, data in GUIDANCE.data.items():

    rule:
        name:
            f"feature_guidance_{name}_images"
        input:
            folders(name, settings.feature_guidance.images),
        output:
            images=image_sets("feature_guidance", name),
            provenance=sidecars(image_sets("feature_guidance", name)),
        log:
            f"{TREE}/logs/feature_guidance/images_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/feature_guidance/images_{name}.tsv"
        priority: round(sum(work.teraflop for work in GUIDANCE_WORK.values()))  # before every network
        threads: PROCESSES
        resources:
            **asks(),
        params:
            name=name,
            scale=settings.scale,
            groups=GROUPS.get(name),
            settings=reads("feature_guidance", *data.reads),
            code=code("feature_guidance", data.module),
        shell:
            "recompose feature-guidance images {params.name} --settings {params.settings:q} --processes {threads}"
            " --results results/{params.scale} > {log:q} 2>&1"


for name, network in GUIDANCE.networks.items():

    rule:
        name:
            f"feature_guidance_{name}_network"
        input:
            image_sets("feature_guidance", network.data),
        output:
            network=weights("feature_guidance", name),
            losses=made("feature_guidance", f"training/{name}.csv"),
            provenance=sidecars(weights("feature_guidance", name) + made("feature_guidance", f"training/{name}.csv")),
        log:
            f"{TREE}/logs/feature_guidance/network_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/feature_guidance/network_{name}.tsv"
        priority: round(GUIDANCE_WORK[f"{name}_network"].teraflop)  # the longest first: no core waits at the end
        resources:
            **asks(GUIDANCE_WORK[f"{name}_network"], gpu=True),
        params:
            name=name,
            scale=settings.scale,
            network=asdict(DENOISERS[name]),
            settings=reads("feature_guidance", *network.reads),
            code=code("feature_guidance", "networks"),
        shell:
            "recompose feature-guidance networks {params.name} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for artifact in GUIDANCE.artifacts:

    rule:
        name:
            f"feature_guidance_{artifact.name}_numbers"
        input:
            image_sets("feature_guidance", *dict.fromkeys(GUIDANCE.networks[name].data for name in artifact.networks)),
            weights("feature_guidance", *artifact.networks) if artifact.home == "experiments" else [],
            # What is made of networks without looking into them is made of their losses.
            [
                made("feature_guidance", f"training/{name}.csv")
                for name in artifact.networks
                if artifact.home != "experiments"
            ],
            csv("feature_guidance", *artifact.sources),
        output:
            measured=measured("feature_guidance", artifact),
            provenance=sidecars(measured("feature_guidance", artifact)),
        log:
            f"{TREE}/logs/feature_guidance/{artifact.name}.log",
        benchmark:
            f"{TREE}/benchmarks/feature_guidance/{artifact.name}.tsv"
        localrule: artifact.home == "aggregation"
        resources:
            **asks(GUIDANCE_WORK.get(f"{artifact.name}_numbers"), artifact.gpu),
        params:
            artifact=artifact.name.replace("_", "-"),
            scale=settings.scale,
            networks={name: asdict(DENOISERS[name]) for name in artifact.networks},
            settings=reads("feature_guidance", *artifact.reads),
            code=code("feature_guidance", artifact.computed_by),
        shell:
            "recompose feature-guidance {params.artifact} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
