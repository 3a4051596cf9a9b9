"""What paper 2 makes of rooms: artifacts, in the order people read them, the set of images, and networks."""

from typing import Any

from recompose.artifacts import Artifact, DataSet, Network
from recompose.papers.weighted_composition.rooms.names import JUDGE, NETWORKS, SAMPLES, network_names

SAMPLED = ("rooms", "rooms_networks", "rooms_sampling")
DRAWN = {
    "figure2": ("Figure 2: rooms, conditional models", "Samples of composed rooms, conditional networks"),
    "figure3": ("Figure 3: rooms, separate models", "Samples of composed rooms, a network for each condition"),
    "figure4": ("Figure 4: more rooms", "More samples of composed rooms, conditional networks"),
}


def _artifact(name: str, module: str = "experiments", **told: Any) -> Artifact:
    """All are made on rooms, which may stand in for those of FLUX.1-schnell."""
    return Artifact(name, module=f"rooms.{module}", stand_in="rooms", **told)


FIGURES = tuple(
    _artifact(
        name,
        title=title,
        caption=f"{caption}: in each panel naive (left) and corrected (right); none picked. Frames: what the judge"
        " sees.",
        index=("setting", "model", "particles", "number"),
        forms=("figure",),
        value="both",
        sources=("rooms_judged",),
        sees=tuple(SAMPLES),
        pictures=True,
        function="pictures",
    )
    for name, (title, caption) in DRAWN.items()
)
ROOMS = (
    *FIGURES,
    _artifact(
        "rooms_fractions",
        "aggregation",
        title="what composed rooms show",
        caption="Shares of samples that hold both objects, one, none, or are warped, by the judge; beside the exact"
        " class weights of what is composed, and those under which the paper's sentence would be true. Bars: 95 %"
        " intervals of the share of both.",
        index=("setting", "model", "particles", "outcome"),
        forms=("figure",),
        reads=("rooms",),
        sources=("rooms_judged",),
    ),
    _artifact(
        "rooms",
        "aggregation",
        title="the same in numbers",
        caption="What composed rooms show, in numbers.",
        index=("setting", "model", "particles"),
        forms=("table",),
        value="both",
        sources=("rooms_fractions",),
    ),
    _artifact(
        "rooms_conditions",
        "aggregation",
        title="how well networks know their own conditions",
        caption="What samples of each condition by itself show, beside its class weights, and the error of predicted"
        " velocities: the premise of appendix E.",
        index=("setting", "model", "source", "outcome"),
        forms=("table",),
        reads=("rooms",),
        sources=("rooms_judged", "rooms_errors"),
    ),
    _artifact(
        "rooms_weights",
        "aggregation",
        title="the course of the weights",
        caption="Effective sample size before resampling, first particles that still have descendants, and the variance"
        " of the log-weights that were gained, summed, over the weighings. Bands: 95 % intervals over the swarms.",
        index=("setting", "model", "particles", "weighing", "quantity"),
        forms=("figure",),
        sources=tuple(SAMPLES),
    ),
    _artifact(
        "rooms_classes",
        title="the images of rooms",
        caption="Some images of each class: empty, couch, table, painting, couch and table, couch and painting.",
        index=("class", "part"),
        forms=("figure",),
        reads=("rooms",),
        value="images",
        pictures=True,
    ),
    _artifact(
        "rooms_overlap",
        title="how far pairs of objects are from factorized",
        caption="How far pairs of objects are from factorized: whether they stand in the same places, and change images"
        " alike.",
        index=("first", "second", "quantity"),
        forms=("table",),
        reads=("rooms", "rooms_judge"),
        value="value",
        networks=(JUDGE,),
    ),
    _artifact(
        "rooms_accuracy",
        title="how often the judge is right",
        caption="Accuracy of the judge's classifiers on images that they were not trained on.",
        index=("asked",),
        forms=("table",),
        reads=("rooms", "rooms_judge"),
        value="accuracy",
        networks=(JUDGE,),
    ),
    _artifact(
        "rooms_judged",
        title="what each sample shows, by the judge",
        caption="What the samples show, swarm by swarm.",
        index=("setting", "model", "source", "particles", "swarm"),
        reads=("rooms", "rooms_judge"),
        value="both",
        networks=(JUDGE,),
        sees=tuple(SAMPLES),
    ),
    _artifact(
        "rooms_errors",
        title="errors of predicted velocities",
        caption="Errors of predicted velocities on images that no network was trained on.",
        index=("setting", "model", "source"),
        reads=SAMPLED,
        value="error",
        networks=tuple(NETWORKS),
        gpu=True,
    ),
    *(
        _artifact(
            name,
            title=f"samples of rooms, {setting}, {model} models",
            caption=f"Samples of rooms, {setting}, {model} models, and the course of their weights.",
            index=("setting", "model", "particles", "weighing", "quantity"),
            reads=SAMPLED,
            networks=network_names(setting, model),
            pictures=True,
            gpu=True,
            function="samples",
        )
        for name, (setting, model) in SAMPLES.items()
    ),
)
RENDERED = {"rendered": "Rendered rooms stand in for the paper's, which FLUX.1-schnell made."}
DATA = {"rooms": DataSet("Rooms of six classes", reads=("rooms",), module="rooms.data", stand_ins=RENDERED)}
TRAINED = {name: Network(("rooms", "rooms_networks"), "rooms", module="rooms.networks") for name in NETWORKS} | {
    JUDGE: Network(("rooms", "rooms_judge"), "rooms", module="rooms.judge")
}
