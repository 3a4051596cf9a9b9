"""CelebA's tables on a small folder made in their format; classes of attributes, and which of them are held out."""

import itertools
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from recompose.datasets.archives import Listing, read
from recompose.datasets.attribute_classes import COMPOSED, RARE, compositions, held_out
from recompose.datasets.celeba import ATTRIBUTES, OF_HQ, PARTITION, attributes, photographs
from recompose.datasets.faces import ATTRIBUTES as NAMES
from recompose.datasets.faces import attributes as drawn_attributes
from recompose.errors import RecomposeError

PARTS = [0, 0, 1, 2]


@pytest.fixture
def data(tmp_path):
    """Four pictures, with the two tables as CelebA's authors write them: of columns that are aligned by spaces."""
    folder = tmp_path / "celeba"
    (folder / "img_align_celeba").mkdir(parents=True)
    has = made()
    names = [f"{number + 1:06}.jpg" for number in range(len(has))]
    for number, name in enumerate(names):
        Image.new("RGB", (178, 218), (60 * number, 0, 0)).save(folder / "img_align_celeba" / name)
    rows = [
        f"{name} " + " ".join(f"{2 * int(each) - 1:2d}" for each in of) for name, of in zip(names, has, strict=True)
    ]
    (folder / ATTRIBUTES).write_text("\n".join([str(len(has)), " ".join(NAMES) + " ", *rows]) + "\n")
    parts = [f"{name} {part}" for name, part in zip(names, PARTS, strict=True)]
    (folder / PARTITION).write_text("\n".join(parts) + "\n")
    return tmp_path


def made(count=4):
    return np.random.default_rng(0).integers(0, 2, (count, 40)).astype(bool)


def test_the_tables_are_read(data):
    faces = attributes(data)
    assert faces.names == list(NAMES)
    assert faces.attributes.dtype == bool
    np.testing.assert_array_equal(faces.attributes, made())
    assert [path.name for path in faces.files] == ["000001.jpg", "000002.jpg", "000003.jpg", "000004.jpg"]
    assert faces.partition.tolist() == PARTS and faces.partition.dtype == np.int64


def test_the_pictures_are_read_in_the_order_of_the_table(data):
    table = data / "celeba" / ATTRIBUTES
    count, header, *rows = table.read_text().splitlines()
    table.write_text("\r\n".join([count, header, *reversed(rows)]))  # as an editor of another system leaves it
    faces = attributes(data)
    np.testing.assert_array_equal(faces.attributes, made()[::-1])
    assert faces.partition.tolist() == PARTS[::-1]
    pictures = read(Listing(faces.files, faces.partition, faces.names), data / "celeba", 8, 3).pictures
    np.testing.assert_allclose(pictures[:, 0].mean(axis=(1, 2)), [180, 120, 60, 0], atol=3)


@pytest.fixture
def large(tmp_path):
    """Eleven pictures of CelebA-HQ with its table, which separates by two spaces; the tenth stands behind the ninth."""
    folder = tmp_path / "celeba_hq"
    (folder / "CelebA-HQ-img").mkdir(parents=True)
    for number in range(11):
        Image.new("RGB", (64, 64), (20 * number,) * 3).save(folder / f"CelebA-HQ-img/{number}.jpg")
    rows = [f"{number}.jpg  " + " ".join(str(2 * int(each) - 1) for each in made(11)[number]) for number in range(11)]
    (folder / OF_HQ).write_text("\n".join(["11", " ".join(NAMES), *rows]) + "\n")
    return tmp_path


def test_the_first_files_and_their_attributes(data):
    table = data / "celeba" / ATTRIBUTES
    count, header, *rows = table.read_text().splitlines()
    table.write_text("\n".join([count, header, *reversed(rows)]))  # the files' order counts
    first = photographs("celeba", data, size=16, channels=1, count=3)
    assert first.pictures.shape == (3, 1, 16, 16) and first.pictures.dtype == np.uint8
    np.testing.assert_allclose(first.pictures.mean(axis=(1, 2, 3)), [0, 0.299 * 60, 0.299 * 120], atol=2)
    np.testing.assert_array_equal(first.attributes, made()[:3])
    assert first.names == list(NAMES)
    rest = photographs("celeba", data, size=16, channels=3, start=2)
    np.testing.assert_allclose(rest.pictures[:, 0].mean(axis=(1, 2)), [120, 180], atol=3)
    np.testing.assert_array_equal(rest.attributes, made()[2:])
    one = photographs("celeba", data, size=16, channels=1, start=1, count=1)
    np.testing.assert_array_equal(one.pictures[0], first.pictures[1])


