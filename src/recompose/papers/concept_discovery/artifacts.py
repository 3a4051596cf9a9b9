"""What paper 4 makes, in the order people read it. No torch: the workflow reads it."""

from typing import Any

from recompose.artifacts import Artifact, DataSet, Lines, Network, Paper

DRAWN_FACES = {"drawn": "Made on faces that are drawn with CelebA's attributes, which stand in for its photographs."}
SCORED = ("class", "method", "reference", "metric")


def _blocks(benchmark: str, *parts: str) -> tuple[str, ...]:
    """Blocks of the configuration: the benchmark's own, and those of its parts."""
    return (benchmark, *(f"{benchmark}_{part}" for part in parts))


def _asked(benchmark: str) -> tuple[str, ...]:
    return _blocks(benchmark, "backbone", "discovery", "sampling", "distillation")


def _stand_in(benchmark: str) -> str:
    """Digits are real ones, as in the paper."""
    return "faces" if benchmark == "faces" else ""


def _of(benchmark: str, name: str, function: str, **told: Any) -> Artifact:
    """An artifact of a benchmark, `<benchmark>_<name>`."""
    return Artifact(f"{benchmark}_{name}", function=function, stand_in=_stand_in(benchmark), **told)


def _explored(name: str, function: str, module: str = "exploration", **told: Any) -> Artifact:
    """What is looked at of the method itself, on ColorMNIST."""
    return _of(
        "digits", name, function, module=module, reads=(*_asked("digits"), "digits_judge", "digits_exploration"),
        networks=("digits_backbone", "digits_judge"), gpu=True, **told,
    )  # fmt: skip


def _judged(benchmark: str, name: str, function: str, **told: Any) -> Artifact:
    """What is measured of every method's images."""
    return _of(
        benchmark, name, function, reads=_blocks(benchmark, "judge"), networks=(f"{benchmark}_judge",),
        sees=(f"{benchmark}_samples",), **told,
    )  # fmt: skip


def _table(name: str, benchmark: str, title: str) -> Artifact:
    return Artifact(
        name,
        title=title,
        caption="Images of held-out combinations, compared with their queries (faithfulness) and others of their class"
        " (generalization): mean and standard error over the held-out classes. Features: those by which our classifier"
        " decides, not Inception's or CLIP's, so the printed numbers beside are of another scale.",
        index=("method", "reference", "metric"),
        forms=("table",),
        sources=(f"{benchmark}_scores",),
        files=("config/published/concept_discovery.csv",),
        function="comparison",
        stand_in=_stand_in(benchmark),
    )


def _examples(benchmark: str, figure: str) -> Artifact:
    return _judged(
        benchmark,
        "examples",
        "examples",
        title=f"{figure}: a query, its prototypes, and samples of each method",
        caption="Queries of held-out combinations, their three prototypes, the mean of the product, and samples of each"
        " method; none picked. Green frames: all factors right by the judge.",
        index=("class", "method", "number"),
        forms=("figure",),
        value="right",
        pictures=True,
    )


def _looked_at(benchmark: str, where: str, also: str = "") -> tuple[Artifact, ...]:
    """What every method's images show and what they took, and whether the network is any good."""
    return (
        _of(
            benchmark,
            "accuracy",
            "share",
            title=f"what samples show, by the judge{where}",
            caption="Shares of images that show each factor of the held-out class, their mean, and all of them, by our"
            " classifier, with 95 % intervals over the classes; and how far they are from the query, which near copies"
            f" are not.{also}",
            index=("method", "quantity"),
            forms=("table", "figure"),
            sources=(f"{benchmark}_attributes",),
        ),
        _of(
            benchmark,
            "seen",
            "trained_combination",
            title=f"how well the model knows the classes that it was trained on{where}",
            caption="Shares of samples of each seen class that show its factors, by the judge, for two weights of"
            " classifier-free guidance; and what the judge says of test images.",
            index=("group", "quantity"),
            forms=("table",),
            reads=_blocks(benchmark, "backbone", "judge", "sampling"),
            networks=(f"{benchmark}_backbone", f"{benchmark}_judge"),
            gpu=True,
        ),
        _of(
            benchmark,
            "costs",
            "cost",
            title=f"score evaluations, prototypes and drift{where}",
            caption="What each method asks of the network for a query, by parts, and what its teacher is made of.",
            index=("method", "quantity"),
            forms=("table",),
            reads=_blocks(benchmark, "discovery", "sampling"),
            sources=(f"{benchmark}_samples",),
        ),
    )


