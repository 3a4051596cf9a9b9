"""A face drawn layer upon layer, from the background to the hat: signed distances, edges as soft as a pixel.

Coordinates are those of the picture, x to the right and y downwards, both from -1 to 1; a face of the middle is half
as wide as the picture. `x`, `y` of a Canvas are turned with the head, `u`, `v` moved with what is in front of it.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.faces.parameters import BETWEEN, HAIRS, SKINS, Face

Plane = NDArray[np.floating]
"""(side, side)"""
Colour = Sequence[float] | np.ndarray
DOWN = 0.06
"""How far below the middle of a picture that of a head is."""


@dataclass
class Canvas:
    """A picture in the making, RGB in [0, 1], (3, side, side), and where its pixels are; or a part of one."""

    side: int
    """of the whole picture, in pixels"""
    face: Face
    picture: NDArray[np.float32]
    x: Plane
    y: Plane
    u: Plane
    v: Plane

    def part(self, x: float, y: float, a: float, b: float) -> "Canvas":
        """What is at most so far from a place: `a` along the head's width, `b` along its height, and a soft edge more.

        It shares its pixels with this picture, and painting there alone takes a small part of the time.
        """
        cos, sin = math.cos(self.face.roll), math.sin(self.face.roll)
        columns = self._span(cos * x - sin * y, abs(cos) * a + abs(sin) * b)
        rows = self._span(sin * x + cos * y + DOWN, abs(sin) * a + abs(cos) * b)
        planes = (plane[rows, columns] for plane in (self.x, self.y, self.u, self.v))
        return Canvas(self.side, self.face, self.picture[:, rows, columns], *planes)

    def front(self, u: float, v: float, a: float, b: float) -> "Canvas":
        """As `part`, around a place that is moved with what is in front of the head."""
        across, down = _moved(self.face)
        return self.part(u + across, v + down, a, b)

    def _span(self, middle: float, half: float) -> slice:
        edge = 1.5 / self.side
        first, last = (self.side * (1 + middle + way * (half + edge)) / 2 - 0.5 for way in (-1, 1))
        return slice(max(0, math.floor(first)), max(0, math.ceil(last) + 1))

    def cover(self, inside: Plane, colour: Colour | NDArray[np.float32], amount: float = 1.0) -> None:
        """Paint where a signed distance is below zero, as soft at its edge as a pixel is wide."""
        mask = inside * (-self.side / 3.0)
        mask += 0.5
        self.blend(np.clip(mask, 0, 1, out=mask), colour, amount)

    def blend(self, mask: Plane, colour: Colour | NDArray[np.float32], amount: float = 1.0) -> None:
        """Paint by a mask of opacities."""
        if amount <= 0:
            return
        paint = np.asarray(colour, np.float32)
        change = (paint[:, None, None] if paint.ndim == 1 else paint) - self.picture
        change *= mask if amount == 1 else mask * np.float32(amount)
        self.picture += change


def _moved(face: Face) -> tuple[float, float]:
    """How far what is in front of the head moves as it turns."""
    return 0.3 * face.yaw, 0.25 * face.pitch


def _blank(face: Face, side: int) -> Canvas:
    line = (np.arange(side, dtype=np.float32) + 0.5) / side * 2 - 1
    across, down = line[None], line[:, None] - np.float32(DOWN)
    cos, sin = math.cos(face.roll), math.sin(face.roll)
    x, y = cos * across + sin * down, cos * down - sin * across
    to_right, to_bottom = _moved(face)
    return Canvas(side, face, np.empty((3, side, side), np.float32), x, y, x - to_right, y - to_bottom)


def ellipse(x: Plane, y: Plane, a: float, b: float, power: float = 2.0) -> Plane:
    """About the signed distance from an ellipse around zero; a larger power is nearer to a rectangle."""
    x, y = x / a, y / b
    radius = np.hypot(x, y) if power == 2 else (np.abs(x) ** power + np.abs(y) ** power) ** (1 / power)
    return (radius - 1) * min(a, b)


def arc(x: Plane, y: Plane, half: float, bend: float, thick: float) -> Plane:
    """A stroke from -half to half, its middle bent down by `bend`, that thins to its ends."""
    along = np.clip(x / half, -1, 1)
    away = np.hypot(x - along * half, y - bend * (1 - along**2))
    return away - thick * (1 - 0.6 * along**2)


def soft(x: Plane, y: Plane, a: float, b: float) -> Plane:
    """A Gaussian spot: a mask."""
    return np.exp(-((x / a) ** 2) - (y / b) ** 2)


def beside(u: Plane, away: float) -> tuple[Plane, Plane]:
    """From the nearer one of two places so far to the left and right of the middle, and which side that is: -1 or 1."""
    side = np.copysign(np.float32(1), u)
    return u - away * side, side


def painted(face: Face, side: int) -> NDArray[np.float32]:
    """The picture of a face, RGB in [0, 1]: (3, side, side)."""
    canvas = _blank(face, side)
    size = Sizes(face)
    for layer in LAYERS:
        layer(canvas, size)
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


def _background(canvas: Canvas, size: Sizes) -> None:
    canvas.picture[:] = np.array(canvas.face.background, np.float32)[:, None, None] - 0.12 * (canvas.y + 1)


def _waves(canvas: Canvas) -> Plane:
    """How far the edge of hair goes in and out: much where it is wavy, not at all where it is straight."""
    face = canvas.face
    amount = 0.008 + 0.05 * face.has("Wavy_Hair") - 0.008 * face.has("Straight_Hair")
    return amount * np.sin(17 * canvas.y + 5 * np.abs(canvas.x))


def _strands(canvas: Canvas, colour: np.ndarray) -> NDArray[np.float32]:
    """Hair in its colour: straight strands side by side, or waves across."""
    face = canvas.face
    bent = canvas.x + 0.10 * face.has("Wavy_Hair") * np.sin(15 * canvas.y)
    streaks = 0.5 + 0.5 * np.sin(36 * bent + 3 * np.sin(5 * canvas.y))
    shine = soft(canvas.x - 0.25 * face.light[0], canvas.y + 0.72, 0.35, 0.16)
    depth = 0.16 + 0.20 * face.has("Straight_Hair")
    base = np.asarray(colour, np.float32)[:, None, None]
    return base * (1 - depth + depth * streaks + 0.16 * shine) + 0.048 * shine


def _hair_behind(canvas: Canvas, size: Sizes) -> None:
    """What falls behind the head to the shoulders."""
    if size.bald >= 1 or size.length <= 0.05:
        return
    low = size.length
    down, high = (low - 0.5) / 2, 0.62 + low / 2
    most = size.a + 0.13 + 0.03 * canvas.face.has("Wavy_Hair")
    part = canvas.part(0, down, most + 0.10, high + 0.06)
    inside = ellipse(part.x / (most + _waves(part)), (part.y - down) / high, 1.0, 1.0, 3.0) * size.a
    part.cover(inside, _strands(part, 0.75 * size.hair), 1 - size.bald)


def _body(canvas: Canvas, size: Sizes) -> None:
    """Neck, shoulders, and what is worn there."""
    face = canvas.face
    male = face.has("Male")
    broad = 0.21 + 0.06 * male + 0.04 * face.has("Chubby")
    below, throat = canvas.part(0, 1.22, 1.6, 0.43), canvas.part(0, 0.75, broad + 0.02, 0.44)
    shoulders = ellipse(below.x, below.y - 1.22, 0.78 + 0.14 * male, 0.40, 2.6)
    below.cover(shoulders, face.clothes)
    throat.cover(ellipse(throat.x, throat.y - 0.75, broad, 0.40, 4), 0.84 * size.skin)
    collar = 0.78 - below.y - 0.9 * np.abs(below.x) * (1 - 0.4 * male)
    below.cover(np.maximum(shoulders, collar), face.clothes)
    necklace = face.has("Wearing_Necklace")
    if necklace:
        part = canvas.part(0, 0.80, 0.31, 0.14)
        beads = np.abs(np.hypot(part.x, (part.y - 0.66) * 1.15) - 0.26) - 0.022 - 0.008 * np.sin(60 * part.x)
        part.cover(np.maximum(beads, 0.70 - part.y), (0.97, 0.88, 0.45), necklace)
    tie = face.has("Wearing_Necktie")
    if tie:
        part = canvas.part(0, 0.88, 0.20, 0.41)
        part.cover(np.abs(part.x) - 0.16 * (part.y - 0.62), (0.95, 0.95, 0.97), tie)
        knot = np.abs(part.x) - 0.03 - 0.14 * np.abs(part.y - 0.87)
        part.cover(np.maximum(knot, 0.72 - part.y), (0.55, 0.08, 0.12), tie)


def _outline(part: Canvas, size: Sizes) -> Plane:
    """The signed distance from the face's edge: rounder above, and narrower towards the chin."""
    face = part.face
    tapered = 0.20 - 0.10 * face.has("Male") - 0.08 * face.has("Chubby")
    down = part.y / size.b
    narrow = 1 - tapered * np.clip(down, 0, 1) ** 2
    down = np.where(down > 0, down, down / 0.93)
    return ellipse(part.x / (size.a * narrow), down, 1.0, 1.0, size.jaw) * size.a


