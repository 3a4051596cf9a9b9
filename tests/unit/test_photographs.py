"""A folder of photographs: how it becomes classes, and what is wrong with one that cannot."""

import os
import zlib

import numpy as np
import pytest
import tifffile
from PIL import ExifTags, Image, PngImagePlugin

from recompose.datasets.photographs import photographed_textures
from recompose.datasets.pictures import FORMATS, SUFFIXES, Unusable, is_hidden, listed, opened, pixels
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
    (tmp_path / "empty").mkdir()
    refused(tmp_path, "no picture in it; put one photograph")
    (tmp_path / "notes.txt").write_text("none yet")
    refused(tmp_path, r"1 file cannot be used: notes.txt \(no picture of a kind that is read\)", skip_unusable=True)


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
        r"half.jpg \(not a whole picture\), text.jpg \(no picture of a kind that is read\), "
        r"tiny.png \(19 x 100 pixels, smaller than a patch of 20\), void.png \(an empty file\); "
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
    refused(tmp_path, r"25 files cannot be used: 00.png .* 19.png \(an empty file\) and 5 more;")


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


HIDDEN_FOLDERS = (".ipynb_checkpoints", "@eaDir", "__MACOSX", "__pycache__", "$RECYCLE.BIN", "lost+found", ".git")
HIDDEN_FILES = (".hidden.png", "._wood.png", ".DS_Store", "Thumbs.db", "desktop.ini")


@pytest.mark.parametrize("layout", ["pictures", "subfolders"])
def test_hidden_files_and_those_of_tools_are_neither_classes_nor_pictures(tmp_path, layout):
    places = [tmp_path] if layout == "pictures" else [tmp_path / "wood", tmp_path / "sand"]
    for place in places:
        photograph(place / "a.png")
        photograph(place / "b.png")
    for place in {tmp_path, *places}:
        for name in HIDDEN_FOLDERS:
            photograph(place / name / "c.png", 3, 3)
        for name in HIDDEN_FILES:
            (place / name).write_text("a tool's own")
    classes = photographed_textures(tmp_path, 20, 3)
    assert [each.name for each in classes] == (["a", "b"] if layout == "pictures" else ["sand", "wood"])
    assert {path.name for each in classes for path in each.files} == {"a.png", "b.png"}


def test_a_name_that_only_looks_like_a_tools_is_data():
    assert not any(map(is_hidden, ("eaDir", "thumbs", "@wood", "_wood", "#1", "MACOSX.png", "~wood.png")))


def test_the_endings_are_those_of_the_formats_that_are_read():
    assert {suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS} == SUFFIXES


def test_a_format_is_known_by_what_is_in_the_file(tmp_path):
    """Formats that were left out by their endings, an ending in capitals, a wrong one and none."""
    noise = photograph(tmp_path / "a.png")
    image = Image.fromarray(noise)
    for name in ("b.PNG", "c.tga", "d.qoi", "e.pnm", "f.jfif", "g.gif", "h.ppm"):
        image.save(tmp_path / name)
    image.save(tmp_path / "i.jpg", "PNG")
    image.save(tmp_path / "j", "BMP")
    classes = photographed_textures(tmp_path, 20, 3)
    assert "".join(each.name for each in classes) == "abcdefghij"
    for each in classes:
        if each.name not in "fg":  # these lose something
            np.testing.assert_array_equal(each.patches()[0], noise[:20, :20].transpose(2, 0, 1))


