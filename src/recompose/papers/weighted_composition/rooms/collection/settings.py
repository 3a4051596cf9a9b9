"""What a person can set of the collection of rooms. No torch: the workflow reads it."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from recompose.blocks import Block, Count

Name = Annotated[str, Field(min_length=1)]


class RoomsCollection(Block):
    """The data set of rooms made anew (F.3): the generator, the embedding, and how much of each class."""

    model: Name = Field(
        "black-forest-labs/FLUX.1-schnell", description="the generator: a folder of its files, or its name on the hub"
    )
    embedding_model: Name = Field(
        "facebook/dinov2-large", description="what embeds images for the classifiers: a folder, or a name on the hub"
    )
    download: bool = Field(
        False, description="whether models that are not here may come from the hub: 34 GB and 1.2 GB, once"
    )
    resolution: int = Field(256, ge=16, le=2048, description="pixels of an image's side, a multiple of 16")
    steps: Count = Field(6, description="steps of the generator")
    guidance: float = Field(
        7.5, ge=0, description="the generator's guidance; without effect on one that was distilled without, as schnell"
    )
    batch: int = Field(20, gt=0, le=1000, description="images that are generated, or embedded, at a time")
    candidates: Count = Field(2000, description="images of a class to begin with; in whole batches")
    labels: Count = Field(1000, description="images of a class that the page asks a person about")
    threshold: float = Field(
        0.5, gt=0, lt=1, description="probability from which on a classifier accepts what nobody labelled"
    )
    images: Count = Field(2000, description="accepted images of a class")
    limit: int = Field(
        20_000, gt=0, le=90_000, description="candidates of a class at most; one that would need more is given up"
    )

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.resolution % 16:
            raise ValueError(f"resolution = {self.resolution} must be a multiple of 16, of which the generator draws")
        for key in ("candidates", "images"):
            if getattr(self, key) > self.limit:
                raise ValueError(f"{key} = {getattr(self, key)} must not be above limit = {self.limit}")
        return self