def _head(canvas: Canvas, size: Sizes) -> None:
    """Ears and the face's outline."""
    face = canvas.face
    for side in (-1, 1):
        shown = max(0.0, 1 - 1.6 * max(0.0, side * face.yaw))  # the ear that is turned away
        away = side * (size.a + 0.005)
        part = canvas.part(away, 0.02, 0.08, 0.15)
        part.cover(ellipse(part.x - away, part.y - 0.02, 0.075, 0.13), 0.88 * size.skin, shown)
    chin = face.has("Double_Chin")
    if chin:
        part = canvas.part(0, size.b - 0.09, 0.80 * size.a, 0.18)
        part.cover(ellipse(part.x, part.y - size.b + 0.09, 0.72 * size.a, 0.17), 0.86 * size.skin, chin)
    part = canvas.part(0, 0, size.a + 0.02, size.b + 0.02)
    part.cover(_outline(part, size), size.skin)
    if chin:
        part = canvas.front(0, size.b - 0.05, 0.27, 0.10)
        part.cover(arc(part.u, part.y - size.b + 0.085, 0.24, 0.055, 0.016), size.dark, 0.75 * chin)


def _shade(canvas: Canvas, size: Sizes) -> None:
    """The light on the head, as on a ball."""
    face = canvas.face
    part = canvas.part(0, 0, 1.03 * size.a, 1.03 * size.b)
    x, y = part.x / size.a, part.y / size.b
    near = np.clip(8 * (1.03 - np.hypot(x, y)), 0, 1)
    towards = np.clip(face.light[0] * x + face.light[1] * y, -1.2, 1.2)
    part.picture *= 1 + 0.6 * face.contrast * towards * near


