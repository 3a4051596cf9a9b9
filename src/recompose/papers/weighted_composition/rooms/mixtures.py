"""What the conditions of section 5.3 mix, and what they compose to: exact, for images of several classes."""

import numpy as np

from recompose.papers.weighted_composition.rooms.names import SETTINGS
from recompose.papers.weighted_composition.rooms.settings import Rooms

CELLS = ("none", "couch_only", "other_only", "both")
"""The order of the class weights in the paper: empty, couch, X, couch + X."""


def mixtures(setting: str, rooms: Rooms) -> np.ndarray:
    """The class weights of the conditions a1 and a2 and of the base (section 5.3): (3, 4), rows sum to one.

    Out of distribution the base holds couch + X as rarely as each object alone, unless `base_both` says otherwise.
    """
    alpha, beta = rooms.alpha, rooms.beta
    if not SETTINGS[setting].out:
        half = 0.5 - alpha
        return np.array([[alpha, half, alpha, half], [alpha, alpha, half, half], [0.25] * 4])
    most, rare = 1 - 3 * beta, beta if rooms.base_both is None else rooms.base_both
    return np.array([[beta, most, beta, beta], [beta, beta, most, beta], [1 - 2 * beta - rare, beta, beta, rare]])


def composed(weights: np.ndarray) -> np.ndarray:
    """The class weights of P^a1 P^a2 / P^0, for classes that do not overlap: (3, 4) -> (4,).

    >>> composed(np.array([[0.01, 0.49, 0.01, 0.49], [0.01, 0.01, 0.49, 0.49], [0.25] * 4])).round(4)
    array([4.000e-04, 1.960e-02, 1.960e-02, 9.604e-01])
    """
    product = weights[0] * weights[1] / weights[2]
    return product / product.sum()


def base_both_for(share: float, beta: float) -> float:
    """How rare couch + X would have to be in the base for that share of the composition, out of distribution.

    The published weights give couch + X a share of .0087; "concentrates almost entirely on couch + X" takes a base
    that holds it far less often than the conditions do. From share = b / (b + rest), b = beta^2 / rare; without the
    empty rooms in the rest, which are beta^2 of it.
    """
    return beta**2 * (1 - share) / (share * 2 * (1 - 3 * beta))
