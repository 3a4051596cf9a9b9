"""What paper 3 makes, in the order people read it. No torch: the workflow reads it."""

from recompose.artifacts import Artifact, DataSet, Lines, Network, Paper

TRAINED = ("disks_networks",)
SPRITES = ("dsprites_networks", "dsprites_trainings")
READ = ("disks", "disks_networks", "disks_measures")

PAPER = Paper(
    slug="sami",
    number=3,
    name="SAMI",
    artifacts=(
        Artifact(
            "figure2",
            title="Figure 2: disks",
            caption="Images of disks; samples that are conditioned on the latents of an image; and posterior means"
            " along two factors, or all three. Dark and bright backgrounds are on two sides of the disk's intensity,"
            " .5, where there is nothing to be seen.",
            index=("panel", "x", "y", "background"),
            forms=("figure",),
            reads=READ,
            value="z0",
            networks=TRAINED,
            pictures=True,
            gpu=True,
        ),
        Artifact(
            "disks",
            title="Figure 2 as numbers",
            caption="What latents of disks hold of position and background, how samples of one image's latents vary,"
            " and what guidance is worth, on images that were not trained on.",
            index=("quantity", "place"),
            forms=("table",),
            reads=READ,
            networks=TRAINED,
            gpu=True,
        ),
        Artifact(
            "collapse",
            title="latents against the weight of the KL",
            caption="A training for each weight of the KL: its divergence, what latents hold of positions, how much"
            " guidance lowers the error of the noise, and where all of it collapses.",
            index=("weight", "quantity", "place"),
            forms=("figure",),
            reads=(*READ, "disks_collapse"),
            networks=TRAINED,
            module="collapse",
            gpu=True,
            lines=Lines("Latents against the weight of the KL (paper 3, A.5)", "collapse", "weight", "mean"),
        ),
        Artifact(
            "theory",
            title="appendix B as numbers",
            caption="Left: the best precision of an axis, by the closed form (lines) and a numerical search (dots),"
            " against the noise; an axis switches on where the noise falls below its deviation (dashed). Middle: active"
            " latents of the best linear VAE, by its closed form and by a search. Right: how fast the encoder's"
            " Jacobian changes, beside that of the same encoder trained with an ordinary decoder.",
            index=("check", "case", "at"),
            forms=("table", "figure"),
            reads=("disks_networks", "theory"),
            value="value",
            networks=("disks_networks", "disks_control"),
            module="appendix",
        ),
        Artifact(
            "dsprites",
            title="disentanglement on dSprites",
            caption="Scores of latents of dSprites, of several trainings each (dots), with the deviation of repeats of"
            " the evaluation (bars), and the mean (lines). VAEs have SAMI's encoder and see the same images.",
            index=("method", "training", "quantity"),
            forms=("table", "figure"),
            reads=(*SPRITES, "dsprites_measures"),
            networks=("dsprites_networks", "dsprites_trainings", "dsprites_vaes"),
            module="sprite_measures",
            gpu=True,
        ),
        Artifact(
            "figure6",
            title="Figure 6: scores along a sampling run on dSprites",
            caption="Norms of the prior and of the posterior score, the difference of the two norms, and the norm of"
            " the difference of the two scores, which is the guidance: in one run, and on average with 95 % intervals.",
            index=("quantity", "of", "run", "t"),
            forms=("figure",),
            reads=("dsprites_networks", "dsprites_scores"),
            networks=("dsprites_networks",),
            module="score_norms",
            gpu=True,
        ),
        Artifact(
            "time_input",
            title="the noise level as input of the encoder",
            caption="Several trainings (dots) and their mean (lines) of the encoder of disks that is told the noise"
            " level, and of the paper's, which is not.",
            index=("encoder", "training", "quantity", "place"),
            forms=("figure",),
            reads=(*READ, "disks_time_input"),
            networks=TRAINED,
            module="time_input",
            gpu=True,
        ),
    ),
    stand_in="Made on faces that are drawn with CelebA's attributes, which stand in for its photographs.",
    data={
        "disks": DataSet("disks", reads=("disks",), module="disks"),
        "faces": DataSet("faces, for CelebA", reads=("faces",), module="faces"),
        "dsprites": DataSet("dSprites", reads=("dsprites",), module="sprites"),
    },
    networks={
        "faces_networks": Network(reads=("faces", "faces_networks"), data="faces"),
        "disks_networks": Network(reads=("disks", "disks_networks"), data="disks"),
        "disks_control": Network(reads=("disks", "disks_networks"), data="disks"),
        "dsprites_networks": Network(reads=("dsprites", "dsprites_networks"), data="dsprites"),
        "dsprites_trainings": Network(reads=SPRITES, data="dsprites", module="sprite_networks"),
        "dsprites_vaes": Network(reads=SPRITES, data="dsprites", module="sprite_networks"),
    },
    probe=("theory",),
)