def _marks(canvas: Canvas, size: Sizes) -> None:
    """Cheeks, age, bags, and how even the skin is."""
    face = canvas.face
    rosy, high, bags = face.has("Rosy_Cheeks"), face.has("High_Cheekbones"), face.has("Bags_Under_Eyes")
    if rosy:
        part = canvas.front(0, 0.17, 0.60, 0.25)
        part.blend(soft(beside(part.u, 0.27)[0], part.v - 0.17, 0.13, 0.10), (0.93, 0.38, 0.40), 0.62 * rosy)
    if high:
        part = canvas.front(0, 0.11, 0.57, 0.13)
        part.blend(soft(beside(part.u, 0.27)[0], part.v - 0.11, 0.12, 0.05), (1.0, 0.95, 0.88), 0.5 * high)
        part = canvas.front(0, 0.24, 0.61, 0.28)
        cheek, side = beside(part.u, 0.33)
        part.blend(soft(cheek, part.v - 0.24 + 0.5 * side * cheek, 0.11, 0.055), size.dark, 0.5 * high)
    if bags:
        part = canvas.front(0, size.eye_y + 0.10, size.eye + 0.13, 0.06)
        bag = arc(beside(part.u, size.eye)[0], part.v - size.eye_y - 0.085, 0.10, 0.035, 0.024)
        part.cover(bag, 0.45 * size.dark + 0.18, 0.8 * bags)
    aged = 1 - face.has("Young")
    if aged:
        part = canvas.front(0, 0.25, 0.26, 0.13)
        fold = arc(part.v - 0.25, np.abs(part.u) - 0.17 - 0.25 * (part.v - 0.15), 0.11, 0.0, 0.014)
        part.cover(fold, size.dark, 0.8 * aged)
        part = canvas.front(0, size.eye_y + 0.02, size.eye + 0.21, 0.02)
        crow = arc(beside(part.u, size.eye + 0.16)[0], part.v - size.eye_y - 0.02, 0.035, 0.0, 0.009)
        part.cover(crow, size.dark, 0.6 * aged)
        for line in (-0.40, -0.33):
            part = canvas.front(0, line, 0.22, 0.04)
            part.cover(arc(part.u, part.v - line, 0.20, -0.02, 0.013), size.dark, 0.8 * aged)
    plain = 1 - face.has("Attractive")
    if plain:
        part = canvas.front(0, 0.12, 0.80, 0.48)
        u, v = part.u, part.v
        speckles = np.sin(61 * u + 7 * np.sin(37 * v)) * np.sin(53 * v + 5 * np.sin(41 * u))
        part.blend(np.clip(4 * speckles - 3.0, 0, 1) * soft(u, v - 0.12, 0.36, 0.22), size.dark, 0.6 * plain)


