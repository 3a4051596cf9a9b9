"""Paper 2, objects in a room: images, networks, samples, and what a judge says of them."""

from recompose.papers.weighted_composition.rooms.names import JUDGE, NETWORKS as ROOM_NETWORKS, SAMPLES
from recompose.papers.weighted_composition.rooms.work import works as works_of_rooms

ROOMS_WORK = works_of_rooms(settings.weighted_composition)


rule weighted_composition_rooms_images:
    output:
        images=image_sets("weighted_composition", "rooms"),
        provenance=sidecars(image_sets("weighted_composition", "rooms")),
    log:
        f"{TREE}/logs/weighted_composition/images_rooms.log",
    benchmark:
        f"{TREE}/benchmarks/weighted_composition/images_rooms.tsv"
    priority: round(sum(work.teraflop for work in ROOMS_WORK.values()))  # before every network of rooms
    threads: 1 if BATCHES == 1 else 8
    resources:
        **asks(ROOMS_WORK["images"]),
    params:
        scale=settings.scale,
        settings=reads("weighted_composition", *COMPOSITIONS.data["rooms"].reads),
        code=code("weighted_composition", "rooms.data"),
    shell:
        "recompose weighted-composition images rooms --settings {params.settings:q} --processes {threads}"
        " --results results/{params.scale} > {log:q} 2>&1"


for name in [*ROOM_NETWORKS, JUDGE]:

    rule:
        name:
            f"weighted_composition_{name}_network"
        input:
            image_sets("weighted_composition", "rooms"),
        output:
            network=weights("weighted_composition", name),
            losses=made("weighted_composition", f"training/{name}.csv"),
            provenance=sidecars(
                weights("weighted_composition", name) + made("weighted_composition", f"training/{name}.csv")
            ),
        log:
            f"{TREE}/logs/weighted_composition/network_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/network_{name}.tsv"
        priority: round(ROOMS_WORK[name].teraflop)
        resources:
            **asks(ROOMS_WORK[name], gpu=True),
        params:
            name=name,
            scale=settings.scale,
            settings=reads("weighted_composition", *COMPOSITIONS.networks[name].reads),
            code=code("weighted_composition", COMPOSITIONS.networks[name].module),
        shell:
            "recompose weighted-composition networks {params.name} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for artifact in [each for each in COMPOSITIONS.artifacts if each.module.startswith("rooms.")]:

    rule:
        name:
            f"weighted_composition_{artifact.name}_numbers"
        input:
            # What is measured may look at the images; what is made of measurements reads these alone.
            image_sets("weighted_composition", "rooms") if artifact.home == "rooms.experiments" else [],
            weights("weighted_composition", *artifact.networks),
            csv("weighted_composition", *artifact.sources),
            made("weighted_composition", *(f"{name}.safetensors" for name in artifact.sees)),
        output:
            measured=measured("weighted_composition", artifact),
            provenance=sidecars(measured("weighted_composition", artifact)),
        log:
            f"{TREE}/logs/weighted_composition/{artifact.name}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/{artifact.name}.tsv"
        priority: round(ROOMS_WORK[artifact.name].teraflop) if artifact.name in SAMPLES else 0
        localrule: artifact.home == "rooms.aggregation"
        resources:
            **asks(ROOMS_WORK.get(artifact.name), artifact.gpu),
        params:
            artifact=artifact.name.replace("_", "-"),
            scale=settings.scale,
            settings=reads("weighted_composition", *artifact.reads),
            code=code("weighted_composition", artifact.computed_by),
        shell:
            "recompose weighted-composition {params.artifact} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
