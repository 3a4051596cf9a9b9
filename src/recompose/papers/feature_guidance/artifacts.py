"""What paper 5 makes: its artifacts, in the order people read them, its networks and its sets of images."""

from typing import Any

from recompose.artifacts import Artifact, DataSet, Kept, Lines, Network, Paper
from recompose.papers.feature_guidance.names import GROUPS, IMAGES, NETWORKS

SAMPLED = ("figure10", "methods", "figure11", "figure14", "figure16")
"""Those whose samples the table of quality judges."""
TEXTURES = "Generated textures stand in for the paper's photographs."


def _figure(name: str, *, reads: tuple[str, ...], networks: tuple[str, ...], **told: Any) -> Artifact:
    """A figure that is measured with networks, and made on the images of the first; most show images."""
    usual: dict[str, Any] = {"forms": ("figure",), "pictures": True, "function": "measured"}
    usual["stand_in"] = NETWORKS[networks[0]].images
    return Artifact(name, reads=("network", *reads), networks=networks, **usual | told)


def _samples(name: str, **told: Any) -> Artifact:
    """A figure of samples, each judged by the class that it is nearest to."""
    index = ("artifact", "kind", "label", "seed")
    return _figure(name, reads=("samples", "sampling"), index=index, value="right_features", gpu=True, **told)


def _images(name: str, title: str) -> DataSet:
    """A set of images, and what is said of those that are generated. Gaussians are so in the paper, too."""
    reads = ("images", "gaussians")
    if name == "two_gaussians":
        return DataSet(title, reads)
    source, generated = ("multi", "textures") if name in GROUPS else ("source", "generated")
    return DataSet(title, reads, source=source, stand_ins={generated: TEXTURES})


