"""A face as numbers: how strongly it has each attribute, and all that no attribute says of it."""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from recompose.datasets.faces.attributes import ATTRIBUTES
from recompose.randomness import numpy_generator

SKINS = np.array([[0.96, 0.80, 0.69], [0.88, 0.69, 0.55], [0.72, 0.52, 0.38], [0.47, 0.32, 0.23]])
"""Colours of skin, RGB in [0, 1], from light to dark."""
HAIRS = {
    "Black_Hair": (0.09, 0.08, 0.09),
    "Blond_Hair": (0.89, 0.74, 0.42),
    "Brown_Hair": (0.39, 0.24, 0.14),
    "Gray_Hair": (0.68, 0.68, 0.70),
}
BETWEEN = (0.24, 0.16, 0.12)
"""Of hair that has none of these colours: dark, neither black nor brown."""
DARKER = (0.35, 0.75, 0.92)
"""Shares of faces below which skin has the first, second and third colour."""
FAIR = 0.35
"""How much of its darkness skin keeps below blond hair, which is rare above dark skin."""
IRISES = ((0.30, 0.20, 0.12), (0.18, 0.12, 0.08), (0.30, 0.48, 0.62), (0.30, 0.45, 0.30))


@dataclass(frozen=True)
class Face:
    """All numbers of a face. Between two of them every face on the way can be drawn (`between`)."""

    strength: tuple[float, ...]
    """of each attribute, from 0 to 1, in the order of `ATTRIBUTES`"""
    yaw: float = 0.0
    """to the right of the picture, in radians or nearly so"""
    pitch: float = 0.0
    """downwards"""
    roll: float = 0.0
    """clockwise"""
    gaze: tuple[float, float] = (0.0, 0.0)
    """to the right and downwards, from -1 to 1"""
    light: tuple[float, float] = (-0.4, -0.6)
    """where it comes from, to the right and downwards, from -1 to 1"""
    contrast: float = 0.25
    """how much of it is from there"""
    skin: float = 1.0
    """from 0, the lightest, to 3"""
    width: float = 0.0
    """of the head, in standard deviations, as are the next ones"""
    height: float = 0.0
    eyes: float = 0.0
    """how far they are apart"""
    nose: float = 0.0
    """its length"""
    mouth: float = 0.0
    """its width"""
    hair: float = 0.0
    """its length and fullness"""
    iris: tuple[float, float, float] = (0.25, 0.2, 0.15)
    background: tuple[float, float, float] = (0.6, 0.65, 0.7)
    clothes: tuple[float, float, float] = (0.3, 0.35, 0.5)

    def has(self, name: str) -> float:
        """How strongly it has an attribute."""
        return self.strength[ATTRIBUTES.index(name)]


def sampled(attributes: np.ndarray, names: tuple[str | int, ...]) -> Face:
    """A face with these attributes, (40,) of bool; what they do not say is drawn by the names."""
    generator = numpy_generator("faces", "nuisance", *names)
    normal = generator.standard_normal(12).clip(-2, 2).tolist()
    even = generator.random(11).tolist()
    skin = sum(even[3] > share for share in DARKER) + 0.25 * normal[5]
    if attributes[ATTRIBUTES.index("Blond_Hair")]:
        skin *= FAIR
    return Face(
        strength=tuple(map(float, attributes)),
        yaw=0.22 * normal[0],
        pitch=0.12 * normal[1],
        roll=0.09 * normal[2],
        gaze=(0.4 * normal[3], 0.2 * normal[4]),
        light=(2 * even[0] - 1, -even[1]),
        contrast=0.1 + 0.3 * even[2],
        skin=skin,
        width=normal[6],
        height=normal[7],
        eyes=normal[8],
        nose=normal[9],
        mouth=normal[10],
        hair=normal[11],
        iris=IRISES[int(even[4] * len(IRISES))],
        background=_muted(*(0.1 + 0.9 * each for each in even[5:8])),
        clothes=_muted(*even[8:]),
    )


def _muted(red: float, green: float, blue: float) -> tuple[float, float, float]:
    """A colour half way to its gray."""
    mean = (red + green + blue) / 3
    return (red + mean) / 2, (green + mean) / 2, (blue + mean) / 2


def between(first: Face, second: Face, share: float) -> Face:
    """The face so far on the straight way from the one to the other: of a sequence, a smooth trajectory."""
    found: dict[str, Any] = {}
    for each in fields(Face):
        a, b = (np.asarray(getattr(face, each.name), dtype=float) for face in (first, second))
        mixed = (1 - share) * a + share * b
        found[each.name] = tuple(mixed.tolist()) if mixed.ndim else float(mixed)
    return Face(**found)
