"""Faces that are made by their latents, for all that is measured of them."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from recompose.papers.sami.data import SLUG, Images, centred, load_images
from recompose.papers.sami.experiments import unit
from recompose.papers.sami.guidance import EXACT, Constraints
from recompose.papers.sami.networks import from_file, schedule_of
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.posterior import Posterior
from recompose.papers.sami.sampling import (
    Watch,
    ancestral,
    conditional_samples,
    guided_noise,
    noise_of,
    score_of,
    unconditional_samples,
)
from recompose.papers.sami.settings import Autoencoder, FacesMeasures
from recompose.randomness import torch_generator

ENDS = 9
"""Places of an interpolation (Figure 3B), both ends included."""


@dataclass(frozen=True)
class TrainedFaces:
    """A trained SAMI of faces, and images that it was not trained on."""

    pair: Pair
    data: Images
    """the test's in [-1, 1]"""
    settings: Autoencoder
    moves: int
    """of the sampler"""
    device: str

    def posterior(self, images: Tensor) -> Posterior:
        """q(z | x_0) of images in [-1, 1]."""
        with torch.no_grad():
            found: Posterior = self.pair.encoder(images.to(self.device), None)
        return found

    def noise(self, count: int, names: tuple[str | int, ...]) -> tuple[Tensor, torch.Generator]:
        """Where samplers start, standard normal images, and the generator of all noise after it."""
        generator = torch_generator(SLUG, *names)
        return torch.randn((count, *self.data.test.shape[1:]), generator=generator).to(self.device), generator

    def samples(self, z: Tensor, names: tuple[str | int, ...], constraints: Constraints = EXACT) -> Tensor:
        """An image of every latent, (images, latents) -> in [0, 1]. Of equal names the noise of each is the same."""
        start, generator = self.noise(len(z), names)
        made = conditional_samples(
            self.pair.encoder, self.pair.decoder, z, start, schedule_of(self.settings), generator, moves=self.moves,
            constraints=constraints,
        )  # fmt: skip
        return unit(made)

    def unconditional(self, count: int, names: tuple[str | int, ...]) -> Tensor:
        """So many images without guidance, in [0, 1]."""
        start, generator = self.noise(count, names)
        schedule = schedule_of(self.settings)
        return unit(unconditional_samples(self.pair.decoder, start, schedule, generator, moves=self.moves))

    def watched(self, z: Tensor, names: tuple[str | int, ...], watch: Watch) -> None:
        """Sample an image of every latent and say what each step was made of."""
        start, generator = self.noise(len(z), names)
        schedule = schedule_of(self.settings)
        predict = guided_noise(noise_of(self.pair.decoder), score_of(self.pair.encoder, z), schedule, watch)
        ancestral(predict, start, schedule, generator, moves=self.moves, variance="large")

    def interpolations(self, pairs: int, names: tuple[str | int, ...]) -> Tensor:
        """Images by latents between those of two images, with shared noise (Figure 3B): (pairs, places, ...)."""
        means = self.posterior(self.data.test[: 2 * pairs]).mean
        first, last = means[0::2], means[1::2]
        places = torch.linspace(0, 1, ENDS).tolist()
        return torch.stack([self.samples(first.lerp(last, place), names) for place in places], dim=1)


def faces_of(folder: Path, settings: Autoencoder, measures: FacesMeasures, device: str) -> TrainedFaces:
    """The trained networks from their file, and the images they were trained for."""
    data = load_images(folder, "faces")
    pair = from_file(folder, "faces_networks", data.train, settings, device)
    tested = Images(data.train, data.train_factors, centred(data.test), data.test_factors)
    return TrainedFaces(pair, tested, settings, measures.sampling_steps, device)
