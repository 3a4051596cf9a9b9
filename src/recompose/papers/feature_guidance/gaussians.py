"""Samples of two Gaussians, whose true densities are known: Figure 6."""

import pandas as pd
import torch

from recompose.diffusion.score_ascent import Residual
from recompose.networks.unet import LabelledUNet
from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import coordinate
from recompose.papers.feature_guidance.guidance import MEMBERS, Bench, free_residual, residual_of, sample, starts
from recompose.storage import Measured


def figure6(bench: Bench, *, gaussians: configuration.Gaussians, sampling: configuration.Sampling) -> Measured:
    """Samples of either Gaussian, by the guided score and by classifier-free guidance, along the line of the means.

    Rows are samples; `coordinate` is 0 and 1 at the means, `standard` in standard deviations from the class's mean.
    """
    labelled = bench.networks["gaussians_labelled"]
    assert isinstance(labelled, LabelledUNet)
    rows = []
    for label in (0, 1):
        which = torch.full((gaussians.samples,), label, device=bench.device)
        start = starts(bench, sampling, gaussians.samples, gaussians.patch, "figure6", label)
        condition = bench.condition(label, MEMBERS).expand(len(which), -1)
        residuals: dict[str, Residual] = {"guided": residual_of(bench.network, condition)}
        residuals |= {f"classifier-free, w = {w:g}": free_residual(labelled, which, w) for w in gaussians.weights}
        for name, residual in residuals.items():
            found, ascent = sample(residual, start, sampling, "figure6", label, name)
            places = coordinate(found.cpu(), gaussians)
            standard = (places - label) * gaussians.separation
            rows += [
                (name, label, *values)
                for values in zip(places.tolist(), standard.tolist(), ascent.iterations.tolist(), strict=True)
            ]
    return Measured(pd.DataFrame(rows, columns=["method", "label", "coordinate", "standard", "iterations"]), {})
