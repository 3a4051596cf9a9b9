"""What a person can set of paper 3. No torch: the workflow reads it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recompose.blocks import Block, Count

Positive = Annotated[float, Field(gt=0)]


class Disks(Block):
    """Images of one disk on a plain background (section 3)."""

    size: Literal[8, 16, 32] = Field(8, description="pixels of an image's side")
    radius: Positive = Field(2.0, description="pixels from the disk's centre to where it ends")
    train: Count = Field(2000, description="images that networks are trained on")
    test: Count = Field(500, description="others, which latents are measured on")

    @model_validator(mode="after")
    def _the_disk_has_room(self) -> Self:
        if 2 * self.radius >= self.size:
            raise ValueError(f"radius = {self.radius:g}: a disk that moves in size = {self.size} has a smaller one")
        return self


class Faces(Block):
    """Images of faces, with the 40 attributes of CelebA."""

    source: Literal["drawn", "celeba", "celeba_hq"] = Field(
        "drawn", description="drawn ones, or the photographs in data/<source>"
    )
    size: Literal[16, 24, 32, 64, 128, 256] = Field(32, description="pixels of an image's side")
    channels: Literal[1, 3] = Field(1, description="1 for gray, 3 for colour")
    crop: Count | None = Field(
        None, description="pixels of the square in the middle of a photograph; null for the largest"
    )
    train: Count = Field(4000, description="images that networks are trained on")
    test: Count = Field(1000, description="others, which latents are measured on")


class Denoising(Block):
    """A denoiser, and the noise that it sees."""

    base: Count = Field(16, description="channels K of the denoiser's finest level")
    multipliers: tuple[Count, ...] = Field((1, 2), min_length=1, description="of K, for each level of the denoiser")
    middle: Count = Field(4, description="of K, in its middle")
    noise: Literal["linear", "cosine"] = Field("linear", description="the schedule of the noise")
    steps: Count = Field(400, description="T, its steps")


class Encoding(Block):
    """An encoder, and how it is trained."""

    of: Literal["disks", "dsprites", "celeba", "celeba_hq"] = Field(
        "disks", description="whose encoder it is in the paper; they differ in their layers"
    )
    encoder: tuple[Count, ...] = Field(
        (64, 64), min_length=1, description="channels of the encoder's convolutions, or of its levels and its middle"
    )
    latents: Count = Field(3, description="dimensions of z")
    time_input: bool = Field(False, description="whether the encoder is told the noise, which the paper's is not")
    timesteps: Positive = Field(1.0, description="p of t = T u^p, u uniform: 1 is uniform, less oversamples much noise")
    reduction: Literal["pixel_sum", "pixel_mean"] = Field(
        "pixel_sum", description="of the squared error over an image, to which weights of the KL belong"
    )
    weight: Positive = Field(0.05, description="beta of the KL in the end")
    first_weight: Positive = Field(
        1e-6, description="and in the beginning; it grows by equal factors from epoch to epoch"
    )
    epochs: Count = Field(150, description="passes through the images")
    settled: float = Field(
        0.0, ge=0, lt=1, description="share of the steps, the last ones, that are trained with norms as in evaluation"
    )
    batch: Count = Field(128, description="images of a step")
    learning_rate: Positive = Field(8e-3, description="of Adam, in the beginning; it falls as half a cosine")


class Autoencoder(Denoising, Encoding):
    """The two networks of a SAMI, and how they are trained (Table 1)."""


class Measures(Block):
    """What is measured of latents of disks."""

    grid: int = Field(9, ge=3, description="places along each factor of a grid of images")
    backgrounds: tuple[float, ...] = Field(
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), min_length=2, description="intensities at which positions are read off latents"
    )
    conditions: Count = Field(16, description="images to condition on")
    samples: int = Field(32, ge=2, description="samples of each")
    sampling_steps: Count = Field(400, description="moves of the sampler; a quarter of them left specks on images")


class Collapse(Block):
    """The search for the largest weight of the KL before latents collapse (appendix A.5)."""

    weights: tuple[Positive, ...] = Field(
        (1e-3, 1e-1, 10.0), min_length=2, description="weights to begin with; where latents outlast them, larger ones"
    )
    halvings: int = Field(3, ge=0, description="further weights, each between one that collapses and one that does not")
    epochs: Count = Field(40, description="passes through the images in each training")


class Theory(Block):
    """Appendix B as numbers."""

    probes: Count = Field(8, description="random directions in which Jacobians are looked at")
    images: Count = Field(500, description="images at which they are")
    distance: Positive = Field(0.05, description="how far the second Jacobian is, of images in [-1, 1], per pixel")


class Sprites(Block):
    """Images of dSprites, whose six factors are known (appendix A.7); those of the test are never trained on."""

    source: Literal["drawn", "archive"] = Field(
        "drawn", description="drawn ones, or those of the file in data/dsprites"
    )
    size: Literal[8, 16, 32, 64] = Field(16, description="pixels of an image's side, of which each averages a block")
    train: Count = Field(5000, description="images that networks are trained on")
    test: Count = Field(2000, description="others, which latents are measured on")

    @model_validator(mode="after")
    def _there_are_so_many(self) -> Self:
        if self.train + self.test > SPRITES:
            raise ValueError(f"train + test = {self.train + self.test}: there are {SPRITES} sprites")
        return self


class Trainings(Block):
    """Further trainings on dSprites, with other random numbers, and those of VAEs with the same encoder."""

    count: int = Field(3, ge=2, description="trainings of each method")
    beta: Positive = Field(4.0, description="weight of the KL of the beta-VAE, whose error is the sum over an image")
    vae_epochs: Count = Field(8, description="passes of VAEs through the images")


class SpriteMeasures(Block):
    """How disentangled latents of dSprites are (appendix A.7)."""

    repeats: int = Field(10, ge=2, description="evaluations of a training, each on images of its own choice")
    fitted: Count = Field(800, description="images of the test that an evaluation fits to")
    judged: Count = Field(500, description="other ones that informativeness is measured on")
    rounds: Count = Field(
        5, description="of boosting for DCI, by default 100 in scikit-learn; of one encoder 60 for 5 made .16 of .25"
    )


class Scores(Block):
    """Norms of scores along a sampling run on dSprites (Figure 6)."""

    runs: int = Field(16, ge=2, description="images whose latents are the conditions, a run for each")
    moves: Count = Field(200, description="moves of the sampler")
    clip: Positive | None = Field(
        1.0, description="what the estimate of the clean image is kept within; null for no bound, as the paper's"
    )


class TimeInput(Block):
    """The encoder of disks with the noise level as input, and without it (section 4)."""

    trainings: int = Field(3, ge=2, description="of each encoder, the images' order and the noise the same")
    epochs: Count = Field(25, description="passes through the images in each")


class Judge(Block):
    """Who says which attributes a face has, and gives the features that distances of sets are measured in."""

    width: Count = Field(24, description="channels of its first level; each further one has twice as many")
    features: Count = Field(64, description="numbers that it decides by")
    iterations: Count = Field(2500, description="steps of Adam")
    batch: Count = Field(64, description="images of a step")
    learning_rate: Positive = Field(4e-3, description="of Adam, in the beginning; it falls as half a cosine")


class Baselines(Block):
    """How the baselines of Table 2 are trained, on the encoder of SAMI; what is not said here is as SAMI's."""

    epochs: Count = Field(
        6, description="passes through the images, for each baseline and for a SAMI that is compared with them"
    )
    beta: Positive = Field(4.0, description="weight of the KL in beta-VAE")
    divergence: Annotated[float, Field(ge=0)] = Field(
        0.0, description="weight of the KL in InfoVAE and InfoDiffusion, and in methods that are added"
    )
    discrepancy: Positive = Field(
        100.0, description="weight of their maximum mean discrepancy: InfoDiffusion's tenth, of an error per pixel"
    )


