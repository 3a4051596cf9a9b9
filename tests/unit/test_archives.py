"""The public data sets, each on a small folder made in its official layout."""

import pickle

import numpy as np
import pytest
from PIL import ExifTags, Image
from scipy.io import savemat

from recompose.datasets.archives import ARCHIVES, RECORD, cifar10, listing, read
from recompose.errors import RecomposeError


def picture(path, colour, width=60, height=40, quality=95):
    """A picture of one colour, with a band of white at either end that a square from the middle leaves out."""
    pixels = np.empty((height, width, 3), np.uint8)
    pixels[:] = colour
    pixels[:, :8] = pixels[:, -8:] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, quality=quality)


def colour(number):
    return (10 * number + 5, 200 - 10 * number, 100)


def celeba(folder):
    for number in range(3):
        picture(folder / "img_align_celeba" / f"{number + 1:06}.jpg", colour(number))
    return [0, 0, 0], ["face"]


def celeba_hq(folder):
    """Numbered without zeros: 10 comes after 9."""
    for place, number in enumerate((0, 9, 10)):
        picture(folder / "CelebA-HQ-img" / f"{number}.jpg", colour(place))
    return [0, 0, 0], ["face"]


def lsun_bedroom(folder):
    """The export names files after their keys, webp whatever they hold."""
    for number, key in enumerate(("0a1b2c3d", "0a9f0000", "ff012345")):
        path = folder / "/".join(key[:6]) / f"{key}.webp"
        picture(path.with_suffix(".jpg"), colour(number))
        path.with_suffix(".jpg").rename(path)
    return [0, 0, 0], ["bedroom"]


def afhq(folder):
    places = [("train", "cat"), ("train", "dog"), ("train", "wild"), ("val", "cat"), ("val", "wild")]
    for number, (part, kind) in enumerate(places):
        picture(folder / part / kind / f"flickr_{kind}_{number:06}.jpg", colour(number))
    return [0, 1, 2, 0, 2], ["cat", "dog", "wild"]


def flowers102(folder):
    for number in range(4):
        picture(folder / "jpg" / f"image_{number + 1:05}.jpg", colour(number))
    savemat(folder / "imagelabels.mat", {"labels": np.array([[3, 1, 2, 3]], np.uint8)})
    return [2, 0, 1, 2], ["flower 1", "flower 2", "flower 3"]


def stanford_cars(folder):
    names = ["AM General Hummer SUV 2000", "Acura RL Sedan 2012", "Acura TL Sedan 2012"]
    kinds = {"cars_train": [2, 1], "cars_test": [3, 1]}
    (folder / "devkit").mkdir(parents=True)
    for part, of_part in kinds.items():
        fields = [("bbox_x1", "u1"), ("bbox_y1", "u1"), ("bbox_x2", "u1"), ("bbox_y2", "u1"), ("class", "u1"),
                  ("fname", object)]  # fmt: skip
        notes = np.array([(1, 1, 9, 9, kind, f"{n + 1:05}.jpg") for n, kind in enumerate(of_part)], fields)
        for number, note in enumerate(notes):
            picture(folder / part / note["fname"], colour(number + 2 * (part == "cars_test")))
        where = "devkit/cars_train_annos.mat" if part == "cars_train" else "cars_test_annos_withlabels.mat"
        savemat(folder / where, {"annotations": notes[None]})
    savemat(folder / "devkit" / "cars_meta.mat", {"class_names": np.array(names, object)[None]})
    return [1, 0, 2, 0], names


def nabirds(folder):
    """Ids with dashes in the tables and without them in the file names; classes that have no pictures."""
    folder.mkdir(parents=True)
    keys = ["0000139e-21dc", "0000d9fc-4e02", "00019306-9d83"]
    kinds = ["817", "860", "817"]
    paths = [f"{int(kind):04}/{key.replace('-', '')}.jpg" for kind, key in zip(kinds, keys, strict=True)]
    for number, path in enumerate(paths):
        picture(folder / "images" / path, colour(number))
    lines = {
        "images": [f"{key} {path}" for key, path in zip(keys, paths, strict=True)],
        "image_class_labels": [f"{key} {kind}" for key, kind in zip(keys, kinds, strict=True)],
        "classes": ["0 Birds", "817 Oak Titmouse", "860 Cactus Wren", "1010 Nobody"],
    }
    for name, content in lines.items():
        (folder / f"{name}.txt").write_text("\n".join(content) + "\n")
    return [0, 1, 0], ["Oak Titmouse", "Cactus Wren"]


