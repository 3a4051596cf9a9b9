"""A folder of photographs: how it becomes classes, and what is wrong with one that cannot."""

import numpy as np
import pytest
from PIL import Image

from recompose.datasets.photographs import photographed_textures
from recompose.errors import RecomposeError


def photograph(path, width=100, height=70, mode="RGB", seed=0):
    """A picture of noise, saved without loss."""
    shape = (height, width) if mode == "L" else (height, width, len(mode))
    noise = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(noise, mode).save(path)
    return noise


def refused(folder, message, patch=20, channels=3, **options):
    with pytest.raises(RecomposeError, match=message) as caught:
        photographed_textures(folder, patch, channels, **options)
    assert "\n" not in str(caught.value)


def test_each_picture_is_a_class(tmp_path):
    wood, brick = (photograph(tmp_path / name, seed=seed) for seed, name in enumerate(("wood.png", "brick.PNG")))
    (tmp_path / "notes.txt").write_text("bought in May")
    (tmp_path / "empty").mkdir()
    classes = photographed_textures(tmp_path, 20, 3)
    assert [each.name for each in classes] == ["brick", "wood"]
    found = classes[0].patches()
    assert found.shape == (15, 3, 20, 20)
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found[0], brick[:20, :20].transpose(2, 0, 1))
    np.testing.assert_array_equal(found[6], brick[20:40, 20:40].transpose(2, 0, 1))
    gray = photographed_textures(tmp_path, 20, 1)[1].patches()
    assert gray.shape == (15, 1, 20, 20)
    luma = wood[:20, :20] @ np.array([0.299, 0.587, 0.114])
    np.testing.assert_allclose(gray[0, 0], luma, atol=1)


def test_each_subfolder_is_a_class_of_any_sizes_and_formats(tmp_path):
    photograph(tmp_path / "wood" / "a.png", 40, 60)
    photograph(tmp_path / "wood" / "b.tif", 100, 20)
    photograph(tmp_path / "wood" / "c.png", 60, 40, "RGBA")
    photograph(tmp_path / "brick" / "a.bmp", 200, 70)
    brick, wood = photographed_textures(tmp_path, 20, 3)
    assert (brick.name, wood.name) == ("brick", "wood")
    assert [path.name for path in wood.files] == ["a.png", "b.tif", "c.png"]
    assert len(wood.patches()) == 6 + 5 + 6
    assert len(brick.patches()) == 30


def test_a_single_class_where_one_is_wanted(tmp_path):
    photograph(tmp_path / "wood" / "a.png")
    refused(tmp_path, "1 usable of the 2 classes that are needed")
    assert len(photographed_textures(tmp_path, 20, 3, least=1)) == 1


def test_a_folder_without_pictures(tmp_path):
    refused(tmp_path / "textures", "textures: no such folder; put one photograph")
    (tmp_path / "notes.txt").write_text("none yet")
    refused(tmp_path, "no picture in it; put one photograph")


def test_unusable_files_are_named_at_once_and_skipped_only_if_asked(tmp_path):
    for number, name in enumerate("abc"):
        photograph(tmp_path / f"{name}.png", seed=number)
    whole = (tmp_path / "a.png").read_bytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    Image.open(tmp_path / "a.png").save(tmp_path / "cut.jpg")
    (tmp_path / "half.jpg").write_bytes((tmp_path / "cut.jpg").read_bytes()[:2000])
    (tmp_path / "cut.jpg").unlink()
    (tmp_path / "text.jpg").write_text("not a picture")
    (tmp_path / "void.png").touch()
    photograph(tmp_path / "tiny.png", 19, 100)
    deep = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    refused(
        tmp_path,
        r"6 files cannot be used: cut.png \(not a whole picture\), deep.png \(more than 8 bits a channel\), "
        r"half.jpg \(not a whole picture\), text.jpg \(not a whole picture\), "
        r"tiny.png \(19 x 100 pixels, smaller than a patch of 20\), void.png \(not a whole picture\); "
        r"repair or remove them, or set images.skip_unusable: true",
    )
    classes = photographed_textures(tmp_path, 20, 3, skip_unusable=True)
    assert [each.name for each in classes] == ["a", "b", "c"]


def test_nothing_usable_is_refused_even_if_skipped(tmp_path):
    photograph(tmp_path / "a.png", 10, 10)
    photograph(tmp_path / "b.png", 10, 10)
    refused(tmp_path, "2 files cannot be used", skip_unusable=True)


def test_a_long_list_is_counted(tmp_path):
    for number in range(25):
        (tmp_path / f"{number:02}.png").touch()
    refused(tmp_path, r"25 files cannot be used: 00.png .* 19.png \(not a whole picture\) and 5 more;")


def test_gray_among_colour(tmp_path):
    photograph(tmp_path / "wood.png")
    photograph(tmp_path / "sand.png", mode="L")
    photograph(tmp_path / "mist.png", mode="LA")
    refused(tmp_path, "colour was asked for and 2 of 3 pictures are gray: mist.png, sand.png; take them out")
    assert len(photographed_textures(tmp_path, 20, 1)) == 3


def test_two_layouts_at_once(tmp_path):
    photograph(tmp_path / "wood.png")
    photograph(tmp_path / "brick" / "a.png")
    refused(tmp_path, r"pictures \(wood.png\) beside subfolders of pictures \(brick\); either each picture")


def test_two_pictures_of_one_name(tmp_path):
    photograph(tmp_path / "wood.png")
    photograph(tmp_path / "wood.bmp")
    photograph(tmp_path / "brick.png")
    refused(tmp_path, "two pictures of one name: wood.bmp; rename")


def test_a_class_without_patches_to_train_on(tmp_path):
    photograph(tmp_path / "wood.png", 40, 40)
    photograph(tmp_path / "sand.png", 100, 20)
    refused(tmp_path, "patches of 20 pixels nothing is left to train on beside 4 for testing in wood; take smaller")
    assert [len(each.patches()) for each in photographed_textures(tmp_path, 20, 3, test=3)] == [5, 4]
