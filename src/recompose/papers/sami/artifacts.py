"""What paper 3 makes, in the order people read it. No torch: the workflow reads it."""

from recompose.artifacts import Artifact, DataSet, Lines, Network, Paper

TRAINED = ("disks_networks",)
ON_FACES = ("faces_networks", "faces_judge", "faces_measures")
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
            "figure3",
            title="Figure 3: faces, A to G",
            caption="A: left images (framed), right samples by their latents. B: between the latents of two images"
            " (framed), with shared noise. C: posterior variances of one image. D: mean variances against the noise,"
            " coloured by their order at its end. E: along two axes that the encoder is sure of, both together, and"
            " below along one whose variance grows much. F: of every axis, the most coherent first, variances of means"
            " over images and of noisy posteriors, the sensitivity of the latter, and coherence. G: one coherent axis,"
            " on two images. Each image of E and G is the mean of six samples.",
            index=("panel", "quantity", "place", "t"),
            forms=("figure",),
            reads=ON_FACES,
            networks=("faces_networks", "faces_judge"),
            pictures=True,
            gpu=True,
            stand_in=True,
            module="faces_axes",
        ),
        Artifact(
            "faces",
            title="Figure 3 as numbers",
            caption="Of images that no network was trained on: what samples keep of the image whose latents they are"
            " conditioned on, how much they vary, also where constraints are let go, and what posterior variances say.",
            index=("quantity", "place"),
            forms=("table",),
            reads=ON_FACES,
            networks=("faces_networks", "faces_judge"),
            gpu=True,
            stand_in=True,
            module="faces_measures",
        ),
        Artifact(
            "figure5",
            title="Figure 5: distances from the mean",
            caption="Squared distances per pixel from the mean, with intensities in [0, 1]: of images from the mean of"
            " all, and of samples from the mean of those with the same condition.",
            index=("kind", "condition", "number"),
            forms=("figure",),
            reads=("faces_networks", "faces_measures"),
            value="distance",
            networks=("faces_networks",),
            gpu=True,
            stand_in=True,
            module="faces_measures",
        ),
        Artifact(
            "figure7",
            title="Figure 7: denoiser and guidance",
            caption="The norm of the denoiser's score over that of the guidance, at every step of the sampler:"
            " geometric means over samples.",
            index=("t",),
            forms=("figure",),
            reads=("faces_networks", "faces_measures"),
            value="ratio",
            networks=("faces_networks",),
            gpu=True,
            stand_in=True,
            module="faces_measures",
        ),
    ),
    stand_in="Made on faces that are drawn with CelebA's attributes, which stand in for its photographs.",
    data={
        "disks": DataSet("disks", reads=("disks",), module="disks"),
        "faces": DataSet("faces, for CelebA", reads=("faces",), module="faces"),
    },
    networks={
        "faces_networks": Network(reads=("faces", "faces_networks"), data="faces"),
        "disks_networks": Network(reads=("disks", "disks_networks"), data="disks"),
        "disks_control": Network(reads=("disks", "disks_networks"), data="disks"),
        "faces_judge": Network(reads=("faces", "faces_judge"), data="faces", module="judge"),
    },
    probe=("theory",),
)
