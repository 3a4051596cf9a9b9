"""The 40 attributes of CelebA (Liu et al., 2015), and how often they come, alone and together.

Shares are those of CelebA's 202,599 pictures to a percent or so; what comes together is put by hand: attributes are
thresholds of a few hidden Gaussians (who is male, old, smiling). What excludes each other, colours and kinds of hair,
are intervals of one such number, so that their shares hold, too.
"""

from statistics import NormalDist

import numpy as np

from recompose.errors import RecomposeError, nearest
from recompose.randomness import numpy_generator

SHARES = {
    "5_o_Clock_Shadow": 0.11,
    "Arched_Eyebrows": 0.27,
    "Attractive": 0.51,
    "Bags_Under_Eyes": 0.20,
    "Bald": 0.02,
    "Bangs": 0.15,
    "Big_Lips": 0.24,
    "Big_Nose": 0.23,
    "Black_Hair": 0.24,
    "Blond_Hair": 0.15,
    "Blurry": 0.05,
    "Brown_Hair": 0.21,
    "Bushy_Eyebrows": 0.14,
    "Chubby": 0.06,
    "Double_Chin": 0.05,
    "Eyeglasses": 0.07,
    "Goatee": 0.06,
    "Gray_Hair": 0.04,
    "Heavy_Makeup": 0.39,
    "High_Cheekbones": 0.46,
    "Male": 0.42,
    "Mouth_Slightly_Open": 0.48,
    "Mustache": 0.04,
    "Narrow_Eyes": 0.12,
    "No_Beard": 0.83,
    "Oval_Face": 0.28,
    "Pale_Skin": 0.04,
    "Pointy_Nose": 0.28,
    "Receding_Hairline": 0.08,
    "Rosy_Cheeks": 0.07,
    "Sideburns": 0.06,
    "Smiling": 0.48,
    "Straight_Hair": 0.21,
    "Wavy_Hair": 0.32,
    "Wearing_Earrings": 0.19,
    "Wearing_Hat": 0.05,
    "Wearing_Lipstick": 0.47,
    "Wearing_Necklace": 0.12,
    "Wearing_Necktie": 0.07,
    "Young": 0.77,
}
"""How often each comes, in the order of list_attr_celeba.txt."""
ATTRIBUTES = tuple(SHARES)

LOADINGS = {
    "Arched_Eyebrows": (-0.5, 0.0, 0.1),
    "Attractive": (-0.45, -0.4, 0.1),
    "Bags_Under_Eyes": (0.35, 0.3, 0.1),
    "Bangs": (-0.2, -0.2, 0.0),
    "Big_Lips": (-0.15, 0.0, -0.1),
    "Big_Nose": (0.45, 0.35, 0.1),
    "Blurry": (0.05, 0.0, -0.05),
    "Bushy_Eyebrows": (0.4, -0.1, 0.0),
    "Chubby": (0.3, 0.45, 0.1),
    "Double_Chin": (0.3, 0.55, 0.15),
    "Eyeglasses": (0.35, 0.4, -0.05),
    "Heavy_Makeup": (-0.88, -0.2, 0.1),
    "High_Cheekbones": (-0.25, 0.0, 0.85),
    "Male": (0.97, 0.0, 0.0),
    "Mouth_Slightly_Open": (-0.1, 0.0, 0.65),
    "Narrow_Eyes": (0.0, 0.0, 0.15),
    "Oval_Face": (-0.15, -0.1, 0.25),
    "Pale_Skin": (-0.15, 0.0, -0.1),
    "Pointy_Nose": (-0.3, 0.0, 0.0),
    "Receding_Hairline": (0.2, 0.5, 0.0),
    "Rosy_Cheeks": (-0.5, 0.0, 0.3),
    "Smiling": (-0.1, 0.0, 0.95),
    "Wearing_Earrings": (-0.6, 0.1, 0.1),
    "Wearing_Hat": (0.2, -0.1, -0.1),
    "Wearing_Lipstick": (-0.92, -0.1, 0.1),
    "Wearing_Necklace": (-0.5, 0.0, 0.05),
    "Wearing_Necktie": (0.65, 0.3, 0.0),
    "Young": (-0.3, -0.9, 0.0),
}
"""How much of each hidden Gaussian is in an attribute's: male, old, smiling."""
COLOURS = (
    ("Blond_Hair", 0.15),
    ("Brown_Hair", 0.21),
    ("", 0.34),
    ("Black_Hair", 0.24),
    ("Gray_Hair", 0.04),
    ("Bald", 0.02),
)
COLOURED_BY = (0.45, 0.45)
"""Hair from fair to gone, and how much of male and old is in it."""
KINDS = (("Wavy_Hair", 0.32), ("", 0.47), ("Straight_Hair", 0.21))
WAVED_BY = -0.45
"""Hair from wavy to straight, and how much of male is in that with the sign changed."""
BEARDED_BY = 0.85
BEARDS = {"5_o_Clock_Shadow": 0.6, "Goatee": 0.36, "Mustache": 0.25, "Sideburns": 0.34}
"""Kinds of beard, and how often one who has a beard has each."""


