"""Drawn faces: their attributes, how they come together, and that each is to be seen."""

import sys

import numpy as np
import pytest

from recompose.datasets.attribute_classes import COMPOSED
from recompose.datasets.faces import (
    ATTRIBUTES,
    LEAST,
    Face,
    attributes,
    between,
    drawing,
    drawn,
    face,
    faces,
    sampled,
    vector,
)
from recompose.datasets.faces.attributes import BEARDS, SHARES, TOGETHER, _calibrated
from recompose.errors import RecomposeError

MANY = attributes(("test",), 16_000)
"""So many that correlations of rare attributes are known to .03."""
HAIR = ("Black_Hair", "Blond_Hair", "Brown_Hair", "Gray_Hair", "Bald")


def has(name: str) -> np.ndarray:
    return MANY[:, ATTRIBUTES.index(name)]


def correlation(first: str, second: str) -> float:
    return float(np.corrcoef(has(first), has(second))[0, 1])


# -- Attributes


def test_there_are_celebas_forty_in_its_order():
    assert len(ATTRIBUTES) == 40 and ATTRIBUTES[0] == "5_o_Clock_Shadow" and ATTRIBUTES[-1] == "Young"
    assert list(ATTRIBUTES[1:]) == sorted(ATTRIBUTES[1:])


@pytest.mark.parametrize("name", ATTRIBUTES)
def test_each_comes_as_often_as_in_celeba(name):
    """To three standard errors, which are below .024, and what the thresholds' own sample adds."""
    share = SHARES[name]
    assert has(name).mean() == pytest.approx(share, abs=3 * (share * (1 - share) / len(MANY)) ** 0.5 + 0.004)


@pytest.mark.parametrize(("first", "second"), TOGETHER)
def test_what_comes_together(first, second):
    assert correlation(first, second) == pytest.approx(TOGETHER[first, second], abs=0.07)


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        ("Male", "Wearing_Lipstick", -1, -0.7),
        ("Male", "No_Beard", -1, -0.45),
        ("Wearing_Lipstick", "Heavy_Makeup", 0.75, 1),
        ("Wearing_Lipstick", "Attractive", 0.42, 0.55),
        ("Chubby", "Double_Chin", 0.45, 0.6),
        ("Young", "Gray_Hair", -1, -0.31),
        ("Male", "Wearing_Necktie", 0.25, 0.5),
        ("Goatee", "5_o_Clock_Shadow", 0.1, 0.6),
        ("Smiling", "Wearing_Hat", -0.15, 0.15),
    ],
)
def test_what_comes_together_by_other_numbers_than_the_tables(first, second, least, most):
    assert least <= correlation(first, second) <= most


def test_signs_of_eigenvectors_change_no_face(monkeypatch):
    before = attributes(("faces",), 500)
    eigh = np.linalg.eigh

    def other_signs(matrix):
        values, vectors = eigh(matrix)
        return values, vectors * np.where(np.arange(len(values)) % 2, -1.0, 1.0)

    monkeypatch.setattr(np.linalg, "eigh", other_signs)
    _calibrated.cache_clear()
    assert np.array_equal(attributes(("faces",), 500), before)
    monkeypatch.undo()
    _calibrated.cache_clear()
    assert np.array_equal(attributes(("faces",), 500), before)


def test_what_excludes_each_other():
    assert sum(has(name).astype(int) for name in HAIR).max() == 1
    assert not (has("Straight_Hair") & has("Wavy_Hair")).any()
    bearded = np.any([has(name) for name in BEARDS], axis=0)
    assert not (bearded & has("No_Beard")).any()
    assert (bearded | has("No_Beard")).mean() > 0.96  # most who have a beard have a kind of it
    assert not (has("Bald") & (has("Bangs") | has("Wavy_Hair") | has("Receding_Hairline"))).any()


def test_women_have_no_beards_bald_heads_or_neckties():
    women = MANY[~has("Male")]
    assert women[:, ATTRIBUTES.index("No_Beard")].all()
    assert not women[:, [ATTRIBUTES.index(name) for name in (*BEARDS, "Bald", "Wearing_Necktie")]].any()