@pytest.mark.parametrize(("crop", "side"), [(148, 148), (None, 178), (178, 178), (160, 160)])
def test_the_crop_is_in_the_middle(data, crop, side):
    """Of a picture of 178 x 218 that is white where the crop is, all of a smaller one, too, but for softened edges."""
    picture = np.zeros((218, 178), np.uint8)
    left, top = (178 - side) // 2, (218 - side) // 2
    picture[top : top + side, left : left + side] = 255
    for number in range(1, 5):
        Image.fromarray(picture).save(data / f"celeba/img_align_celeba/{number:06}.jpg", quality=100)
    found = photographs("celeba", data, size=16, channels=1, count=1, crop=crop).pictures
    assert found[..., 1:-1, 1:-1].min() >= 250 and found.min() > 200
    wider = photographs("celeba", data, size=32, channels=1, count=1, crop=min(side + 20, 178)).pictures
    assert wider.min() == 0 or side == 178


def test_large_faces_stand_in_the_order_of_their_numbers(large):
    found = photographs("celeba_hq", large, size=8, channels=1)
    np.testing.assert_allclose(found.pictures.mean(axis=(1, 2, 3)), 20 * np.arange(11), atol=2)
    np.testing.assert_array_equal(found.attributes, made(11))
    some = photographs("celeba_hq", large, size=8, channels=3, start=9, count=2)
    assert some.pictures.shape == (2, 3, 8, 8)
    np.testing.assert_array_equal(some.attributes, made(11)[9:])
    (large / "celeba_hq" / OF_HQ).unlink()
    without = photographs("celeba_hq", large, size=8, channels=1)
    assert without.attributes is None and without.names == []
    np.testing.assert_array_equal(without.pictures, found.pictures)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "CelebA-HQ-img/3.jpg").unlink(), "are not in CelebA-HQ-img: 3.jpg (line 6)"),
        (
            lambda folder: Image.new("L", (9, 9)).save(folder / "CelebA-HQ-img/11.jpg"),
            "no line of pictures in CelebA-HQ-img: 11.jpg",
        ),
        (lambda folder: edited(OF_HQ, replaced(1, "11", "12"))(folder), "line 1 is 12, and 11 pictures follow"),
        (lambda folder: edited(OF_HQ, replaced(4, " -1", " 2"))(folder), "line 4 has 2, expected -1 or 1"),
    ],
)
def test_damage_of_the_large_ones_is_one_line(large, damage, words):
    damage(large / "celeba_hq")
    with pytest.raises(RecomposeError) as error:
        photographs("celeba_hq", large, size=8, channels=1)
    message = str(error.value)
    assert message.startswith(f"{large / 'celeba_hq' / OF_HQ}: ") and "\n" not in message
    assert words in message and message.endswith("; unpack CelebAMask-HQ.zip again")


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"count": 5}, "4 pictures, and those from number 0 to 5 are asked for; ask for fewer"),
        ({"start": 4}, "4 pictures, and those from number 4 to 4 are asked for"),
        ({"start": 3, "count": 2}, "4 pictures, and those from number 3 to 5 are asked for"),
        ({"crop": 200}, "178 x 218 pixels, smaller than a crop of 200), "),
    ],
)
def test_what_is_not_there_to_be_read(data, asked, words):
    with pytest.raises(RecomposeError) as error:
        photographs("celeba", data, size=8, channels=1, **asked)
    message = str(error.value)
    assert message.startswith(f"{data / 'celeba'}: ") and "\n" not in message
    assert words in message and "skip_unusable" not in message


def edited(name, change):
    """A damage: the lines of a table are changed."""

    def damage(folder):
        lines = (folder / name).read_text().splitlines()
        change(lines)
        (folder / name).write_text("\n".join(lines) + "\n")

    return damage


def replaced(number, old, new):
    """The first of these words in a line, which counts from 1, is another one."""

    def change(lines):
        assert old in lines[number - 1]
        lines[number - 1] = lines[number - 1].replace(old, new, 1)

    return change


AGAIN = "download {} again from the project page of CelebA"


