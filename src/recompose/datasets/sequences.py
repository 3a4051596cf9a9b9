"""Videos of faces: drawn ones that move smoothly, and frames from a folder of folders (Figure 4 of the SAMI paper)."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recompose.datasets.faces import Face, all_drawn, attributes, sampled
from recompose.datasets.faces.attributes import ATTRIBUTES
from recompose.datasets.pictures import Pixels, entries, listed, looked_at, opened, pictures_in, pixels, square
from recompose.errors import RecomposeError
from recompose.machine import require_memory
from recompose.randomness import numpy_generator

LEAST = 3
"""Frames of a sequence: with fewer it has no change of direction."""
CYCLES = (0.3, 1.0)
"""How often in a drawn sequence a movement goes and comes back."""
SWAYS = {"yaw": 0.3, "pitch": 0.12, "roll": 0.1}
"""How far a head turns to either side, at most."""
TURNS = {"gaze": 0.7, "light": 0.6}
"""How far eyes and light move along each axis, at most, about a place from which they stay within -1 and 1."""
OPENED = ("Mouth_Slightly_Open", "Smiling")
"""What a mouth does, from not at all to fully."""


class Video(NamedTuple):
    """A sequence's name and its frames in order, bytes, (frames, channels, size, size)."""

    name: str
    frames: Pixels


def trajectory(first: Face, frames: int, names: tuple[str | int, ...]) -> list[Face]:
    """The faces of a sequence: mouth, gaze, head and light of one face sway, each at its own pace.

    A movement is a sine over the sequence whose size, pace and phase the names draw, so that more frames stand closer
    on the same way. Raises RecomposeError for fewer than three frames.
    """
    if frames < LEAST:
        raise RecomposeError(f"{frames} frames: a sequence has {LEAST} or more")
    generator = numpy_generator("sequences", *names)
    time = np.linspace(0, 1, frames)

    def sway(most: float) -> NDArray[np.float64]:
        size, pace, phase = generator.uniform(0.3, 1), generator.uniform(*CYCLES), generator.uniform()
        return most * size * np.sin(2 * np.pi * (pace * time + phase))

    moved: dict[str, NDArray[np.float64]] = {name: getattr(first, name) + sway(most) for name, most in SWAYS.items()}
    for name, most in TURNS.items():
        rests = np.clip(getattr(first, name), most - 1, 1 - most)
        moved[name] = np.stack([rest + sway(most) for rest in rests], axis=1)
    moved["strength"] = np.tile(first.strength, (frames, 1))
    for name in OPENED:
        moved["strength"][:, ATTRIBUTES.index(name)] = 0.5 + sway(0.5)
    faces = []
    for frame in range(frames):
        row = {name: of[frame].tolist() for name, of in moved.items()}
        values: dict[str, Any] = {name: tuple(of) if isinstance(of, list) else of for name, of in row.items()}
        faces.append(replace(first, **values))
    return faces


def drawn_sequences(
    names: tuple[str | int, ...], count: int, frames: int, *, size: int, gray: bool = False, processes: int = 1
) -> list[Video]:
    """So many sequences of as many faces, each by the names and its number alone."""
    faces = [sampled(has, (*names, number)) for number, has in enumerate(attributes(names, count))]
    every = [of for number, first in enumerate(faces) for of in trajectory(first, frames, (*names, number))]
    pictures = all_drawn(every, size=size, gray=gray, processes=processes)
    return [
        Video(str(number), each) for number, each in enumerate(pictures.reshape(count, frames, *pictures.shape[1:]))
    ]


def read_sequences(folder: Path, *, size: int, channels: int) -> list[Video]:
    """The sequences of a folder, a folder of numbered frames each, in the order of their names.

    Of every frame the square in the middle is resized to size, in gray (1) or colour (3). Raises RecomposeError, which
    names the folder, where there is no sequence, one has fewer than three frames, or frames that have no number, the
    same one, several sizes, or cannot be read.
    """
    if not folder.is_dir():
        raise RecomposeError(f"{folder}: no such folder; put a folder of frames for each sequence there")
    within = entries(folder)
    if others := [path.name for path in within if not path.is_dir()]:
        raise RecomposeError(f"{folder}: not in the folder of a sequence: {listed(others)}; move them into one or away")
    if not within:
        raise RecomposeError(f"{folder}: no sequence in it; put a folder of frames for each one there")
    frames = {path: _numbered(path) for path in within}
    total = sum(map(len, frames.values()))
    require_memory(float(total * channels * size**2), f"{folder}: {total} frames of {size} pixels")
    return [Video(path.name, _read(path, files, size, channels)) for path, files in frames.items()]


def _numbered(folder: Path) -> list[Path]:
    """The frames of a sequence in the order of their numbers, the last ones in their names."""
    of_number: defaultdict[int, list[Path]] = defaultdict(list)
    for path in pictures_in(folder):
        digits = re.findall(r"[0-9]+", path.stem)
        if not digits:
            raise RecomposeError(f"{folder}: no number in the name of {listed([path.name])}; name frames by numbers")
        of_number[int(digits[-1])].append(path)
    for number, files in of_number.items():
        if len(files) > 1:
            names = listed([path.name for path in files])
            raise RecomposeError(f"{folder}: {len(files)} frames of number {number}: {names}; keep one of them")
    if len(of_number) < LEAST:
        raise RecomposeError(f"{folder}: {len(of_number)} frames, expected {LEAST} or more; add frames or remove it")
    return [of_number[number][0] for number in sorted(of_number)]


def _read(folder: Path, files: Sequence[Path], size: int, channels: int) -> Pixels:
    """All frames of a sequence, which have to be of one size."""

    def look(path: Path) -> tuple[tuple[int, int], Pixels]:
        image = opened(path)
        return image.size, pixels(square(image, size), channels)

    seen = looked_at(files, look, folder, skip_unusable=None)
    sizes = {of: path for path, (of, _) in reversed(seen)}
    if len(sizes) > 1:
        found = listed([f"{width} x {height} ({path.name})" for (width, height), path in sizes.items()])
        raise RecomposeError(f"{folder}: frames of {len(sizes)} sizes: {found}; bring them to one size")
    return np.stack([frame for _, (_, frame) in seen])