def _numbers(benchmark: str, where: str) -> tuple[Artifact, ...]:
    """What the others are made from."""
    return (
        _judged(
            benchmark,
            "scores",
            "scores",
            title=f"distances of every method and class{where}",
            caption="FID, cosine, precision, recall and F1 for every held-out class.",
            index=SCORED,
            value="value",
        ),
        _judged(
            benchmark,
            "attributes",
            "attributes",
            title=f"what the judge sees in the images of every query{where}",
            caption="Shares of images that show each factor, query by query.",
            index=("class", "query", "method", "quantity"),
            value="value",
        ),
        _of(
            benchmark,
            "samples",
            "samples",
            title=f"images by every method for every query{where}",
            caption="Images by every method for every query, and what its teachers are made of.",
            index=("class", "query", "method", "quantity", "place"),
            reads=_asked(benchmark),
            value="value",
            networks=(f"{benchmark}_backbone",),
            pictures=True,
            gpu=True,
        ),
    )


def _networks(benchmark: str) -> dict[str, Network]:
    return {
        f"{benchmark}_backbone": Network(reads=_blocks(benchmark, "backbone"), data=benchmark),
        f"{benchmark}_judge": Network(reads=_blocks(benchmark, "judge"), data=benchmark, module="judge"),
    }


PAPER = Paper(
    slug="concept_discovery",
    number=4,
    name="Concept discovery",
    artifacts=(
        _table("table1", "digits", "Table 1: ColorMNIST"),
        _table("table2", "faces", "Table 2: CelebA"),
        _explored(
            "modes",
            "modes",
            title="Figure 2: modes of the learned marginals",
            caption="Training images, noised to step t, and the modes that ascents from there reach, as clean images;"
            " at t = 500 noise is left in them.",
            index=("t", "kind", "quantity"),
            forms=("figure",),
            pictures=True,
        ),
        _examples("digits", "Figures 3 and 5, ColorMNIST"),
        _examples("faces", "Figures 3 and 5, CelebA"),
        _explored(
            "coarsening",
            "coarsening",
            title="Figure 4: modes coarsen with t",
            caption="Modes that mean shift reaches from the same images at growing t, and how many are distinct. Digits"
            " stand where the paper shows Fashion-MNIST.",
            index=("t",),
            forms=("figure",),
            value="modes",
            pictures=True,
            lines=Lines("Distinct modes against the noise (paper 4, Figure 4)", "modes", "t", "modes"),
        ),
        _explored(
            "backgrounds",
            "backgrounds",
            title="Figure 6: backgrounds that were never trained on",
            caption="A digit on black, between the trained backgrounds, and on white, far outside: queries, prototypes"
            " and samples of the product of experts, with 95 % intervals over the digits. On white the paper's samples,"
            " too, collapse to salt and pepper texture. The estimate of noise takes edges of digits for noise.",
            index=("background", "digit", "kind"),
            forms=("figure",),
            value="distance",
            pictures=True,
        ),
        *_looked_at("digits", ""),
        *_looked_at(
            "faces",
            ", faces",
            " Attributes in which the classes do not differ are left out: no class of drawn faces is bald.",
        ),
        _explored(
            "ablation",
            "ablation",
            title="what each choice of the method is worth",
            caption="Samples of the product of experts with one choice changed at a time: what they show by the judge,"
            " and score evaluations for a query. Bars: means over some queries, of a held-out class each, with 95 %"
            " intervals (Wilson's) over them. K likeliest: modes that each by itself explain the query best, in place"
            " of the greedy choice of Eq. 9.",
            index=("variant", "class", "quantity"),
            forms=("table", "figure"),
            value="value",
        ),
        _explored(
            "starts",
            "starts",
            title="modes or artifacts: what ascents find from the query and from noise",
            caption="Modes by where their ascents began, for some queries: those from the noised query and those from"
            " noise alone; how far they are from the nearest training image, how sure the judge is of what they show,"
            " and how many factors of the query they have.",
            index=("t", "start", "quantity"),
            forms=("figure",),
            pictures=True,
        ),
        _explored(
            "search",
            "searched_setting",
            module="search",
            title="settings searched for: w_0, tau and K",
            caption="Settings of the product of experts that Optuna tries on queries of validation classes, which are"
            " neither trained on nor measured elsewhere, and what the best ones and the published ones are worth on the"
            " held-out classes.",
            index=("kind", "trial", "class"),
            forms=("table",),
            value="value",
        ),
        _explored(
            "stability",
            "repeat",
            title="how much of a teacher is chance",
            caption="Discoveries repeated with other starts and probes: shares of prototypes and of all modes in"
            " common, and how far the products' means are apart.",
            index=("class", "first", "second", "quantity"),
            forms=("table",),
            value="value",
        ),
        *_numbers("digits", ""),
        *_numbers("faces", ", faces"),
    ),
    data={
        "digits": DataSet(
            "ColorMNIST",
            reads=("digits",),
            module="digits",
            folders={"mnist": "data/mnist", "fashion_mnist": "data/fashion_mnist"},
        ),
        "faces": DataSet(
            "faces", reads=("faces",), module="faces", folders={"celeba": "data/celeba"}, stand_ins=DRAWN_FACES
        ),
    },
    networks=_networks("digits") | _networks("faces"),
    probe=("digits_coarsening",),
)
