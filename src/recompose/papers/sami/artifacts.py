"""What paper 3 makes, in the order people read it. No torch: the workflow reads it."""

from recompose.artifacts import Artifact, DataSet, Lines, Network, Paper
from recompose.papers.sami.names import BRIEF, baselines

TRAINED = ("disks_networks",)
ON_FACES = ("faces_networks", "faces_judge", "faces_measures")
SPRITES = ("dsprites_networks", "dsprites_trainings")
FROZEN = ("portraits_denoiser", "portraits_networks", "portraits_measures")
READ = ("disks", "disks_networks", "disks_measures")
RIVALS = tuple(f"faces_{name}" for name in (BRIEF, *baselines()))
"""Networks that SAMI is compared with."""
ON_FROZEN = Network(
    reads=("portraits", *FROZEN[:2]), data="portraits", module="portraits.networks", networks=("portraits_denoiser",)
)
PHOTOGRAPHS = {source: f"data/{source}" for source in ("celeba", "celeba_hq")}
DRAWN_FACES = {"drawn": "Made on faces that are drawn with CelebA's attributes, which stand in for its photographs."}
DRAWN_SPRITES = {"drawn": "Made on sprites drawn with outlines fitted to published images; they stand in for dSprites."}

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
            module="disks.measures",
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
            module="disks.measures",
        ),
        Artifact(
            "collapse",
            title="latents against the weight of the KL",
            caption="A training for each weight of the KL: its divergence, what latents hold of positions, and how much"
            " guidance lowers the error of the noise, the paper's measure of what latents tell. Gray: weights at which"
            " latents have collapsed, for guidance takes less than a hundredth off, with its whole interval.",
            index=("weight", "quantity", "place"),
            forms=("figure",),
            reads=(*READ, "disks_collapse"),
            networks=TRAINED,
            module="disks.collapse",
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
            module="theory.measures",
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
            module="sprites.measures",
            gpu=True,
            stand_in="dsprites",
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
            module="sprites.scores",
            gpu=True,
            stand_in="dsprites",
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
            module="disks.time_input",
            gpu=True,
        ),
        Artifact(
            "table1",
            title="Table 1: architectures and training",
            caption="What runs here, and what is printed.",
            index=("parameter", "set"),
            forms=("table",),
            reads=("disks", "disks_networks", "faces", "faces_networks", "portraits", *FROZEN[:2]),
            files=("config/published/sami.csv",),
            value="value",
            module="parameters",
        ),
        Artifact(
            "table2",
            title="Table 2: disentanglement and sample quality",
            caption="TAD, captured attributes and FID of SAMI and of baselines with the same encoder that saw as many"
            " images as its second row; methods in brackets alone are printed, and not here.",
            index=("method", "metric"),
            forms=("table",),
            sources=("comparison",),
            files=("config/published/sami.csv",),
            stand_in="faces",
        ),
        Artifact(
            "participation",
            title="Figure 3H: how many latents a classifier uses",
            caption="Participation ratios of logistic classifiers of CelebA's attributes on each method's latents: a"
            " dot for each attribute, their mean and its 95 % interval; 1 is one latent, the dashed line all of them"
            " alike.",
            index=("method", "reading", "attribute"),
            forms=("figure",),
            reads=("faces_networks",),
            value="value",
            networks=("faces_networks", *RIVALS),
            module="comparison.measures",
            gpu=True,
            stand_in="faces",
        ),
        Artifact(
            "comparison",
            title="what latents capture, attribute by attribute",
            caption="How well our classifier knows each attribute, and which of them single latents of each method"
            " capture, by InfoDiffusion's protocol of the TAD.",
            index=("method", "metric", "of"),
            forms=("table",),
            reads=("faces_networks", "faces_baselines", "faces_judge", "faces_comparison"),
            networks=("faces_networks", *RIVALS, "faces_judge"),
            module="comparison.measures",
            gpu=True,
            stand_in="faces",
        ),
        Artifact(
            "beyond",
            title="a variant beside SAMI",
            caption="A SAMI that is trained otherwise than the paper's, on the same images and as many of them: how far"
            " its latents are apart, and how well it sees the noise.",
            index=("case", "method"),
            forms=("table",),
            reads=(
                *SPRITES,
                "dsprites_measures",
                "dsprites_variant",
                "faces_networks",
                "faces_baselines",
                "faces_comparison",
                "faces_variant",
            ),
            networks=("dsprites_networks", "dsprites_trainings", "dsprites_vaes", f"faces_{BRIEF}"),
            module="beyond.measures",
            gpu=True,
            stand_in="faces",
        ),
        Artifact(
            "figure4",
            title="Figure 4: a frozen denoiser, and videos",
            caption="A: images, framed, and samples by their latents; below, samples of the denoiser alone, which was"
            " trained without the encoder. B: one video, and the cosine of successive differences of its frames, in"
            " pixels and in latents; 1 along a line. C: the mean cosine of all videos, with intervals over videos. The"
            " untrained encoder shows what comes of the layers alone.",
            index=("panel", "method", "video", "frame"),
            forms=("figure",),
            reads=("portraits", *FROZEN, "videos"),
            networks=("portraits_networks", "portraits_denoiser", "portraits_diffae"),
            pictures=True,
            gpu=True,
            stand_in="videos",
            module="portraits.measures",
        ),
        Artifact(
            "portraits",
            title="a frozen denoiser as numbers",
            caption="What guidance is worth on a frozen denoiser, by the noise, with high noise oversampled in the"
            " encoder's training or not (A.5), and how samples vary with and without latents.",
            index=("case", "quantity", "place"),
            forms=("table",),
            reads=FROZEN,
            networks=("portraits_networks", "portraits_denoiser", "portraits_uniform"),
            gpu=True,
            stand_in="portraits",
            module="portraits.measures",
        ),
        Artifact(
            "choices",
            title="what attributes depend on",
            caption="Encoders that were trained on the frozen denoiser for a short time, each with one other value"
            " (A.5): attributes that a single latent captures, how far the best latent is ahead of the second best,"
            " the information in nats, and what guidance is worth.",
            index=("factor", "value", "quantity"),
            forms=("figure",),
            reads=(*FROZEN, "portraits_choices"),
            networks=("portraits_denoiser",),
            gpu=True,
            stand_in="portraits",
            module="portraits.choices",
        ),
        Artifact(
            "figure3",
            title="Figure 3: faces, A to G",
            caption="A: left images (framed), right samples by their latents. B: between the latents of two images"
            " (framed), with shared noise. C: posterior variances of one image. D: mean variances against the noise,"
            " coloured by their order at its end. E: along two axes that the encoder is sure of, both together, and"
            " one whose variance grows much; right: what has changed at either end, red lighter, blue darker. F: of"
            " every axis, the most coherent first, variances of means over images and of noisy posteriors, the"
            " sensitivity of the latter, and coherence. G: one coherent axis, on two images, as in E. E and G are of"
            " images of much contrast, here stretched, with one noise for all places.",
            index=("panel", "quantity", "place", "t"),
            forms=("figure",),
            reads=ON_FACES,
            networks=("faces_networks", "faces_judge"),
            pictures=True,
            gpu=True,
            stand_in="faces",
            module="faces.axes",
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
            stand_in="faces",
            module="faces.measures",
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
            stand_in="faces",
            module="faces.measures",
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
            stand_in="faces",
            module="faces.measures",
        ),
    ),
    data={
        "disks": DataSet("disks", reads=("disks",), module="disks.images"),
        "faces": DataSet("faces", reads=("faces",), module="faces.images", folders=PHOTOGRAPHS, stand_ins=DRAWN_FACES),
        "dsprites": DataSet(
            "dSprites",
            reads=("dsprites",),
            module="sprites.images",
            folders={"archive": "data/dsprites"},
            stand_ins=DRAWN_SPRITES,
        ),
        "portraits": DataSet(
            "portraits", reads=("portraits",), module="faces.images", folders=PHOTOGRAPHS, stand_ins=DRAWN_FACES
        ),
    },
    unkept={  # Figure 4 shows portraits, and measures videos
        "videos": DataSet(
            "videos",
            reads=("portraits", "videos"),
            file="figure4.csv",
            folders={"frames": "data/videos"},
            stand_ins=DRAWN_FACES,
        )
    },
    networks={
        "faces_networks": Network(reads=("faces", "faces_networks"), data="faces"),
        "disks_networks": Network(reads=("disks", "disks_networks"), data="disks"),
        "disks_control": Network(reads=("disks", "disks_networks"), data="disks"),
        "dsprites_networks": Network(reads=("dsprites", "dsprites_networks"), data="dsprites"),
        "dsprites_trainings": Network(reads=SPRITES, data="dsprites", module="sprites.networks"),
        "dsprites_vaes": Network(reads=SPRITES, data="dsprites", module="sprites.networks"),
        "faces_judge": Network(reads=("faces", "faces_judge"), data="faces", module="faces.judge"),
        **{
            name: Network(
                reads=("faces", "faces_networks", "faces_baselines"), data="faces", module="comparison.networks"
            )
            for name in RIVALS
        },
        "portraits_denoiser": Network(
            reads=("portraits", "portraits_denoiser"), data="portraits", module="portraits.networks"
        ),
        "portraits_networks": ON_FROZEN,
        "portraits_uniform": ON_FROZEN,
        "portraits_diffae": Network(reads=("portraits", *FROZEN[:2]), data="portraits", module="portraits.networks"),
    },
    probe=("theory",),
)
