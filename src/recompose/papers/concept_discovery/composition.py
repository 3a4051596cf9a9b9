"""Which prototypes explain a query, and their product of experts (section 3.2, Eqs. 7-10)."""

from collections.abc import Callable

import torch
from torch import Tensor

from recompose.papers.concept_discovery.gaussians import Gaussians


def greedy(likelihoods: Tensor, count: int) -> list[int]:
    """The best singleton, then again and again the largest gain, Eq. 9: indices in the order of their choice.

    What is gained is F(S), Eq. 8: of each coordinate the best log-likelihood in the set, summed. It is monotone and
    submodular; of the empty set it is -infinity, so the greedy bound 1 - 1/e holds for F above the worst of every
    coordinate, with the same choices. Where nothing is gained any more the first of the rest is taken, as Eq. 9 does.
    likelihoods: (candidates, ...).
    """
    flat = likelihoods.flatten(1).double()
    covered = torch.full_like(flat[0], -torch.inf)
    chosen: list[int] = []
    for _ in range(min(count, len(flat))):
        found = torch.maximum(flat, covered).sum(dim=1)
        found[chosen] = -torch.inf
        chosen.append(int(found.argmax()))
        covered = torch.maximum(covered, flat[chosen[-1]])
    return chosen


def likeliest(likelihoods: Tensor, count: int) -> list[int]:
    """The candidates with the largest F({j}), Eq. 8 of each by itself: what the greedy choice is compared with.

    They may all explain the same coordinates of the query. likelihoods: (candidates, ...).
    """
    alone = likelihoods.flatten(1).double().sum(dim=1)
    return alone.sort(descending=True, stable=True).indices[:count].tolist()


Choice = Callable[[Tensor, int], list[int]]
"""(candidates, ...) log-likelihoods, K -> indices of the prototypes"""


def responsibilities(likelihoods: Tensor, temperature: float) -> Tensor:
    """w_j(r), Eq. 10: the softmax over the prototypes of l_jr / tau: (prototypes, ...), over which they sum to one."""
    return torch.softmax(likelihoods / temperature, dim=0)


def product(experts: Gaussians, weights: Tensor) -> Gaussians:
    """The weighted product of experts, Eq. 7: one Gaussian, (1, ...).

    Since the weights of Eq. 10 sum to one the precision is an average: two experts that agree are no surer than one,
    against the text's "sharpens dimension on which selected prototypes agree".
    """
    precision = (weights / experts.variance).sum(dim=0, keepdim=True)
    mean = (weights / experts.variance * experts.mean).sum(dim=0, keepdim=True) / precision
    return Gaussians(mean, 1 / precision)


def composed(
    query: Tensor, candidates: Gaussians, *, count: int, temperature: float, choose: Choice = greedy
) -> tuple[list[int], Gaussians]:
    """Prototypes of a query, as indices of the candidates, and their product: Eqs. 8-10, then Eq. 7."""
    likelihoods = candidates.log_likelihoods(query)
    chosen = choose(likelihoods, count)
    weights = responsibilities(likelihoods[chosen], temperature)
    return chosen, product(candidates[torch.tensor(chosen)], weights)
