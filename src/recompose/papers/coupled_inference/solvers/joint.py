"""JOINT RESONATOR: this project's method. A resonator that estimates factors in pairs, from starts that can be heard.

Three changes to the asynchronous resonator; each buys signal for the same number of multiply-adds.

*Pairs.* Two factors are estimated together, by the n^2 inner products of their joint codebook with y = x * (the rest):
(X_a * y)^T X_b, one matrix product. A pair is right or wrong as a whole, so K factors need K/2 right decisions.

*Blocks.* A resonator starts from the superposition of all vectors of the other factors. The true pair then stands out
by z = sqrt(D / (s m)) standard deviations, s the number of superposed products and m the noise (section 4.1). Here
each restart superposes one block of them, and the restarts together go through all blocks: s is as small as the
budget permits.

*Winners.* A sign or a softmax settles on one vector too early. Each group hands on the superposition of its most
similar members, and at the end of a sweep the products of all winners are compared with x itself.
"""

from itertools import product
from math import ceil, prod

import torch
from torch import Tensor

from recompose.papers.coupled_inference.solvers import solver

Groups = list[tuple[int, ...]]
Block = list[slice]


@solver
def joint_resonator(codebooks: Tensor, bound: Tensor, *, iterations: int, generator: torch.Generator) -> Tensor:
    """Restarts of one Gauss-Seidel sweep each, one per block; the product most similar to x over all of them is kept.

    Deterministic. As many restarts as cost no more than `iterations` of a resonator (2 K n D multiply-adds each), but
    at least one.
    """
    sets, factors, _, size = codebooks.shape
    groups = [tuple(range(first, min(first + 2, factors))) for first in range(0, factors, 2)]
    keep = [size] + [max(2, size // 8)] * (len(groups) - 1)
    plan = blocks_within(2 * factors * iterations * size, size, groups, keep)

    best = torch.full((sets, bound.shape[-1]), -torch.inf, device=bound.device)
    found = torch.zeros((sets, factors, bound.shape[-1]), dtype=torch.long, device=bound.device)
    for block in plan:
        for number in range(sets):  # the joint similarities of all sets at once would not fit into the cache
            fit, candidate = sweep(codebooks[number], bound[number], groups, block, keep)
            better = fit > best[number]
            best[number] = torch.where(better, fit, best[number])
            found[number] = torch.where(better, candidate, found[number])
    return found


def blocks_within(budget: float, size: int, groups: Groups, keep: list[int]) -> list[Block]:
    """The most blocks whose sweeps cost no more than `budget` inner products."""
    factors = sum(map(len, groups))
    plan = cut(size, factors, 1)
    for restarts in range(2, size ** max(0, factors - 2) + 1):
        finer = cut(size, factors, restarts)
        if sum(sweep_cost(groups, block, keep) for block in finer) > budget:
            break
        plan = finer
    return plan


def cut(size: int, factors: int, restarts: int) -> list[Block]:
    """Cut the codebooks outside the first pair into at most so many blocks, one codebook after another.

    >>> [block[2] for block in cut(4, 3, 2)]
    [slice(0, 2, None), slice(2, 4, None)]
    """
    choices = [[slice(0, size)]] * min(2, factors)
    for _ in range(2, factors):
        length = ceil(size / min(size, restarts))
        choices.append([slice(start, min(start + length, size)) for start in range(0, size, length)])
        restarts //= len(choices[-1])
        restarts = max(1, restarts)
    return [list(block) for block in product(*choices)]


def sweep_cost(groups: Groups, block: Block, keep: list[int]) -> int:
    """Inner products of length D in one sweep: the joint similarities, the winners' vectors, and their comparison."""
    lengths = [[block[factor].stop - block[factor].start for factor in group] for group in groups]
    members = [prod(length) for length in lengths]
    kept = [min(k, count) for k, count in zip(keep, members, strict=True)]
    return sum(members) + sum(length[0] for length in lengths) + sum(kept) + prod(kept)


def sweep(codebooks: Tensor, bound: Tensor, groups: Groups, block: Block, keep: list[int]) -> tuple[Tensor, Tensor]:
    """One Gauss-Seidel sweep over the groups from the superposition of a block, for one set of codebooks.

    codebooks: (factors, dimension, size), bound: (dimension, trials)
    -> the best fit x . (x_1 * ... * x_K) found, (trials,), and the indices that have it, (factors, trials)
    """
    x = bound.T  # (trials, dimension)
    blocked = [codebook[:, part] for codebook, part in zip(codebooks, block, strict=True)]
    bundles = [prod_of([blocked[factor].sum(dim=-1) for factor in group]).expand_as(x) for group in groups]
    # of the winners: (trials, kept, dimension) and (factors of the group, trials, kept)
    vectors, indices = [], []
    for place, group in enumerate(groups):
        y = prod_of([x, *(bundle for other, bundle in enumerate(bundles) if other != place)])
        winners = most_similar([blocked[factor] for factor in group], y, keep[place])
        vectors.append(prod_of([blocked[factor].T[winner] for factor, winner in zip(group, winners, strict=True)]))
        indices.append(winners + torch.tensor([[[block[factor].start]] for factor in group], device=x.device))
        bundles[place] = vectors[-1].sum(dim=1)

    rest = x.unsqueeze(1)
    for vector in vectors[1:]:
        rest = (rest.unsqueeze(2) * vector.unsqueeze(1)).flatten(1, 2)
    fit, winner = (vectors[0] @ rest.transpose(-1, -2)).flatten(1).max(dim=-1)
    places = torch.unravel_index(winner, [vector.shape[1] for vector in vectors])
    best = [
        index.gather(-1, at.expand(len(index), -1).unsqueeze(-1)) for index, at in zip(indices, places, strict=True)
    ]
    return fit, torch.cat(best).squeeze(-1)


def most_similar(codebooks: list[Tensor], y: Tensor, count: int) -> Tensor:
    """The members of the joint codebook most similar to y.

    codebooks: one or two of (dimension, size), y: (trials, dimension) -> (len(codebooks), trials, count) indices
    """
    first, *second = codebooks
    if not second:
        agreement = y @ first
        return agreement.topk(min(count, agreement.shape[-1])).indices.unsqueeze(0)
    agreement = (first * y.unsqueeze(-1)).transpose(-1, -2) @ second[0]  # (trials, size, size)
    flat = agreement.flatten(1)
    places = flat.topk(min(count, flat.shape[-1])).indices
    return torch.stack(torch.unravel_index(places, agreement.shape[1:]))


def prod_of(tensors: list[Tensor]) -> Tensor:
    """The elementwise product."""
    result = tensors[0]
    for tensor in tensors[1:]:
        result = result * tensor
    return result
