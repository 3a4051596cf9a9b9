"""A face drawn layer upon layer, from the background to the hat: signed distances, edges as soft as a pixel.

Coordinates are those of the picture, x to the right and y downwards, both from -1 to 1; a face of the middle is half
as wide as the picture. `x`, `y` of a Canvas are turned with the head, `u`, `v` moved with what is in front of it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.faces.parameters import BETWEEN, HAIRS, SKINS, Face

Plane = NDArray[np.floating]
"""(side, side)"""
Colour = Sequence[float] | np.ndarray


@dataclass
class Canvas:
    """A picture in the making, RGB in [0, 1], (3, side, side), and where its pixels are."""

    side: int
    face: Face
    picture: NDArray[np.float32] = field(init=False)
    x: Plane = field(init=False)
    y: Plane = field(init=False)
    u: Plane = field(init=False)
    v: Plane = field(init=False)

    def __post_init__(self) -> None:
        line = (np.arange(self.side, dtype=np.float32) + 0.5) / self.side * 2 - 1
        across, down = np.meshgrid(line, line - 0.06)
        cos, sin = np.cos(self.face.roll), np.sin(self.face.roll)
        self.x, self.y = (cos * across + sin * down).astype(np.float32), (cos * down - sin * across).astype(np.float32)
        self.u = self.x - np.float32(0.3 * self.face.yaw)
        self.v = self.y - np.float32(0.25 * self.face.pitch)
        self.picture = np.empty((3, self.side, self.side), np.float32)

    def cover(self, inside: Plane, colour: Colour | NDArray[np.float32], amount: float = 1.0) -> None:
        """Paint where a signed distance is below zero, as soft at its edge as a pixel is wide."""
        self.blend(np.clip(0.5 - inside * self.side / 3.0, 0, 1), colour, amount)

    def blend(self, mask: Plane, colour: Colour | NDArray[np.float32], amount: float = 1.0) -> None:
        """Paint by a mask of opacities."""
        if amount <= 0:
            return
        rows, columns = (np.flatnonzero(mask.max(axis=axis) > 1 / 512) for axis in (1, 0))
        if not len(rows):
            return
        place = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # most layers are small
        paint = np.asarray(colour, np.float32)
        paint = paint[:, None, None] if paint.ndim == 1 else paint[:, *place]
        under = self.picture[:, *place]
        under += (np.float32(amount) * mask[place]) * (paint - under)


def ellipse(x: Plane, y: Plane, a: float, b: float, power: float = 2.0) -> Plane:
    """About the signed distance from an ellipse around zero; a larger power is nearer to a rectangle."""
    radius = (np.abs(x / a) ** power + np.abs(y / b) ** power) ** (1 / power)
    return (radius - 1) * np.float32(min(a, b))


def arc(x: Plane, y: Plane, half: float, bend: float, thick: float) -> Plane:
    """A stroke from -half to half, its middle bent down by `bend`, that thins to its ends."""
    along = np.clip(x / half, -1, 1)
    away = np.hypot(x - along * half, y - bend * (1 - along**2))
    return away - thick * (1 - 0.6 * along**2)


def soft(x: Plane, y: Plane, a: float, b: float) -> Plane:
    """A Gaussian spot: a mask."""
    return np.exp(-((x / a) ** 2) - (y / b) ** 2)


def painted(face: Face, side: int) -> NDArray[np.float32]:
    """The picture of a face, RGB in [0, 1]: (3, side, side)."""
    canvas = Canvas(side, face)
    size = Sizes(face)
    _background(canvas)
    _hair_behind(canvas, size)
    _body(canvas, size)
    _head(canvas, size)
    _shade(canvas, size)
    _marks(canvas, size)
    _beard(canvas, size)
    _nose(canvas, size)
    _mouth(canvas, size)
    _eyes(canvas, size)
    _brows(canvas, size)
    _hair_before(canvas, size)
    _earrings(canvas, size)
    _glasses(canvas, size)
    _hat(canvas, size)
    found = np.clip(canvas.picture, 0, 1)
    return _blurred(found, 0.03 * side * face.has("Blurry")) if face.has("Blurry") > 0 else found


class Sizes:
    """Lengths and colours that several layers share."""

    def __init__(self, face: Face) -> None:
        male, chubby, oval = face.has("Male"), face.has("Chubby"), face.has("Oval_Face")
        self.a = 0.50 + 0.025 * face.width + 0.03 * male + 0.09 * chubby - 0.045 * oval
        self.b = 0.66 + 0.025 * face.height + 0.06 * oval + 0.01 * male
        self.jaw = 2.15 + 0.45 * male + 0.3 * chubby - 0.15 * oval
        tone = float(np.clip(face.skin, 0, 3))
        low = min(int(tone), 2)
        skin = (1 - (tone - low)) * SKINS[low] + (tone - low) * SKINS[low + 1]
        pale = face.has("Pale_Skin")
        self.skin = (1 - 0.75 * pale) * skin + 0.75 * pale * np.array([0.99, 0.92, 0.88])
        self.dark = 0.62 * self.skin
        strengths = {name: face.has(name) for name in HAIRS}
        whole = sum(strengths.values())
        coloured = sum((strengths[name] * np.array(colour) for name, colour in HAIRS.items()), np.zeros(3))
        self.hair = coloured / whole if whole >= 1 else coloured + (1 - whole) * np.array(BETWEEN)
        self.bald = face.has("Bald")
        self.eye = 0.215 + 0.012 * face.eyes
        self.eye_y = -0.06
        self.mouth_y = 0.37 + 0.01 * face.nose
        self.length = 0.62 - 0.5 * male + 0.12 * face.hair * (1 - 0.7 * male)


def _background(canvas: Canvas) -> None:
    down = 0.12 * (canvas.y + 1)
    canvas.picture[:] = np.array(canvas.face.background, np.float32)[:, None, None] - down


def _waves(canvas: Canvas) -> Plane:
    """How far the edge of hair goes in and out: much where it is wavy, not at all where it is straight."""
    face = canvas.face
    amount = 0.008 + 0.05 * face.has("Wavy_Hair") - 0.008 * face.has("Straight_Hair")
    return np.float32(amount) * np.sin(17 * canvas.y + 5 * np.abs(canvas.x))


def _strands(canvas: Canvas, colour: np.ndarray) -> NDArray[np.float32]:
    """Hair in its colour: straight strands side by side, or waves across."""
    face = canvas.face
    bent = canvas.x + np.float32(0.10 * face.has("Wavy_Hair")) * np.sin(15 * canvas.y)
    streaks = 0.5 + 0.5 * np.sin(46 * bent + 3 * np.sin(5 * canvas.y))
    shine = soft(canvas.x - 0.25 * face.light[0], canvas.y + 0.72, 0.35, 0.16)
    depth = 0.16 + 0.12 * face.has("Straight_Hair")
    base = np.asarray(colour, np.float32)[:, None, None]
    return base * (1 - depth + depth * streaks) + np.float32(0.16) * shine * (0.3 + base)


def _hair_behind(canvas: Canvas, size: Sizes) -> None:
    """What falls behind the head to the shoulders."""
    if size.bald >= 1 or size.length <= 0.05:
        return
    low = size.length
    wide = size.a + 0.13 + 0.03 * canvas.face.has("Wavy_Hair") + _waves(canvas)
    middle = canvas.y - (low - 0.5) / 2
    inside = ellipse(canvas.x / wide, middle / (0.62 + low / 2), 1.0, 1.0, 3.0) * np.float32(size.a)
    canvas.cover(inside, 0.75 * _strands(canvas, size.hair), 1 - size.bald)


def _body(canvas: Canvas, size: Sizes) -> None:
    """Neck, shoulders, and what is worn there."""
    face, x, y = canvas.face, canvas.x, canvas.y
    male = face.has("Male")
    neck = ellipse(x, y - 0.75, 0.21 + 0.06 * male + 0.04 * face.has("Chubby"), 0.40, 4)
    shoulders = ellipse(x, y - 1.22, 0.78 + 0.14 * male, 0.40, 2.6)
    canvas.cover(shoulders, face.clothes)
    canvas.cover(np.maximum(neck, -(1.0 - y) - 1), 0.84 * size.skin)
    collar = np.maximum(shoulders, 0.78 - y - 0.9 * np.abs(x) * (1 - 0.4 * male))
    canvas.cover(collar, face.clothes)
    necklace = face.has("Wearing_Necklace")
    if necklace:
        beads = np.abs(np.hypot(x, (y - 0.66) * 1.15) - 0.26) - 0.022 - 0.008 * np.sin(60 * x)
        canvas.cover(np.maximum(beads, 0.70 - y), (0.97, 0.88, 0.45), necklace)
    tie = face.has("Wearing_Necktie")
    if tie:
        canvas.cover(np.abs(x) - 0.16 * (y - 0.62), (0.95, 0.95, 0.97), tie)
        canvas.cover(np.maximum(np.abs(x) - 0.03 - 0.14 * np.abs(y - 0.87), 0.72 - y), (0.55, 0.08, 0.12), tie)


def _head(canvas: Canvas, size: Sizes) -> None:
    """Ears and the face's outline."""
    face, x, y, u = canvas.face, canvas.x, canvas.y, canvas.u
    for side in (-1, 1):
        behind = max(0.0, 1 - 1.6 * max(0.0, side * face.yaw))  # the ear that is turned away
        place = x - side * (size.a + 0.005)
        canvas.cover(ellipse(place, y - 0.02, 0.075, 0.13), 0.88 * size.skin, behind)
    chin = face.has("Double_Chin")
    if chin:
        canvas.cover(ellipse(x, y - size.b + 0.09, size.a * 0.72, 0.17), 0.86 * size.skin, chin)
    lower = np.where(y > 0, y / size.b, y / (0.93 * size.b))
    narrow = 1 - np.float32(0.20 - 0.10 * face.has("Male") - 0.08 * face.has("Chubby")) * np.clip(y / size.b, 0, 1) ** 2
    outline = ((np.abs(x / (size.a * narrow)) ** size.jaw + np.abs(lower) ** size.jaw) ** (1 / size.jaw) - 1) * size.a
    canvas.cover(outline, size.skin)
    if chin:
        line = arc(u, y - size.b + 0.085, 0.24, 0.055, 0.016)
        canvas.cover(line, size.dark, 0.75 * chin)


