"""Paper 2, the data set of rooms made anew: what each step came to, class by class. The images are in data/rooms/ too.

Labels are given by hand, between embeddings and acceptance: recompose rooms label --class <class>; docs/rooms.md.
"""

from recompose.papers.weighted_composition.rooms.collection.labels import labels_hash
from recompose.papers.weighted_composition.rooms.collection.work import works as works_of_collection
from recompose.papers.weighted_composition.rooms.names import CLASSES as ROOM_CLASSES

COLLECTION_WORK = works_of_collection(settings.weighted_composition.rooms_collection)

for name in ROOM_CLASSES:

    rule:
        name:
            f"rooms_{name}_candidates"
        output:
            f"data/rooms/candidates/{name}.json",
        log:
            f"{TREE}/logs/rooms/candidates_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/rooms/candidates_{name}.tsv"
        resources:
            **asks(COLLECTION_WORK["candidates"], gpu=True),
        params:
            name=name,
            settings=reads("weighted_composition", "rooms_collection"),
            code=code("weighted_composition", "rooms.collection.candidates"),
        shell:
            "recompose rooms candidates --class {params.name} --settings {params.settings:q} > {log:q} 2>&1"

    rule:
        name:
            f"rooms_{name}_embeddings"
        input:
            f"data/rooms/candidates/{name}.json",
        output:
            f"data/rooms/embeddings/{name}.json",
        log:
            f"{TREE}/logs/rooms/embeddings_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/rooms/embeddings_{name}.tsv"
        resources:
            **asks(COLLECTION_WORK["embeddings"], gpu=True),
        params:
            name=name,
            settings=reads("weighted_composition", "rooms_collection"),
            code=code("weighted_composition", "rooms.collection.embeddings"),
        shell:
            "recompose rooms embeddings --class {params.name} --settings {params.settings:q} > {log:q} 2>&1"

    rule:
        name:
            f"rooms_{name}_accepted"
        input:
            f"data/rooms/embeddings/{name}.json",
        output:
            summary=f"data/rooms/accepted/{name}.json",
            table=f"data/rooms/accepted/{name}.csv",
        log:
            f"{TREE}/logs/rooms/accepted_{name}.log",
        benchmark:
            f"{TREE}/benchmarks/rooms/accepted_{name}.tsv"
        resources:
            **asks(COLLECTION_WORK["accepted"], gpu=True),
        params:
            name=name,
            labels=labels_hash(name),
            settings=reads("weighted_composition", "rooms_collection"),
            code=code("weighted_composition", "rooms.collection.acceptance"),
        shell:
            "recompose rooms accepted --class {params.name} --settings {params.settings:q} > {log:q} 2>&1"


rule rooms_calibration:
    input:
        expand("data/rooms/accepted/{name}.json", name=ROOM_CLASSES),
    output:
        multiext("data/rooms/calibration", ".csv", ".png", ".svg"),
    log:
        f"{TREE}/logs/rooms/calibration.log",
    localrule: True
    params:
        code=code("weighted_composition", "rooms.collection.calibration"),
    shell:
        "recompose rooms calibration > {log:q} 2>&1"
