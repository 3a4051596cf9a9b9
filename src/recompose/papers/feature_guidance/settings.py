"""What a person can set of paper 5. No torch: the workflow reads it."""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from recompose.blocks import Block, Count, Optimizer

Positive = Annotated[float, Field(gt=0)]
Level = Annotated[float, Field(gt=0, le=1)]


def _rising(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(set(values)):
        raise ValueError(f"{list(values)} must rise, each value once")
    return values


def _falling(values: tuple[float, ...]) -> tuple[float, ...]:
    if list(values) != sorted(set(values), reverse=True):
        raise ValueError(f"{list(values)} must fall, each value once")
    return values


Rising = AfterValidator(_rising)
Falling = AfterValidator(_falling)


class Images(Block):
    """The images: textures, and what stands in for the data sets of photographs."""

    source: Literal["generated", "photographs"] = Field(
        "generated", description="textures that are generated, or photographs from data/textures and data/one_texture"
    )
    skip_unusable: bool = Field(False, description="leave out photographs that cannot be read, instead of stopping")
    classes: int = Field(32, ge=2, description="gray textures, each a class (Appendix A)")
    colour_classes: int = Field(12, ge=2, description="textures in colour, each a class (Figure 11)")
    size: int = Field(384, ge=16, description="pixels of a texture's side")
    patch: int = Field(32, ge=8, description="pixels of a patch's side; networks are trained on patches")
    held_out: Count = Field(4, description="the last patches of each texture, for testing")
    single: Count = Field(6, description="images of the one texture that has a network of its own (Figure 3)")
    multi: Literal["textures", "archives"] = Field(
        "textures",
        description="Figures 14-16: families of textures as classes, or the data sets themselves, from data/",
    )
    pictures: int = Field(500, ge=2, description="of each of the data sets, at most")
    members: int = Field(2, ge=1, description="textures of a family, where families are the classes")
    group_patch: int = Field(24, ge=8, description="pixels of a patch's side there")

    @model_validator(mode="after")
    def _patches_fit(self) -> Self:
        grouped = {self.size // 2: self.group_patch} if self.multi == "textures" else {}
        for size, patch in ({self.size: self.patch} | grouped).items():  # textures of groups are of half the side
            patches = (size // patch) ** 2
            if patches < self.held_out + 2:
                half = "" if size == self.size else f"; half of it ({size}), as Figures 14-16 take it,"
                raise ValueError(
                    f"size = {self.size}{half} holds {patches} patches of {patch}; held_out = {self.held_out} are"
                    " for testing, and training takes two at least"
                )
        return self


class Network(Block):
    """The U-Net of appendix A."""

    width: Count = Field(12, description="channels of the first level; each further one has twice as many")
    levels: Count = Field(2, description="levels of half the resolution of the one before")
    encoder: Count = Field(2, description="convolutions of an encoder's block")
    middle: Count = Field(2, description="convolutions of the middle block")
    decoder: int = Field(2, ge=2, description="convolutions of a decoder's block")
    gain: bool = Field(
        True, description="whether the guidance has a gain for each feature, learned from 0 on; else they are 1"
    )
    gain_speed: Positive = Field(3.0, description="how many times the learning rate gains are learned with")


class Training(Block):
    """Algorithms 2 and 4."""

    epochs: Count = Field(20, description="passes over the gray textures")
    single_epochs: Count = Field(104, description="the same over Figure 3's one texture: as many steps as over all")
    other_epochs: Count = Field(40, description="the same over the other sets: Figures 6, 11 and 14-16")
    batch: int = Field(16, ge=2, description="images of a step")
    optimizer: Optimizer = Field(
        "soap", description="Adam (the paper), or SOAP, which learns in a quarter of the steps what textures look like"
    )
    learning_rate: Positive = Field(0.01, description="of the optimizer")
    shared: Count = Field(
        1, description="images of a class in a batch whose condition is the same other image; 1 in the paper"
    )
    loss: Literal["sigma_z", "z"] = Field(
        "sigma_z", description="what of the noise is predicted best: sigma_z (Algorithm 2), or z (section 4)"
    )
    annealing: Literal["halving", "cosine"] = Field(
        "cosine", description="how the learning rate falls: by halves (the paper), or to zero as half a cosine"
    )
    halve_every: Count = Field(
        3, description="epochs after which halving halves the rate; for the one texture as often on its way"
    )
    average: float | None = Field(0.995, gt=0, lt=1, description="decay of a moving average of the weights; null: none")
    drop_label: float = Field(0.1, gt=0, lt=1, description="share of images without their label, for classifier-free")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="of the convolutions; auto takes bf16 where the device has units for it"
    )
    compiled: bool = Field(False, description="whether torch.compile makes kernels of its own; takes a C++ compiler")


class Sampling(Block):
    """SISA (Algorithms 1 and 3)."""

    step: float = Field(0.1, gt=0, le=1, description="h, share of the noise that a step removes")
    noise: float = Field(0.3, gt=0, le=1, description="beta: sigma falls by 1 - beta h a step, the rest comes back")
    start: Level = Field(1.0, description="sigma of the first noise")
    final: Level = Field(0.05, description="sigma at which an image is done, and denoised once more")
    limit: Count = Field(1000, description="iterations at most; what is not done by then is flagged")

    @model_validator(mode="after")
    def _noise_falls(self) -> Self:
        if self.final >= self.start:
            raise ValueError(f"final = {self.final:g} must be below start = {self.start:g}")
        return self


class Denoised(Block):
    """Figure 2: images denoised under right and wrong conditions."""

    classes: int = Field(4, ge=2, description="classes that are shown, each the condition of all")
    measured: int = Field(16, ge=2, description="the same that are measured, if there are so many")
    levels: Annotated[tuple[Level, ...], Falling] = Field(
        (1.0, 0.5), min_length=1, description="sigma, falling, a panel for each"
    )


class Gains(Block):
    """Figure 3: PSNR against the noise."""

    levels: Annotated[tuple[Level, ...], Rising] = Field(
        (0.05, 0.1, 0.2, 0.35, 0.5, 0.7, 1.0), min_length=2, description="sigma, rising"
    )
    images: Count = Field(4, description="test images of a class, each with noise of its own")


class Embedding(Block):
    """Figures 4 and 15: the feature vectors of images, within classes and between them."""

    images: int = Field(48, ge=2, description="of a class")
    pairs: Count = Field(496, description="pairs of classes, all of them where there are fewer")


class Distances(Block):
    """Figure 5: distances of densities against those of features."""

    pairs: int = Field(150, ge=3, description="pairs of classes")
    images: int = Field(6, ge=2, description="of a class, each with noise of its own at every level")
    levels: Annotated[tuple[Level, ...], Rising] = Field(
        (0.1, 0.15, 0.22, 0.33, 0.5, 0.7, 1.0), min_length=3,
        description="sigma, rising, between which Eq. 7 is integrated",
    )  # fmt: skip


class Gaussians(Block):
    """Figure 6: two Gaussians of rank one, along the line between their means."""

    patch: int = Field(16, ge=8, description="pixels of the side of their images")
    separation: Positive = Field(6.0, description="distance of the means, in standard deviations along their line")
    contrast: Positive = Field(0.25, description="standard deviation of the pixels of the means' difference")
    images: int = Field(1000, ge=100, description="training images")
    samples: int = Field(200, ge=10, description="drawn for each class")
    weights: Annotated[tuple[float, ...], Rising] = Field(
        (1.0, 3.0), min_length=1, description="guidance weights of classifier-free guidance; 1: none beyond the label"
    )


class Samples(Block):
    """Figures 7, 10, 11, 14 and 16, and the table of their quality: samples of some classes."""

    classes: int = Field(10, ge=1, description="classes that are shown")
    measured: int = Field(32, ge=1, description="classes that are sampled; the table of quality is over these")
    seeds: int = Field(4, ge=2, description="first noises, the same for each class")
    conditions: Count = Field(1, description="n_y, images whose features are averaged; 1 suffices (Figure 7)")
    many: Count = Field(64, description="the same where a class is a data set (Figures 14 and 16)")
    larger: Count = Field(2, description="factor of the side of the large images of Figure 7")
    weight: float = Field(1.5, description="of the classifier-free guidance that they are compared with")


class Interpolation(Block):
    """Figure 8: conditions between two classes."""

    pairs: int = Field(5, ge=1, description="rows, by the distance of their features")
    steps: int = Field(5, ge=3, description="conditions from one class to the other")


class Partial(Block):
    """Figures 12 and 13: conditioning from, or down to, some level of the noise."""

    classes: Count = Field(3, description="conditioning classes of Figure 12, and trajectories of Figure 13: shown")
    measured: Count = Field(31, description="the same that are measured, if there are so many")
    levels: Annotated[tuple[Level, ...], Falling] = Field(
        (0.9, 0.7, 0.5, 0.35, 0.2, 0.1), min_length=2, description="sigma, falling"
    )


class FeatureGuidance(Block):
    """Paper 5, feature-guided score diffusion: a denoiser guided by its own channel averages."""

    images: Images = Images()
    network: Network = Network()
    training: Training = Training()
    sampling: Sampling = Sampling()
    denoised: Denoised = Denoised()
    gains: Gains = Gains()
    embedding: Embedding = Embedding()
    distances: Distances = Distances()
    gaussians: Gaussians = Gaussians()
    samples: Samples = Samples()
    interpolation: Interpolation = Interpolation()
    partial: Partial = Partial()

    @model_validator(mode="after")
    def _sizes_divide(self) -> Self:
        smallest = 2**self.network.levels
        for key, patch in (
            ("images.patch", self.images.patch),
            ("images.group_patch", self.images.group_patch),
            ("gaussians.patch", self.gaussians.patch),
        ):
            if patch % smallest:
                raise ValueError(
                    f"{key} = {patch} must be a multiple of {smallest}: the network has {self.network.levels} levels"
                )
        shown = {
            "samples": self.samples.classes,
            "denoised": self.denoised.classes,
            "partial": self.partial.classes + 1,
        }
        for block, classes in shown.items():
            if classes > self.images.classes:
                more = ", and the image's own" if block == "partial" else ""
                raise ValueError(f"{block}.classes{more}: {classes} of images.classes = {self.images.classes}")
        return self