def _shade(canvas: Canvas, size: Sizes) -> None:
    """The light on the head, as on a ball."""
    face, x, y = canvas.face, canvas.x, canvas.y
    towards = face.light[0] * x / size.a + face.light[1] * y / size.b
    near = np.clip(8 * (1.03 - np.hypot(x / size.a, y / size.b)), 0, 1)
    canvas.picture *= 1 + np.float32(0.6 * face.contrast) * np.clip(towards, -1.2, 1.2) * near


def _marks(canvas: Canvas, size: Sizes) -> None:
    """Cheeks, age, bags, and how even the skin is."""
    face, u, v = canvas.face, canvas.u, canvas.v
    aged = 1 - face.has("Young")
    for side in (-1, 1):
        cheek = u - side * 0.27
        canvas.blend(soft(cheek, v - 0.17, 0.13, 0.10), (0.93, 0.38, 0.40), 0.62 * face.has("Rosy_Cheeks"))
        canvas.blend(soft(cheek, v - 0.11, 0.12, 0.05), (1.0, 0.95, 0.88), 0.5 * face.has("High_Cheekbones"))
        slope = (v - 0.24 + 0.5 * side * (u - side * 0.33)) / 0.055
        hollow = np.exp(-(slope**2) - ((u - side * 0.33) / 0.11) ** 2)
        canvas.blend(hollow, size.dark, 0.5 * face.has("High_Cheekbones"))
        bag = arc(u - side * size.eye, v - size.eye_y - 0.085, 0.10, 0.035, 0.02)
        canvas.cover(bag, 0.5 * size.dark + 0.25, 0.75 * face.has("Bags_Under_Eyes"))
        fold = arc(v - 0.25, u - side * (0.17 + 0.25 * (v - 0.15)), 0.11, 0.0, 0.014)
        canvas.cover(fold, size.dark, 0.65 * aged)
        crow = arc(u - side * (size.eye + 0.16), v - size.eye_y - 0.02, 0.035, 0.0, 0.009)
        canvas.cover(crow, size.dark, 0.6 * aged)
    for line in (-0.40, -0.33):
        canvas.cover(arc(u, v - line, 0.20, -0.02, 0.011), size.dark, 0.65 * aged)
    plain = 1 - face.has("Attractive")
    speckles = np.sin(61 * u + 7 * np.sin(37 * v)) * np.sin(53 * v + 5 * np.sin(41 * u))
    spots = np.clip(4 * speckles - 3.0, 0, 1) * soft(u, v - 0.12, 0.36, 0.22)
    canvas.blend(spots, size.dark, 0.6 * plain)


