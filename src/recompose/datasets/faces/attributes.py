"""The 40 attributes of CelebA (Liu et al., 2015), and how often they come, alone and together.

Each is a threshold of one of 40 correlated Gaussians (a multivariate probit model), and some exclude one another. The
numbers are put down by hand to two or three digits: they stand in for CelebA's 202,599 pictures, they do not measure
them.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

from recompose.errors import RecomposeError, nearest
from recompose.randomness import numpy_generator

SHARES = {
    "5_o_Clock_Shadow": 0.111,
    "Arched_Eyebrows": 0.267,
    "Attractive": 0.513,
    "Bags_Under_Eyes": 0.205,
    "Bald": 0.022,
    "Bangs": 0.152,
    "Big_Lips": 0.241,
    "Big_Nose": 0.235,
    "Black_Hair": 0.239,
    "Blond_Hair": 0.148,
    "Blurry": 0.051,
    "Brown_Hair": 0.205,
    "Bushy_Eyebrows": 0.142,
    "Chubby": 0.058,
    "Double_Chin": 0.047,
    "Eyeglasses": 0.065,
    "Goatee": 0.063,
    "Gray_Hair": 0.042,
    "Heavy_Makeup": 0.387,
    "High_Cheekbones": 0.455,
    "Male": 0.417,
    "Mouth_Slightly_Open": 0.483,
    "Mustache": 0.042,
    "Narrow_Eyes": 0.115,
    "No_Beard": 0.835,
    "Oval_Face": 0.284,
    "Pale_Skin": 0.043,
    "Pointy_Nose": 0.277,
    "Receding_Hairline": 0.080,
    "Rosy_Cheeks": 0.066,
    "Sideburns": 0.057,
    "Smiling": 0.482,
    "Straight_Hair": 0.208,
    "Wavy_Hair": 0.320,
    "Wearing_Earrings": 0.189,
    "Wearing_Hat": 0.048,
    "Wearing_Lipstick": 0.472,
    "Wearing_Necklace": 0.123,
    "Wearing_Necktie": 0.073,
    "Young": 0.774,
}
"""How often each comes, in the order of list_attr_celeba.txt."""
ATTRIBUTES = tuple(SHARES)

TOGETHER = {
    ("Male", "Wearing_Lipstick"): -0.79,
    ("Male", "Heavy_Makeup"): -0.67,
    ("Male", "Arched_Eyebrows"): -0.41,
    ("Male", "Attractive"): -0.39,
    ("Male", "Wearing_Earrings"): -0.37,
    ("Male", "Wavy_Hair"): -0.32,
    ("Male", "Blond_Hair"): -0.31,
    ("Male", "Big_Nose"): 0.37,
    ("Male", "Bags_Under_Eyes"): 0.26,
    ("Male", "Bushy_Eyebrows"): 0.24,
    ("Male", "High_Cheekbones"): -0.25,
    ("Male", "Wearing_Necklace"): -0.27,
    ("Male", "Young"): -0.29,
    ("Male", "Rosy_Cheeks"): -0.22,
    ("Male", "Pointy_Nose"): -0.20,
    ("Male", "Bangs"): -0.17,
    ("Male", "Big_Lips"): -0.17,
    ("Male", "Smiling"): -0.14,
    ("Male", "Eyeglasses"): 0.20,
    ("Male", "Wearing_Hat"): 0.15,
    ("Male", "Chubby"): 0.19,
    ("Male", "Double_Chin"): 0.19,
    ("Male", "Gray_Hair"): 0.18,
    ("Heavy_Makeup", "Wearing_Lipstick"): 0.80,
    ("Heavy_Makeup", "Attractive"): 0.48,
    ("Heavy_Makeup", "Arched_Eyebrows"): 0.44,
    ("Heavy_Makeup", "Rosy_Cheeks"): 0.30,
    ("Heavy_Makeup", "Wavy_Hair"): 0.32,
    ("Wearing_Lipstick", "Attractive"): 0.48,
    ("Wearing_Lipstick", "Arched_Eyebrows"): 0.46,
    ("Wearing_Lipstick", "Wavy_Hair"): 0.36,
    ("Wearing_Lipstick", "Young"): 0.26,
    ("Attractive", "Young"): 0.39,
    ("Attractive", "Big_Nose"): -0.28,
    ("Attractive", "Eyeglasses"): -0.22,
    ("Attractive", "Chubby"): -0.22,
    ("Attractive", "Double_Chin"): -0.20,
    ("Young", "Gray_Hair"): -0.37,
    ("Young", "Eyeglasses"): -0.20,
    ("Young", "Chubby"): -0.24,
    ("Young", "Double_Chin"): -0.28,
    ("Young", "Receding_Hairline"): -0.26,
    ("Young", "Big_Nose"): -0.28,
    ("Young", "Bags_Under_Eyes"): -0.23,
    ("Young", "Bald"): -0.20,
    ("Young", "Wearing_Necktie"): -0.22,
    ("Smiling", "High_Cheekbones"): 0.68,
    ("Smiling", "Mouth_Slightly_Open"): 0.53,
    ("High_Cheekbones", "Mouth_Slightly_Open"): 0.42,
    ("Smiling", "Oval_Face"): 0.22,
    ("High_Cheekbones", "Rosy_Cheeks"): 0.22,
    ("High_Cheekbones", "Oval_Face"): 0.25,
    ("Chubby", "Double_Chin"): 0.53,
    ("Chubby", "Big_Nose"): 0.31,
    ("Double_Chin", "Big_Nose"): 0.24,
    ("Double_Chin", "Bags_Under_Eyes"): 0.17,
    ("Big_Nose", "Bags_Under_Eyes"): 0.28,
    ("Receding_Hairline", "Gray_Hair"): 0.24,
    ("Gray_Hair", "Wearing_Necktie"): 0.19,
    ("Goatee", "Mustache"): 0.42,
    ("Goatee", "Sideburns"): 0.48,
    ("Arched_Eyebrows", "Pointy_Nose"): 0.21,
}
"""The strongest correlations, but for those that follow from who has what at all."""
BEARDS = ("5_o_Clock_Shadow", "Goatee", "Mustache", "Sideburns")
COLOURS = ("Gray_Hair", "Blond_Hair", "Brown_Hair", "Black_Hair")
KINDS = ("Straight_Hair", "Wavy_Hair")
EXCLUDES = {
    "No_Beard": BEARDS,
    "Bald": (*COLOURS, *KINDS, "Bangs", "Receding_Hairline"),  # of hair that is not there nothing is to be said
    **{each: COLOURS[place + 1 :] for place, each in enumerate(COLOURS[:-1])},
    KINDS[0]: KINDS[1:],
}
"""Nobody has the one with any of the others, which are decided after it."""
OF_MEN = (*BEARDS, "Bald", "Wearing_Necktie")
"""Women have none of these, and they have No_Beard."""
ORDER = tuple(dict.fromkeys(("Male", *EXCLUDES, *ATTRIBUTES)))
"""What decides over others is decided before them."""
CALIBRATION = 1 << 15
"""Thresholds are quantiles of so many draws, which find shares to within .003."""
ROUNDS = 4
"""Of calibration, after which correlations are within .05 of those of the table, and most within .02."""


def attributes(names: tuple[str | int, ...], count: int) -> NDArray[np.bool_]:
    """Attributes of so many faces, (count, 40), in the order of `ATTRIBUTES`: by the names and their number.

    With a larger count there are more of them, and the first ones are the same.
    """
    mixing, thresholds = _calibrated()
    return _decided(_independent(names, count) @ mixing, thresholds)


def _independent(names: tuple[str | int, ...], count: int) -> NDArray[np.float64]:
    return numpy_generator("faces", "attributes", *names).standard_normal((count, len(ATTRIBUTES)))


def _decided(hidden: NDArray[np.float64], thresholds: dict[str, float]) -> NDArray[np.bool_]:
    """Who has what, (count, 40); a threshold that is missing is put where the attribute gets its share, and kept."""
    has = np.zeros(hidden.shape, bool)
    column = dict(zip(ATTRIBUTES, has.T, strict=True))
    for name in ORDER:
        free = np.ones(len(has), bool)
        for other, excluded in EXCLUDES.items():
            if name in excluded:
                free &= ~column[other]
        if name in OF_MEN or name == "No_Beard":
            free &= column["Male"]
        sure = ~column["Male"] if name == "No_Beard" else np.zeros(len(has), bool)
        values = hidden[:, ATTRIBUTES.index(name)]
        if name not in thresholds:
            share = (SHARES[name] - sure.mean()) / free.mean()
            thresholds[name] = float(np.quantile(values[free], 1 - share))
        column[name][:] = sure | (free & (values > thresholds[name]))
    return has


@cache
def _calibrated() -> tuple[NDArray[np.float64], dict[str, float]]:
    """What mixes independent numbers, (40, 40), and the thresholds.

    What excludes others changes correlations, too: what then is missing is asked for in the next round.
    """
    some = _independent(("calibration",), CALIBRATION)
    pairs = np.array([[ATTRIBUTES.index(name) for name in pair] for pair in TOGETHER])
    wanted = asked = np.array(list(TOGETHER.values()))
    for _ in range(ROUNDS):
        mixing, thresholds = _mixing(pairs, asked), dict[str, float]()
        has = _decided(some @ mixing, thresholds)
        found = np.atleast_2d(np.corrcoef(has.T.astype(np.float32)))
        asked = asked + wanted - found[*pairs.T]
    return mixing, thresholds


def _mixing(pairs: NDArray[np.int64], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """A matrix (40, 40) that gives independent numbers the correlations behind those of the attributes.

    Young and Male alone connect other pairs. Of what is no matrix of correlations the negative eigenvalues are left
    out, and the variances made 1 again. Of all roots it is the symmetric one: signs of eigenvectors, which libraries
    choose as they like, do not reach it.
    """
    first, second = pairs.T
    found = np.eye(len(ATTRIBUTES))
    found[first, second] = found[second, first] = _behind(pairs, asked)
    male, young = (ATTRIBUTES.index(name) for name in ("Male", "Young"))
    found[young] = found[:, young] = np.where(found[young] != 0, found[young], found[young, male] * found[male])
    of = found[[male, young]]
    found = np.where(found != 0, found, of.T @ np.linalg.solve(of[:, [male, young]], of))
    values, vectors = np.linalg.eigh(found)
    root = vectors * np.sqrt(np.maximum(values, 1e-6)) @ vectors.T
    mixing: NDArray[np.float64] = (root / np.linalg.norm(root, axis=1, keepdims=True)).T
    return mixing


def _behind(pairs: NDArray[np.int64], asked: NDArray[np.float64]) -> NDArray[np.float64]:
    """The correlations (pairs,) of Gaussians whose thresholds have those that are asked for: tetrachoric ones.

    The chance to have both is the mean over those who have the first of the chance to have the second, and grows with
    the correlation: by bisection.
    """
    from scipy.special import ndtr, ndtri  # late: it takes a while to import

    first, second = np.array(list(SHARES.values()))[pairs].T
    both = first * second + asked * np.sqrt(first * (1 - first) * second * (1 - second))
    levels = (np.arange(256) + 0.5) / 256
    values = ndtri(1 - first[:, None] * levels)
    low, high = np.full(len(pairs), -0.999), np.full(len(pairs), 0.999)
    for _ in range(30):
        middle = (low + high) / 2
        above = (middle[:, None] * values - ndtri(1 - second)[:, None]) / np.sqrt(1 - middle**2)[:, None]
        less = first * ndtr(above).mean(axis=1) < both
        low, high = np.where(less, middle, low), np.where(less, high, middle)
    return low


def vector(names: tuple[str, ...]) -> NDArray[np.bool_]:
    """Attributes by their names, (40,) of bool. Raises RecomposeError for a name that is none."""
    for name in names:
        if name not in SHARES:
            raise RecomposeError(f"{name}: no attribute of a face; {nearest(name, ATTRIBUTES)}")
    return np.array([each in names for each in ATTRIBUTES])