PAPER = Paper(
    slug="feature_guidance",
    number=5,
    name="Feature guidance",
    artifacts=(
        _figure(
            "figure2",
            title="Figure 2: denoising under right and wrong conditions",
            caption="Denoising under each condition, at two noise levels. Above: conditioning images; left: noisy "
            "images; framed on the diagonal: the right condition; right: the mixture's denoiser.",
            index=("sigma", "label", "condition"),
            reads=("denoised",),
            value="psnr",
            networks=("guided", "mixture"),
        ),
        Artifact(
            "figure3_classes",
            title="the PSNR of Figure 3, class by class",
            caption="What Figure 3 averages: PSNR of each class, and of each image of the one texture.",
            index=("images", "model", "condition", "sigma", "group"),
            reads=("network", "gains"),
            value="gain",
            networks=("guided", "mixture", "single"),
            stand_in="gray_textures",
            function="measured",
        ),
        Artifact(
            "figure3",
            title="Figure 3: PSNR against the noise",
            caption="PSNR against the noise, and its difference from the mixture's (left) or from that of a denoiser "
            "of one texture alone (middle: its own images, right: other images under its condition). Means "
            "over classes, or images, with 95 % intervals.",
            index=("images", "model", "condition", "sigma", "quantity"),
            forms=("figure",),
            sources=("figure3_classes",),
            stand_in="gray_textures",
            lines=Lines("PSNR over the mixture's denoiser (paper 5, Figure 3)", "gain", "sigma", "mean"),
        ),
        _figure(
            "figure4",
            title="Figure 4: what the features say of the classes",
            caption="Separation of classes by the features of the mixture's network (above) and of the guided one "
            "(below). Left: squared distance of class means against the variance within, along the line "
            "between. Middle: their ratio, block by block. Right: two features of the middle block for images "
            "of two classes.",
            index=("network", "block", "first", "second", "part", "kind", "label"),
            reads=("embedding",),
            value="separability",
            networks=("guided", "mixture"),
        ),
        _figure(
            "figure5",
            title="Figure 5: distances of densities against those of features",
            caption="Distance of densities (Eq. 7) against the squared distance of features, over pairs of classes, "
            "with the lines of slope A and B, beyond which 2.5 % of the pairs lie. Left and right: the closest and the "
            "most distant pairs.",
            index=("first", "second"),
            reads=("distances",),
            value="density_distance",
            networks=("guided",),
        ),
        Artifact(
            "embedding",
            title="the constants of Eq. 6, read off Figure 5",
            caption="The constants A and B of Eq. 6, the correlation of Figure 5, and how well a line fits it.",
            index=("quantity",),
            forms=("table",),
            value="value",
            sources=("figure5",),
            stand_in="gray_textures",
        ),
        Artifact(
            "separation",
            title="what holds for all pairs of classes, read off Figures 4 and 15",
            caption="Separability of the classes (Eq. 5) over all pairs of them, the worst ones too, and what the "
            "guided network adds to the mixture's.",
            index=("artifact", "quantity"),
            forms=("table",),
            value="value",
            sources=("figure4", "figure15"),
            stand_in="gray_textures",
        ),
        _figure(
            "factors",
            title="the learned factors of the guidance",
            caption="The learned factors of the guidance, block by block: with a factor of one a channel's average "
            "becomes that of the condition, below two and above zero it comes closer.",
            index=("block", "feature"),
            reads=(),
            value="factor",
            networks=("guided",),
            pictures=False,
        ),
        _figure(
            "fixed_factors",
            title="what learned factors add",
            caption="PSNR of a guided denoiser with learned factors minus that of one whose factors are one, for the "
            "test images of Figure 14's classes.",
            index=("sigma", "label", "image"),
            reads=("gains",),
            value="gain",
            networks=("six", "six_fixed"),
            pictures=False,
        ),
        _figure(
            "figure6",
            title="Figure 6: two Gaussians, by guidance and by classifier-free guidance",
            caption="Samples of each of two Gaussians, along the line between their means, by the guided score and by "
            "classifier-free guidance; line: the true density.",
            index=("method", "label"),
            reads=("gaussians", "sampling"),
            value="coordinate",
            networks=("gaussians", "gaussians_labelled"),
            pictures=False,
            gpu=True,
            stand_in="",
        ),
        Artifact(
            "components",
            title="Figure 6 in numbers",
            caption="Figure 6 in numbers.",
            index=("method", "label"),
            forms=("table",),
            value="ks",
            sources=("figure6",),
        ),
        _figure(
            "figure7",
            title="Figure 7: samples, large ones too",
            caption="Samples of some classes from three noises, beside the mixture's; below, samples of twice the "
            "size.",
            index=("kind", "label"),
            reads=("samples", "sampling"),
            value="sigma",
            networks=("guided", "mixture"),
            gpu=True,
        ),
        _figure(
            "figure8",
            title="Figure 8: samples between two classes",
            caption="Samples under conditions interpolated between two classes, images of which stand at the sides. "
            "Framed: samples under the condition of one class that are nearest to it, of all classes here, by texture "
            "statistics, which no network made.",
            index=("row", "first", "second", "alpha", "seed"),
            reads=("interpolation", "samples", "sampling"),
            value="along",
            networks=("guided",),
            gpu=True,
        ),
        _samples(
            "figure10",
            title="Figure 10: samples in gray",
            caption="Samples of some classes from the noises at the left, phi_y from one image.",
            networks=("guided",),
        ),
        _samples(
            "figure11",
            title="Figure 11: samples in colour",
            caption="The same in colour.",
            networks=("colour",),
        ),
        _figure(
            "figure12",
            title="Figure 12: conditioning from some level of the noise on",
            caption="An image under noise of falling levels, above; below, what guided sampling makes of it under the "
            "condition of another class, at the right.",
            index=("label", "sigma"),
            reads=("partial", "sampling"),
            value="along",
            networks=("guided", "mixture"),
            gpu=True,
        ),
        _figure(
            "figure13",
            title="Figure 13: conditioning down to some level of the noise",
            caption="Trajectories under a condition; in every second row, below each image, what becomes of it when "
            "the condition is turned off there.",
            index=("label", "sigma"),
            reads=("partial", "sampling"),
            value="same",
            networks=("guided", "mixture"),
            gpu=True,
        ),
        _samples(
            "figure14",
            title="Figure 14: samples of six groups of textures",
            caption="Samples of six classes of many kinds of images each, beside two images of the class; none picked. "
            "Framed: those that are nearest to their class in feature space.",
            networks=("six",),
        ),
        _figure(
            "figure15",
            title="Figure 15: what the features say of these groups",
            caption="Figure 4 for the classes of Figure 14.",
            index=("network", "block", "first", "second", "part", "kind", "label"),
            reads=("embedding",),
            value="separability",
            networks=("six", "six_mixture"),
        ),
        _samples(
            "figure16",
            title="Figure 16: samples of ten groups",
            caption="Samples of ten classes of many kinds of images each, beside two images of the class; none picked. "
            "Framed: those that are nearest to their class in feature space.",
            networks=("ten",),
        ),
        _samples(
            "methods",
            title="samples by other methods, for comparison",
            caption="Classes of Figure 10 (top rows), and samples of them by other methods, from the same noises (this "
            "project's comparison).",
            networks=("guided", "labelled", "mixture"),
        ),
        Artifact(
            "quality",
            title="whether samples are of their class, and how diverse they are",
            caption="How many samples are nearest to their class, and how much they differ among themselves (this "
            "project's).",
            index=("artifact", "kind", "quantity"),
            forms=("table",),
            sources=SAMPLED,
            stand_in="gray_textures",
        ),
        Artifact(
            "training",
            title="the loss curves of all networks",
            caption="The loss of every network on its way, as PSNR of the noise (this project's figure).",
            index=("network", "step"),
            forms=("figure",),
            value="psnr",
            networks=tuple(NETWORKS),
            stand_in="gray_textures",
            module="aggregation",
        ),
    ),
    data={name: _images(name, title) for name, title in IMAGES.items()},
    networks={name: Network(("network", "training"), each.images) for name, each in NETWORKS.items()},
    probe=("figure8",),
    kept={
        "denoisers": Kept(
            "results/${scale}/feature_guidance/networks",
            "model",
            "Denoisers of paper 5, guided by features, by labels, or by nothing",
        )
    },
)