class Comparison(Block):
    """What Table 2 and Figure 3H measure of each method."""

    samples: int = Field(400, ge=2, description="images that each method makes, for the FID")
    sampling_steps: Count = Field(30, description="moves of the sampler")
    resamples: Count = Field(100, description="resamples of images, for intervals")


class FrozenDenoiser(Denoising):
    """The denoiser of portraits, which is trained alone, or was, and then left as it is."""

    pretrained: str | None = Field(
        None, min_length=1, description="a DDPM instead: a folder of its files, or its name on the hub; null trains one"
    )
    download: bool = Field(False, description="whether one that is not here may come from the hub, once: 455 MB")
    epochs: Count = Field(18, description="passes through the images")
    batch: Count = Field(32, description="images of a step")
    learning_rate: Positive = Field(3e-3, description="of Adam, in the beginning; it falls as half a cosine")


class PortraitsMeasures(Block):
    """What is measured of the latents of portraits."""

    conditions: int = Field(12, ge=2, description="images to condition on")
    samples: int = Field(6, ge=2, description="samples of each")
    sampling_steps: Count = Field(250, description="moves of the sampler")
    levels: Count = Field(5, description="parts of all steps in which the errors of the noise are told apart")
    repeats: Count = Field(2, description="noises of every image and part")


