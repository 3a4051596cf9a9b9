"""Everything a person can set, as strict models. The defaults are those of the scale `small`.

Each paper's part is a model of its own, in `recompose.papers.<slug>.settings` and named by the slug: a folder with a
table of artifacts takes part.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, create_model, field_validator

from recompose.blocks import Block, Scale
from recompose.errors import RecomposeError
from recompose.papers import chosen, papers

NAME = r"^[A-Za-z0-9_.-]*$"
"""What SLURM calls partitions and accounts."""


class Execution(Block):
    """How the work is divided. Nothing here ever changes a result."""

    batches: int = Field(4, ge=1, le=64, description="jobs that the cells of one large artifact are dealt to")


class Cluster(Block):
    """The site that jobs run on with profiles/slurm. Nothing here ever changes a result."""

    cpu_partition: str = Field(
        "cpu", pattern=NAME, description="partition of jobs that want no GPU; `sinfo` lists them"
    )
    gpu_partition: str = Field("gpu", pattern=NAME, description="partition of jobs that train networks or sample")
    account: str = Field("", pattern=NAME, description="as in `sbatch --account`; empty: your default one")
    gpus: int = Field(1, ge=0, description="GPUs of a job that wants one; 0: such jobs run on CPUs, like all others")
    gpu_teraflops: float = Field(5.0, gt=0, description="10^12 operations a second of a GPU, at the least")
    cpu_teraflops: float = Field(0.02, gt=0, description="the same of one core of a processor")
    longest: int = Field(1440, gt=0, description="minutes: no job asks for more than your partitions allow")


class Shared(Block):
    """The keys at the top: they hold for all papers."""

    scale: Scale = Field("small", description="smoke: plumbing; small: real content; paper: as published")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto takes cuda where there is one")
    artifacts: Literal["all", "probe"] | Annotated[tuple[str, ...], Field(min_length=1)] = Field(
        "all",
        description="all; probe: a cheap chain of each paper, to see whether everything works; or a list of"
        " `<paper>_<artifact>`",
    )
    execution: Execution = Execution()
    cluster: Cluster = Cluster()

    @field_validator("artifacts")
    @classmethod
    def _artifacts_are_known(cls, artifacts: str | tuple[str, ...]) -> str | tuple[str, ...]:
        try:
            chosen(artifacts)
        except RecomposeError as error:
            raise ValueError(str(error)) from None
        return artifacts


def _settings_of(slug: str) -> type[Block]:
    """The model of a paper's settings: its name is the slug in capitals.

    >>> _settings_of("coupled_inference").__name__
    'CoupledInference'
    """
    name = "".join(word.capitalize() for word in slug.split("_"))
    model: type[Block] = getattr(import_module(f"recompose.papers.{slug}.settings"), name)
    return model


if TYPE_CHECKING:

    class Config(Shared):
        """The whole configuration: the keys at the top, and a block for each paper."""

        def __getattr__(self, slug: str) -> Any:
            """The block of a paper."""

else:
    _blocks = {slug: (model := _settings_of(slug), model()) for slug in papers()}
    Config = create_model("Config", __base__=Shared, __doc__=Shared.__doc__, **_blocks)