def test_no_file_is_left_out_silently(tmp_path):
    for name in ("wood/a.png", "wood/b.png", "sand/a.png", "wood/inside/a.png"):
        photograph(tmp_path / name)
    image = Image.open(tmp_path / "wood/a.png")
    for name in ("c.pcx", "d.ico", "e.jp2"):
        image.save(tmp_path / "wood" / name)
    image.save(tmp_path / "wood/f.gif", save_all=True, append_images=[image.rotate(90)])
    image.save(tmp_path / "wood/g.tif", save_all=True, append_images=[image, image])
    (tmp_path / "wood/h.heic").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "wood/i.png").symlink_to("nowhere.png")
    (tmp_path / "wood/j.png").symlink_to("j.png")
    os.mkfifo(tmp_path / "wood/k.png")
    (tmp_path / "brick").mkdir()
    (tmp_path / "about.txt").write_text("bought in May")
    kind = r"\(no picture of a kind that is read\)"
    refused(
        tmp_path,
        rf"12 files cannot be used: about.txt {kind}, brick \(an empty folder\), wood/c.pcx {kind}, wood/d.ico {kind}, "
        rf"wood/e.jp2 {kind}, wood/f.gif \(2 pictures in one file\), wood/g.tif \(3 pictures in one file\), "
        rf"wood/h.heic {kind}, wood/i.png \(a link to nothing\), wood/inside \(a folder within that of a class\), "
        rf"wood/j.png \(Too many levels of symbolic links\), wood/k.png \(not a file\); repair or remove them",
    )
    sand, wood = photographed_textures(tmp_path, 20, 3, skip_unusable=True)
    assert [path.name for path in wood.files] == ["a.png", "b.png"] and sand.name == "sand"


def test_a_photograph_with_its_cameras_preview_is_one_picture(tmp_path):
    noise = photograph(tmp_path / "a.png")
    image = Image.fromarray(noise)
    image.save(tmp_path / "b.jpg", "MPO", save_all=True, append_images=[image.resize((10, 7))], quality=95)
    (tmp_path / "a.png").unlink()
    assert pixels(opened(tmp_path / "b.jpg"), 3).shape == (3, 70, 100)


def test_folders_that_are_linked_are_classes(tmp_path):
    photograph(tmp_path / "elsewhere/a.png")
    photograph(tmp_path / "textures/sand/a.png")
    (tmp_path / "textures/wood").symlink_to(tmp_path / "elsewhere")
    assert [each.name for each in photographed_textures(tmp_path / "textures", 20, 3)] == ["sand", "wood"]


def test_what_is_wrong_with_a_file_is_the_systems_word_for_it(tmp_path, monkeypatch):
    photograph(tmp_path / "a.png")
    photograph(tmp_path / "b.png")

    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Image, "open", denied)
    refused(tmp_path, r"a.png \(Permission denied\), b.png \(Permission denied\)")


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.tif"])
@pytest.mark.parametrize("turned", range(1, 9))
def test_pictures_are_turned_as_their_exif_data_say(tmp_path, name, turned):
    """The picture that is seen has red at the left of its upper edge; the file keeps it turned."""
    seen = np.zeros((32, 64, 3), np.uint8)
    seen[:16, :32] = (255, 0, 0)
    kept = {1: seen, 2: seen[:, ::-1], 3: seen[::-1, ::-1], 4: seen[::-1], 5: seen.transpose(1, 0, 2),
            6: np.rot90(seen), 7: seen.transpose(1, 0, 2)[::-1, ::-1], 8: np.rot90(seen, -1)}  # fmt: skip
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = turned
    Image.fromarray(np.ascontiguousarray(kept[turned])).save(tmp_path / name, exif=exif, quality=95)
    found = pixels(opened(tmp_path / name), 3)
    assert found.shape == (3, 32, 64)
    np.testing.assert_allclose(
        found[:, 2:14, 2:30].transpose(1, 2, 0), np.broadcast_to((255, 0, 0), (12, 28, 3)), atol=12
    )
    assert found[:, 18:].max() < 60 and found[:, :, 34:].max() < 60


