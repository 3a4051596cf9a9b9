"""Public data sets as their archives lie unpacked on disk: the six of Figure 14 of paper 5, CelebA and CIFAR-10.

Nothing is downloaded here: a data set that is not there is told with what to download and where to put it. LSUN is
read from the folder that its own `data.py export` writes, since its database needs a library of its own, and CIFAR-10
from its binary version, since the Python version would have to be unpickled.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from recompose.datasets.pictures import Pixels, entries, listed, looked_at, opened, pictures_in, pixels, square
from recompose.datasets.tables import AGAIN, Labels, column, from_zero, matrix, pairs, pictured, refuse_any, text
from recompose.errors import RecomposeError, nearest
from recompose.machine import require_memory
from recompose.randomness import numpy_generator

FLOWERS = 102
RECORD = 3073
"""Bytes of a picture of CIFAR-10: one for the label and 3072 for the picture, channel by channel."""
BATCHES = {"train": [f"data_batch_{number}.bin" for number in range(1, 6)], "test": ["test_batch.bin"]}


class Listing(NamedTuple):
    """The pictures of a data set in a fixed order, what each shows, and what the labels mean."""

    files: list[Path]
    labels: Labels
    names: list[str]


class Pictures(NamedTuple):
    """The same after reading: pictures (n, C, H, W)."""

    pictures: Pixels
    labels: Labels
    names: list[str]


@dataclass(frozen=True)
class Archive:
    """A data set: what its folder holds, where that comes from, and how its pictures are listed."""

    holds: tuple[str, ...]
    source: str
    listing: Callable[[Path], Listing]


def _of_one_kind(name: str, files: list[Path]) -> Listing:
    """Pictures without labels."""
    return Listing(files, np.zeros(len(files), np.int64), [name])


def _celeba(folder: Path) -> Listing:
    return _of_one_kind("face", pictures_in(folder / "img_align_celeba"))


def _celeba_hq(folder: Path) -> Listing:
    """The pictures are numbered without leading zeros."""
    files = pictures_in(folder / "CelebA-HQ-img")
    return _of_one_kind("face", sorted(files, key=lambda path: (len(path.stem), path.stem)))


def _lsun_bedroom(folder: Path) -> Listing:
    """The export sorts pictures into folders named after the first letters of their keys; parts may be linked."""
    return _of_one_kind("bedroom", pictures_in(folder, below=True))


def _afhq(folder: Path) -> Listing:
    """The second part is called val in version 1 and test in version 2."""
    names = ["cat", "dog", "wild"]
    files, labels = [], []
    for part in ("train", "val", "test"):
        within = entries(folder / part) if os.path.lexists(folder / part) else []
        if others := [path.name for path in within if path.name not in names]:
            raise RecomposeError(f"{folder / part}: none of {', '.join(names)}: {listed(others)}; move them elsewhere")
        for label, name in enumerate(names):
            found = pictures_in(folder / part / name)
            if part == "train" and not found:
                raise RecomposeError(f"{folder / part / name}: no picture in it; {AGAIN}")
            files += found
            labels += [label] * len(found)
    return Listing(files, np.array(labels, np.int64), names)


def _flowers102(folder: Path) -> Listing:
    """The labels count from 1, and the archive does not name the flowers."""
    table = folder / "imagelabels.mat"
    labels = from_zero(matrix(table, "labels"), FLOWERS, table)
    files = pictured(folder / "jpg", [f"image_{number:05}.jpg" for number in range(1, len(labels) + 1)], table)
    return Listing(files, labels, [f"flower {number}" for number in range(1, int(labels.max()) + 2)])


def _stanford_cars(folder: Path) -> Listing:
    names = [str(name) for name in matrix(folder / "devkit/cars_meta.mat", "class_names")]
    files, labels = [], []
    for part, notes in (("cars_train", "devkit/cars_train_annos.mat"), ("cars_test", "cars_test_annos_withlabels.mat")):
        records = matrix(folder / notes, "annotations")
        labels.append(from_zero(column(records, "class", folder / notes), len(names), folder / notes))
        files += pictured(folder / part, list(map(str, column(records, "fname", folder / notes))), folder / notes)
    return Listing(files, np.concatenate(labels), names)


def _nabirds(folder: Path) -> Listing:
    """Three tables of an id and a value; classes that no picture shows are left out."""
    tables = [folder / f"{name}.txt" for name in ("images", "image_class_labels", "classes")]
    paths, of_picture, names = map(pairs, tables)
    refuse_any([picture for picture in paths if picture not in of_picture], tables[1], "no class for pictures")
    refuse_any([picture for picture in of_picture if picture not in paths], tables[0], "no path for pictures")
    kinds = set(of_picture.values())
    refuse_any(sorted(kind for kind in kinds if not kind.isdecimal()), tables[1], "classes that are no numbers")
    shown = sorted(kinds, key=int)
    refuse_any([kind for kind in shown if kind not in names], tables[2], "no name for classes")
    label = {kind: number for number, kind in enumerate(shown)}
    labels = np.array([label[of_picture[picture]] for picture in paths], np.int64)
    files = pictured(folder / "images", list(paths.values()), tables[0])
    return Listing(files, labels, [names[kind] for kind in shown])


ARCHIVES = {
    "celeba_hq": Archive(
        holds=("CelebA-HQ-img",),
        source="CelebAMask-HQ.zip from the project page of CelebAMask-HQ (Lee et al., 2020)",
        listing=_celeba_hq,
    ),
    "lsun_bedroom": Archive(
        holds=(),
        source="bedroom_train_lmdb with the download.py of LSUN (Yu et al., 2015) and export it with its data.py",
        listing=_lsun_bedroom,
    ),
    "afhq": Archive(
        holds=("train/cat", "train/dog", "train/wild"),
        source="afhq.zip from the project page of StarGAN v2 (Choi et al., 2020)",
        listing=_afhq,
    ),
    "flowers102": Archive(
        holds=("jpg", "imagelabels.mat"),
        source="102flowers.tgz and imagelabels.mat from the page of Oxford 102 Flowers (Nilsback et al., 2008)",
        listing=_flowers102,
    ),
    "stanford_cars": Archive(
        holds=(
            "cars_train",
            "cars_test",
            "devkit/cars_train_annos.mat",
            "devkit/cars_meta.mat",
            "cars_test_annos_withlabels.mat",
        ),
        source="cars_train.tgz, cars_test.tgz, car_devkit.tgz and cars_test_annos_withlabels.mat from the page of the "
        "Cars Dataset (Krause et al., 2013)",
        listing=_stanford_cars,
    ),
    "nabirds": Archive(
        holds=("images", "images.txt", "image_class_labels.txt", "classes.txt"),
        source="nabirds.tar.gz from the page of NABirds (Van Horn et al., 2015)",
        listing=_nabirds,
    ),
    "celeba": Archive(
        holds=("img_align_celeba",),
        source="img_align_celeba.zip from the project page of CelebA (Liu et al., 2015)",
        listing=_celeba,
    ),
}
"""By the name of their folder in data/; the first six are those of Figure 14, in its order."""


def _require(folder: Path, holds: tuple[str, ...], source: str) -> None:
    """Refuse a data set that is not there, or not all of it."""
    missing = [name for name in holds if not (folder / name).exists()]
    if missing or not folder.is_dir():
        what = f"no {', '.join(missing)} in it" if folder.is_dir() else "not there"
        how = f" and unpack it so that {', '.join(holds)} stand in this folder" if holds else " into this folder"
        raise RecomposeError(f"{folder}: {what}; download {source}{how}")


def listing(name: str, data: Path, count: int | None = None) -> Listing:
    """The pictures of data/<name>/: all, or so many of them, which the name alone decides."""
    if name not in ARCHIVES:
        raise RecomposeError(f"unknown data set {name}; {nearest(name, ARCHIVES)}")
    archive, folder = ARCHIVES[name], data / name
    _require(folder, archive.holds, archive.source)
    found = archive.listing(folder)
    if not found.files:
        raise RecomposeError(f"{folder}: no picture in it; download {archive.source} anew into this folder")
    if count is None or count >= len(found.files):
        return found
    chosen = np.sort(numpy_generator("archives", name).permutation(len(found.files))[:count])
    return Listing([found.files[index] for index in chosen], found.labels[chosen], found.names)


def read(
    found: Listing,
    where: Path,
    size: int,
    channels: int,
    skip_unusable: bool | None = False,
    crop: int | None = None,
) -> Pictures:
    """Read the pictures of a listing: the square in the middle, resized to size, in gray (1) or colour (3).

    crop: the square's side in pixels, the largest there is where it is None.
    """

    require_memory(
        float(len(found.files) * channels * size**2), f"{where}: {len(found.files)} pictures of {size} pixels"
    )

    def look(path: Path) -> Pixels:
        draft = 2 * size if crop is None else None  # one that came reduced has other pixels to count
        return pixels(square(opened(path, draft), size, crop), channels)

    seen = dict(looked_at(found.files, look, where, skip_unusable))
    kept = np.array([path in seen for path in found.files])
    return Pictures(np.stack(list(seen.values())), found.labels[kept], found.names)


def cifar10(data: Path, part: Literal["train", "test"]) -> Pictures:
    """The training or the test pictures of CIFAR-10, (n, 3, 32, 32), from data/cifar10/cifar-10-batches-bin.

    The batches that are there have to be of one size: one that is cut short is refused.
    """
    folder = data / "cifar10" / "cifar-10-batches-bin"
    meta = folder / "batches.meta.txt"
    source = "cifar-10-binary.tar.gz from the page of CIFAR-10 (Krizhevsky, 2009)"
    _require(folder, (meta.name, *BATCHES[part]), source)
    names = text(meta).split()
    if not 0 < len(set(names)) == len(names) <= 10:
        raise RecomposeError(f"{meta}: not the names of up to 10 classes, each once: {listed(names)}; {AGAIN}")
    there = [folder / batch for batch in (*BATCHES["train"], *BATCHES["test"]) if (folder / batch).exists()]
    sizes = {path: path.stat().st_size for path in there}
    for path, size in sizes.items():
        if not size or size % RECORD:
            raise RecomposeError(f"{path}: {size} bytes are no records of {RECORD}; {AGAIN}")
    largest = max(there, key=sizes.__getitem__)
    for path, size in sizes.items():
        if size < sizes[largest]:
            raise RecomposeError(f"{path}: {size} bytes, where {largest.name} has {sizes[largest]}; {AGAIN}")
    records = [np.fromfile(folder / batch, np.uint8).reshape(-1, RECORD) for batch in BATCHES[part]]
    every = np.concatenate(records)
    labels = every[:, 0].astype(np.int64)
    for batch, of_batch in zip(BATCHES[part], np.split(labels, len(records)), strict=True):
        wrong = np.unique(of_batch[of_batch >= len(names)]).tolist()
        refuse_any(wrong, folder / batch, f"labels beyond the {len(names)} classes of {meta.name}, which count from 0")
    return Pictures(every[:, 1:].reshape(-1, 3, 32, 32), labels, names)
