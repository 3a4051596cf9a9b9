"""Sprites: their numbers, their outlines against what is known of them, and the archive, made small in its format."""

import pickle
import zipfile

import numpy as np
import pytest

from recompose.datasets import dsprites
from recompose.datasets.dsprites import (
    FACTORS,
    classes_of,
    drawn,
    shuffled,
    sprites,
    values_of,
)
from recompose.errors import RecomposeError

SHAPES = ("square", "ellipse", "heart")
SOME = shuffled(("test",))[:60]


def sprite(shape, scale=5, angle=0, x=16, y=16):
    return drawn(values_of(np.array([[0, SHAPES.index(shape), scale, angle, x, y]])))[0]


# -- Numbers


def test_numbers_are_digits_in_mixed_bases():
    """Those that the archive's authors print."""
    bases = np.array([737280, 245760, 40960, 1024, 32, 1])
    classes = classes_of(SOME)
    assert np.array_equal(classes @ bases, SOME)
    assert classes_of(np.array([737279])).tolist() == [[0, 2, 5, 39, 31, 31]]
    assert len(FACTORS) == classes.shape[1]


def test_values_of_classes():
    first, last = values_of(classes_of(np.array([0, 737279])))
    assert first.tolist() == [1, 1, 0.5, 0, 0, 0]
    np.testing.assert_allclose(last, [1, 3, 1, 2 * np.pi, 1, 1])
    np.testing.assert_allclose(
        values_of(np.array([[0, 1, 3, 1, 2, 30]])), [[1, 2, 0.8, 2 * np.pi / 39, 2 / 31, 30 / 31]]
    )


def test_an_order_of_all_that_names_decide():
    every = shuffled(("test",))
    assert np.array_equal(np.sort(every), np.arange(737280))
    assert np.array_equal(every, shuffled(("test",)))
    assert not np.array_equal(every[:60], shuffled(("other",))[:60])


@pytest.mark.parametrize("number", [-1, 737280])
def test_a_number_of_no_sprite(number):
    with pytest.raises(RecomposeError, match=f"no sprites {number}: their numbers go from 0 to 737279"):
        sprites(np.array([3, number]))


# -- Outlines


def test_a_square_by_hand():
    """Half side 9.6 at the largest scale, 4.8 at the smallest, about 16 + 32 k / 31."""
    image = sprite("square", 0, 0, 0, 31)
    rows, columns = np.nonzero(image)
    assert (columns.min(), columns.max(), rows.min(), rows.max()) == (11, 20, 43, 52) and image.sum() == 100
    assert sprite("square", 5, 0, 31, 0)[6:26, 38:58].all()
    assert sprite("square", 5, 0, 31, 0).sum() == 400


@pytest.mark.parametrize(
    ("shape", "area"),
    [("square", 19.2**2), ("ellipse", np.pi * 12.75 * 7.25), ("heart", 180 * np.pi * 9.6 / 16 * 0.6635)],
)
def test_areas(shape, area):
    """On the mean over positions; of a heart 16 sin^3 wide it is 180 pi."""
    classes = np.array([[0, SHAPES.index(shape), s, 4, x, y] for s in (0, 5) for x in range(8) for y in range(8)])
    sizes = drawn(values_of(classes)).sum(axis=(1, 2)).reshape(2, -1).mean(axis=1)
    np.testing.assert_allclose(sizes, [area / 4, area], rtol=0.015)


def test_a_heart_is_the_inside_of_its_curve():
    """Point by point against the polygon of the curve as it is printed."""
    from matplotlib.path import Path

    t = np.linspace(0, 2 * np.pi, 4001)
    curve = 13 * np.cos(t) - 5 * np.cos(2 * t) - 2 * np.cos(3 * t) - np.cos(4 * t)
    outline = Path(np.stack([9.6 * np.sin(t) ** 3, -0.6635 * curve - 1.436], axis=1))
    for scale, angle, x, y in [(5, 0, 16, 16), (3, 7, 5, 20), (0, 31, 31, 0)]:
        s, turn = 0.5 + 0.1 * scale, 2 * np.pi * angle / 39
        across, down = np.meshgrid(np.arange(64) + 0.5 - (16 + 32 * x / 31), np.arange(64) + 0.5 - (16 + 32 * y / 31))
        cos, sin = np.cos(turn), np.sin(turn)
        local = np.stack([cos * across - sin * down, sin * across + cos * down], axis=-1) / s
        expected = outline.contains_points(local.reshape(-1, 2)).reshape(64, 64)
        assert np.array_equal(sprite("heart", scale, angle, x, y), expected)


