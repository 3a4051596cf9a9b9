"""Residuals and conditions of paper 5: a network, what it is told, and where its samples begin."""

from dataclasses import dataclass

import torch
from torch import Tensor

from recompose.datasets.labelled_images import LabelledImages, intensities
from recompose.diffusion.guidance import classifier_free
from recompose.diffusion.score_ascent import Ascent, Residual, denoised, score_ascent
from recompose.errors import named, require_finite
from recompose.networks.unet import FeatureUNet, LabelledUNet
from recompose.papers.feature_guidance import SLUG
from recompose.papers.feature_guidance import settings as configuration
from recompose.randomness import torch_generator

AT_ONCE = 256
"""Images that a network sees at once where there are many."""
MEMBERS = 64
"""Training images of a class from which its centroids are computed."""
UNTRAINED = "train longer, or at a lower learning rate"


@dataclass(frozen=True)
class Bench:
    """A set of images and the networks of one artifact, the first of which is under study."""

    train: LabelledImages
    test: LabelledImages
    networks: dict[str, FeatureUNet]
    device: str

    @property
    def network(self) -> FeatureUNet:
        """The one under study."""
        return next(iter(self.networks.values()))

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.train.labels.max()) + 1

    @property
    def mean(self) -> Tensor:
        """The mean m of the mixture, (1, channels, 1, 1): textures have the same at every place."""
        return intensities(self.train.images[::16], self.device).mean(dim=(0, 2, 3), keepdim=True)

    def members(self, label: int, count: int, *, test: bool = False) -> Tensor:
        """So many images of a class, with intensities: from all of its textures, which stand one after another."""
        part = self.test if test else self.train
        images = part.images[part.labels == label]
        count = min(count, len(images))
        return intensities(images[torch.arange(count) * len(images) // count], self.device)

    def members_of_all(self, classes: int, count: int, *, test: bool = False) -> tuple[Tensor, Tensor]:
        """So many images of each of the first classes, and the class of each, (images,)."""
        each = [self.members(label, count, test=test) for label in range(classes)]
        return torch.cat(each), torch.arange(classes).repeat_interleave(torch.tensor([len(some) for some in each]))

    def condition(self, label: int, count: int = 1, network: FeatureUNet | None = None) -> Tensor:
        """phi_y from some training images of the class, (features,)."""
        return features(network or self.network, self.members(label, count)).mean(dim=0)


def noise(shape: tuple[int, ...], *names: str | int | float) -> Tensor:
    """Standard normal numbers that depend on the names alone."""
    return torch.randn(shape, generator=torch_generator(SLUG, *names))


def features(network: FeatureUNet, images: Tensor) -> Tensor:
    """phi(x) of many images, (images, features)."""
    found = torch.cat([network.features(part) for part in torch.split(images, AT_ONCE)])
    require_finite(found, f"the features of {len(images)} images are not finite; {UNTRAINED}")
    return found


def along(vectors: Tensor, start: Tensor, end: Tensor) -> Tensor:
    """Where vectors, (vectors, dimension), lie along the line from a start (0) to an end (1); (vectors,)."""
    line = end - start
    return (vectors - start) @ line / line.square().sum()


def denoise(
    network: FeatureUNet, noisy: Tensor, condition: Tensor | None = None, *, level: float | None = None
) -> Tensor:
    """The estimates of the clean images; condition: (images, features) or None. An error names the level of noise."""
    parts = torch.split(noisy, AT_ONCE)
    told = [None] * len(parts) if condition is None else torch.split(condition, AT_ONCE)
    found = torch.cat([part - network(part, each) for part, each in zip(parts, told, strict=True)])
    at = "" if level is None else f" at sigma = {level:g}"
    require_finite(found, f"the estimates of {len(noisy)} clean images{at} are not finite; {UNTRAINED}")
    return found


def psnr(clean: Tensor, estimate: Tensor) -> Tensor:
    """Peak signal-to-noise ratio of each image in decibel; the peak is 1."""
    return -10 * (clean - estimate).flatten(1).square().mean(dim=1).log10()


def residual_of(network: FeatureUNet, condition: Tensor | None = None) -> Residual:
    """The projected score s(x, phi_y - phi(x)) of each image's condition, or the mixture's."""

    def residual(x: Tensor, which: Tensor) -> Tensor:
        return -network(x, None if condition is None else condition[which])

    return residual


def free_residual(network: LabelledUNet, labels: Tensor, weight: float) -> Residual:
    """Classifier-free guidance (Ho & Salimans, 2022): s(x) + w (s(x, y) - s(x)). Weight 1: the label's own score."""
    told = network.labels(labels + 1)
    nothing = network.labels(torch.zeros_like(labels))

    def residual(x: Tensor, which: Tensor) -> Tensor:
        conditional = -network(x, told[which])
        if weight == 1:
            return conditional
        return classifier_free(-network(x, nothing[which]), conditional, weight)

    return residual


def sample(
    residual: Residual,
    start: Tensor,
    sampling: configuration.Sampling,
    *names: str | int | float,
    final: float | None = None,
) -> tuple[Tensor, Ascent]:
    """Climb from these images, and denoise once more; with them, where the ascent ended.

    names: the artifact, and what is sampled for it, which an error names.
    """
    level = sampling.final if final is None else final
    generator = torch_generator(SLUG, *names)
    with named(" ".join(map(str, names[1:])) or "samples"):
        ascent = score_ascent(
            residual,
            start,
            step=sampling.step,
            noise=sampling.noise,
            final=level,
            limit=sampling.limit,
            generator=generator,
        )
        return denoised(residual, ascent.x), ascent


def starts(bench: Bench, sampling: configuration.Sampling, seeds: int, size: int, *names: str | int) -> Tensor:
    """First noises around the mean of the mixture, (seeds, channels, size, size), the same for all classes."""
    drawn = noise((seeds, bench.train.images.shape[1], size, size), *names, "start").to(bench.device)
    return bench.mean + sampling.start * drawn
