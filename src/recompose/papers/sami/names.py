"""What is measured of latents, and the methods that are compared, as people call them."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

QUANTITIES = {
    "divergence": "divergence of a posterior, nats",
    "active": "active latents",
    "spread": "spread of the means of all positions",
    "uncertainty": "deviation of a posterior",
    "position": "R^2 of positions, linear in the latents",
    "angle": "|cos| of the directions of two factors",
    "variability": "deviation from the mean image",
    "error": "error of the noise, guided over unguided",
}
"""In the order of the table."""
SCORES = {
    "modularity": "modularity",
    "disentanglement": "DCI disentanglement",
    "completeness": "DCI completeness",
    "informativeness": "DCI informativeness",
    "divergence": "divergence of a posterior, nats",
}
"""Of latents of dSprites, in the order of the table."""

BRIEF = "brief"
"""A SAMI that has seen as many images as the baselines."""
METHODS = {
    "ae": "AE",
    "vae": "VAE",
    "beta_vae": "beta-VAE",
    "info_vae": "InfoVAE",
    "diffae": "DiffAE",
    "infodiffusion": "InfoDiffusion",
    "disdiff": "DisDiff",
    "dbae_tc": "DBAE + TC",
    "encdiff": "EncDiff",
    BRIEF: "SAMI, equal images",
    "sami": "SAMI",
}
"""In the order of the rows of Table 2."""


@cache
def baselines() -> tuple[str, ...]:
    """The methods that `baselines.py` registers, read off its text: importing it would take torch.

    >>> baselines()[:2]
    ('ae', 'vae')
    """
    text = Path(__file__).with_name("baselines.py").read_text(encoding="utf-8")
    return tuple(each.name for each in ast.parse(text).body if isinstance(each, ast.FunctionDef) and _registered(each))


def _registered(function: ast.FunctionDef) -> bool:
    calls = [each.func for each in function.decorator_list if isinstance(each, ast.Call)]
    return any(isinstance(each, ast.Name) and each.id == "decoding" for each in calls)


def titled(methods: Iterable[str]) -> dict[str, str]:
    """Methods by their titles, in the order of Table 2, those that were added before SAMI.

    >>> titled(["sami", "mine", "vae"])
    {'vae': 'VAE', 'mine': 'mine', 'sami': 'SAMI'}
    """
    there = set(methods)
    ours = (BRIEF, "sami")
    known = [each for each in METHODS if each not in ours]
    order = [*known, *sorted(there - {*METHODS}), *ours]
    return {each: METHODS.get(each, each) for each in order if each in there}


ASIDE = ("judge", "training images")
"""What stands among the methods of a comparison and is none."""
COMPARED = {
    "tad": "TAD",
    "captured": "captured attributes",
    "fid": "FID",
    "fid_conditioned": "FID, conditioned",
    "images": "images seen",
    "teraflop": "teraflop",
}
"""The columns of Table 2, and what trainings took."""
PARAMETERS = {
    "encoder": "inference network",
    "encoder_channels": "its channels",
    "encoder_nonlinearity": "its nonlinearity",
    "denoiser": "denoiser",
    "denoiser_channels": "its base channels",
    "denoiser_multipliers": "its multipliers",
    "steps": "noise levels",
    "latents": "dimensions of z",
    "weight": "weight of the KL",
    "reduction": "which belongs to the",
    "noise": "noise schedule",
    "size": "pixels of a side",
    "train": "training images",
    "batch": "images of a step",
    "epochs": "epochs",
    "learning_rate": "learning rate",
    "timesteps": "distribution of timesteps",
    "optimizer": "optimizer",
}
"""The rows of Table 1."""
READINGS = {"norms": "$|w|_1 / |w|_2$", "squares": r"$\sum w^2 \, / \, \sqrt{\sum w^4}$"}
"""Of the participation ratio."""

CODES = {"pixels": "pixels", "DiffAE": "DiffAE", "SAMI": "SAMI", "untrained": "untrained\nencoder"}
"""Whose codes of videos are compared, in the order of Figure 4C, and how they are called there."""
CHOICES = {
    "captured": "captured attributes",
    "tad": "total AUROC\ndifference",
    "gap": "best less second\nbest latent, AUROC",
    "divergence": "divergence, nats",
    "error": "error, guided\nover unguided",
}
"""What is measured of every choice."""

ON_FACES = {
    "variability": "mean square deviation from the mean, per pixel",
    "scatter": "deviation of squared distances from the mean",
    "relaxed": "variability over that with all constraints, without some",
    "attributes": "attributes that samples keep",
    "kept": "judged as the own condition, more often than as another",
    "error": "error of the noise, guided over unguided",
    "divergence": QUANTITIES["divergence"],
    "active": QUANTITIES["active"],
    "modes": "effective modes of a posterior's variances, over latents",
    "growing": "latents that are less certain of noise than of images",
    "order": "rank correlation of latents' variances at both ends of the noise",
    "volume": "correlation of log |Sigma| and the log variance of the noise",
    "jump": "largest step of an interpolation over the mean one",
}
"""What is measured on faces, in the order of the table."""
