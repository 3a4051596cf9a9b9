"""Strict groups of keys: what the models of the configuration and of the claims are made of."""

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(gt=0)]

Scale = Literal["smoke", "small", "paper"]
"""How much is computed: each has a results tree of its own, and more of the same than the one before."""
SCALES: tuple[str, ...] = get_args(Scale)


class Block(BaseModel):
    """A strict, frozen group of keys: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)
