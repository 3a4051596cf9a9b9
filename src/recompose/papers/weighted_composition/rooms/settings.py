"""What a person can set of the rooms of paper 2. No torch: the workflow reads it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recompose.blocks import Block, Count, Optimizer

Positive = Annotated[float, Field(gt=0)]


class Rooms(Block):
    """The images of rooms (section 5.3), and how conditions mix their classes."""

    source: Literal["rendered", "collection"] = Field(
        "rendered", description="rooms that are rendered, or those collected from FLUX.1-schnell in data/rooms"
    )
    size: Literal[8, 16, 32, 64, 128, 256] = Field(16, description="pixels of an image's side")
    variety: float = Field(0.15, gt=0, le=1, description="of the rendered rooms: how far they vary around the middle")
    train: Count = Field(400, description="images of a class that networks are trained on")
    judging: Count = Field(300, description="images of a class that only the judge is trained on")
    test: int = Field(100, ge=2, description="images of a class for measuring")
    alpha: float = Field(0.01, gt=0, lt=0.5, description="in distribution, the share of each class that is rare")
    beta: float = Field(0.05 / 3, gt=0, lt=1 / 3, description="out of distribution, the share of each rare class")
    base_both: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="out of distribution, the share of couch + X in the base; null: beta, as published",
    )

    @model_validator(mode="after")
    def _base_is_a_mixture(self) -> Self:
        if self.base_both is not None and 2 * self.beta + self.base_both >= 1:
            raise ValueError(f"base_both = {self.base_both} and twice beta = {self.beta} leave nothing for empty rooms")
        return self


class RoomsNetworks(Block):
    """The networks of rooms (appendix F.3): diffusers' U-Net, which predicts the velocity."""

    patch: Literal[1, 2, 4, 8] = Field(1, description="side of the blocks of pixels that are the finest level's places")
    widths: tuple[Count, ...] = Field((8, 16, 16), min_length=1, description="channels of each level, the finest first")
    attention: Count | None = Field(
        None, description="the level with attention, the finest is 1; null: the middle only"
    )
    layers: Count = Field(1, description="residual blocks of a level")
    embeddings: int = Field(3, ge=3, description="rows of the class embedding: 3 conditions; the text says 4")
    iterations: Count = Field(1400, description="steps of the optimizer, for every network")
    batch: Count = Field(32, description="images of a step")
    optimizer: Optimizer = Field("soap", description="AdamW (the paper), or SOAP, which comes further in as many steps")
    learning_rate: Positive = Field(2e-2, description="of the optimizer, after the warm-up")
    warm_up: int = Field(50, ge=0, description="steps over which it grows; then it falls as half a cosine")
    weight_decay: float = Field(0.0, ge=0, description="none in the text, 0.01 in the authors' code")
    average: float = Field(0.9999, gt=0, lt=1, description="largest decay of the weights' average, which samples")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="of the convolutions; see networks.precision"
    )


class RoomsSampling(Block):
    """Ancestral sampling of composed rooms with the Feynman-Kac corrector."""

    particles: tuple[Count, ...] = Field((1, 4, 16), min_length=1, description="K, particles of a swarm")
    swarms: tuple[Count, ...] = Field((192, 64, 42), min_length=1, description="of each K; all particles are judged")
    alone: Count = Field(192, description="samples of each condition by itself")
    steps: int = Field(32, ge=2, le=1000, description="moves, of the 1000 steps of the noise")
    spacing: Literal["leading", "trailing"] = Field("leading", description="of the steps, as diffusers names it")
    clip: Positive | None = Field(1.0, description="bound on the estimate of the image in every move; null for none")
    weights_from: Literal["table", "closed_form"] = Field(
        "table", description="of the noise: the schedule's own, or continuous ones as in the authors' code"
    )
    weighted: Count | None = Field(
        28, description="moves after which swarms are weighed, from the first on; null: all but the last, as published"
    )
    at_once: Count = Field(256, description="images that go through a network together")

    @model_validator(mode="after")
    def _each_size_has_its_swarms(self) -> Self:
        if len(self.swarms) != len(self.particles):
            raise ValueError(f"swarms has {len(self.swarms)} entries and particles {len(self.particles)}: one for each")
        if self.weighted is not None and self.weighted >= self.steps:
            raise ValueError(f"weighted = {self.weighted}, expected fewer than the {self.steps} moves")
        return self


class RoomsJudge(Block):
    """Who judges samples: a small classifier for each object, and one for whether it is a room at all."""

    width: Count = Field(12, description="channels of a classifier")
    iterations: Count = Field(2000, description="steps of Adam")
    batch: Count = Field(64, description="images of a step")
    learning_rate: Positive = Field(3e-3, description="of Adam, in the beginning; it falls as half a cosine")