def _beard(canvas: Canvas, size: Sizes) -> None:
    """A short beard along the jaw of whoever has one, and its kinds: a shadow, a goatee, a mustache, sideburns."""
    face = canvas.face
    hair = 0.85 * size.hair if size.bald < 1 else np.array(BETWEEN)
    bearded, shadow = 1 - face.has("No_Beard"), face.has("5_o_Clock_Shadow")
    goatee, mustache, sideburns = face.has("Goatee"), face.has("Mustache"), face.has("Sideburns")
    if shadow:
        part = canvas.front(0, size.b / 2 + 0.03, size.a, size.b / 2 - 0.03)
        u, v = part.u, part.v
        lower = np.clip((v - 0.06 - 0.25 * np.abs(np.abs(u) - 0.2)) / 0.26, 0, 1)
        lower *= np.clip((1 - np.hypot(u / size.a, v / size.b)) / 0.06, 0, 1)
        part.blend(lower, 0.45 * size.skin + 0.10, 0.55 * shadow)
    if bearded:
        part = canvas.part(0, size.b / 2 + 0.05, size.a + 0.02, size.b / 2 - 0.03)
        outline = _outline(part, size)
        low = np.clip((part.y - 0.08) / 0.15, 0, 1)
        mask = np.clip(0.5 - outline / 0.03, 0, 1) * np.clip((outline + 0.07 + 0.10 * low) / 0.05, 0, 1) * low
        part.blend(mask, hair, 0.7 * bearded)
    if goatee:
        part = canvas.front(0, 0.50, 0.18, 0.18)
        around = ellipse(part.u, part.v - 0.50, 0.17, 0.17, 2.5)
        lips = ellipse(part.u, part.v - size.mouth_y, 0.13, 0.06)
        part.cover(np.maximum(around, -lips), hair, 0.92 * goatee)
    if mustache:
        part = canvas.front(0, size.mouth_y - 0.10, 0.22, 0.10)
        v = part.v - size.mouth_y
        part.cover(np.maximum(arc(part.u, v + 0.10, 0.19, -0.045, 0.042), v + 0.035), hair, 0.95 * mustache)
    if sideburns:
        part = canvas.part(0, 0.08, size.a + 0.03, 0.46)
        strip = ellipse(beside(part.x, size.a - 0.055)[0], part.y - 0.08, 0.06, 0.30, 3)
        part.cover(strip, hair, 0.9 * sideburns)


def _nose(canvas: Canvas, size: Sizes) -> None:
    face = canvas.face
    turned = 0.10 * face.yaw
    part = canvas.front(turned, 0.10, 0.40, 0.30)
    u, v = part.u - turned, part.v
    big, pointy = face.has("Big_Nose"), face.has("Pointy_Nose")
    wide, tip = 0.085 + 0.075 * big - 0.03 * pointy, 0.20 + 0.012 * face.nose
    side = -1 if face.light[0] > 0 else 1
    part.cover(arc(v - 0.06, u - side * (0.035 + 0.02 * big), 0.13, 0.0, 0.014), size.dark, 0.45)
    part.blend(soft(u, v - tip, wide + 0.01, 0.055 + 0.02 * big), 1.06 * size.skin, 0.8)
    if big:
        part.blend(soft(np.abs(u) - wide - 0.02, v - tip + 0.02, 0.04, 0.055), size.dark, 0.6 * big)
    under = v - tip - 0.035 - 0.03 * pointy
    part.cover(arc(u, under, wide, 0.02 + 0.06 * pointy - 0.01 * big, 0.018 + 0.008 * big), 0.85 * size.dark, 0.8)
    holes = ellipse(np.abs(u) - 0.62 * wide, v - tip - 0.035, 0.022 + 0.012 * big, 0.014)
    part.cover(holes, 0.5 * size.dark, 0.8)
    if pointy:
        point = np.maximum(np.abs(u) - 0.35 * (tip + 0.055 - v), np.abs(v - tip - 0.01) - 0.045)
        part.cover(point, 1.2 * size.skin, 0.85 * pointy)


