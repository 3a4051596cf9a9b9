"""Strict groups of keys: what the models of the configuration and of the claims are made of."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Scale = Literal["smoke", "small", "paper"]
"""How much is computed: each has a results tree of its own, and more of the same than the one before."""
SCALES: tuple[str, ...] = get_args(Scale)

Count = Annotated[int, Field(gt=0)]
Optimizer = Literal["adam", "soap"]
"""What trains a network, `recompose.diffusion.training.optimizer_of`."""


class Block(BaseModel):
    """A strict, frozen group of keys: an unknown key is a mistake, and so is a number that is not finite."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
