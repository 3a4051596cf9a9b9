"""Where the factors diffuse: what a step of the sampler asks of a space, and three answers to it.

Two spaces to diffuse in. *Vector*: x_j lives among the codebook vectors, scaled to unit norm (another norm is the
same as another softmax_temp). *Latent*: z_j lives among the one-hot vectors, and x_j = X_j z_j (appendix A).

Where nothing leaves the span of the codebook (projected guidance, no noise), the vector space is kept by its
coordinates there: the same numbers from two products with the codebook in an iteration instead of six.
"""

import torch
from torch import Tensor

from recompose.papers.coupled_inference.binding import largest, mean_estimate, read_out, similarity, superpose


class VectorSpace:
    """Diffusion among the codebook vectors; the components of the prior are the columns of X / sqrt(D)."""

    def __init__(self, codebooks: Tensor) -> None:
        self.codebooks, self.norm = codebooks, codebooks.shape[-2] ** 0.5

    def start(self, trials: int) -> Tensor:
        """The mean of the components: (sets, factors, dimension, trials)."""
        return mean_estimate(self.codebooks, trials) / self.norm

    def agree(self, x: Tensor, own: slice) -> Tensor:
        """Inner products of x with the components: (..., size, trials)."""
        return similarity(self.codebooks[:, own], x) / self.norm

    def mix(self, weights: Tensor, own: slice) -> Tensor:
        """Weighted sum of the components."""
        return superpose(self.codebooks[:, own], weights) / self.norm

    def observe(self, x: Tensor, own: slice) -> Tensor:
        """x in the units of the observation."""
        return x * self.norm

    def pull(self, gradient: Tensor, own: slice, project: bool) -> Tensor:
        """A gradient in the units of the observation, in those of x."""
        if project:
            gradient = superpose(self.codebooks[:, own], similarity(self.codebooks[:, own], gradient)) / self.norm**2
        return gradient / self.norm

    def length(self, x: Tensor, own: slice) -> Tensor:
        """Euclidean norms: (..., 1, trials)."""
        return torch.linalg.vector_norm(x, dim=-2, keepdim=True)

    def read_out(self, x: Tensor) -> Tensor:
        """The most similar codebook vectors, up to sign."""
        return read_out(self.codebooks, x)


class LatentSpace:
    """Diffusion among the one-hot vectors; the components of the prior are the columns of the identity."""

    def __init__(self, codebooks: Tensor) -> None:
        self.codebooks = codebooks

    def start(self, trials: int) -> Tensor:
        """The mean of the components: (sets, factors, size, trials)."""
        sets, factors, _, size = self.codebooks.shape
        return self.codebooks.new_full((sets, factors, size, trials), 1.0 / size)

    def agree(self, z: Tensor, own: slice) -> Tensor:
        """Inner products with the one-hot vectors: the entries of z."""
        return z

    def mix(self, weights: Tensor, own: slice) -> Tensor:
        """Weighted sum of the one-hot vectors: the weights."""
        return weights

    def observe(self, z: Tensor, own: slice) -> Tensor:
        """X z, in the units of the observation."""
        return superpose(self.codebooks[:, own], z)

    def pull(self, gradient: Tensor, own: slice, project: bool) -> Tensor:
        """A gradient in the units of the observation, in those of z; it is in the span of the codebook by itself."""
        return similarity(self.codebooks[:, own], gradient) / self.codebooks.shape[-2]

    def length(self, z: Tensor, own: slice) -> Tensor:
        """Euclidean norms: (..., 1, trials)."""
        return torch.linalg.vector_norm(z, dim=-2, keepdim=True)

    def read_out(self, z: Tensor) -> Tensor:
        """The largest entries, up to sign."""
        return largest(z)


class SpanSpace(LatentSpace):
    """The vector space by coordinates in the span of the codebook: x = X w / sqrt(D), w of the shape of z.

    Inner products of vectors are those of coordinates under the Gram matrix X^T X / D; all else is as among the
    one-hot vectors. Only what stays in the span has coordinates: no noise, and no guidance but the projected one.
    """

    def __init__(self, codebooks: Tensor) -> None:
        super().__init__(codebooks)
        self.gram = similarity(codebooks, codebooks) / codebooks.shape[-2]

    def agree(self, w: Tensor, own: slice) -> Tensor:
        """Inner products of x with the components: (..., size, trials)."""
        return superpose(self.gram[:, own], w)

    def length(self, w: Tensor, own: slice) -> Tensor:
        """Euclidean norms of x: (..., 1, trials)."""
        return (w * self.agree(w, own)).sum(dim=-2, keepdim=True).clamp_min(0.0).sqrt()

    def read_out(self, w: Tensor) -> Tensor:
        """The most similar codebook vectors, up to sign."""
        return read_out(self.gram, w)


Space = VectorSpace | LatentSpace
