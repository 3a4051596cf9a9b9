"""How well the guided network denoises (section 5.1): Figures 2 and 3."""

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.papers.feature_guidance import settings as configuration
from recompose.papers.feature_guidance.data import ONE_TEXTURE
from recompose.papers.feature_guidance.guidance import Bench, denoise, noise, psnr
from recompose.papers.feature_guidance.rows import mean_and_interval
from recompose.storage import Measured

NONE = "none"


def figure2(bench: Bench, *, denoised: configuration.Denoised) -> Measured:
    """Images of some classes, denoised under the condition of each class and under none."""
    labels = np.linspace(0, bench.classes - 1, denoised.classes).round().astype(int).tolist()
    clean = torch.cat([bench.members(label, 1, test=True) for label in labels])
    conditions = torch.stack([bench.condition(label) for label in labels])
    images = {"clean": clean, "conditions": torch.cat([bench.members(label, 1) for label in labels])}
    rows = []
    for level in denoised.levels:
        noisy = clean + level * noise(clean.shape, "figure2", level).to(bench.device)
        images[f"noisy {level:g}"] = noisy
        told = {label: condition.expand(len(labels), -1) for label, condition in zip(labels, conditions, strict=True)}
        found = {str(label): denoise(bench.network, noisy, each) for label, each in told.items()}
        found[NONE] = denoise(bench.networks["mixture"], noisy)
        for condition, estimate in found.items():
            images[f"denoised {level:g} {condition}"] = estimate
            values = psnr(clean, estimate).tolist()
            rows += [(level, label, condition, value) for label, value in zip(labels, values, strict=True)]
    return Measured(pd.DataFrame(rows, columns=["sigma", "label", "condition", "psnr"]), images)


def figure3(bench: Bench, single: Bench, *, gains: configuration.Gains) -> Measured:
    """PSNR at every noise level: of all classes, and of the one texture that has a network of its own.

    single: that texture's images and its network. Wrong conditions: the class half way round; and, in the comparison
    with the single texture, that texture. Means over classes, of their mean over images, or over the texture's images;
    `gain`: over the mixture's on the same images, `lead`: over the single network's.
    """
    rows = []
    own = bench.condition(ONE_TEXTURE)
    texture = single.condition(0)
    labels = range(bench.classes)
    conditions = torch.stack([bench.condition(label) for label in labels])
    all_classes = torch.cat([bench.members(label, gains.images, test=True) for label in labels])
    counts = torch.tensor([len(bench.members(label, gains.images, test=True)) for label in labels])
    which = torch.repeat_interleave(torch.arange(len(counts)), counts)
    others = which != ONE_TEXTURE
    half = (which + bench.classes // 2) % bench.classes
    one = single.members(0, len(single.test.labels), test=True)
    for level in gains.levels:
        noisy = all_classes + level * noise(all_classes.shape, "figure3", level).to(bench.device)
        mixture = psnr(all_classes, denoise(bench.networks["mixture"], noisy))
        right = psnr(all_classes, denoise(bench.network, noisy, conditions[which]))
        wrong = psnr(all_classes, denoise(bench.network, noisy, conditions[half]))
        as_texture = psnr(all_classes, denoise(bench.network, noisy, own.expand(len(noisy), -1)))
        alone = psnr(all_classes, denoise(single.network, noisy, texture.expand(len(noisy), -1)))
        noisy_one = one + level * noise(one.shape, "figure3", "single", level).to(bench.device)
        found = {
            ("all", "guided", "right"): (right, mixture, which),
            ("all", "guided", "wrong"): (wrong, mixture, which),
            ("all", "mixture", NONE): (mixture, mixture, which),
            ("others", "guided", "wrong"): (as_texture[others], alone[others], which[others]),
            ("others", "single", "wrong"): (alone[others], alone[others], which[others]),
        }
        each = torch.arange(len(one))
        alone = psnr(one, denoise(single.network, noisy_one, texture.expand(len(one), -1)))
        guided = psnr(one, denoise(bench.network, noisy_one, own.expand(len(one), -1)))
        mixture = psnr(one, denoise(bench.networks["mixture"], noisy_one))
        found |= {
            ("one", "guided", "right"): (guided, alone, each),
            ("one", "single", "right"): (alone, alone, each),
            ("one", "mixture", NONE): (mixture, alone, each),
        }
        for place, (values, base, groups) in found.items():
            for quantity, numbers in (("psnr", values), ("gain", values - base)):
                rows.append((*place, level, quantity, *mean_and_interval(group_means(numbers, groups))))
    columns = ["images", "model", "condition", "sigma", "quantity", "mean", "std", "ci_low", "ci_high", "n"]
    return Measured(pd.DataFrame(rows, columns=columns), {})


def group_means(values: Tensor, groups: Tensor) -> np.ndarray:
    """The mean of each group."""
    return pd.Series(values.cpu().numpy()).groupby(groups.numpy()).mean().to_numpy()
