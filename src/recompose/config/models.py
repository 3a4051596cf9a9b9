"""Everything a person can set, as strict models. The defaults are those of the scale `small`.

Each paper's part is a model of its own in `recompose.papers.<slug>.settings`; a new paper is a field here.
"""

from typing import Literal

from pydantic import Field

from recompose.blocks import Block, Scale
from recompose.papers.coupled_inference.settings import CoupledInference
from recompose.papers.feature_guidance.settings import FeatureGuidance
from recompose.papers.weighted_composition.settings import WeightedComposition


class Execution(Block):
    """How the work is divided. Nothing here ever changes a result."""

    batches: int = Field(4, ge=1, le=64, description="jobs that the cells of one large artifact are dealt to")


class Config(Block):
    """The keys at the top: they hold for all papers."""

    scale: Scale = Field("small", description="smoke: plumbing; small: real content; paper: as published")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto takes cuda where there is one")
    execution: Execution = Execution()
    coupled_inference: CoupledInference = CoupledInference()
    weighted_composition: WeightedComposition = WeightedComposition()
    feature_guidance: FeatureGuidance = FeatureGuidance()
