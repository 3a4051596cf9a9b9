"""q(z | x): a Gaussian over the latents of each image, its covariance diagonal."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from recompose.papers.sami.data import AT_ONCE, centred

SMALLEST_VARIANCE = 1e-6
"""What softplus(s)^2 underflows to nothing without."""


class Posterior(NamedTuple):
    """mean, variance: (images, latents). The variance, where the authors' encoder of the disks returns its root."""

    mean: Tensor
    variance: Tensor

    def sample(self, noise: Tensor) -> Tensor:
        """z = mu + sigma noise, (images, latents), of standard normal noise."""
        return self.mean + self.variance.sqrt() * noise

    def divergence(self) -> Tensor:
        """KL(q(z | x) || N(0, 1)), the sum over the latents: (images,)."""
        return 0.5 * (self.variance + self.mean.square() - 1 - self.variance.log()).sum(dim=1)

    def repeat(self, count: int) -> "Posterior":
        """Each image's so many times, one after the other: (images * count, latents)."""
        return Posterior(*(each.repeat_interleave(count, dim=0) for each in self))


Encoder = Callable[[Tensor, Tensor | None], Posterior]
"""Images and the step of each, None for clean ones -> q(z | x); most encoders do not look at the step."""


@torch.no_grad()
def means_of(encoder: Encoder, images: Tensor, device: str) -> NDArray[np.float64]:
    """Posterior means of clean images, bytes or in [-1, 1], some at a time: (images, latents)."""
    parts = images.split(AT_ONCE)  # type: ignore[no-untyped-call]
    return torch.cat([encoder(centred(part.to(device)), None).mean for part in parts]).double().cpu().numpy()


def of_outputs(mean: Tensor, spread: Tensor) -> Posterior:
    """The posterior of an encoder's two outputs: variance = softplus(s)^2, at least 1e-6."""
    return Posterior(mean, functional.softplus(spread).square().clamp_min(SMALLEST_VARIANCE))


def steps(t: Tensor | int | None, images: Tensor) -> Tensor:
    """The step of each image, (images,): one for all, or 0 for clean ones."""
    return t if isinstance(t, Tensor) else torch.full((len(images),), t or 0, device=images.device)