def _beard(canvas: Canvas, size: Sizes) -> None:
    """A shadow, a goatee, a mustache, sideburns."""
    face, u, v = canvas.face, canvas.u, canvas.v
    hair = 0.85 * size.hair if size.bald < 1 else np.array(BETWEEN)
    lower = np.clip((v - 0.06 - 0.25 * np.abs(np.abs(u) - 0.2)) / 0.26, 0, 1) * np.clip(
        (1 - np.hypot(u / size.a, v / size.b)) / 0.06, 0, 1
    )
    canvas.blend(lower, 0.45 * size.skin + 0.10, 0.55 * face.has("5_o_Clock_Shadow"))
    around = np.maximum(ellipse(u, v - 0.50, 0.17, 0.17, 2.5), -ellipse(u, v - size.mouth_y, 0.13, 0.06))
    canvas.cover(around, hair, 0.92 * face.has("Goatee"))
    above = np.maximum(arc(u, v - size.mouth_y + 0.10, 0.19, -0.045, 0.042), v - size.mouth_y + 0.035)
    canvas.cover(above, hair, 0.95 * face.has("Mustache"))
    for side in (-1, 1):
        strip = ellipse(canvas.x - side * (size.a - 0.055), canvas.y - 0.08, 0.06, 0.30, 3)
        canvas.cover(strip, hair, 0.9 * face.has("Sideburns"))


