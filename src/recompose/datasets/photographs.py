"""Photographs of textures from a folder: each picture is a class of its own, or each subfolder of pictures is."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from recompose.datasets.pictures import Pixels, Unusable, entries, listed, looked_at, opened, pixels
from recompose.datasets.textures import patches
from recompose.errors import RecomposeError


@dataclass(frozen=True)
class PhotographedTexture:
    """A class: its photographs, which are read when its patches are asked for."""

    name: str
    files: tuple[Path, ...]
    patch: int
    channels: int

    def patches(self) -> Pixels:
        """All patches, photograph after photograph, each in reading order: (n, channels, patch, patch)."""

        def cut(path: Path) -> Pixels:
            return patches(pixels(opened(path), self.channels), self.patch)

        where = Path(os.path.commonpath([path.parent for path in self.files]))
        return np.concatenate([found for _, found in looked_at(self.files, cut, where, skip_unusable=False)])


def photographed_textures(
    folder: Path, patch: int, channels: int, test: int = 4, least: int = 2, skip_unusable: bool = False
) -> list[PhotographedTexture]:
    """The classes of a folder in the order of their names, after a look at every photograph.

    test: patches that a class needs for testing, besides one for training. least: classes that there have to be.
    """
    if not folder.is_dir():
        raise RecomposeError(f"{folder}: no such folder; put one photograph for each texture there")
    singles = [path for path in entries(folder) if not path.is_dir()]
    subfolders = {path: entries(path) for path in entries(folder) if path.is_dir()}
    holding = {path: files or [path] for path, files in subfolders.items() if any(subfolders.values())}
    every = singles + [path for files in holding.values() for path in files]
    if not every:
        raise RecomposeError(f"{folder}: no picture in it; put one photograph for each texture there")

    def look(path: Path) -> tuple[int, bool]:
        """How many patches a photograph has, and whether it is gray."""
        if path.is_dir():
            raise Unusable("an empty folder" if path in holding else "a folder within that of a class")
        image = opened(path)
        if min(image.size) < patch:
            raise Unusable(f"{image.width} x {image.height} pixels, smaller than a patch of {patch}")
        return (image.width // patch) * (image.height // patch), _is_gray(image)

    seen = dict(looked_at(every, look, folder, skip_unusable))
    singles = [path for path in singles if path in seen]
    grouped = {path.name: files for path, files in holding.items() if any(each in seen for each in files)}
    if singles and grouped:
        raise RecomposeError(
            f"{folder}: pictures ({listed([path.name for path in singles])}) beside subfolders of pictures "
            f"({listed(list(grouped))}); either each picture is a class or each subfolder is, move the others away"
        )
    of_class = grouped or {path.stem: [path] for path in singles}
    if len(of_class) < len(singles):
        twice = [path.name for path in singles if of_class[path.stem] != [path]]
        raise RecomposeError(f"{folder}: two pictures of one name: {listed(twice)}; rename one of each two")
    gray = [path for path, (_, is_gray) in seen.items() if is_gray]
    if channels == 3 and gray:
        names = listed([path.relative_to(folder) for path in gray])
        raise RecomposeError(
            f"{folder}: colour was asked for and {len(gray)} of {len(seen)} pictures are gray: {names}; "
            "take them out, or put pictures in colour in their place"
        )
    usable = {name: tuple(path for path in files if path in seen) for name, files in of_class.items()}
    classes = [PhotographedTexture(name, files, patch, channels) for name, files in usable.items() if files]
    if len(classes) < least:
        raise RecomposeError(
            f"{folder}: {len(classes)} usable of the {least} classes that are needed; each picture, or each subfolder "
            "of pictures, is a class"
        )
    few = [each.name for each in classes if sum(seen[path][0] for path in each.files) <= test]
    if few:
        raise RecomposeError(
            f"{folder}: with patches of {patch} pixels nothing is left to train on beside {test} for testing in "
            f"{listed(few)}; take smaller patches or larger pictures"
        )
    return classes


def _is_gray(image: Image.Image) -> bool:
    """By its channels, whatever its colours are."""
    return len(image.getbands()) < 3 and image.mode != "P"
