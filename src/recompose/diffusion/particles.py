"""Sequential Monte Carlo: swarms of weighted particles, independent of one another.

The last two axes of what belongs to particles are (swarms, particles); before them comes the shape of a particle.
"""

import torch
from torch import Tensor

from recompose.errors import NotFinite


def effective_sample_size(log_weights: Tensor) -> Tensor:
    """1 / sum of the squared normalized weights: (swarms, particles) -> (swarms,), between 1 and the particles.

    Raises NotFinite where the weights of a swarm cannot be normalized.
    """
    size = torch.exp(2 * torch.logsumexp(log_weights, dim=-1) - torch.logsumexp(2 * log_weights, dim=-1))
    _require_finite(size, log_weights)
    return size


def systematic_resampling(log_weights: Tensor, generator: torch.Generator) -> Tensor:
    """The ancestor of each slot: a particle of weight w has floor(w n) or ceil(w n) of the n slots of its swarm.

    One uniform number places the n equidistant pointers of a swarm (Douc and Cappe, 2005). The slots are then
    shuffled, by one permutation for all swarms.
    log_weights: (swarms, particles), up to a constant in each swarm -> (swarms, particles), places among all particles
    of all swarms. Raises NotFinite where the weights of a swarm cannot be normalized.
    """
    _require_finite(log_weights.amax(dim=-1), log_weights)
    swarms, particles = log_weights.shape
    start = torch.rand((swarms, 1), generator=generator, device=log_weights.device, dtype=torch.float64)
    reached = torch.softmax(log_weights, dim=-1).double().cumsum(dim=-1).mul_(particles)
    # Pointer i stands at i + start: so many of them lie below what the particles so far have reached.
    below = reached.sub_(start).ceil_().clamp_(0, particles).long()
    below[:, -1] = particles  # whatever rounding left
    slots = below.clone()
    slots[:, 1:] -= below[:, :-1]
    ancestors = torch.repeat_interleave(slots.flatten(), output_size=swarms * particles)
    order = torch.randperm(particles, generator=generator, device=log_weights.device)
    return ancestors.view(swarms, particles).index_select(1, order)


def resampling(
    log_weights: Tensor, threshold: float | None, generator: torch.Generator
) -> tuple[Tensor | None, Tensor]:
    """The ancestor of each slot, and the log-weights from then on: zero in swarms that are resampled.

    threshold: the share of its particles below which the effective sample size of a swarm has to fall; the others keep
    their particles and weights. None: every swarm. Without any, the ancestors are None and no number is drawn.
    log_weights: (swarms, particles)
    """
    if threshold is None:
        return systematic_resampling(log_weights, generator), torch.zeros_like(log_weights)
    poor = (effective_sample_size(log_weights) < threshold * log_weights.shape[-1]).unsqueeze(-1)
    if not poor.any():
        return None, log_weights
    ancestors = systematic_resampling(log_weights, generator)
    itself = torch.arange(log_weights.numel(), device=log_weights.device).view(log_weights.shape)
    return torch.where(poor, ancestors, itself), log_weights.masked_fill(poor, 0)


def descended(x: Tensor, ancestors: Tensor) -> Tensor:
    """The particles of the next generation: (..., swarms, particles), of equal shape."""
    return x.reshape(-1, ancestors.numel()).index_select(1, ancestors.flatten()).view(x.shape)


def one_of_each(x: Tensor, log_weights: Tensor, generator: torch.Generator) -> Tensor:
    """A particle of each swarm, drawn by its weight: (*shape, swarms, particles) -> (swarms, *shape).

    Raises NotFinite where the weights of a swarm cannot be normalized.
    """
    _require_finite(log_weights.amax(dim=-1), log_weights)
    drawn = torch.multinomial(torch.softmax(log_weights, dim=-1), 1, generator=generator)
    return torch.take_along_dim(x, drawn.expand(*x.shape[:-1], 1), dim=-1).squeeze(-1).movedim(-1, 0)


def _require_finite(of_swarms: Tensor, log_weights: Tensor) -> None:
    """Refuse the first swarm of which a number, (swarms,), is not finite."""
    finite = torch.isfinite(of_swarms)
    if not finite.all():
        swarm = int(finite.logical_not().nonzero()[0])
        largest = float(log_weights[swarm].amax())
        raise NotFinite(
            f"the log-weights of swarm {swarm} cannot be normalized, the largest of them is {largest:.4g}; "
            "use more steps, or a clip"
        )
