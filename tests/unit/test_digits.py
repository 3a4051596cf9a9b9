"""Real digits that come with a package, IDX files, and digits in colours."""

import gzip
import struct

import numpy as np
import pytest

from recompose.datasets.coloured_digits import coloured
from recompose.datasets.digits import embedded_digits, idx_digits, resized
from recompose.errors import RecomposeError


def test_500_of_each_digit_are_embedded():
    images, labels = embedded_digits()
    assert images.shape == (5000, 28, 28) and images.dtype == np.uint8
    assert np.bincount(labels).tolist() == [500] * 10
    assert images.max() == 255 and images.min() == 0


def test_smaller_digits_are_averages():
    images = np.random.default_rng(0).integers(0, 256, (3, 28, 28)).astype(np.uint8)
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2)))
    assert np.array_equal(resized(images, 32), padded)
    small = resized(images, 16)
    assert small.shape == (3, 16, 16)
    assert small[1, 4, 7] == round(float(padded[1, 8:10, 14:16].mean()))
    with pytest.raises(RecomposeError, match="expected a side that divides 32"):
        resized(images, 24)


def test_colours_stand_at_the_ends_of_gray():
    digits = np.array([[[0, 255], [51, 102]]], np.uint8)
    found = coloured(digits, np.array([200, 100, 0]), np.array([0, 50, 100]))
    assert found.shape == (1, 3, 2, 2) and found.flags.c_contiguous
    assert found[0, :, 0, 0].tolist() == [0, 50, 100] and found[0, :, 0, 1].tolist() == [200, 100, 0]
    assert found[0, :, 1, 0].tolist() == [40, 60, 80]


def write_idx(folder, part="train", count=5, packed=False):
    images = np.random.default_rng(1).integers(0, 256, (count, 28, 28)).astype(np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    write = (
        (lambda path, content: path.with_name(path.name + ".gz").write_bytes(gzip.compress(content)))
        if packed
        else (lambda path, content: path.write_bytes(content))
    )
    write(folder / f"{part}-images-idx3-ubyte", struct.pack(">4I", 2051, count, 28, 28) + images.tobytes())
    write(folder / f"{part}-labels-idx1-ubyte", struct.pack(">2I", 2049, count) + labels.tobytes())
    return images, labels


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("part", "file"), [("train", "train"), ("test", "t10k")])
def test_idx_files_are_read(tmp_path, packed, part, file):
    images, labels = write_idx(tmp_path, file, packed=packed)
    found, shown = idx_digits(tmp_path, part)
    assert np.array_equal(found, images) and np.array_equal(shown, labels)


def damaged(name, change):
    def damage(folder):
        path = folder / name
        path.write_bytes(change(path.read_bytes()))

    return damage


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda folder: (folder / "train-labels-idx1-ubyte").unlink(), "no such file, nor train-labels-idx1-ubyte.gz"),
        (damaged("train-images-idx3-ubyte", lambda b: b[:-7]), "bytes, expected"),
        (damaged("train-images-idx3-ubyte", lambda b: b + b"1"), "bytes, expected"),
        (damaged("train-images-idx3-ubyte", lambda b: b[:9]), "not a whole file"),
        (damaged("train-images-idx3-ubyte", lambda b: struct.pack(">I", 2049) + b[4:]), "expected 2051"),
        (
            damaged("train-labels-idx1-ubyte", lambda b: struct.pack(">2I", 2049, 4) + b[8:-1]),
            "5 images of train and 4",
        ),
        (damaged("train-labels-idx1-ubyte", lambda b: b[:-1] + b"\x0b"), "a label of train is 11"),
    ],
)
def test_damage_is_one_line(tmp_path, damage, words):
    write_idx(tmp_path)
    damage(tmp_path)
    with pytest.raises(RecomposeError) as error:
        idx_digits(tmp_path, "train")
    assert words in str(error.value) and "\n" not in str(error.value) and "download" in str(error.value)


def test_a_packed_file_that_is_cut_short(tmp_path):
    write_idx(tmp_path, packed=True)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(RecomposeError, match="not a whole file"):
        idx_digits(tmp_path, "train")