def test_many_rows_are_drawn_at_once(monkeypatch):
    """One generator, not one for each row."""
    made = []
    module = sys.modules[attributes.__module__]
    numpy_generator = module.numpy_generator
    monkeypatch.setattr(module, "numpy_generator", lambda *names: made.append(names) or numpy_generator(*names))
    assert attributes(("test",), 1000).shape == (1000, 40)
    assert len(made) == 1


def test_a_faces_attributes_hang_on_its_number_alone():
    assert np.array_equal(attributes(("test",), 7), MANY[:7])
    assert not np.array_equal(attributes(("other",), 7), MANY[:7])
    assert attributes(("test",), 0).shape == (0, 40)


# -- Pictures

PLAIN = ("No_Beard", "Young")
EYES, MOUTH, CHIN, CROWN = (
    (slice(24, 40), slice(12, 52)),
    (slice(38, 52), slice(20, 44)),
    (slice(42, 60), slice(16, 48)),
    (slice(2, 24), slice(8, 56)),
)
CHEEKS, BROWS, NECK, HEAD = (
    (slice(32, 50), slice(14, 50)),
    (slice(20, 34), slice(14, 50)),
    (slice(50, 64), slice(16, 48)),
    (slice(2, 62), slice(4, 60)),
)
WHERE = {
    "5_o_Clock_Shadow": CHIN, "Arched_Eyebrows": BROWS, "Attractive": HEAD, "Bags_Under_Eyes": EYES, "Bald": CROWN,
    "Bangs": CROWN, "Big_Lips": MOUTH, "Big_Nose": CHEEKS, "Black_Hair": CROWN, "Blond_Hair": CROWN, "Blurry": HEAD,
    "Brown_Hair": CROWN, "Bushy_Eyebrows": BROWS, "Chubby": HEAD, "Double_Chin": NECK, "Eyeglasses": EYES,
    "Goatee": CHIN, "Gray_Hair": CROWN, "Heavy_Makeup": EYES, "High_Cheekbones": CHEEKS, "Male": HEAD,
    "Mouth_Slightly_Open": MOUTH, "Mustache": MOUTH, "Narrow_Eyes": EYES, "No_Beard": CHIN, "Oval_Face": HEAD,
    "Pale_Skin": CHEEKS, "Pointy_Nose": CHEEKS, "Receding_Hairline": CROWN, "Rosy_Cheeks": CHEEKS, "Sideburns": HEAD,
    "Smiling": MOUTH, "Straight_Hair": HEAD, "Wavy_Hair": HEAD, "Wearing_Earrings": HEAD, "Wearing_Hat": CROWN,
    "Wearing_Lipstick": MOUTH, "Wearing_Necklace": NECK, "Wearing_Necktie": NECK, "Young": HEAD,
}  # fmt: skip
"""Where each is to be seen, at 64 x 64."""


@pytest.mark.parametrize("name", WHERE)
def test_each_attribute_is_seen_in_its_place(name):
    """More there than elsewhere, and nothing in the upper corners, where there is the background alone."""
    without = tuple(each for each in PLAIN if each != name)
    upright = {"yaw": 0.0, "pitch": 0.0, "roll": 0.0, "background": (0.5, 0.6, 0.7)}
    first, second = (Face(tuple(map(float, vector(each))), **upright) for each in (without, (*without, name)))
    change = np.abs(drawn(first, 64).astype(int) - drawn(second, 64)).max(axis=0)
    place = WHERE[name]
    assert change[place].max() > 20
    assert change[place].mean() >= 0.9 * change.mean()
    if name != "Blurry":
        assert change[:4, :4].max() <= 1 and change[:4, -4:].max() <= 1


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("name", ATTRIBUTES)
def test_each_attribute_is_seen_by_itself_on_all_heads(name, size):
    """What classes are made of on several pixels, by much; the others on one at least."""
    number = ATTRIBUTES.index(name)
    for head in range(4):
        first, second = vector(PLAIN), vector(PLAIN)
        second[number] = not first[number]
        both = [face(each, ("heads", head), size=size).astype(int) for each in (first, second)]
        change = np.abs(both[0] - both[1]).max(axis=0)
        if name in COMPOSED:
            assert (change > 16).sum() >= 3
        assert change.max() > 12


