"""What a search that looks at every product can reach: upper bounds, not iterative methods."""

from collections.abc import Callable

import torch
from torch import Tensor

from recompose.machine import require_memory
from recompose.papers.coupled_inference.binding import select
from recompose.papers.coupled_inference.solvers import noise_free, solver

SUBSET = 4
"""The coarse search looks at one in so many dimensions,"""
VERIFIED = 64
"""and so many of its candidates are compared on all of them."""
FEW = 64
"""Dimensions on which a product that agrees with x everywhere is looked for first."""
CHUNK = 2**22
"""Similarities held in memory at a time."""
KEY_BITS = 63
"""Entries of a product that make its hash key: an int64 without its sign."""


@solver
def exhaustive(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """Maximum likelihood: of all n^K products the one most similar to x. Its cost does not depend on `iterations`.

    No product is more similar than one that has the sign of x everywhere. Without noise a few dimensions suffice to
    find that one, and all products need comparing on all dimensions only where it is not found.
    """
    few = torch.arange(min(FEW, bound.shape[1]), device=bound.device)

    def find(first: Tensor, second: Tensor, x: Tensor) -> Tensor:
        candidate, fit = _most_similar_on(few, first, second, x)
        return candidate if fit == x.abs().sum() else _most_similar(first, second, x, 1)[0]

    return _each_set(codebooks, bound, find)


@solver
def exhaustive_subset(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """Maximum likelihood on a random quarter of the dimensions; the best few are compared on all dimensions."""
    dimension = bound.shape[1]
    order = torch.randperm(dimension, generator=generator, device=bound.device)
    subset = order[: -(-dimension // SUBSET)]

    return _each_set(codebooks, bound, lambda first, second, x: _most_similar_on(subset, first, second, x)[0])


@solver
@noise_free
def meet_in_the_middle(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """For noise-free products: x times one half's product must *equal* the other half's; found by hashing.

    Exact, at n^(K/2) cost: the hash of a product is the exclusive or of its factors' hashes. A key that matches by
    chance, about one in 2^63 / n^K, is told apart on all dimensions.
    """
    sets, factors, _, size = codebooks.shape
    found = torch.zeros((sets, factors, bound.shape[-1]), dtype=torch.long, device=bound.device)
    for number in range(sets):
        hashes = [hash_keys(codebook) for codebook in codebooks[number]]
        first, second = _joint_hash(hashes[: factors // 2]), _joint_hash(hashes[factors // 2 :])
        ordered, order = second.sort()
        for trial, key in enumerate(hash_keys(bound[number])):
            wanted = first ^ key
            place = torch.searchsorted(ordered, wanted).clamp_max(len(ordered) - 1)
            matches = torch.nonzero(ordered[place] == wanted).flatten()
            for left in matches:
                indices = left * len(second) + order[place[left]]
                candidate = _digits(indices, size, factors)
                if torch.equal(_product(codebooks[number], candidate), bound[number, :, trial]):
                    found[number, :, trial] = candidate
                    break
    return found


def hash_keys(vectors: Tensor) -> Tensor:
    """The signs of the first entries as the bits of an integer: (dimension, count) -> (count,) int64."""
    bits = (vectors[:KEY_BITS] < 0).long()
    return (bits << torch.arange(len(bits), device=vectors.device).unsqueeze(-1)).sum(dim=0)


def _joint_hash(hashes: list[Tensor]) -> Tensor:
    """The hashes of all products of one vector from each codebook, the last factor's index running fastest."""
    joint = hashes[0]
    for keys in hashes[1:]:
        joint = (joint.unsqueeze(-1) ^ keys).flatten()
    return joint


def _product(codebooks: Tensor, indices: Tensor) -> Tensor:
    """The product of one vector from each codebook: (factors, dimension, size), (factors,) -> (dimension,)."""
    return select(codebooks, indices.unsqueeze(-1)).squeeze(-1).prod(dim=0)


def _joint_codebook(codebooks: Tensor) -> Tensor:
    """All products of one vector from each codebook: (factors, dimension, size) -> (dimension, size ** factors)."""
    joint = codebooks[0]
    for codebook in codebooks[1:]:
        joint = (joint.unsqueeze(-1) * codebook.unsqueeze(-2)).flatten(-2)
    return joint


def _digits(indices: Tensor, size: int, factors: int) -> Tensor:
    """The factors' indices of one member of the joint codebook of all factors: (factors,)."""
    return torch.stack(torch.unravel_index(indices, (size,) * factors))


def _most_similar(first: Tensor, second: Tensor, x: Tensor, count: int) -> Tensor:
    """The products of a vector of each half that are most similar to x, as indices into all products.

    Of each vector of the first half only its best partner is considered: exact for the best one.
    first: (dimension, a), second: (dimension, b), x: (dimension,) -> (count,)
    """
    rows = max(1, CHUNK // second.shape[1])
    tops = [((part * x.unsqueeze(-1)).T @ second).max(dim=1) for part in torch.split(first, rows, dim=1)]
    values, partners = (torch.cat(column) for column in zip(*tops, strict=True))
    chosen = values.topk(min(count, len(values))).indices
    return chosen * second.shape[1] + partners[chosen]


def _most_similar_on(subset: Tensor, first: Tensor, second: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
    """Of the products most similar to x on a subset of the dimensions the best on all, and its inner product with x."""
    candidates = _most_similar(first[subset], second[subset], x[subset], VERIFIED)
    left, right = candidates // second.shape[1], candidates % second.shape[1]
    fit, best = (x @ (first[:, left] * second[:, right])).max(dim=0)
    return candidates[best], fit


def _each_set(codebooks: Tensor, bound: Tensor, find: Callable[[Tensor, Tensor, Tensor], Tensor]) -> Tensor:
    """`find` the product for every trial of every set from the joint codebooks of the two halves of the factors."""
    sets, factors, dimension, size = codebooks.shape
    larger = factors - factors // 2
    require_memory(8.0 * dimension * size**larger, f"the joint codebook of {larger} codebooks of {size} vectors")
    found = torch.zeros((sets, factors, bound.shape[-1]), dtype=torch.long, device=bound.device)
    for number in range(sets):
        first, second = (
            _joint_codebook(codebooks[number, : factors // 2]),
            _joint_codebook(codebooks[number, factors // 2 :]),
        )
        for trial, x in enumerate(bound[number].T):
            found[number, :, trial] = _digits(find(first, second, x), size, factors)
    return found