def test_the_first_angle_is_the_last_one():
    for shape in SHAPES:
        assert np.array_equal(sprite(shape, 4, 0, 3, 7), sprite(shape, 4, 39, 3, 7))
        assert not np.array_equal(sprite(shape, 4, 1, 3, 7), sprite(shape, 4, 0, 3, 7))


def test_directions():
    """x to the right, y downward; a heart's point is below, and a small turn moves it to the right."""
    for shape in SHAPES:
        middles = [np.argwhere(sprite(shape, 5, 0, x, y)).mean(axis=0) for x, y in [(0, 0), (31, 0), (0, 31)]]
        np.testing.assert_allclose(middles[1] - middles[0], [0, 32], atol=0.2)
        np.testing.assert_allclose(middles[2] - middles[0], [32, 0], atol=0.2)
    point, turned = (np.argwhere(sprite("heart", 5, angle))[-1] for angle in (0, 3))
    assert point[0] > 40 and abs(point[1] - 32) <= 1 and turned[1] > point[1] + 2
    rising = np.argwhere(sprite("ellipse", 5, 4)) - 32.0
    assert np.corrcoef(rising.T)[0, 1] < -0.3


def test_the_mean_over_all_is_that_of_the_data_set():
    """About 4.25 % of all pixels are on."""
    images = sprites(shuffled(("test", "mean"))[:1500], size=32).images
    assert images.mean() / 255 == pytest.approx(0.0426, abs=0.0015)


# -- Images


def test_a_sprite_is_the_same_alone_and_among_others_in_any_order():
    found = sprites(SOME)
    assert found.images.shape == (60, 1, 64, 64) and found.images.dtype == np.uint8
    assert set(np.unique(found.images)) == {0, 255}
    back = sprites(SOME[::-1])
    assert np.array_equal(back.images[::-1], found.images) and np.array_equal(back.values[::-1], found.values)
    for number in (0, 31, 59):
        alone = sprites(SOME[number : number + 1])
        assert np.array_equal(alone.images[0], found.images[number])
        assert np.array_equal(alone.classes[0], found.classes[number])
    assert sprites(SOME[:0]).images.shape == (0, 1, 64, 64)


def test_a_smaller_one_is_its_average():
    large = sprites(SOME).images.astype(float)
    for size in (32, 16, 1):
        small = sprites(SOME, size=size).images
        each = 64 // size
        assert small.shape == (60, 1, size, size)
        means = large.reshape(60, 1, size, each, size, each).mean(axis=(3, 5))
        assert np.abs(small - means).max() <= 0.5


@pytest.mark.parametrize("size", [0, 48, 128])
def test_a_size_that_is_none(size):
    with pytest.raises(RecomposeError, match=f"size {size}: sprites have 64 pixels along their side, or a number that"):
        sprites(SOME, size=size)


# -- The archive


@pytest.fixture
def few(monkeypatch):
    """A dSprites of 216 sprites."""
    monkeypatch.setattr(dsprites, "CLASSES", (1, 3, 2, 4, 3, 3))
    monkeypatch.setattr(dsprites, "BLOCK", 50)


def write(folder, **changed):
    """The archive with its four members, one of which is pickled; images are noise, to be told from drawn ones."""
    classes = classes_of(np.arange(216))
    members = {
        "metadata": np.array({"title": "dSprites dataset"}, dtype=object),
        "imgs": np.random.default_rng(0).integers(0, 2, (216, 64, 64), dtype=np.uint8),
        "latents_classes": classes,
        "latents_values": values_of(classes),
    } | changed
    path = folder / "dsprites.npz"
    np.savez_compressed(path, **{name: each for name, each in members.items() if each is not None})
    return path, members["imgs"]


