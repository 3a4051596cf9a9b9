"""What a person can set of paper 1, one strict block per artifact. No torch: the workflow reads it."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from recompose.blocks import Block, Chosen, Count
from recompose.papers.coupled_inference.sizes import codebook_size

Factors = Annotated[int, Field(ge=2, le=8)]
Ratio = Annotated[float, Field(gt=0, le=1)]


class Trials(Block):
    """How many problems an accuracy is averaged over, and the budget of every method."""

    trials: Count = Field(200, description="problems per cell; a multiple of codebook_sets")
    codebook_sets: Count = Field(10, description="independent sets of codebooks that these problems are drawn from")
    iterations: Count = Field(100, description="iterations of the resonators; their cost is the budget of every method")

    @model_validator(mode="after")
    def _trials_fill_the_sets(self) -> Self:
        if self.trials % self.codebook_sets:
            raise ValueError(f"trials = {self.trials} must be a multiple of codebook_sets = {self.codebook_sets}")
        return self


def _require_size(size: int, dimension: int, what: str) -> None:
    if size < 2:
        raise ValueError(f"{what} leaves codebooks of {size} vector: enlarge the search space")
    if size > dimension:
        raise ValueError(f"{what} needs codebooks of {size} vectors, more than the dimension {dimension}")


class SearchSpaces(Trials):
    """Problems whose codebook size follows from the search space: n = floor(space^(1/K))."""

    dimension: Count = Field(1000, description="D, the length of a codebook vector")
    factors: tuple[Factors, ...] = Field((2, 3, 4), min_length=1, description="K, the numbers of factors")


class Table1(SearchSpaces):
    """Table 1: the accuracy of every method at three noise levels."""

    superposed: tuple[Count, ...] = Field(
        (2, 4, 8), min_length=1, description="m, the numbers of superposed products; the noise is sqrt(m - 1)"
    )
    search_space: Count = Field(10_000, description="n^K, rounded down to a whole n")

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        for k in self.factors:
            what = f"search_space = {self.search_space} with K = {k}"
            _require_size(codebook_size(self.search_space, k), self.dimension, what)
        return self


class Figure2(SearchSpaces):
    """Figure 2: accuracy against the size of the search space; the capacities are read off it."""

    trials: Count = Field(40, description="problems per cell; a multiple of codebook_sets")
    codebook_sets: Count = Field(2, description="independent sets of codebooks that these problems are drawn from")
    factors: tuple[Factors, ...] = Field((3, 4, 5), min_length=1, description="K, the numbers of factors")
    search_spaces: tuple[Count, ...] = Field(
        (1_000, 3_200, 10_000, 32_000, 100_000, 1_000_000, 10_000_000),
        min_length=1,
        description="n^K, each rounded down to a whole n",
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        for k in self.factors:
            for space in self.search_spaces:
                _require_size(codebook_size(space, k), self.dimension, f"search space {space} with K = {k}")
        return self


class Capacity(Block):
    """The largest search space that a method still solves, interpolated on Figure 2."""

    threshold: float = Field(0.95, gt=0, lt=1, description="the accuracy that counts as solved")
    resamples: Count = Field(2_000, description="bootstrap resamples")


class FixedSize(Trials):
    """Problems of one codebook size."""

    trials: Count = Field(40, description="problems per cell; a multiple of codebook_sets")
    codebook_sets: Count = Field(2, description="independent sets of codebooks that these problems are drawn from")
    factors: Factors = Field(3, description="K, the number of factors")
    size: int = Field(40, ge=2, description="n, the number of vectors in a codebook")


class Figure3(FixedSize):
    """Figure 3: accuracy against the dimension of the codebook vectors."""

    size: int = Field(50, ge=2, description="n, the number of vectors in a codebook")
    dimensions: tuple[Count, ...] = Field(
        (250, 500, 750, 1000, 1250, 1500, 2000),
        min_length=1,
        description="D, the lengths of a codebook vector",
    )

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        for dimension in self.dimensions:
            _require_size(self.size, dimension, f"size = {self.size}")
        return self


class FixedDimension(FixedSize):
    """Problems of one codebook size and one dimension: the ablations of section 4.2."""

    dimension: Count = Field(1000, description="D, the length of a codebook vector")

    @property
    def problems(self) -> dict[str, int]:
        """How many problems of what size, as `bound_products` takes them."""
        sizes = {"factors": self.factors, "dimension": self.dimension, "size": self.size}
        return sizes | {"sets": self.codebook_sets, "trials": self.trials // self.codebook_sets}

    @model_validator(mode="after")
    def _sizes_fit(self) -> Self:
        _require_size(self.size, self.dimension, f"size = {self.size}")
        return self


class Figure4(FixedDimension):
    """Figure 4: accuracy against the restart ratio and the number of restarts, four variants."""

    restart_ratios: tuple[Ratio, ...] = Field(
        (0.04, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0),
        min_length=1,
        description="rho, restart time over diffusion time",
    )
    restarts: tuple[Count, ...] = Field(
        (1, 2, 4, 8, 12, 16, 20), min_length=1, description="R, numbers of restarts: prefixes of one run"
    )


class Figure5(FixedDimension):
    """Figure 5: accuracy against the number of diffusion steps, four variants."""

    steps: tuple[Count, ...] = Field((10, 20, 40, 60, 80), min_length=1, description="T, diffusion steps")


class Figure6(FixedDimension):
    """Figure 6: accuracy of the probability-flow ODE minus that of the reverse SDE, per set of codebooks."""

    trials: Count = Field(400, description="problems per variant; a multiple of codebook_sets")
    codebook_sets: Count = Field(20, description="sets of codebooks: each gives one difference of the histogram")


class Restarts(FixedDimension):
    """Appendix C: accuracy with deterministic restarts minus that with stochastic ones, per set of codebooks."""

    trials: Count = Field(400, description="problems per variant; a multiple of codebook_sets")
    codebook_sets: Count = Field(20, description="sets of codebooks: each gives one difference of the histogram")


class SpecialCase(FixedDimension):
    """Remark 1 and section 5.1: how far coupled inference in its limit is from the attention resonator."""

    trials: Count = Field(20, description="problems; a multiple of codebook_sets")


class Search(FixedDimension):
    """The hyperparameter search of appendix C (Optuna), on validation codebooks that no table or figure uses."""

    size: int = Field(50, ge=2, description="n, the number of vectors in a codebook")
    trials: Count = Field(200, description="validation problems; a multiple of codebook_sets")
    codebook_sets: Count = Field(10, description="sets of codebooks; hopeless configurations are given up between them")
    configurations: Count = Field(1_000, description="configurations that a study tries per variant")


class CoupledInference(Block):
    """Paper 1, coupled inference in diffusion models for semantic decomposition."""

    hyperparameters: Literal["published", "tuned", "search"] = Field(
        "tuned",
        description="of the diffusion methods: as appendix C.1 prints them, as config/tuned has them, or searched anew",
    )
    methods: Chosen = Field("all", description="all methods, or a list of their names")
    table1: Table1 = Table1()
    figure2: Figure2 = Figure2()
    capacity: Capacity = Capacity()
    figure3: Figure3 = Figure3()
    figure4: Figure4 = Figure4()
    figure5: Figure5 = Figure5()
    figure6: Figure6 = Figure6()
    restarts: Restarts = Restarts()
    special_case: SpecialCase = SpecialCase()
    search: Search = Search()
