"""Public data sets as their archives lie unpacked on disk: the six of Figure 14 of paper 5, CelebA and CIFAR-10.

Nothing is downloaded here: a data set that is not there is told with what to download and where to put it. LSUN is
read from the folder that its own `data.py export` writes, since its database needs a library of its own, and CIFAR-10
from its binary version, since the Python version would have to be unpickled.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.io import loadmat

from recompose.datasets.pictures import Pixels, looked_at, opened, pictures_in, pixels, square
from recompose.errors import RecomposeError, nearest
from recompose.machine import require_memory
from recompose.randomness import numpy_generator

Labels = NDArray[np.int64]
"""(n,), from 0."""


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
    """The export sorts pictures into folders named after the first letters of their keys."""
    return _of_one_kind("bedroom", sorted(path for path in folder.rglob("*.webp")))


def _afhq(folder: Path) -> Listing:
    """The second part is called val in version 1 and test in version 2."""
    names = ["cat", "dog", "wild"]
    files, labels = [], []
    for part in ("train", "val", "test"):
        for label, name in enumerate(names):
            found = pictures_in(folder / part / name)
            files += found
            labels += [label] * len(found)
    return Listing(files, np.array(labels, np.int64), names)


def _matrix(path: Path, name: str) -> NDArray[Any]:
    """A variable of a MATLAB file, flat."""
    try:
        return np.ravel(loadmat(path, squeeze_me=True)[name])
    except Exception as error:  # the reader lets through whatever it trips over
        raise RecomposeError(f"{path}: no MATLAB file with {name} in it; unpack it again") from error


def _flowers102(folder: Path) -> Listing:
    """The labels count from 1, and the archive does not name the flowers."""
    labels = _matrix(folder / "imagelabels.mat", "labels").astype(np.int64)
    files = [folder / "jpg" / f"image_{number:05}.jpg" for number in range(1, len(labels) + 1)]
    return Listing(files, labels - 1, [f"flower {number}" for number in range(1, int(labels.max()) + 1)])


def _stanford_cars(folder: Path) -> Listing:
    files, labels = [], []
    for part, notes in (("cars_train", "devkit/cars_train_annos.mat"), ("cars_test", "cars_test_annos_withlabels.mat")):
        for note in _matrix(folder / notes, "annotations"):
            files.append(folder / part / str(note["fname"]))
            labels.append(int(note["class"]) - 1)
    names = _matrix(folder / "devkit/cars_meta.mat", "class_names")
    return Listing(files, np.array(labels, np.int64), [str(name) for name in names])


def _nabirds(folder: Path) -> Listing:
    """Three tables of an id and a value; classes that no picture shows are left out."""

    def table(name: str) -> dict[str, str]:
        lines = (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines()
        return dict(line.split(maxsplit=1) for line in lines if line.strip())

    files, of_picture, names = table("images"), table("image_class_labels"), table("classes")
    shown = sorted(set(of_picture.values()), key=int)
    label = {kind: number for number, kind in enumerate(shown)}
    labels = np.array([label[of_picture[picture]] for picture in files], np.int64)
    return Listing([folder / "images" / path for path in files.values()], labels, [names[kind] for kind in shown])


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
        holds=("train",),
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


def read(found: Listing, where: Path, size: int, channels: int, skip_unusable: bool = False) -> Pictures:
    """Read the pictures of a listing: the square in the middle, resized to size, in gray (1) or colour (3)."""

    require_memory(
        float(len(found.files) * channels * size**2), f"{where}: {len(found.files)} pictures of {size} pixels"
    )

    def look(path: Path) -> Pixels:
        return pixels(square(opened(path, draft=2 * size), size), channels)

    seen = dict(looked_at(found.files, look, where, skip_unusable))
    kept = np.array([path in seen for path in found.files])
    return Pictures(np.stack(list(seen.values())), found.labels[kept], found.names)


def cifar10(data: Path, part: Literal["train", "test"]) -> Pictures:
    """The training or the test pictures of CIFAR-10, (n, 3, 32, 32), from data/cifar10/cifar-10-batches-bin.

    A record is one byte for the label and 3072 for the picture, channel by channel.
    """
    folder = data / "cifar10" / "cifar-10-batches-bin"
    batches = [f"data_batch_{number}.bin" for number in range(1, 6)] if part == "train" else ["test_batch.bin"]
    _require(
        folder, ("batches.meta.txt", *batches), "cifar-10-binary.tar.gz from the page of CIFAR-10 (Krizhevsky, 2009)"
    )
    records = []
    for batch in batches:
        content = np.fromfile(folder / batch, np.uint8)
        if len(content) % 3073:
            raise RecomposeError(f"{folder / batch}: {len(content)} bytes are no records of 3073; unpack it again")
        records.append(content.reshape(-1, 3073))
    every = np.concatenate(records)
    names = (folder / "batches.meta.txt").read_text(encoding="ascii").split()
    return Pictures(every[:, 1:].reshape(-1, 3, 32, 32), every[:, 0].astype(np.int64), names)
