"""What a person can set of paper 2. No torch: the workflow reads it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recompose.blocks import Block, Chosen, Count
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection
from recompose.papers.weighted_composition.rooms.settings import Rooms, RoomsJudge, RoomsNetworks, RoomsSampling

Setting = Literal["f_id", "nf_id", "f_ood", "nf_ood", "gmm_id", "gmm_ood"]
Positive = Annotated[float, Field(gt=0)]


class Task(Block):
    """The data: what the networks learn, and what is composed."""

    reading: Literal["code", "text"] = Field(
        "code", description="of the mixtures, where the authors' code and the paper's text differ"
    )
    runs: int = Field(
        12,
        ge=2,
        description="repetitions, which the tests of the claims pair; each has its own data and networks",
    )
    samples: tuple[Count, ...] = Field((100, 1000, 10_000), min_length=1, description="N, training samples per source")
    b_min: Positive = Field(0.1, description="beta at the data")
    b_max: Positive = Field(20.0, description="beta at the noise")

    @model_validator(mode="after")
    def _rates_grow(self) -> Self:
        if self.b_max < self.b_min:
            raise ValueError(f"b_max = {self.b_max} must not be below b_min = {self.b_min}")
        return self


class Networks(Block):
    """The noise predictors of appendix F.1; all of a setting train together."""

    width: Count = Field(24, description="units of a hidden layer")
    layers: Count = Field(4, description="hidden layers")
    iterations: Count = Field(1500, description="steps of Adam")
    batch: int = Field(96, ge=3, description="points of a step; a conditional network shares them among its sources")
    learning_rate: Positive = Field(0.02, description="of Adam, in the beginning")
    annealing: Literal["none", "cosine"] = Field("cosine", description="what becomes of the learning rate")
    precision: Literal["auto", "fp32", "bf16"] = Field(
        "auto", description="of the matrix products; auto takes bf16 where the device has units for it"
    )


class Sampling(Block):
    """The Feynman-Kac corrector's sampler, and how its output is measured."""

    weights: tuple[float, float, float] = Field(
        (1.0, 1.0, -1.0),
        description="of a1, a2 and 0 (Definition 1); their sum is above 0",
    )
    particles: tuple[Count, ...] = Field((1, 4, 16, 64), min_length=1, description="K, particles of a swarm")
    outputs: int = Field(1000, ge=2, description="swarms; each gives one output, compared with as many true samples")
    steps: Count = Field(40, description="steps of the integration")
    dynamics: Literal["sde", "ode"] = Field("sde", description="the denoising SDE (Eq. 4) or ODE (Eq. 5)")
    resampling: Literal["every_step", "threshold"] = Field(
        "every_step", description="systematic at every step, or of swarms whose effective sample size is too small"
    )
    threshold: float = Field(0.5, gt=0, le=1, description="too small is below this share of the particles")
    clip: Positive | None = Field(15.0, description="bound on g (Eq. 11) per unit of time; null for none")
    centring: bool = Field(False, description="take the swarm's mean of g off, before the clip")
    noise_on_last_step: bool = Field(True, description="whether the last step of the SDE adds noise")
    nodes: int = Field(48, ge=4, description="of a network's grid, along each axis; doubled where needed")
    bound: Positive = Field(
        0.02,
        description="largest error of interpolation, of the predicted noise and of g; beyond it, the network itself",
    )
    directions: Count = Field(500, description="projections of the sliced Wasserstein-2 distance")

    @model_validator(mode="after")
    def _noise_composes(self) -> Self:
        if sum(self.weights) <= 0:
            raise ValueError(f"weights that add up to {sum(self.weights):g} compose noise to no distribution")
        return self


class Exact(Block):
    """Exact scores, sampled as published: they need no training."""

    runs: int = Field(16, ge=2, description="repetitions, paired over K")
    particles: tuple[Count, ...] = Field((1, 4, 16), min_length=1, description="K, particles of a swarm")
    outputs: int = Field(5000, ge=2, description="swarms; each gives one output")
    steps: Count = Field(500, description="steps of the integration")


class Theorems(Block):
    """Theorems 1, 2 and 3 as numbers."""

    particles: tuple[Count, ...] = Field(
        (4, 8, 16), min_length=3, description="K, at which the corrector's covariance is compared with Theorem 1"
    )
    outputs: int = Field(200_000, ge=1000, description="swarms for that comparison")
    steps: Count = Field(50, description="steps of the integration for that comparison, whose own limit is known")
    ode_steps: Count = Field(4000, description="steps of the naive ODE, whose covariance is exact for linear scores")
    resamples: Count = Field(2000, description="bootstrap resamples of the rate")


class Grid(Block):
    """Compositions from a grid against the compositions themselves, of exact scores."""

    runs: int = Field(30, ge=2, description="runs that are compared")
    particles: Count = Field(16, description="K; few particles need no grid, and direct evaluation costs in proportion")
    outputs: int = Field(2000, ge=2, description="swarms; each gives one output")


class Clipping(Block):
    """What the clip of g does to learned scores and to exact ones."""

    settings: tuple[Setting, ...] = Field(("nf_ood", "gmm_ood"), min_length=1, description="those with both errors")
    clips: tuple[Positive | None, ...] = Field(
        (None, 15.0), min_length=2, description="bounds on g per unit of time; null for none"
    )
    particles: Count = Field(16, description="K")


class Correctors(Block):
    """The samplers of compositions side by side."""

    methods: Chosen = Field("all", description="all of them, or a list of their names")
    runs: Count = Field(3, description="of the runs of the task so many at most")
    particles: Count = Field(16, description="K, which each may spend on an output")


class Accuracy(Block):
    """How well the networks know the sources they were trained on."""

    points: Count = Field(500, description="true samples of each source")
    times: Count = Field(20, description="t, equally spaced")


class Figure1(Block):
    """Figure 1: learned and exact densities of the sources and of their composition, F-OOD."""

    setting: Setting = Field("f_ood", description="the setting that is drawn")
    particles: Count = Field(16, description="K")
    outputs: int = Field(4000, ge=100, description="samples of each density")
    nodes: int = Field(48, ge=8, description="of the density's grid, along each axis")


class ErrorMap(Block):
    """Where the error arises: learned minus exact composed score along the trajectories of the exact ones."""

    times: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = Field(
        (0.7, 0.5, 0.3, 0.15, 0.02), min_length=1, description="t, from noise to data"
    )
    nodes: int = Field(40, ge=8, description="of the map, along each axis")
    swarms: int = Field(2000, ge=10, description="trajectories")


class WeightedComposition(Block):
    """Paper 2, catastrophic compositional generation: weighted compositions with Feynman-Kac correctors."""

    task: Task = Task()
    networks: Networks = Networks()
    sampling: Sampling = Sampling()
    exact: Exact = Exact()
    accuracy: Accuracy = Accuracy()
    clipping: Clipping = Clipping()
    correctors: Correctors = Correctors()
    theorems: Theorems = Theorems()
    grid: Grid = Grid()
    figure1: Figure1 = Figure1()
    error_map: ErrorMap = ErrorMap()
    rooms_collection: RoomsCollection = RoomsCollection()
    rooms: Rooms = Rooms()
    rooms_networks: RoomsNetworks = RoomsNetworks()
    rooms_judge: RoomsJudge = RoomsJudge()
    rooms_sampling: RoomsSampling = RoomsSampling()