def attributes(names: tuple[str | int, ...], count: int) -> np.ndarray:
    """Attributes of so many faces, (count, 40) of bool, in the order of `ATTRIBUTES`: by the names and their number."""
    return np.array([_of_one(np.random.Generator(_generator(names, number))) for number in range(count)]).reshape(
        -1, 40
    )


def _generator(names: tuple[str | int, ...], number: int) -> np.random.BitGenerator:
    return numpy_generator("faces", "attributes", *names, number).bit_generator


def _of_one(generator: np.random.Generator) -> np.ndarray:
    male, old, smiling = generator.standard_normal(3)
    own = dict(zip(LOADINGS, generator.standard_normal(len(LOADINGS)), strict=True))
    has = {
        name: _mixed((male, old, smiling), loadings, own[name]) > _threshold(1 - SHARES[name])
        for name, loadings in LOADINGS.items()
    }
    has |= _one_of(COLOURS, _mixed((male, old), COLOURED_BY, generator.standard_normal()))
    has |= _one_of(KINDS, _mixed((male,), (-WAVED_BY,), generator.standard_normal()))
    has |= _beard(_mixed((male,), (BEARDED_BY,), generator.standard_normal()), generator.random(len(BEARDS)))
    if has["Bald"]:  # of hair that is not there nothing is to be said
        has |= dict.fromkeys(("Bangs", "Wavy_Hair", "Straight_Hair", "Receding_Hairline"), False)
    return np.array([bool(has[name]) for name in ATTRIBUTES])


def _mixed(hidden: tuple[float, ...], loadings: tuple[float, ...], own: float) -> float:
    """A standard normal number with so much of the hidden ones."""
    shared = float(np.dot(hidden, loadings))
    return shared + own * (1 - float(np.dot(loadings, loadings))) ** 0.5


def _threshold(share: float) -> float:
    return NormalDist().inv_cdf(share)


def _one_of(intervals: tuple[tuple[str, float], ...], value: float) -> dict[str, bool]:
    """Which interval a standard normal number falls into, by the shares of these."""
    place, end = NormalDist().cdf(value), 0.0
    found = {name: False for name, _ in intervals if name}
    for name, share in intervals:
        end += share
        if place < end:
            return found | ({name: True} if name else {})
    return found | {intervals[-1][0]: True}


def _beard(value: float, chances: np.ndarray) -> dict[str, bool]:
    """No beard, or one of one kind or several."""
    if value < _threshold(SHARES["No_Beard"]):
        return {"No_Beard": True, **dict.fromkeys(BEARDS, False)}
    kinds = {name: bool(chance < share) for (name, share), chance in zip(BEARDS.items(), chances, strict=True)}
    if not any(kinds.values()):
        kinds["5_o_Clock_Shadow"] = True
    return {"No_Beard": False, **kinds}


def vector(names: tuple[str, ...]) -> np.ndarray:
    """Attributes by their names, (40,) of bool. Raises RecomposeError for a name that is none."""
    for name in names:
        if name not in SHARES:
            raise RecomposeError(f"{name}: no attribute of a face; {nearest(name, ATTRIBUTES)}")
    return np.array([each in names for each in ATTRIBUTES])