MAKERS = {
    maker.__name__: maker for maker in (celeba_hq, lsun_bedroom, afhq, flowers102, stanford_cars, nabirds, celeba)
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_the_official_layout_is_read(tmp_path, name):
    labels, names = MAKERS[name](tmp_path / name)
    found = listing(name, tmp_path)
    pictures = read(found, tmp_path / name, 16, 3)
    assert pictures.labels.tolist() == labels
    assert pictures.labels.dtype == np.int64
    assert pictures.names == names
    assert pictures.pictures.shape == (len(labels), 3, 16, 16)
    assert pictures.pictures.dtype == np.uint8
    for number, each in enumerate(pictures.pictures):  # in the order in which they were made, without the white ends
        np.testing.assert_allclose(each.transpose(1, 2, 0), np.broadcast_to(colour(number), (16, 16, 3)), atol=12)
    assert read(found, tmp_path / name, 16, 1).pictures.shape == (len(labels), 1, 16, 16)


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_data_set_that_is_not_there(tmp_path, name):
    with pytest.raises(
        RecomposeError, match=f"{name}: not there; download .* from|{name}: not there; download .* with"
    ):
        listing(name, tmp_path)


def test_what_is_missing_of_a_data_set(tmp_path):
    flowers102(tmp_path / "flowers102")
    (tmp_path / "flowers102" / "imagelabels.mat").unlink()
    with pytest.raises(RecomposeError, match=r"flowers102: no imagelabels.mat in it; download 102flowers.tgz"):
        listing("flowers102", tmp_path)
    (tmp_path / "flowers102" / "imagelabels.mat").write_text("not a matrix")
    with pytest.raises(RecomposeError, match=r"imagelabels.mat: no MATLAB file with labels in it; unpack it again"):
        listing("flowers102", tmp_path)
    (tmp_path / "lsun_bedroom").mkdir()
    (tmp_path / "lsun_bedroom/.DS_Store").touch()
    with pytest.raises(RecomposeError, match=r"lsun_bedroom: no picture in it; download bedroom_train_lmdb"):
        listing("lsun_bedroom", tmp_path)
    with pytest.raises(RecomposeError, match=r'unknown data set flowers; did you mean "flowers102"'):
        listing("flowers", tmp_path)


def test_broken_pictures_are_named_at_once_and_skipped_only_if_asked(tmp_path):
    folder = tmp_path / "flowers102"
    flowers102(folder)
    (folder / "jpg" / "image_00001.jpg").unlink()
    whole = (folder / "jpg" / "image_00003.jpg").read_bytes()
    (folder / "jpg" / "image_00003.jpg").write_bytes(whole[:400])
    found = listing("flowers102", tmp_path)
    message = r"2 files cannot be used: jpg/image_00001.jpg \(missing\), jpg/image_00003.jpg \(not a whole picture\)"
    with pytest.raises(RecomposeError, match=message):
        read(found, folder, 16, 3)
    pictures = read(found, folder, 16, 3, skip_unusable=True)
    assert pictures.labels.tolist() == [0, 2]
    assert len(pictures.pictures) == 2


def test_some_of_many_are_the_same_ones_every_time(tmp_path):
    afhq(tmp_path / "afhq")
    every, some = listing("afhq", tmp_path), listing("afhq", tmp_path, 3)
    assert some.files == listing("afhq", tmp_path, 3).files
    assert len(some.files) == 3
    label = dict(zip(every.files, every.labels.tolist(), strict=True))
    assert [label[path] for path in some.files] == some.labels.tolist()
    assert listing("afhq", tmp_path, 9).files == every.files


def test_a_large_picture_is_reduced_without_aliases(tmp_path):
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    fine = np.zeros((512, 512, 3), np.uint8)
    fine[:, ::2] = 255
    for name in ("000001.png", "000002.jpg"):
        Image.fromarray(fine).save(folder / name, quality=95)
    pictures = read(listing("celeba", tmp_path), folder, 80, 1).pictures
    np.testing.assert_allclose(pictures[:, :, 4:-4, 4:-4], 127, atol=6)


def refused(name, data, message):
    with pytest.raises(RecomposeError, match=message) as caught:
        listing(name, data)
    assert "\n" not in str(caught.value)


PICTURES = {
    "celeba_hq": "CelebA-HQ-img",
    "lsun_bedroom": "0/a",
    "afhq": "train/cat",
    "flowers102": "jpg",
    "stanford_cars": "cars_train",
    "nabirds": "images/0817",
    "celeba": "img_align_celeba",
}
"""A folder of pictures in each."""


@pytest.mark.parametrize("name", ARCHIVES)
def test_hidden_files_and_those_of_tools_are_no_pictures(tmp_path, name):
    MAKERS[name](tmp_path / name)
    whole = listing(name, tmp_path)
    inside = tmp_path / name / PICTURES[name]
    for place in {inside, *inside.parents} - {tmp_path, *tmp_path.parents}:
        for hidden in (".ipynb_checkpoints", "@eaDir", "__MACOSX"):
            picture(place / hidden / "a.webp", colour(1))
        for hidden in (".hidden.webp", "._0.jpg", ".DS_Store", "Thumbs.db"):
            (place / hidden).write_text("a tool's own")
    found = listing(name, tmp_path)
    assert found.files == whole.files
    assert found.labels.tolist() == whole.labels.tolist()


@pytest.mark.parametrize("name", ARCHIVES)
def test_files_that_are_no_pictures_of_the_data_set_are_named(tmp_path, name):
    MAKERS[name](tmp_path / name)
    inside = tmp_path / name / PICTURES[name]
    (inside / "notes.txt").write_text("unpacked in May")
    refused(name, tmp_path, "no pictures of the data set: .*notes.txt; move them elsewhere")


@pytest.mark.parametrize("name", ["flowers102", "stanford_cars", "nabirds"])
def test_pictures_that_no_table_lists_are_named(tmp_path, name):
    MAKERS[name](tmp_path / name)
    picture(tmp_path / name / PICTURES[name] / "image_00005.jpg", colour(5))
    refused(name, tmp_path, r"pictures in (jpg|cars_train|images) that it does not list: .*image_00005.jpg; unpack it")


@pytest.mark.parametrize("name", ARCHIVES)
def test_pictures_that_are_not_there_are_named(tmp_path, name):
    """As a table's id without a file, or as a link to nothing."""
    MAKERS[name](tmp_path / name)
    found = listing(name, tmp_path)
    found.files[1].unlink()
    if name not in ("flowers102", "stanford_cars", "nabirds"):
        found.files[1].symlink_to("nowhere")
    again = listing(name, tmp_path)
    assert again.files == found.files
    with pytest.raises(
        RecomposeError, match=rf"1 file cannot be used: .*{found.files[1].name} .(missing|a link to noth)"
    ):
        read(again, tmp_path / name, 16, 3)
    assert len(read(again, tmp_path / name, 16, 3, skip_unusable=True).pictures) == len(found.files) - 1


def test_pictures_are_turned_before_they_are_cut(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6
    folder = tmp_path / "celeba" / "img_align_celeba"
    folder.mkdir(parents=True)
    kept = np.zeros((400, 400, 3), np.uint8)
    kept[200:, :200] = 255
    Image.fromarray(kept).save(folder / "1.jpg", exif=exif)
    (found,) = read(listing("celeba", tmp_path), folder, 16, 1).pictures
    assert found[0, :6, :6].min() > 240 and found[0, 10:].max() < 20


def test_parts_of_lsun_may_be_linked(tmp_path):
    lsun_bedroom(tmp_path / "elsewhere")
    folder = tmp_path / "lsun_bedroom"
    folder.mkdir()
    for name in "0f":
        (folder / name).symlink_to(tmp_path / "elsewhere" / name)
    assert [path.stem for path in listing("lsun_bedroom", tmp_path).files] == ["0a1b2c3d", "0a9f0000", "ff012345"]
    (folder / "again").symlink_to(tmp_path / "elsewhere" / "0")
    refused("lsun_bedroom", tmp_path, r"leads to .*, which is read already; remove the link")
    (folder / "again").unlink()
    (folder / "0" / "round").symlink_to(folder)
    refused("lsun_bedroom", tmp_path, r"round: leads to .*lsun_bedroom, which is read already; remove the link")
    (tmp_path / "elsewhere/0/round").unlink()
    (folder / "1").symlink_to(tmp_path / "unplugged")
    refused("lsun_bedroom", tmp_path, r"lsun_bedroom: no pictures of the data set: 1; move them elsewhere")


def test_the_database_of_lsun_itself_is_named(tmp_path):
    folder = tmp_path / "lsun_bedroom" / "bedroom_train_lmdb"
    folder.mkdir(parents=True)
    (folder / "data.mdb").touch()
    refused("lsun_bedroom", tmp_path, "no pictures of the data set: bedroom_train_lmdb/data.mdb")


def test_kinds_of_animals_that_are_not_there_or_not_known(tmp_path):
    afhq(tmp_path / "afhq")
    (tmp_path / "afhq/train/horse").mkdir()
    refused("afhq", tmp_path, "afhq/train: none of cat, dog, wild: horse; move them elsewhere")
    (tmp_path / "afhq/train/horse").rename(tmp_path / "afhq/train/cat/inside")
    refused("afhq", tmp_path, "train/cat: no pictures of the data set: inside; move them elsewhere")
    (tmp_path / "afhq/train/cat/inside").rmdir()
    (tmp_path / "afhq/test").symlink_to("nowhere")
    refused("afhq", tmp_path, "afhq/test: No such file or directory; make this folder one that can be read")
    (tmp_path / "afhq/test").unlink()
    for path in (tmp_path / "afhq/train/dog").iterdir():
        path.unlink()
    refused("afhq", tmp_path, "train/dog: no picture in it; unpack it again")
    (tmp_path / "afhq/train/dog").rmdir()
    refused("afhq", tmp_path, "afhq: no train/dog in it; download afhq.zip")
    (tmp_path / "afhq/train/dog").touch()
    refused("afhq", tmp_path, "train/dog: not a folder")


NABIRDS = {
    "images": "1 0817/a.jpg\n2 0860/b.jpg\n3 0817/c.jpg\n",
    "image_class_labels": "1 817\n2 860\n3 817\n",
    "classes": "0 Birds\n817 Oak Titmouse\n860 Cactus Wren\n",
}


@pytest.fixture
def birds(tmp_path):
    """Writes the tables of NABirds, one of them as given, beside three pictures."""
    for number, name in enumerate(("0817/a", "0860/b", "0817/c")):
        picture(tmp_path / "nabirds/images" / f"{name}.jpg", colour(number))

    def write(**tables):
        for name, content in (NABIRDS | tables).items():
            raw = content if isinstance(content, bytes) else content.encode()
            (tmp_path / "nabirds" / f"{name}.txt").write_bytes(raw)
        return tmp_path

    return write


@pytest.mark.parametrize(
    "tables, message",
    [
        ({"images": ""}, "images.txt: nothing in it"),
        ({"classes": "\n\n"}, "classes.txt: nothing in it"),
        ({"images": "1 0817/a.jpg\n2\n3 0817/c.jpg"}, "images.txt: line 2 is not an id and a value"),
        ({"classes": "0 Birds\n817 Oak Titmouse\n860"}, "classes.txt: line 3 is not an id and a value"),
        ({"images": "1 0817/a.jpg\n1 0860/b.jpg"}, "images.txt: 1 stands in it twice, again in line 2"),
        ({"image_class_labels": "1 817\n2 860"}, "image_class_labels.txt: no class for pictures: 3;"),
        ({"images": "1 0817/a.jpg\n3 0817/c.jpg"}, "images.txt: no path for pictures: 2;"),
        ({"image_class_labels": "1 817\n2 x\n3 817"}, "image_class_labels.txt: classes that are no numbers: x;"),
        ({"image_class_labels": "1 817\n2 86\n3 817"}, "classes.txt: no name for classes: 86;"),
        (
            {"images": "1 0817/a.jpg\n2 0860/b.jpg\n3 0860/b.jpg"},
            "images.txt: pictures that stand in it twice: 0860/b.jpg",
        ),
        ({"images": "1 0817/a.jpg\n2 /b.jpg\n3 0817/c.jpg"}, "images.txt: paths outside images: /b.jpg;"),
        ({"images": "1 0817/a.jpg\n2 ../b.jpg\n3 0817/c.jpg"}, r"images.txt: paths outside images: \.\./b.jpg;"),
        (
            {"images": "1 0817/a.jpg\n2 0860/b.jpg", "image_class_labels": "1 817\n2 860"},
            "images.txt: pictures in images that it does not list: 0817/c.jpg;",
        ),
        ({"classes": "0 Birds\n817 M\xe9sange\n860 Wren".encode("latin-1")}, "classes.txt: line 2 is no text in UTF-8"),
        ({"classes": NABIRDS["classes"].encode("utf-16")}, "classes.txt: line 1 is no text in UTF-8; unpack it again"),
    ],
)
def test_damaged_tables_of_nabirds_are_refused(birds, tables, message):
    refused("nabirds", birds(**tables), message)


def test_tables_of_nabirds_that_an_editor_saved_are_read(birds):
    """With a byte order mark, the line ends of Windows, blank lines and names beyond ASCII."""
    names = {name: content.replace("\n", "\r\n").encode("utf-8-sig") for name, content in NABIRDS.items()}
    names["classes"] = "\ufeff0 Birds\r\n\r\n817 Mésange unicolore \r\n860 Cactus Wren".encode()
    found = listing("nabirds", birds(**names))
    assert found.labels.tolist() == [0, 1, 0]
    assert found.names == ["Mésange unicolore", "Cactus Wren"]


@pytest.mark.parametrize(
    "labels, message",
    [
        ([[]], "imagelabels.mat: labels is empty; unpack it again"),
        ([[3, 1, 2]], "imagelabels.mat: pictures in jpg that it does not list: image_00004.jpg"),
        ([[3, 1, 0, 3]], "imagelabels.mat: labels other than 1 to 102: 0;"),
        ([[3, 1, 103, 3]], "imagelabels.mat: labels other than 1 to 102: 103;"),
        ([[3, 1.5, 2, 3]], "imagelabels.mat: labels other than 1 to 102: 1.5;"),
        ([[3, np.nan, 2, np.inf]], "imagelabels.mat: labels other than 1 to 102: nan, inf;"),
        (["a", "b", "c", "d"], "imagelabels.mat: labels other than 1 to 102: a, b, c, d;"),
    ],
)
def test_damaged_labels_of_flowers_are_refused(tmp_path, labels, message):
    flowers102(tmp_path / "flowers102")
    savemat(tmp_path / "flowers102" / "imagelabels.mat", {"labels": np.array(labels)})
    refused("flowers102", tmp_path, message)


@pytest.mark.parametrize("left", [0, 100, 190])
def test_a_cut_matlab_file_is_refused(tmp_path, left):
    flowers102(tmp_path / "flowers102")
    path = tmp_path / "flowers102" / "imagelabels.mat"
    path.write_bytes(path.read_bytes()[:left])
    refused("flowers102", tmp_path, "imagelabels.mat: no MATLAB file with labels in it; unpack it again")


def test_damaged_tables_of_cars_are_refused(tmp_path):
    folder = tmp_path / "stanford_cars"
    stanford_cars(folder)
    notes = "cars_test_annos_withlabels.mat"

    def write(*records, fields=("class", "fname")):
        savemat(folder / notes, {"annotations": np.array(list(records), [(field, object) for field in fields])[None]})

    write(("00001.jpg",), ("00002.jpg",), fields=["fname"])
    refused(
        "stanford_cars", tmp_path, f"{notes}: its annotations have no class; unpack it again, or take the file with"
    )
    savemat(folder / notes, {"annotations": np.arange(3)})
    refused("stanford_cars", tmp_path, f"{notes}: its annotations have no class")
    write((4, "00001.jpg"), (1, "00002.jpg"))
    refused("stanford_cars", tmp_path, f"{notes}: labels other than 1 to 3: 4;")
    write((1, "00001.jpg"))
    refused("stanford_cars", tmp_path, f"{notes}: pictures in cars_test that it does not list: 00002.jpg;")
    write((1, "00001.jpg"), (2, "00001.jpg"))
    refused("stanford_cars", tmp_path, f"{notes}: pictures that stand in it twice: 00001.jpg;")
    write((1, "00001.jpg"), (2, "../cars_train/00001.jpg"))
    refused("stanford_cars", tmp_path, f"{notes}: paths outside cars_test: ../cars_train/00001.jpg;")
    write((3, "00001.jpg"), (1, "00002.jpg"))
    assert listing("stanford_cars", tmp_path).labels.tolist() == [1, 0, 2, 0]


def test_cifar10_is_read_from_its_binary_version(tmp_path):
    folder = tmp_path / "cifar10" / "cifar-10-batches-bin"
    with pytest.raises(RecomposeError, match=r"cifar-10-batches-bin: not there; download cifar-10-binary.tar.gz"):
        cifar10(tmp_path, "train")
    folder.mkdir(parents=True)
    (folder / "batches.meta.txt").write_text("airplane\nautomobile\nbird\n\n")
    pixels = np.random.default_rng(0).integers(0, 256, (6, 2, 3, 32, 32), dtype=np.uint8)
    labels = np.array([[0, 1], [2, 0], [1, 1], [0, 0], [2, 2], [1, 0]], np.uint8)
    for number, name in enumerate([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"]):
        records = np.concatenate([labels[number, :, None], pixels[number].reshape(2, -1)], axis=1)
        records.astype(np.uint8).tofile(folder / f"{name}.bin")
    train, test = cifar10(tmp_path, "train"), cifar10(tmp_path, "test")
    np.testing.assert_array_equal(train.pictures, pixels[:5].reshape(10, 3, 32, 32))
    np.testing.assert_array_equal(test.pictures, pixels[5])
    assert test.labels.tolist() == [1, 0]
    assert train.labels.tolist() == labels[:5].ravel().tolist()
    assert train.names == ["airplane", "automobile", "bird"]
    (folder / "test_batch.bin").write_bytes(b"12345")
    with pytest.raises(RecomposeError, match=r"test_batch.bin: 5 bytes are no records of 3073; unpack it again"):
        cifar10(tmp_path, "test")
    (folder / "data_batch_4.bin").unlink()
    with pytest.raises(RecomposeError, match=r"cifar-10-batches-bin: no data_batch_4.bin in it; download"):
        cifar10(tmp_path, "train")


@pytest.fixture
def batches(tmp_path):
    """CIFAR-10 with three pictures a batch."""
    folder = tmp_path / "cifar10" / "cifar-10-batches-bin"
    folder.mkdir(parents=True)
    (folder / "batches.meta.txt").write_text("".join(f"class{number}\n" for number in range(10)))
    for name in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        (folder / f"{name}.bin").write_bytes((b"\x09" + bytes(RECORD - 1)) * 3)
    return folder


@pytest.mark.parametrize("part", ["train", "test"])
@pytest.mark.parametrize(
    "name, content, message",
    [
        ("test_batch.bin", b"", "test_batch.bin: 0 bytes are no records of 3073; unpack it again"),
        ("data_batch_2.bin", b"", "data_batch_2.bin: 0 bytes are no records of 3073"),
        ("data_batch_2.bin", bytes(3 * RECORD + 1), "data_batch_2.bin: 9220 bytes are no records of 3073"),
        ("data_batch_2.bin", bytes(2 * RECORD), "data_batch_2.bin: 6146 bytes, where data_batch_1.bin has 9219;"),
        ("test_batch.bin", bytes(RECORD), "test_batch.bin: 3073 bytes, where data_batch_1.bin has 9219;"),
        ("test_batch.bin", pickle.dumps({"data": [1]}), "test_batch.bin: [0-9]+ bytes are no records of 3073"),
        ("batches.meta.txt", b"", "batches.meta.txt: not the names of up to 10 classes, each once: ;"),
        ("batches.meta.txt", b"a\nb\na\n", "batches.meta.txt: not the names of up to 10 classes, each once: a, b, a;"),
        (
            "batches.meta.txt",
            b" ".join(b"%d" % n for n in range(11)),
            "batches.meta.txt: not the names of up to 10 classes",
        ),
        ("batches.meta.txt", b"caf\xe9", "batches.meta.txt: line 1 is no text in UTF-8"),
    ],
)
def test_damaged_files_of_cifar10_are_refused(tmp_path, batches, part, name, content, message):
    assert set(cifar10(tmp_path, part).labels.tolist()) == {9}
    (batches / name).write_bytes(content)
    with pytest.raises(RecomposeError, match=message):
        cifar10(tmp_path, part)


@pytest.mark.parametrize("classes, label", [(10, 10), (10, 255), (3, 9)])
def test_labels_beyond_the_classes_of_cifar10_are_refused(tmp_path, batches, classes, label):
    (batches / "batches.meta.txt").write_text("".join(f"class{number}\n" for number in range(classes)))
    for path in batches.glob("*.bin"):
        path.write_bytes(bytes(3 * RECORD))
    (batches / "data_batch_3.bin").write_bytes((bytes([label]) + bytes(RECORD - 1)) * 3)
    message = (
        rf"data_batch_3.bin: labels beyond the {classes} classes of batches.meta.txt, which count from 0: {label};"
    )
    with pytest.raises(RecomposeError, match=message):
        cifar10(tmp_path, "train")
    assert len(cifar10(tmp_path, "test").pictures) == 3