def _nose(canvas: Canvas, size: Sizes) -> None:
    face, u, v = canvas.face, canvas.u - 0.10 * canvas.face.yaw, canvas.v
    big, pointy = face.has("Big_Nose"), face.has("Pointy_Nose")
    wide, tip = 0.085 + 0.055 * big - 0.03 * pointy, 0.20 + 0.012 * face.nose
    side = -1 if face.light[0] > 0 else 1
    ridge = arc(v - 0.06, u - side * (0.035 + 0.02 * big), 0.13, 0.0, 0.014)
    canvas.cover(ridge, size.dark, 0.45)
    canvas.blend(soft(u, v - tip, wide + 0.01, 0.055 + 0.02 * big), 1.06 * size.skin, 0.8)
    under = v - tip - 0.035 - 0.03 * pointy
    canvas.cover(arc(u, under, wide, 0.02 + 0.06 * pointy - 0.01 * big, 0.018 + 0.008 * big), 0.85 * size.dark, 0.8)
    for hole in (-1, 1):
        canvas.cover(ellipse(u - hole * 0.62 * wide, v - tip - 0.035, 0.022 + 0.012 * big, 0.014), 0.5 * size.dark, 0.8)
    point = np.maximum(np.abs(u) - 0.35 * (tip + 0.055 - v), np.abs(v - tip - 0.01) - 0.045)
    canvas.cover(point, 1.1 * size.skin, 0.7 * pointy)


