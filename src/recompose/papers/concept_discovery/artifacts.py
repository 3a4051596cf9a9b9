"""What paper 4 makes, in the order people read it. No torch: the workflow reads it."""

from typing import Any

from recompose.artifacts import Artifact, DataSet, Lines, Network, Paper

ASKED = ("digits", "digits_backbone", "digits_discovery", "digits_sampling", "digits_distillation")
EXPLORED = (*ASKED, "digits_judge", "digits_exploration")
BOTH = ("digits_backbone", "digits_judge")
SCORED = ("class", "method", "reference", "metric")


def _explored(name: str, function: str, **told: Any) -> Artifact:
    return Artifact(name, module="exploration", function=function, reads=EXPLORED, networks=BOTH, gpu=True, **told)


PAPER = Paper(
    slug="concept_discovery",
    number=4,
    name="Concept discovery",
    artifacts=(
        Artifact(
            "table1",
            title="Table 1: ColorMNIST",
            caption="Images of held-out combinations, compared with their queries (faithfulness) and others of their"
            " class (generalization): mean and standard error over the held-out classes. Features: those by which our"
            " classifier decides, not Inception's or CLIP's, so the printed numbers beside are of another scale.",
            index=("method", "reference", "metric"),
            forms=("table",),
            sources=("digits_scores",),
        ),
        _explored(
            "digits_modes",
            "modes",
            title="Figure 2: modes of the learned marginals",
            caption="Training images, noised to step t, and the modes that ascents from there reach, as clean images.",
            index=("t", "kind", "quantity"),
            forms=("figure",),
            pictures=True,
        ),
        Artifact(
            "digits_examples",
            title="Figures 3 and 5: a query, its prototypes, and samples of each method",
            caption="Queries of held-out combinations, their three prototypes, the mean of the product, and samples of"
            " each method; none picked. Green frames: all factors right by the judge.",
            index=("class", "method", "number"),
            forms=("figure",),
            reads=("digits", "digits_judge"),
            value="right",
            networks=("digits_judge",),
            sees=("digits_samples",),
            pictures=True,
            function="examples",
        ),
        _explored(
            "digits_coarsening",
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
            "digits_backgrounds",
            "backgrounds",
            title="Figure 6: backgrounds that were never trained on",
            caption="A digit on black, between the trained backgrounds, and on white, far outside: queries, prototypes"
            " and samples of the product of experts.",
            index=("background", "digit", "kind"),
            forms=("figure",),
            value="distance",
            pictures=True,
        ),
        Artifact(
            "digits_accuracy",
            title="what samples show, by the judge",
            caption="Shares of images that show each factor of the held-out class, and all of them, by our classifier,"
            " with 95 % intervals over the classes; and how far they are from the query, which near copies are not.",
            index=("method", "quantity"),
            forms=("table", "figure"),
            sources=("digits_attributes",),
            module="aggregation",
            function="share",
        ),
        Artifact(
            "digits_seen",
            title="how well the model knows the classes that it was trained on",
            caption="Shares of samples of each seen class that show its factors, by the judge, for two weights of"
            " classifier-free guidance; and what the judge says of test images.",
            index=("group", "quantity"),
            forms=("table",),
            reads=("digits", "digits_backbone", "digits_judge", "digits_sampling"),
            networks=BOTH,
            gpu=True,
            function="trained_combination",
        ),
        Artifact(
            "digits_costs",
            title="score evaluations, prototypes and drift",
            caption="What each method asks of the network for a query, and what its teacher is made of.",
            index=("method", "quantity"),
            forms=("table",),
            sources=("digits_samples",),
            module="aggregation",
            function="cost",
        ),
        _explored(
            "digits_ablation",
            "ablation",
            title="what each choice of the method is worth",
            caption="Samples of the product of experts with one setting changed at a time: what they show by the judge,"
            " and score evaluations for a query.",
            index=("variant", "class", "quantity"),
            forms=("figure",),
            value="value",
        ),
        _explored(
            "digits_stability",
            "repeat",
            title="how much of a teacher is chance",
            caption="Discoveries repeated with other starts and probes: shares of prototypes and of all modes in"
            " common, and how far the products' means are apart.",
            index=("class", "first", "second", "quantity"),
            forms=("table",),
            value="value",
        ),
        Artifact(
            "digits_scores",
            title="distances of every method and class",
            caption="FID, cosine, precision, recall and F1 for every held-out class.",
            index=SCORED,
            reads=("digits", "digits_judge"),
            value="value",
            networks=("digits_judge",),
            sees=("digits_samples",),
            function="scores",
        ),
        Artifact(
            "digits_attributes",
            title="what the judge sees in the images of every query",
            caption="Shares of images that show each factor, query by query.",
            index=("class", "query", "method", "quantity"),
            reads=("digits", "digits_judge"),
            value="value",
            networks=("digits_judge",),
            sees=("digits_samples",),
            function="attributes",
        ),
        Artifact(
            "digits_samples",
            title="images by every method for every query",
            caption="Images by every method for every query, and what its teachers are made of.",
            index=("class", "query", "method", "quantity", "place"),
            reads=ASKED,
            value="value",
            networks=("digits_backbone",),
            pictures=True,
            gpu=True,
            function="samples",
        ),
    ),
    data={"digits": DataSet("ColorMNIST", reads=("digits",))},
    networks={
        "digits_backbone": Network(reads=("digits", "digits_backbone"), data="digits"),
        "digits_judge": Network(reads=("digits", "digits_judge"), data="digits", module="judge"),
    },
    probe=("digits_seen",),
)