def test_chosen_images_are_read(few, tmp_path):
    path, images = write(tmp_path)
    chosen = np.array([203, 7, 99, 7, 0, 101])
    found = sprites(chosen, archive=path)
    assert np.array_equal(found.images[:, 0], 255 * images[chosen])
    assert np.array_equal(found.classes, classes_of(chosen)) and np.array_equal(found.values, values_of(found.classes))
    small = sprites(chosen, size=32, archive=path).images
    means = 255 * images[chosen].reshape(6, 32, 2, 32, 2).mean(axis=(2, 4))
    assert np.abs(small[:, 0] - means).max() <= 0.5
    assert sprites(chosen[:0], archive=path).images.shape == (0, 1, 64, 64)
    assert np.array_equal(sprites(np.arange(216), archive=path).images[:, 0], 255 * images)


def test_drawn_and_read_ones_agree(few, tmp_path):
    path, _ = write(tmp_path, imgs=drawn(values_of(classes_of(np.arange(216)))).astype(np.uint8))
    for read, made in zip(sprites(np.arange(216), archive=path), sprites(np.arange(216)), strict=True):
        assert np.array_equal(read, made) and read.dtype == made.dtype


def test_nothing_is_unpickled(few, tmp_path, monkeypatch):
    path, _ = write(tmp_path)
    monkeypatch.setattr(pickle, "load", lambda *_, **__: pytest.fail("unpickled"))
    monkeypatch.setattr(pickle, "loads", lambda *_, **__: pytest.fail("unpickled"))
    sprites(np.arange(3), archive=path)
    path, _ = write(tmp_path, imgs=np.array([{}], dtype=object))
    with pytest.raises(RecomposeError, match=r"imgs is object \(1,\), expected uint8 \(216, 64, 64\)"):
        sprites(np.arange(3), archive=path)


def swapped(table, row):
    changed = table.copy()
    changed[[row, row + 1]] = changed[[row + 1, row]]
    return changed


def cut(path):
    path.write_bytes(path.read_bytes()[:-5000])


def flipped(path):
    """Some bytes within the images are others."""
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as members:
        start = members.getinfo("imgs.npy").header_offset + 500
    content[start : start + 40] = bytes(40)
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("changed", "damage", "words"),
    [
        ({"imgs": None}, None, "not a whole archive of dSprites (There is no item named 'imgs.npy' in the archive)"),
        ({"imgs": np.zeros((215, 64, 64), np.uint8)}, None, "imgs is uint8 (215, 64, 64), expected uint8 (216, 64"),
        ({"imgs": np.zeros((216, 64, 64))}, None, "imgs is float64 (216, 64, 64), expected uint8 (216, 64, 64)"),
        ({"imgs": np.full((216, 64, 64), 255, np.uint8)}, None, "imgs has 255, expected 0 and 1"),
        ({"latents_values": np.zeros((216, 5))}, None, "latents_values is float64 (216, 5), expected float64 (216, 6)"),
        ({"latents_classes": "swap"}, None, "row 30 of latents_classes is [0, 0, 0, 3, 1, 1], expected [0, 0, 0, 3, 1"),
        ({"latents_values": "swap"}, None, "row 30 of latents_values is [1.0, 1.0, 0.5, "),
        ({}, cut, "not a whole archive of dSprites (File is not a zip file)"),
        ({}, flipped, "not a whole archive of dSprites ("),
        ({}, lambda path: path.unlink(), "not there; download dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz from"),
    ],
)
def test_damage_is_one_line(few, tmp_path, changed, damage, words):
    table = {"latents_classes": classes_of, "latents_values": lambda numbers: values_of(classes_of(numbers))}
    changed = {
        name: swapped(table[name](np.arange(216)), 30) if isinstance(each, str) else each
        for name, each in changed.items()
    }
    path, _ = write(tmp_path, **changed)
    if damage:
        damage(path)
    with pytest.raises(RecomposeError) as error:
        sprites(np.arange(216), archive=path)
    message = str(error.value)
    assert message.startswith(f"{path}: ") and "\n" not in message and words in message
    assert "download dsprites_ndarray" in message