class Videos(Block):
    """Videos of faces, frame by frame."""

    source: Literal["drawn", "frames"] = Field(
        "drawn", description="drawn ones, or a folder of numbered frames for each video in data/videos"
    )
    count: int = Field(50, ge=2, description="videos; of those in data/videos the first")
    frames: int = Field(24, ge=3, description="of a drawn video; others have as many as there are, at most so many")


class Choices(Block):
    """Encoders that are trained with one other value each (A.5, bottleneck size)."""

    weights: tuple[Positive, ...] = Field((5e-3, 3e-2, 2e-1), min_length=2, description="weights of the KL")
    latents: tuple[Count, ...] = Field((8, 32, 128), min_length=2, description="dimensions of z")
    timesteps: tuple[Positive, ...] = Field((1.0, 0.5, 0.3), min_length=2, description="p of t = T u^p")
    epochs: Count = Field(4, description="passes through the images in each training")


class Variant(Block):
    """A SAMI beside the paper's, of the same networks."""

    time_input: bool = Field(False, description="whether the encoder is told the noise, which the paper's is not")
    timesteps: Positive = Field(1.0, description="p of t = T u^p")
    weight: Positive = Field(0.05, description="beta of the KL in the end")
    settled: float = Field(
        0.0, ge=0, lt=1, description="share of the steps, the last ones, that are trained with norms as in evaluation"
    )


SPRITES = 737_280
"""Images of dSprites."""


class FacesMeasures(Block):
    """What is measured of latents of faces (Figures 3, 5 and 7)."""

    conditions: int = Field(48, ge=4, description="images to condition on")
    samples: int = Field(6, ge=2, description="samples of each, in each of the ways that are compared")
    sampling_steps: Count = Field(100, description="moves of the sampler; 50 made variability a fifth larger")
    shown_steps: Count = Field(300, description="moves for images that are shown, on which few leave specks")
    pairs: Count = Field(16, description="pairs of images between which is interpolated")
    levels: int = Field(12, ge=3, description="steps of the noise at which posteriors are looked at")
    noisy: Count = Field(200, description="images that noise is added to there")
    moved: int = Field(20, ge=4, description="images whose latents are moved along every axis")
    distance: Positive = Field(2.0, description="how far, in deviations of the axis over images")
    spread_conditions: int = Field(8, ge=2, description="images to condition on in Figure 5")
    spread_samples: int = Field(48, ge=2, description="samples of each")


class Sami(Block):
    """Paper 3: SAMI, a score-based autoencoder."""

    disks: Disks = Disks()
    disks_networks: Autoencoder = Autoencoder(weight=0.01)
    disks_measures: Measures = Measures()
    disks_collapse: Collapse = Collapse()
    theory: Theory = Theory()
    faces: Faces = Faces()
    faces_networks: Autoencoder = Autoencoder(
        encoder=(16, 32, 64), latents=32, base=8, multipliers=(1, 2, 4), middle=8, steps=1000, weight=1e-3,
        first_weight=1e-5, epochs=32, settled=0.2, batch=16, learning_rate=6e-3,
    )  # fmt: skip
    dsprites: Sprites = Sprites()
    # With the disks' encoder: in a short training, norms of the other's three layers differ so much between clean and
    # noisy images that in evaluation, where they cannot, guidance is worse than none.
    dsprites_networks: Autoencoder = Autoencoder(
        encoder=(32, 64), latents=7, base=8, multipliers=(1, 2), middle=4, noise="cosine", steps=1000, epochs=12,
        batch=32, learning_rate=4e-3,
    )  # fmt: skip
    dsprites_trainings: Trainings = Trainings()
    dsprites_measures: SpriteMeasures = SpriteMeasures()
    dsprites_scores: Scores = Scores()
    dsprites_variant: Variant = Variant(settled=0.5)
    disks_time_input: TimeInput = TimeInput()
    faces_judge: Judge = Judge()
    faces_baselines: Baselines = Baselines()
    faces_comparison: Comparison = Comparison()
    faces_variant: Variant = Variant(weight=1e-3, settled=0.8)
    portraits: Faces = Faces(size=24, channels=3, train=3000, test=500)
    portraits_denoiser: FrozenDenoiser = FrozenDenoiser(
        multipliers=(1, 2, 4), middle=8, steps=500
    )  # fmt: skip
    portraits_networks: Encoding = Encoding(
        encoder=(32, 64, 128), latents=32, timesteps=0.5, weight=5e-3, first_weight=1e-5, epochs=14,
        settled=0.5, batch=32, learning_rate=6e-3,
    )  # fmt: skip
    portraits_measures: PortraitsMeasures = PortraitsMeasures()
    videos: Videos = Videos()
    portraits_choices: Choices = Choices()
    faces_measures: FacesMeasures = FacesMeasures()