def _mouth(canvas: Canvas, size: Sizes) -> None:
    """Lips that bend with a smile, and what is between them."""
    face, u, v = canvas.face, canvas.u - 0.06 * canvas.face.yaw, canvas.v
    smile, gap = face.has("Smiling"), face.has("Mouth_Slightly_Open")
    half = 0.15 + 0.012 * face.mouth + 0.055 * smile
    bend = -0.01 + 0.085 * smile
    thick = 0.024 + 0.030 * face.has("Big_Lips") - 0.004 * face.has("Male")
    painted_lips = face.has("Wearing_Lipstick")
    natural = 0.72 * size.skin + np.array([0.14, 0.0, 0.02])
    colour = (1 - painted_lips) * natural + painted_lips * np.array([0.78, 0.08, 0.16])
    along = np.clip(u / half, -1, 1)
    middle = size.mouth_y + bend * (1 - along**2) - 0.5 * bend
    shape = (1 - along**2) ** 0.7
    opened = (0.006 + 0.045 * gap) * shape
    inside = np.abs(u) - half
    lips = np.maximum(np.abs(v - middle) - opened - thick * (0.35 + 0.65 * shape), inside)
    canvas.cover(lips, colour)
    hollow = np.maximum(np.abs(v - middle) - opened, inside + 0.01)
    canvas.cover(hollow, (0.22, 0.05, 0.07), 0.35 + 0.65 * gap)
    teeth = np.maximum(np.abs(v - middle + 0.35 * opened) - 0.6 * opened, inside + 0.035)
    canvas.cover(teeth, (0.97, 0.96, 0.93), gap)
    for side in (-1, 1):
        canvas.cover(
            arc(v - size.mouth_y + 0.01, u - side * (half + 0.03), 0.05, side * 0.015, 0.011), size.dark, 0.6 * smile
        )


def _eyes(canvas: Canvas, size: Sizes) -> None:
    face = canvas.face
    wide = 0.105 + 0.012 * face.has("Attractive")
    high = (
        (0.062 + 0.012 * face.has("Attractive"))
        * (1 - 0.55 * face.has("Narrow_Eyes"))
        * (1 - 0.15 * face.has("Smiling"))
    )
    made_up = face.has("Heavy_Makeup")
    for side in (-1, 1):
        u, v = canvas.u - side * size.eye - 0.04 * face.yaw, canvas.v - size.eye_y
        canvas.blend(soft(u, v + 0.055, 0.13, 0.055), (0.45, 0.22, 0.46), 0.8 * made_up)
        lid = ellipse(u, v, wide, high)
        canvas.cover(lid - 0.018, (0.10, 0.07, 0.08), 0.35 + 0.6 * made_up)
        canvas.cover(lid, (0.97, 0.96, 0.95))
        x, y = u - 0.04 * face.gaze[0], v - 0.025 * face.gaze[1]
        ball = np.hypot(x, y)
        canvas.cover(np.maximum(ball - 0.056, lid), face.iris)
        canvas.cover(np.maximum(ball - 0.028, lid), (0.04, 0.04, 0.05))
        canvas.cover(np.maximum(np.hypot(x + 0.016, y + 0.018) - 0.012, lid), (1.0, 1.0, 1.0))
        lash = arc(u, v + 0.6 * high, wide + 0.01 + 0.025 * made_up, -0.6 * high, 0.011 + 0.014 * made_up)
        canvas.cover(lash, (0.08, 0.06, 0.07), 0.8)


def _brows(canvas: Canvas, size: Sizes) -> None:
    face = canvas.face
    arched = face.has("Arched_Eyebrows")
    thick = 0.019 + 0.026 * face.has("Bushy_Eyebrows") + 0.006 * face.has("Male")
    colour = 0.6 * size.hair + (0.0 if size.bald < 1 else 0.05)
    for side in (-1, 1):
        u, v = canvas.u - side * (size.eye + 0.005), canvas.v - size.eye_y + 0.145 + 0.015 * arched
        canvas.cover(arc(u, v - 0.10 * side * u * (1 - arched), 0.13, -0.012 - 0.062 * arched, thick), colour, 0.95)