def _mouth(canvas: Canvas, size: Sizes) -> None:
    """Lips that bend with a smile, and what is between them."""
    face = canvas.face
    turned = 0.06 * face.yaw
    smile, gap = face.has("Smiling"), face.has("Mouth_Slightly_Open")
    half = 0.15 + 0.012 * face.mouth + 0.055 * smile
    bend = -0.01 + 0.085 * smile
    thick = 0.024 + 0.052 * face.has("Big_Lips") - 0.004 * face.has("Male")
    painted_lips = face.has("Wearing_Lipstick")
    natural = 0.60 * size.skin + np.array([0.18, 0.0, 0.03])
    colour = (1 - painted_lips) * natural + painted_lips * np.array([0.78, 0.08, 0.16])
    part = canvas.front(turned, size.mouth_y, half + 0.08, 0.19)
    u, v = part.u - turned, part.v - size.mouth_y
    along = 1 - np.clip(u / half, -1, 1) ** 2
    across = np.abs(v - bend * (along - 0.5))
    shape = along**0.7
    opened = (0.006 + 0.045 * gap) * shape
    inside = np.abs(u) - half
    part.cover(np.maximum(across - opened - thick * (0.35 + 0.65 * shape), inside), colour)
    part.cover(np.maximum(across - opened, inside + 0.01), (0.22, 0.05, 0.07), 0.35 + 0.65 * gap)
    if gap:
        above = np.abs(v - bend * (along - 0.5) + 0.35 * opened)
        part.cover(np.maximum(above - 0.6 * opened, inside + 0.035), (0.97, 0.96, 0.93), gap)
    if smile:
        corner, side = beside(u, half + 0.03)
        part.cover(arc(v + 0.01, side * corner, 0.05, 0.015, 0.011), size.dark, 0.6 * smile)


def _eyes(canvas: Canvas, size: Sizes) -> None:
    face = canvas.face
    attractive, made_up = face.has("Attractive"), face.has("Heavy_Makeup")
    wide = 0.105 + 0.012 * attractive
    high = (0.062 + 0.012 * attractive) * (1 - 0.55 * face.has("Narrow_Eyes")) * (1 - 0.15 * face.has("Smiling"))
    turned = 0.04 * face.yaw
    part = canvas.front(turned, size.eye_y - 0.03, size.eye + 0.33, 0.18 if made_up else 0.13)
    (u, _), v = beside(part.u - turned, size.eye), part.v - size.eye_y
    if made_up:
        part.blend(soft(u, v + 0.055, 0.13, 0.055), (0.45, 0.22, 0.46), 0.8 * made_up)
    lid = ellipse(u, v, wide, high)
    part.cover(lid - 0.018, (0.10, 0.07, 0.08), 0.35 + 0.6 * made_up)
    part.cover(lid, (0.97, 0.96, 0.95))
    x, y = u - 0.04 * face.gaze[0], v - 0.025 * face.gaze[1]
    ball = np.hypot(x, y)
    part.cover(np.maximum(ball - 0.056, lid), face.iris)
    part.cover(np.maximum(ball - 0.028, lid), (0.04, 0.04, 0.05))
    part.cover(np.maximum(np.hypot(x + 0.016, y + 0.018) - 0.012, lid), (1.0, 1.0, 1.0))
    lash = arc(u, v + 0.6 * high, wide + 0.01 + 0.025 * made_up, -0.6 * high, 0.011 + 0.014 * made_up)
    part.cover(lash, (0.08, 0.06, 0.07), 0.8)


def _brows(canvas: Canvas, size: Sizes) -> None:
    face = canvas.face
    arched = face.has("Arched_Eyebrows")
    thick = 0.019 + 0.026 * face.has("Bushy_Eyebrows") + 0.006 * face.has("Male")
    colour = 0.6 * size.hair + (0.0 if size.bald < 1 else 0.05)
    part = canvas.front(0, size.eye_y - 0.18, size.eye + 0.18, 0.12)
    u, side = beside(part.u, size.eye + 0.005)
    v = part.v - size.eye_y + 0.145 + 0.015 * arched
    part.cover(arc(u, v - 0.10 * (1 - arched) * side * u, 0.13, -0.012 - 0.062 * arched, thick), colour, 0.95)