@pytest.mark.parametrize(
    ("damage", "where", "words", "mend"),
    [
        (lambda folder: (folder / ATTRIBUTES).unlink(), ATTRIBUTES, "not there", "download list_attr_celeba.txt from"),
        (lambda folder: (folder / PARTITION).unlink(), PARTITION, "not there", "download list_eval_partition.txt from"),
        (edited(ATTRIBUTES, replaced(1, "4", "5")), ATTRIBUTES, "line 1 is 5, and 4 pictures follow", AGAIN),
        (edited(ATTRIBUTES, replaced(1, "4", "")), ATTRIBUTES, "line 1 is , and 4 pictures follow", AGAIN),
        (edited(ATTRIBUTES, lambda lines: lines.pop()), ATTRIBUTES, "line 1 is 4, and 3 pictures follow", AGAIN),
        (edited(ATTRIBUTES, lambda lines: lines.clear()), ATTRIBUTES, "line 2 has 0 names, expected 40", AGAIN),
        (edited(ATTRIBUTES, replaced(2, "Bald", "")), ATTRIBUTES, "line 2 has 39 names, expected 40", AGAIN),
        (edited(ATTRIBUTES, replaced(2, "Bald", "Male")), ATTRIBUTES, "line 2 has 39 different names", AGAIN),
        (edited(ATTRIBUTES, replaced(4, " -1", "")), ATTRIBUTES, "line 4 has 39 values, expected 40", AGAIN),
        (edited(ATTRIBUTES, replaced(4, " -1", " -1 1")), ATTRIBUTES, "line 4 has 41 values, expected 40", AGAIN),
        (edited(ATTRIBUTES, replaced(5, " -1", " 0")), ATTRIBUTES, "line 5 has 0, expected -1 or 1", AGAIN),
        (edited(ATTRIBUTES, replaced(5, " -1", " yes")), ATTRIBUTES, "line 5 has yes, expected -1 or 1", AGAIN),
        (
            edited(ATTRIBUTES, replaced(6, "000004", "000002")),
            ATTRIBUTES,
            "line 6 is of 000002.jpg, as line 4 is",
            AGAIN,
        ),
        (
            edited(ATTRIBUTES, replaced(6, "000004", "../000004")),
            ATTRIBUTES,
            "pictures that are not in img_align_celeba: ../000004.jpg (line 6)",
            "unpack img_align_celeba.zip again",
        ),
        (
            lambda folder: (folder / "img_align_celeba/000003.jpg").unlink(),
            ATTRIBUTES,
            "pictures that are not in img_align_celeba: 000003.jpg (line 5)",
            "unpack img_align_celeba.zip again",
        ),
        (
            lambda folder: Image.new("L", (9, 9)).save(folder / "img_align_celeba/000009.jpg"),
            ATTRIBUTES,
            "no line of pictures in img_align_celeba: 000009.jpg",
            AGAIN,
        ),
        (edited(PARTITION, replaced(2, " 0", " 3")), PARTITION, "line 2 has 3, expected 0 or 1 or 2", AGAIN),
        (edited(PARTITION, replaced(3, " 1", "")), PARTITION, "line 3 has 0 values, expected 1", AGAIN),
        (
            edited(PARTITION, lambda lines: lines.pop(1)),
            ATTRIBUTES,
            "pictures that are not in list_eval_partition.txt: 000002.jpg (line 4)",
            AGAIN.format(PARTITION),
        ),
        (
            edited(PARTITION, lambda lines: lines.append("000007.jpg 0")),
            PARTITION,
            "pictures that are not in list_attr_celeba.txt: 000007.jpg (line 5)",
            AGAIN.format(ATTRIBUTES),
        ),
        (lambda folder: (folder / ATTRIBUTES).write_bytes(b"4\n\xff"), ATTRIBUTES, "line 2 is no text in UTF-8", ""),
    ],
)
def test_damage_is_one_line(data, damage, where, words, mend):
    damage(data / "celeba")
    with pytest.raises(RecomposeError) as error:
        attributes(data)
    message = str(error.value)
    assert message.startswith(f"{data / 'celeba' / where}: ") and "\n" not in message
    assert words in message
    assert mend.format(where) in message


def test_a_data_set_that_is_not_there(tmp_path):
    with pytest.raises(RecomposeError, match=r"celeba: not there; download img_align_celeba.zip"):
        attributes(tmp_path)


def test_the_fourteen_are_attributes_of_celeba():
    assert len(set(COMPOSED)) == 14 and set(COMPOSED) <= set(NAMES)


