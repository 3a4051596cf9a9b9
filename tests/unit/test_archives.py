"""The public data sets, each on a small folder made in its official layout."""

import numpy as np
import pytest
from PIL import Image
from scipy.io import savemat

from recompose.datasets.archives import ARCHIVES, cifar10, listing, read
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
