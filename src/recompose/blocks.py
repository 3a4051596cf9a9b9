"""Strict groups of keys: what the models of the configuration and of the claims are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Count = Annotated[int, Field(gt=0)]


class Block(BaseModel):
    """A strict, frozen group of keys: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)