def test_frequent_combinations_are_classes():
    has = np.array([[0, 1, 0], [1, 0, 0], [0, 1, 1], [1, 1, 0], [1, 0, 1], [1, 0, 0]], bool)
    classes, labels = compositions(has, ["a", "b", "c"], ["b", "a"], 2)  # c does not count, and b comes first
    assert classes.tolist() == [[False, True], [True, False]]
    assert labels.tolist() == [1, 0, 1, RARE, 0, 0] and labels.dtype == np.int64
    assert len(compositions(has, ["a", "b", "c"], ["b", "a"], 3).classes) == 3
    equal = compositions(has[:2], ["a", "b", "c"], ["b", "a"], 1)  # once each: the lesser number
    assert equal.classes.tolist() == [[False, True]] and equal.labels.tolist() == [RARE, 0]


def test_combinations_of_drawn_faces_by_counting():
    has = drawn_attributes(("test",), 1500)
    classes, labels = compositions(has, NAMES, COMPOSED, 20)
    columns = [NAMES.index(name) for name in COMPOSED]
    rows = [tuple(row[columns].tolist()) for row in has]
    times = Counter(rows)
    chosen = {tuple(row) for row in classes.tolist()}
    assert len(chosen) == 20
    assert min(times[row] for row in chosen) >= max(count for row, count in times.items() if row not in chosen)
    for row, label in zip(rows, labels, strict=True):
        assert tuple(classes[label].tolist()) == row if row in chosen else label == RARE


@pytest.mark.parametrize(
    ("chosen", "count", "words"),
    [
        (["Blond"], 1, "Blond: no attribute of these pictures; known are Bald, Male"),
        (["Bald", "Bald"], 1, "Bald: chosen twice"),
        (["Bald", "Male"], 4, "3 pictures show 2 combinations of 2 attributes, and 4 are asked for; take fewer"),
    ],
)
def test_what_cannot_be_composed(chosen, count, words):
    with pytest.raises(RecomposeError) as error:
        compositions(np.array([[1, 0], [1, 0], [0, 0]], bool), ["Bald", "Male"], chosen, count)
    assert words in str(error.value)


def keeps_the_rule(classes, chosen):
    """By the words: each one that is held out differs in exactly one attribute from one that is not."""
    seen = [each for number, each in enumerate(classes.tolist()) if number not in chosen]
    return all(
        any(sum(a != b for a, b in zip(classes[one].tolist(), other, strict=True)) == 1 for other in seen)
        for one in chosen
    )


def random_classes(seed, count, attributes):
    every = np.array(list(itertools.product([False, True], repeat=attributes)))
    return every[np.sort(np.random.default_rng(seed).permutation(len(every))[:count])]


def test_as_many_as_the_paper_holds_out():
    classes, _ = compositions(drawn_attributes(("test", "classes"), 4000), NAMES, COMPOSED, 74)
    chosen = held_out(classes, 23, ("test",))
    assert len(set(chosen.tolist())) == 23 and (np.diff(chosen) > 0).all()
    assert keeps_the_rule(classes, chosen.tolist())


def test_the_choice_follows_the_names():
    classes = random_classes(0, 40, 6)
    first = held_out(classes, 12, ("test", 1))
    np.testing.assert_array_equal(first, held_out(classes, 12, ("test", 1)))
    others = [held_out(classes, 12, ("test", number)).tolist() for number in range(2, 12)]
    assert len({tuple(each) for each in others}) > 8
    assert all(keeps_the_rule(classes, each) for each in others)


@pytest.mark.parametrize("seed", range(8))
def test_all_that_can_be_held_out_and_not_one_more(seed):
    """The most that can be, by trying every choice."""
    classes = random_classes(seed, 10, 4)
    most = max(
        len(chosen)
        for size in range(len(classes) + 1)
        for chosen in itertools.combinations(range(len(classes)), size)
        if keeps_the_rule(classes, chosen)
    )
    for count in range(most + 1):
        chosen = held_out(classes, count, ("test", seed))
        assert len(chosen) == count and keeps_the_rule(classes, chosen.tolist())
    with pytest.raises(RecomposeError, match=f"{most + 1} of 10 classes cannot be held out, .*; hold out {most}, or"):
        held_out(classes, most + 1, ("test", seed))


def test_a_class_that_stands_alone_is_never_held_out():
    classes = np.array([[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 1]], bool)
    assert {held_out(classes, 1, ("test", number)).item() for number in range(20)} == {0, 1}
    with pytest.raises(RecomposeError, match="; hold out 1, or take more classes"):
        held_out(classes, 2, ("test",))


def test_around_one_class_all_others_can_be_held_out():
    """One by one it would go wrong where the middle is held out first."""
    classes = np.vstack([np.zeros((1, 6)), np.eye(6)]).astype(bool)
    for number in range(10):
        assert held_out(classes, 6, ("test", number)).tolist() == [1, 2, 3, 4, 5, 6]
