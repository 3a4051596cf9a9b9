"""Paper 2, objects in a room: images, networks, samples, and what a judge says of them."""

from dataclasses import asdict

from recompose.papers.weighted_composition.rooms import names as of_rooms
from recompose.papers.weighted_composition.rooms.names import CLASSES, JUDGE, SAMPLES, network_names
from recompose.papers.weighted_composition.rooms.work import works as works_of_rooms

# What is composed of what: values, which no hash of code holds.
COMPOSED = [CLASSES, of_rooms.PARTS, {name: asdict(each) for name, each in of_rooms.SETTINGS.items()}]
ROOMS_WORK = works_of_rooms(settings.weighted_composition)
# Importing what networks need takes longer than what smoke does with them: there one job trains all, and one samples.
TRAINED_TOGETHER = {f"rooms_{setting}_{model}": network_names(setting, model) for setting, model in SAMPLES.values()}
if BATCHES == 1:
    TRAINED_TOGETHER = {"rooms": tuple(name for names in TRAINED_TOGETHER.values() for name in names)}
TRAINED_TOGETHER[JUDGE] = (JUDGE,)
MEASURED_TOGETHER = {name: [name] for name in SAMPLES} if BATCHES > 1 else {"rooms_samples": list(SAMPLES)}
for each in COMPOSITIONS.artifacts:
    if each.module.startswith("rooms.") and each.name not in SAMPLES:
        # What looks at images, what shows them, and what is made of numbers alone.
        kind = "rooms_pictures" if each.function == "pictures" else "rooms_measured"
        kind = "rooms_tables" if each.home == "rooms.aggregation" else kind
        MEASURED_TOGETHER.setdefault(kind, []).append(each.name)


ACCEPTED = []
if settings.weighted_composition.rooms.source == "collection":

    include: "rooms_collection.smk"

    ACCEPTED = [f"data/rooms/accepted/{name}.csv" for name in CLASSES]


rule weighted_composition_rooms_images:
    input:
        ACCEPTED,
    output:
        images=image_sets("weighted_composition", "rooms"),
        provenance=sidecars(image_sets("weighted_composition", "rooms")),
    log:
        f"{TREE}/logs/weighted_composition/images_rooms.log",
    benchmark:
        f"{TREE}/benchmarks/weighted_composition/images_rooms.tsv"
    priority: round(sum(work.teraflop for work in ROOMS_WORK.values()))  # before every network of rooms
    threads: PROCESSES
    resources:
        **asks(ROOMS_WORK["images"]),
    params:
        scale=settings.scale,
        composed=COMPOSED,
        settings=reads("weighted_composition", *COMPOSITIONS.data["rooms"].reads),
        code=code("weighted_composition", "rooms.data"),
    shell:
        "recompose weighted-composition images rooms --settings {params.settings:q} --processes {threads}"
        " --results results/{params.scale} > {log:q} 2>&1"


# Networks of a setting and model are trained one after another in one job: importing what they need takes a while.
for place, names in TRAINED_TOGETHER.items():

    rule:
        name:
            f"weighted_composition_{place}_networks"
        input:
            image_sets("weighted_composition", "rooms"),
        output:
            networks=weights("weighted_composition", *names),
            losses=made("weighted_composition", *(f"training/{name}.csv" for name in names)),
            provenance=sidecars(
                weights("weighted_composition", *names)
                + made("weighted_composition", *(f"training/{name}.csv" for name in names))
            ),
        log:
            f"{TREE}/logs/weighted_composition/networks_{place}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/networks_{place}.tsv"
        priority: round(ROOMS_WORK[place].teraflop)  # the longest first: no core waits at the end
        resources:
            **asks(ROOMS_WORK[place], gpu=True),
        params:
            names=names,
            scale=settings.scale,
            composed=COMPOSED,
            settings=reads("weighted_composition", *COMPOSITIONS.networks[names[0]].reads),
            code=code("weighted_composition", COMPOSITIONS.networks[names[0]].module),
        shell:
            "recompose weighted-composition networks {params.names} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"


for place, names in MEASURED_TOGETHER.items():
    artifacts = [COMPOSITIONS.artifact(name) for name in names]
    needed = list(dict.fromkeys(name for each in artifacts for name in each.sources if name not in names))
    seen = list(dict.fromkeys(name for each in artifacts for name in each.sees))

    rule:
        name:
            f"weighted_composition_{place}_numbers"
        input:
            image_sets("weighted_composition", "rooms") if place == "rooms_measured" else [],
            weights("weighted_composition", *dict.fromkeys(name for each in artifacts for name in each.networks)),
            csv("weighted_composition", *needed),
            made("weighted_composition", *(f"{name}.safetensors" for name in seen)),
        output:
            measured=[path for each in artifacts for path in measured("weighted_composition", each)],
            provenance=sidecars([path for each in artifacts for path in measured("weighted_composition", each)]),
        log:
            f"{TREE}/logs/weighted_composition/{place}.log",
        benchmark:
            f"{TREE}/benchmarks/weighted_composition/{place}.tsv"
        priority: round(ROOMS_WORK[place].teraflop) if place in SAMPLES else 0
        localrule: place == "rooms_tables"
        resources:
            **asks(ROOMS_WORK.get(place), any(each.gpu for each in artifacts)),
        params:
            names=names,
            scale=settings.scale,
            composed=COMPOSED,
            settings=reads("weighted_composition", *dict.fromkeys(key for each in artifacts for key in each.reads)),
            code=code("weighted_composition", *dict.fromkeys(each.computed_by for each in artifacts)),
        shell:
            "recompose weighted-composition numbers {params.names} --settings {params.settings:q}"
            " --results results/{params.scale} > {log:q} 2>&1"
