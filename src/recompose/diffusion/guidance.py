"""Guidance: two predictions at the same place, and how far to go from the one towards the other and past it."""

from torch import Tensor


def classifier_free(unconditional: Tensor, conditional: Tensor, weight: float | Tensor) -> Tensor:
    """u + w (c - u) (Ho & Salimans, 2022): the score of p (p_y / p)^w at this noise level; at weight 1, that of p_y.

    Both of any equal shape, scores, noises or whatever else is linear in the score; the weight may differ by image.
    """
    return unconditional + weight * (conditional - unconditional)