def test_hair_is_fair_above_fair_skin():
    skins = {
        name: [sampled(vector((*PLAIN, name)), ("skin", number)).skin for number in range(200)]
        for name in ("Blond_Hair", "Black_Hair")
    }
    assert max(skins["Blond_Hair"]) < 1.5 and max(skins["Black_Hair"]) > 2.5


def crowded(number: int) -> Face:
    """Attributes at random, whatever excludes what, so that most layers are painted."""
    return sampled(np.random.default_rng(number).random(40) < 0.4, ("crowded", number))


@pytest.mark.parametrize("number", range(20))
def test_layers_are_painted_in_part_as_they_would_be_on_the_whole(number, monkeypatch):
    of = crowded(number)
    in_parts = [drawing.painted(of, side) for side in (64, 100)]
    monkeypatch.setattr(drawing.Canvas, "part", lambda canvas, *_: canvas)
    for part, whole in zip(in_parts, (drawing.painted(of, side) for side in (64, 100)), strict=True):
        assert np.abs(part - whole).max() < 1.5 / 255


def test_little_is_painted(monkeypatch):
    """Small layers are most of them, and cost what they are large: a face is some planes of pixels, not sixty."""
    painted = []
    blend = drawing.Canvas.blend
    monkeypatch.setattr(
        drawing.Canvas, "blend", lambda canvas, mask, *more: painted.append(mask.size) or blend(canvas, mask, *more)
    )
    faces(MANY[:50], ("a",), size=32)
    assert sum(painted) / 50 < 10 * LEAST**2


def test_pictures_hang_on_names_and_number_alone():
    some = faces(MANY[:4], ("a",), size=32)
    assert some.shape == (4, 3, 32, 32) and some.dtype == np.uint8
    assert np.array_equal(some[2], face(MANY[2], ("a", 2), size=32))
    assert np.array_equal(faces(MANY[:4], ("a",), size=32, processes=2), some)
    assert not np.array_equal(faces(MANY[:4], ("b",), size=32), some)
    assert faces(MANY[:0], ("a",), size=32).shape == (0, 3, 32, 32)


def test_a_small_one_is_the_average_of_a_larger_one_and_gray_is_its_luminance():
    of = sampled(MANY[5], ("a", 5))
    large = drawn(of, 64).astype(float)
    means = large.reshape(3, 32, 2, 32, 2).mean(axis=(2, 4))
    assert np.abs(drawn(of, 32) - means).max() <= 1
    gray = drawn(of, 64, gray=True)
    assert gray.shape == (1, 64, 64)
    assert np.abs(gray[0] - np.tensordot([0.299, 0.587, 0.114], large, 1)).max() <= 1


def test_a_trajectory_is_smooth():
    """A mouth that opens, a gaze and a head that turn: no step is much larger than the others."""
    first, second = (sampled(vector((*PLAIN, *more)), ("a",)) for more in ((), ("Mouth_Slightly_Open", "Smiling")))
    second = Face(**{**second.__dict__, "yaw": first.yaw + 0.2, "gaze": (0.8, 0.1)})
    frames = np.stack([drawn(between(first, second, share), 64) for share in np.linspace(0, 1, 21)]).astype(float)
    steps = np.abs(np.diff(frames, axis=0)).mean(axis=(1, 2, 3))
    assert steps.min() > 0 and steps.max() < 3 * np.median(steps)
    assert np.array_equal(frames[0], drawn(first, 64)) and np.array_equal(frames[-1], drawn(second, 64))


def test_light_comes_from_where_it_should():
    plain = dict(strength=tuple(map(float, vector(PLAIN))), contrast=0.4)
    left, right = (drawn(Face(**plain, light=(side, 0.0)), 64).astype(int) for side in (-1.0, 1.0))
    cheeks = slice(28, 40)
    assert (left[:, cheeks, 20:26] > right[:, cheeks, 20:26]).mean() > 0.9
    assert (left[:, cheeks, 38:44] < right[:, cheeks, 38:44]).mean() > 0.9


@pytest.mark.parametrize("size", [3, 1024])
def test_a_size_that_is_none(size):
    with pytest.raises(RecomposeError, match=f"size {size}: a face has from 8 to 512"):
        face(MANY[0], ("a",), size=size)


def test_an_attribute_that_is_none():
    with pytest.raises(RecomposeError, match='Smilng: no attribute of a face; did you mean "Smiling"'):
        vector(("Smilng",))