def _hair_before(canvas: Canvas, size: Sizes) -> None:
    """From the crown to the hairline, and down the temples."""
    if size.bald >= 1:
        return
    face, x, y = canvas.face, canvas.x, canvas.y
    full = 0.10 + 0.02 * face.hair + _waves(canvas)
    cap = ellipse(x / (size.a + full), (y + 0.10) / (size.b + full - 0.06), 1.0, 1.0, 2.3) * np.float32(size.a)
    line = -0.42 - 0.17 * face.has("Receding_Hairline") * (
        0.35 + 4.0 * np.abs(x) * np.exp(-((np.abs(x) - 0.26) ** 2) / 0.02)
    )
    line = line + 0.62 * np.clip(np.abs(x) / size.a, 0, 1.2) ** (5 - 2 * face.has("Male"))
    strands = _strands(canvas, size.hair)
    canvas.cover(np.maximum(cap, y - line), strands, 1 - size.bald)
    if size.length > 0.05:
        temple = np.maximum(np.abs(np.abs(x) - size.a - 0.03 - _waves(canvas)) - 0.075, y - size.length)
        canvas.cover(np.maximum(temple, -0.25 - y), strands, (1 - size.bald) * min(1.0, 4 * (size.length - 0.05)))
    bangs = face.has("Bangs")
    if bangs:
        fringe = -0.235 + 0.03 * np.sin(26 * x) - 0.04 * np.abs(x)
        canvas.cover(np.maximum(cap, y - fringe), strands, bangs * (1 - size.bald))


def _earrings(canvas: Canvas, size: Sizes) -> None:
    worn = canvas.face.has("Wearing_Earrings")
    for side in (-1, 1):
        place = canvas.x - side * (size.a + 0.02)
        canvas.cover(np.abs(np.hypot(place, canvas.y - 0.22) - 0.055) - 0.020, (0.98, 0.85, 0.35), worn)
        canvas.cover(np.hypot(place, canvas.y - 0.30) - 0.035, (0.99, 0.93, 0.6), worn)


def _glasses(canvas: Canvas, size: Sizes) -> None:
    worn = canvas.face.has("Eyeglasses")
    if not worn:
        return
    colour = (0.07, 0.07, 0.09)
    for side in (-1, 1):
        u, v = canvas.u - side * (size.eye + 0.005), canvas.v - size.eye_y - 0.005
        rim = ellipse(u, v, 0.165, 0.125, 3.0)
        canvas.cover(rim, (0.85, 0.92, 0.97), 0.22 * worn)
        canvas.cover(np.abs(rim) - 0.022, colour, worn)
        temple = np.maximum(np.abs(canvas.v - size.eye_y + 0.02) - 0.016, 0.16 - side * u)
        canvas.cover(np.maximum(temple, side * canvas.x - size.a - 0.02), colour, worn)
    bridge = np.maximum(np.abs(canvas.v - size.eye_y + 0.015) - 0.016, np.abs(canvas.u) - size.eye + 0.16)
    canvas.cover(bridge, colour, worn)


def _hat(canvas: Canvas, size: Sizes) -> None:
    worn = canvas.face.has("Wearing_Hat")
    if not worn:
        return
    x, y = canvas.x, canvas.y
    colour = 0.25 + 0.6 * np.array(canvas.face.clothes)[::-1]
    crown = np.maximum(ellipse(x, y + 0.45, size.a + 0.12, 0.55, 3.0), y + 0.42)
    canvas.cover(crown, colour, worn)
    canvas.cover(np.maximum(np.abs(y + 0.47) - 0.05, crown), 0.5 * colour, worn)
    canvas.cover(ellipse(x, y + 0.40, size.a + 0.30, 0.06), np.float32(0.85) * colour, worn)


def _blurred(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter  # late: most faces are sharp

    found: NDArray[np.float32] = gaussian_filter(picture, (0, sigma, sigma), mode="nearest")
    return found