def _hair_before(canvas: Canvas, size: Sizes) -> None:
    """From the crown to the hairline, and down the temples."""
    if size.bald >= 1:
        return
    face = canvas.face
    full, shown = 0.10 + 0.02 * face.hair, 1 - size.bald
    top, bottom = -0.10 - size.b - full, max(0.62, size.length)
    part = canvas.part(0, (top + bottom) / 2, size.a + full + 0.10, (bottom - top) / 2 + 0.05)
    x, y = np.abs(part.x), part.y
    waves = _waves(part)
    cap = ellipse(part.x / (size.a + full + waves), (y + 0.10) / (size.b + full - 0.06 + waves), 1.0, 1.0, 2.3) * size.a
    line = -0.42 + 0.62 * np.clip(x / size.a, 0, 1.2) ** (5 - 2 * face.has("Male"))
    receding = face.has("Receding_Hairline")
    if receding:
        line -= 0.17 * receding * (0.35 + 4.0 * x * np.exp(-((x - 0.26) ** 2) / 0.02))
    strands = _strands(part, size.hair)
    part.cover(np.maximum(cap, y - line), strands, shown)
    if size.length > 0.05:
        temple = np.maximum(np.abs(x - size.a - 0.03 - waves) - 0.075, y - size.length)
        part.cover(np.maximum(temple, -0.25 - y), strands, shown * min(1.0, 4 * (size.length - 0.05)))
    bangs = face.has("Bangs")
    if bangs:
        fringe = -0.235 + 0.03 * np.sin(26 * part.x) - 0.04 * x
        part.cover(np.maximum(cap, y - fringe), strands, bangs * shown)


def _earrings(canvas: Canvas, size: Sizes) -> None:
    worn = canvas.face.has("Wearing_Earrings")
    if not worn:
        return
    part = canvas.part(0, 0.25, size.a + 0.10, 0.11)
    place, _ = beside(part.x, size.a + 0.02)
    part.cover(np.abs(np.hypot(place, part.y - 0.22) - 0.055) - 0.020, (0.98, 0.85, 0.35), worn)
    part.cover(np.hypot(place, part.y - 0.30) - 0.035, (0.99, 0.93, 0.6), worn)


def _glasses(canvas: Canvas, size: Sizes) -> None:
    worn = canvas.face.has("Eyeglasses")
    if not worn:
        return
    colour = (0.07, 0.07, 0.09)
    part = canvas.front(0, size.eye_y, size.a + 0.20, 0.17)
    away, v = np.abs(part.u), part.v - size.eye_y
    rim = ellipse(away - size.eye - 0.005, v - 0.005, 0.165, 0.125, 3.0)
    part.cover(rim, (0.85, 0.92, 0.97), 0.22 * worn)
    part.cover(np.abs(rim) - 0.022, colour, worn)
    temple = np.maximum(np.abs(v + 0.02) - 0.016, size.eye + 0.165 - away)
    part.cover(np.maximum(temple, np.abs(part.x) - size.a - 0.02), colour, worn)
    part.cover(np.maximum(np.abs(v + 0.015) - 0.016, away - size.eye + 0.16), colour, worn)


def _hat(canvas: Canvas, size: Sizes) -> None:
    worn = canvas.face.has("Wearing_Hat")
    if not worn:
        return
    part = canvas.part(0, -0.80, 1.6, 0.50)
    x, y = part.x, part.y
    colour = 0.25 + 0.6 * np.array(canvas.face.clothes)[::-1]
    crown = np.maximum(ellipse(x, y + 0.45, size.a + 0.12, 0.55, 3.0), y + 0.42)
    part.cover(crown, colour, worn)
    part.cover(np.maximum(np.abs(y + 0.47) - 0.05, crown), 0.5 * colour, worn)
    part.cover(ellipse(x, y + 0.40, size.a + 0.30, 0.06), 0.85 * colour, worn)


LAYERS = (
    _background,
    _hair_behind,
    _body,
    _head,
    _shade,
    _marks,
    _beard,
    _nose,
    _mouth,
    _eyes,
    _brows,
    _hair_before,
    _earrings,
    _glasses,
    _hat,
)
"""From the farthest to the nearest."""


def _blurred(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter  # late: most faces are sharp

    found: NDArray[np.float32] = gaussian_filter(picture, (0, sigma, sigma), mode="nearest")
    return found
