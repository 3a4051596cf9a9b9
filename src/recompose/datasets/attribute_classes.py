"""Classes that are combinations of attributes, and which of them to hold out: of photographed and of drawn faces."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recompose.errors import RecomposeError, nearest
from recompose.randomness import numpy_generator

COMPOSED = (
    "Black_Hair",
    "Blond_Hair",
    "Brown_Hair",
    "Gray_Hair",
    "Wavy_Hair",
    "No_Beard",
    "Smiling",
    "Big_Nose",
    "Big_Lips",
    "Oval_Face",
    "Male",
    "Sideburns",
    "Wearing_Necklace",
    "Bald",
)
"""The attributes of CelebA whose combinations are the classes of concept discovery (Table 4), in its order."""
RARE = -1
"""The label of a picture whose combination is no class."""
INFEASIBLE = 2
"""SciPy's status of an integer program without a solution."""
NODES = 20
"""Of the search for a number that can be held out, for a message: the largest of hundreds of classes takes minutes."""


class Compositions(NamedTuple):
    """The combinations that are classes, (classes, chosen), and which of them each picture shows, (n,), or `RARE`."""

    classes: NDArray[np.bool_]
    labels: NDArray[np.int64]


def compositions(
    attributes: NDArray[np.bool_], names: Sequence[str], chosen: Sequence[str], count: int
) -> Compositions:
    """So many combinations of the chosen attributes, those that most pictures show, ordered as binary numbers.

    attributes: (n, attributes) with their names. Of combinations that are equally frequent the lesser number is taken.
    Raises RecomposeError for a chosen name that is none of these or comes twice, and where there are fewer of them.
    """
    for name in chosen:
        if name not in names:
            raise RecomposeError(f"{name}: no attribute of these pictures; {nearest(name, names)}")
        if list(chosen).count(name) > 1:
            raise RecomposeError(f"{name}: chosen twice; name every attribute of a class once")
    columns = attributes[:, [list(names).index(name) for name in chosen]]
    found, which, times = np.unique(columns, axis=0, return_inverse=True, return_counts=True)
    if len(found) < count:
        raise RecomposeError(
            f"{len(attributes)} pictures show {len(found)} combinations of {len(chosen)} attributes, and {count} are"
            " asked for; take fewer combinations, or more pictures"
        )
    kept = np.zeros(len(found), bool)
    kept[np.argsort(-times, kind="stable")[:count]] = True
    labels = np.where(kept, np.cumsum(kept) - 1, RARE)
    return Compositions(found[kept], labels[which.reshape(-1)].astype(np.int64))


def held_out(classes: NDArray[np.bool_], count: int, names: tuple[str | int, ...]) -> NDArray[np.int64]:
    """Which classes to hold out, (count,) rising: each differs in exactly one attribute from one that is not held out.

    classes: (classes, attributes). Every class draws a weight by the names, and of all choices that keep the rule the
    one of most weight is taken: an integer program, since taking classes one by one can end too early. Raises
    RecomposeError where no choice of so many keeps the rule.
    """
    apart = ((classes[:, None] != classes[None]).sum(axis=-1) == 1).astype(float)
    weights = numpy_generator("attribute_classes", "held_out", *names).uniform(size=len(classes))
    chosen = _heaviest(apart, weights, count, count)
    if chosen is None:
        known = _heaviest(apart, np.ones(len(classes)), 0, len(classes), node_limit=NODES)
        raise RecomposeError(
            f"{count} of {len(classes)} classes cannot be held out, since each has to differ in one attribute from a"
            f" class that is not; hold out {0 if known is None else len(known)}, or take more classes"
        )
    return chosen


def _heaviest(
    apart: NDArray[np.float64], weights: NDArray[np.float64], least: int, most: int, **limits: int
) -> NDArray[np.int64] | None:
    """The classes to hold out of most weight, from least to most of them; None where there is no such choice."""
    from scipy.optimize import Bounds, LinearConstraint, milp  # late: it takes a while to import

    found = milp(
        -weights,
        integrality=np.ones(len(apart)),
        bounds=Bounds(0, 1),
        constraints=[
            # A class that is held out (x_i = 1) has a neighbour that is not: sum x_j <= its neighbours - 1.
            LinearConstraint(np.eye(len(apart)) + apart, ub=apart.sum(axis=1)),
            LinearConstraint(np.ones((1, len(apart))), lb=least, ub=most),
        ],
        options={"mip_rel_gap": 0.0, **limits},
    )
    if found.status == INFEASIBLE:
        return None
    if found.x is None:
        raise RuntimeError(found.message)
    return np.flatnonzero(np.rint(found.x)).astype(np.int64)
