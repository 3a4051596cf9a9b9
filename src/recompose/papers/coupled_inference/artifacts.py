"""What paper 1 makes: its artifacts, in the order people read them."""

from recompose.artifacts import Artifact, Kept, Lines, Paper

PUBLISHED, TUNED = "config/published/coupled_inference.csv", "config/tuned/coupled_inference.yaml"

PAPER = Paper(
    slug="coupled_inference",
    number=1,
    name="Coupled inference",
    artifacts=(
        Artifact(
            "table1",
            title="Table 1: every method at three noise levels",
            caption="Decomposition accuracy at different noise levels, sigma = sqrt(m - 1), for K factors. As "
            "published, dimension, search space and iterations are 1000, 10^4 and 100; the provenance has "
            "those of this run. The cost of every method stands beside it.",
            index=("method", "factors", "superposed"),
            forms=("table",),
            reads=("table1", "methods", "hyperparameters"),
            files=(PUBLISHED,),
            value="accuracy",
        ),
        Artifact(
            "figure2",
            title="Figure 2: accuracy against the search space",
            caption="Decomposition accuracy for varying search space sizes, one panel per number of factors; above the "
            "paper's methods, below what this project adds. Bands are confidence intervals.",
            index=("method", "factors", "codebook_size", "search_space"),
            forms=("figure",),
            reads=("figure2", "methods", "hyperparameters"),
            value="accuracy",
            lines=Lines(
                "Accuracy against the search space (paper 1, Figure 2)", "accuracy", "search_space", "accuracy"
            ),
        ),
        Artifact(
            "capacity",
            title="the capacities of section 4.1, read off Figure 2",
            caption="The largest search space with an accuracy of at least 95 % (section 4.1), read off figure 2, "
            "with its bootstrap interval and its ratio to the resonator network. A triangle points to where it lies "
            "beyond the spaces that were measured: above the largest, or below the smallest.",
            index=("method", "factors"),
            forms=("figure", "table"),
            reads=("capacity",),
            value="capacity",
            sources=("figure2",),
        ),
        Artifact(
            "figure3",
            title="Figure 3: accuracy against the dimension",
            caption="Decomposition accuracy as the dimension of the codebook vectors varies, at a fixed number of "
            "factors and codebook size; above the paper's methods, below what this project adds.",
            index=("method", "dimension"),
            forms=("figure",),
            reads=("figure3", "methods", "hyperparameters"),
            value="accuracy",
        ),
        Artifact(
            "figure4",
            title="Figure 4: restart ratio and number of restarts",
            caption="Decomposition accuracy when varying restart ratio and number of restarts, for the four variants.",
            index=("method", "restart_ratio", "restarts"),
            forms=("figure",),
            reads=("figure4", "hyperparameters"),
            value="accuracy",
        ),
        Artifact(
            "figure5",
            title="Figure 5: number of diffusion steps",
            caption="Decomposition accuracy when varying the number of diffusion steps, for the four variants.",
            index=("method", "steps"),
            forms=("figure",),
            reads=("figure5", "hyperparameters"),
            value="accuracy",
        ),
        Artifact(
            "figure6",
            title="Figure 6: ODE against SDE",
            caption="Differences in accuracy between ODE- and SDE-based simulation of the reverse diffusion "
            "process, per set of codebooks.",
            index=("method", "codebook"),
            forms=("figure",),
            reads=("figure6", "hyperparameters"),
            value="difference",
        ),
        Artifact(
            "restarts",
            title="Appendix C: deterministic against stochastic restarts",
            caption="Differences in accuracy between restarts to the mean of p(x_tau | x_0) and restarts to a sample "
            "of it, per set of codebooks.",
            index=("method", "codebook"),
            forms=("figure",),
            reads=("restarts", "hyperparameters"),
            value="difference",
        ),
        Artifact(
            "special_case",
            title="Section 5.1: the attention resonator as a special case",
            caption="How far the two sides of each identity are apart, at most: Remark 1, and the attention resonator "
            "(Eq. 34) as coupled inference in the limit.",
            index=("identity",),
            forms=("table",),
            reads=("special_case",),
            value="difference",
            module="special_case",
        ),
        Artifact(
            "table_search",
            title="Appendix C.1: hyperparameters and their validation accuracy",
            caption="Hyperparameters (appendix C.1), as published and as found here, and their accuracy on "
            "validation codebooks that no other table or figure uses.",
            index=("method", "source"),
            forms=("table",),
            reads=("search", "hyperparameters"),
            files=(PUBLISHED, TUNED),
            value="validation_accuracy",
        ),
    ),
    probe=("figure5",),
    kept={
        "decomposition-hyperparameters": Kept(
            "config/tuned/coupled_inference.yaml",
            "settings",
            "Hyperparameters of paper 1's diffusion methods, found by search",
        )
    },
)
