"""Sequential Monte Carlo: swarms of weighted particles, independent of one another."""

import torch
from torch import Tensor


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """1 / sum of the squared normalized weights: (swarms, particles) -> (swarms,), between 1 and the particles."""
    return torch.exp(2 * torch.logsumexp(log_weights, dim=-1) - torch.logsumexp(2 * log_weights, dim=-1))


def systematic_resampling(log_weights: Tensor, generator: torch.Generator) -> Tensor:
    """The ancestor of each slot: a particle of weight w has floor(w n) or ceil(w n) of the n slots of its swarm.

    One uniform number places the n equidistant pointers of a swarm (Douc and Cappe, 2005). The slots are then
    shuffled, by one permutation for all swarms.
    log_weights: (swarms, particles), up to a constant in each swarm -> (swarms, particles) indices
    """
    swarms, particles = log_weights.shape
    device = log_weights.device
    start = torch.rand((swarms, 1), generator=generator, device=device, dtype=torch.float64)
    reached = torch.softmax(log_weights, dim=-1).double().cumsum(dim=-1) * particles
    # Pointer i stands at i + start: so many of them lie below what the particles so far have reached.
    below = (reached - start).ceil_().clamp_(0, particles).long()
    below[:, -1] = particles  # whatever rounding left
    # The ancestor of pointer i is the first particle with more than i pointers below: so many particles have no more.
    passed = torch.zeros((swarms, particles + 1), device=device).scatter_add_(1, below, torch.ones_like(log_weights))
    order = torch.randperm(particles, generator=generator, device=device)
    return passed.cumsum(dim=-1).long().gather(1, order.expand(swarms, particles))
