"""Modes of the noisy marginals (section 3.1): from noised copies of a query up the unconditional score, Eqs. 3-6.

`Noise` is what a network predicts of x_t without a class; the score is -noise / sigma (Eq. 2). A place where it is zero
is one with alpha x0_hat(x) = x (Eq. 5), so the clean image of a mode is x / alpha, and holds no noise (Eq. 6).
"""

from collections.abc import Callable, Iterator
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from recompose.diffusion.predictions import Scale, to_clean, to_score
from recompose.diffusion.schedules import Schedule
from recompose.errors import NotFinite, require_finite

Time = int | Tensor
"""A step t, as `Schedule` counts: one for all points, or one for each, (points,)."""
Noise = Callable[[Tensor, Time], Tensor]
"""x_t: (points, ...) and the step t -> the noise in it, of x's shape."""
Ascent = Literal["adam", "adam_scaled", "mean_shift"]


def scales(x: Tensor, t: Time, schedule: Schedule) -> tuple[Scale, Scale]:
    """alpha and sigma at t: numbers, or (points, 1, ...) of x's kind where each point has its own step."""
    if isinstance(t, int):
        return float(schedule.alpha[t]), float(schedule.sigma[t])
    both = torch.from_numpy(np.stack([schedule.alpha, schedule.sigma])).to(x)
    alpha, sigma = both[:, t].view(2, -1, *[1] * (x.ndim - 1))
    return alpha, sigma


def clean_estimate(noise: Noise, x: Tensor, t: Time, schedule: Schedule) -> Tensor:
    """E[x_0 | x_t], Eq. 5 (Tweedie): (points, ...)."""
    return to_clean(noise(x, t), x, *scales(x, t, schedule), "noise")


def starts(query: Tensor, t: int, schedule: Schedule, drawn: Tensor, from_noise: int) -> Tensor:
    """Where ascents begin at step t: noised copies of the query (below Eq. 4), the last ones pure noise.

    query: (...); drawn: (starts, ...) standard normal; from_noise: how many of them forget the query ("random" in
    Table 6, which does not say what is drawn; here x_t itself, as if of an unknown image).
    """
    alpha, sigma = float(schedule.alpha[t]), float(schedule.sigma[t])
    kept = len(drawn) - from_noise
    return torch.cat([alpha * query + sigma * drawn[:kept], drawn[kept:]])


def adam_ascent(
    noise: Noise, x: Tensor, t: Time, schedule: Schedule, *, iterations: int, step: float, scaled: bool = False
) -> Tensor:
    """Eq. 4 with an update of Adam in place of the plain step, as in the paper: (points, ...), each by itself.

    Adam's moments are of single coordinates, so points that climb together do not see each other, at the same step t
    or not. scaled: the step is multiplied by sigma_t, which is Adam's in units of sigma_t, for of gradients it takes
    no more than their direction and their change.
    """
    alpha, sigma = scales(x, t, schedule)
    unit = sigma if scaled else 1.0
    place = x / unit
    optimizer = torch.optim.Adam([place], lr=step, maximize=True)
    for _ in range(iterations):
        x = place * unit
        place.grad = to_score(noise(x, t), x, alpha, sigma, "noise") * unit
        optimizer.step()
    return _finite(place * unit, t, "; lower step")


def mean_shift(noise: Noise, x: Tensor, t: Time, schedule: Schedule, *, iterations: int) -> Tensor:
    """x <- alpha x0_hat(x): Eq. 4 with the step sigma^2, which is EM for any law of the data: log p_t never falls.

    It has no step size, and near a mode closes in by the largest eigenvalue of alpha J an iteration, J = d x0_hat/dx.
    """
    alpha, _ = scales(x, t, schedule)
    for _ in range(iterations):
        x = alpha * clean_estimate(noise, x, t, schedule)
    return _finite(x, t)


def _finite(x: Tensor, t: Time, remedy: str = "") -> Tensor:
    """Where ascents ended. Raises NotFinite, and says at which step the first one ran away."""
    try:
        require_finite(x, "")
    except NotFinite:
        wrong = int((~torch.isfinite(x)).flatten(1).any(dim=1).nonzero()[0])
        step = t if isinstance(t, int) else int(t[wrong])
        raise NotFinite(f"ascent at step {step}: a mode is not finite{remedy}") from None
    return x


def ascended(
    noise: Noise, x: Tensor, t: Time, schedule: Schedule, *, ascent: Ascent, iterations: int, step: float
) -> Tensor:
    """Modes of p_t by one of the ways: (points, ...). Adam has a "base" step in Table 6, perhaps one of sigma_t."""
    if ascent == "mean_shift":
        return mean_shift(noise, x, t, schedule, iterations=iterations)
    return adam_ascent(noise, x, t, schedule, iterations=iterations, step=step, scaled=ascent == "adam_scaled")


def unrest(clean: Tensor, x: Tensor, t: Time, schedule: Schedule) -> Tensor:
    """How far a mean shift would still move each point, root mean square over coordinates, in clean units: (points,).

    0 at a mode. |alpha x0_hat(x) - x| / (alpha sqrt(d)); clean: x0_hat(x), which `clean_estimate` gives.
    """
    moved = clean - x / scales(x, t, schedule)[0]
    return moved.flatten(1).square().mean(dim=1).sqrt()


def distinct(places: Tensor, radius: float) -> Tensor:
    """The first of every group of points that are within a root mean square distance: their indices, in order.

    places: (points, ...). Greedy, in the order of the points: each is kept unless one that is kept is near.
    """
    flat = places.flatten(1)
    kept: list[int] = []
    for number, point in enumerate(flat):
        if not kept or (flat[kept] - point).square().mean(dim=1).sqrt().min() > radius:
            kept.append(number)
    return torch.tensor(kept, device=places.device)


def levels(first: int, last: int, every: int) -> Iterator[int]:
    """The grid of t of Table 6, both ends included.

    >>> list(levels(50, 400, 175))
    [50, 225, 400]
    """
    return iter(range(first, last + 1, every))
