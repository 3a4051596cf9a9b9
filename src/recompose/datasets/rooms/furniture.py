"""A couch, a coffee table and a framed painting, out of boxes with rounded edges.

Sizes are width, height and depth in metres; a piece's origin is on the floor under its middle, or on the wall.
"""

import numpy as np

from recompose.datasets.rooms.geometry import Piece, Vectors, vector

Triple = tuple[float, float, float]
Part = tuple[Triple, Triple, float, Vectors]
"""A box: its low and its high corner, the radius of its edges, its colour (3, 1)."""

DARK_WOOD = vector(0.05, 0.03, 0.02)


def _piece(place: Triple, turn: float, parts: list[Part]) -> Piece:
    lows, highs, rounds, colours = zip(*parts, strict=True)
    low, high = np.array(lows, np.float32), np.array(highs, np.float32)
    return Piece(
        place=vector(*place),
        turn=turn,
        centres=(low + high) / 2,
        halves=(high - low) / 2,
        rounds=np.array(rounds, np.float32),
        colours=np.stack([colour[:, 0] for colour in colours]),
    )


def _legs(width: float, depth: float, height: float, thick: float, inset: float, wood: Vectors) -> list[Part]:
    across, along = width / 2 - inset - thick, depth / 2 - inset - thick
    return [
        ((x - thick / 2, 0, z - thick / 2), (x + thick / 2, height, z + thick / 2), 0, wood)
        for x in (-across, across)
        for z in (-along, along)
    ]


def couch(place: Triple, turn: float, size: Triple, arm: float, seats: int, fabric: Vectors, pillows: Vectors) -> Piece:
    """Base, back, two arms, cushions to sit on and to lean on, a pillow at either end, and legs; it faces -z."""
    width, height, depth = size
    right, front, back = width / 2, -depth / 2, depth / 2
    leg, base, seat, elbow, thick = 0.1, 0.27, 0.44, 0.6, 0.22
    inner = right - arm
    parts: list[Part] = [
        ((-right, leg, front + 0.04), (right, base, back), 0.03, fabric),
        ((-right, leg, back - thick), (right, height, back), 0.08, fabric),
        ((-right, leg, front), (-inner, elbow, back), 0.07, fabric),
        ((inner, leg, front), (right, elbow, back), 0.07, fabric),
    ]
    for left in np.linspace(-inner, inner, seats + 1)[:-1]:
        end = left + 2 * inner / seats
        parts.append(((left, base, front + 0.02), (end, seat, back - thick), 0.06, 1.08 * fabric))
        parts.append(
            ((left + 0.02, seat, back - thick - 0.16), (end - 0.02, height - 0.04, back - thick + 0.04), 0.09, fabric)
        )
    for left in (-inner + 0.03, inner - 0.43):
        parts.append(((left, seat, back - thick - 0.3), (left + 0.4, seat + 0.34, back - thick - 0.14), 0.08, pillows))
    return _piece(place, turn, parts + _legs(width, depth, leg + 0.01, 0.06, 0.03, DARK_WOOD))


def table(place: Triple, turn: float, size: Triple, wood: Vectors, shelf: bool) -> Piece:
    """A top on four legs, with a shelf below or without."""
    width, height, depth = size
    parts: list[Part] = [((-width / 2, height - 0.05, -depth / 2), (width / 2, height, depth / 2), 0, wood)]
    parts += _legs(width, depth, height - 0.05, 0.06, 0.02, 0.8 * wood)
    if shelf:
        x, z = width / 2 - 0.05, depth / 2 - 0.05
        parts.append(((-x, 0.12, -z), (x, 0.15, z), 0, 0.8 * wood))
    return _piece(place, turn, parts)


def painting(place: Triple, size: tuple[float, float], frame: Vectors) -> Piece:
    """A box that hangs on the back wall; what is on its front is a matter of its surface."""
    width, height = size
    box = ((-width / 2, -height / 2, -0.045), (width / 2, height / 2, 0.0), 0.0, frame)
    return _piece(place, 0.0, [box])
