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


class Autoencoder(Block):
    """The two networks of a SAMI, and how they are trained (Table 1)."""

    of: Literal["disks", "dsprites", "celeba", "celeba_hq"] = Field(
        "disks", description="whose encoder it is in the paper; they differ in their layers"
    )
    encoder: tuple[Count, ...] = Field(
        (64, 64), min_length=1, description="channels of the encoder's convolutions, or of its levels and its middle"
    )
    latents: Count = Field(3, description="dimensions of z")
    base: Count = Field(16, description="channels K of the denoiser's finest level")
    multipliers: tuple[Count, ...] = Field((1, 2), min_length=1, description="of K, for each level of the denoiser")
    middle: Count = Field(4, description="of K, in its middle")
    time_input: bool = Field(False, description="whether the encoder is told the noise, which the paper's is not")
    noise: Literal["linear", "cosine"] = Field("linear", description="the schedule of the noise")
    steps: Count = Field(400, description="T, its steps")
    timesteps: Positive = Field(1.0, description="p of t = T u^p, u uniform: 1 is uniform, less oversamples much noise")
    reduction: Literal["pixel_sum", "pixel_mean"] = Field(
        "pixel_sum", description="of the squared error over an image, to which weights of the KL belong"
    )
    weight: Positive = Field(0.05, description="beta of the KL in the end")
    first_weight: Positive = Field(
        1e-6, description="and in the beginning; it grows by equal factors from epoch to epoch"
    )
    epochs: Count = Field(150, description="passes through the images")
    batch: Count = Field(32, description="images of a step")
    learning_rate: Positive = Field(4e-3, description="of Adam, in the beginning; it falls as half a cosine")


class Measures(Block):
    """What is measured of latents of disks."""

    grid: int = Field(9, ge=3, description="places along each factor of a grid of images")
    backgrounds: tuple[float, ...] = Field(
        (0.0, 0.2, 0.4, 0.6, 0.8, 1.0), min_length=2, description="intensities at which positions are read off latents"
    )
    conditions: Count = Field(16, description="images to condition on")
    samples: int = Field(32, ge=2, description="samples of each")
    sampling_steps: Count = Field(100, description="moves of the sampler")


class Collapse(Block):
    """The search for the largest weight of the KL before latents collapse (appendix A.5)."""

    weights: tuple[Positive, ...] = Field(
        (1e-3, 1e-1, 100.0), min_length=2, description="weights to begin with, the least and the largest included"
    )
    halvings: int = Field(3, ge=0, description="further weights, each between one that collapses and one that does not")
    epochs: Count = Field(25, description="passes through the images in each training")


class Theory(Block):
    """Appendix B as numbers."""

    probes: Count = Field(8, description="random directions in which Jacobians are looked at")
    images: Count = Field(64, description="images at which they are")
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
    vae_epochs: Count = Field(10, description="passes of VAEs through the images")


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
    epochs: Count = Field(15, description="passes through the images in each")


SPRITES = 737_280
"""Images of dSprites."""


class Sami(Block):
    """Paper 3: SAMI, a score-based autoencoder."""

    disks: Disks = Disks()
    disks_networks: Autoencoder = Autoencoder()
    disks_measures: Measures = Measures()
    disks_collapse: Collapse = Collapse()
    theory: Theory = Theory()
    faces: Faces = Faces()
    faces_networks: Autoencoder = Autoencoder(
        of="celeba", encoder=(8, 16, 32, 64), latents=32, base=8, multipliers=(1, 2, 4), middle=8, noise="cosine",
        steps=1000, weight=1e-2, first_weight=1e-5, epochs=30, learning_rate=2e-3,
    )  # fmt: skip
    dsprites: Sprites = Sprites()
    # With the disks' encoder: in a short training, norms of the other's three layers differ so much between clean and
    # noisy images that in evaluation, where they cannot, guidance is worse than none.
    dsprites_networks: Autoencoder = Autoencoder(
        encoder=(32, 64), latents=7, base=8, multipliers=(1, 2), middle=4, noise="cosine", steps=1000, epochs=20,
    )  # fmt: skip
    dsprites_trainings: Trainings = Trainings()
    dsprites_measures: SpriteMeasures = SpriteMeasures()
    dsprites_scores: Scores = Scores()
    disks_time_input: TimeInput = TimeInput()