def test_patches_are_counted_in_the_turned_picture(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    for name in "ab":
        Image.fromarray(np.zeros((100, 45, 3), np.uint8)).save(tmp_path / f"{name}.jpg", exif=exif)
    assert photographed_textures(tmp_path, 30, 3, test=2)[0].patches().shape == (3, 3, 30, 30)
    with Image.open(tmp_path / "a.jpg") as image:
        assert image.size == (45, 100)
    assert opened(tmp_path / "a.jpg").size == (100, 45)


def sixteen_bits(path, colour_type, channels, depth=16):
    """A PNG of 16 bits a channel, which Pillow itself cannot write in colour."""
    rows = b"".join(b"\0" + bytes(30 * channels * depth // 8) for _ in range(30))
    header = (30).to_bytes(4) * 2 + bytes([depth, colour_type, 0, 0, 0])
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b"")):
            PngImagePlugin.putchunk(file, kind, data)


def sixteen_bit_tiff(path, channels):
    """A TIFF of 16 bits a channel, which Pillow reads and does not write."""
    tifffile.imwrite(path, np.zeros((30, 30, channels), np.uint16), photometric="rgb")


def test_more_than_eight_bits_a_channel_are_refused_in_every_format(tmp_path):
    for name, kind, channels in (("gray", 0, 1), ("rgb", 2, 3), ("gray_alpha", 4, 2), ("rgb_alpha", 6, 4)):
        sixteen_bits(tmp_path / f"{name}.png", kind, channels)
    for channels in (3, 4):
        sixteen_bit_tiff(tmp_path / f"rgb{channels}.tif", channels)
    (tmp_path / "binary.ppm").write_bytes(b"P6 30 30 65535\n" + bytes(30 * 30 * 6))
    (tmp_path / "thousand.ppm").write_bytes(b"P6 30 30 1000\n" + bytes(30 * 30 * 6))
    (tmp_path / "plain.ppm").write_bytes(b"P3 30 30 1000\n" + b"0 " * 2700)
    (tmp_path / "gray.pgm").write_bytes(b"P5 30 30 65535\n" + bytes(30 * 30 * 2))
    (tmp_path / "float.pfm").write_bytes(b"Pf 30 30 -1.0\n" + bytes(30 * 30 * 4))
    Image.fromarray(np.zeros((30, 30), np.float32)).save(tmp_path / "float.tif")
    Image.fromarray(np.zeros((30, 30), np.uint16)).save(tmp_path / "gray.tif")
    every = sorted(tmp_path.iterdir())
    for path in every:
        with pytest.raises(Unusable, match="more than 8 bits a channel"):
            opened(path)
    refused(tmp_path, rf"{len(every)} files cannot be used: .*binary.ppm \(more than 8 bits a channel\)")


def test_up_to_eight_bits_are_read(tmp_path):
    sixteen_bits(tmp_path / "rgb.png", 2, 3, depth=8)
    Image.fromarray(np.eye(30, dtype=bool)).save(tmp_path / "one.png", bits=1)
    (tmp_path / "fifteen.ppm").write_bytes(b"P6 30 30 15\n" + bytes([15]) * 2700)
    Image.fromarray(np.full((30, 30, 4), 9, np.uint8), "CMYK").save(tmp_path / "press.tif")
    for name, value in (("rgb", 0), ("fifteen", 255)):
        (path,) = tmp_path.glob(f"{name}.*")
        assert (pixels(opened(path), 3) == value).all()
    np.testing.assert_array_equal(pixels(opened(tmp_path / "one.png"), 1)[0], 255 * np.eye(30))
    assert pixels(opened(tmp_path / "press.tif"), 3).shape == (3, 30, 30)


def test_colours_that_cannot_be_turned_into_rgb_are_named(tmp_path):
    Image.new("LAB", (30, 30)).save(tmp_path / "a.tif")
    with pytest.raises(Unusable, match="colours as LAB, neither gray nor RGB"):
        opened(tmp_path / "a.tif")


def test_a_decoder_that_trips_is_a_broken_file(tmp_path, monkeypatch):
    photograph(tmp_path / "a.png")
    monkeypatch.setattr(Image, "open", lambda *_, **__: {}["anything"])
    with pytest.raises(Unusable, match="not a whole picture"):
        opened(tmp_path / "a.png")


def test_a_photograph_that_goes_after_the_look_is_named(tmp_path):
    photograph(tmp_path / "wood/a.png")
    photograph(tmp_path / "wood/b.png")
    (wood,) = photographed_textures(tmp_path, 20, 3, least=1)
    (tmp_path / "wood/b.png").unlink()
    with pytest.raises(RecomposeError, match=r"wood: 1 file cannot be used: b.png \(missing\)"):
        wood.patches()


def test_a_name_with_a_line_break_stays_on_one_line():
    assert listed(["a\nb.png", "c.png"]) == r"'a\nb.png', c.png"
