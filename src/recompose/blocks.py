"""Strict groups of keys: what the models of the configuration and of the claims are made of."""

from typing import Annotated, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Scale = Literal["smoke", "small", "paper"]
"""How much is computed: each has a results tree of its own, and more of the same than the one before."""
SCALES: tuple[str, ...] = get_args(Scale)

Count = Annotated[int, Field(gt=0)]
Optimizer = Literal["adam", "soap"]
"""What trains a network, `recompose.diffusion.training.optimizer_of`."""


def _once(names: tuple[str, ...]) -> tuple[str, ...]:
    for place, name in enumerate(names):
        if name in names[:place]:
            raise ValueError(f"{name} stands twice; name each once")
    return names


Chosen = (
    Literal["all"]
    | Annotated[tuple[str, ...], Field(min_length=1, json_schema_extra={"uniqueItems": True}), AfterValidator(_once)]
)
"""Of what has names, such as methods: all, or these."""


class Block(BaseModel):
    """A strict, frozen group of keys: an unknown key is a mistake, and so is a number that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
