"""The images of rooms: rendered, or those collected from FLUX.1-schnell."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recompose.datasets import rooms as rendered
from recompose.datasets.labelled_images import LabelledImages
from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.collection.acceptance import accepted_images
from recompose.papers.weighted_composition.rooms.names import CLASSES, PARTS
from recompose.papers.weighted_composition.rooms.settings import Rooms
from recompose.randomness import numpy_generator


def images(name: str, *, rooms: Rooms, processes: int = 1) -> dict[str, Tensor]:
    """All images: of each part the bytes, (classes * n, 3, size, size), class by class, and `<part>_labels`."""
    parts = _rendered(rooms, processes) if rooms.source == "rendered" else _collected(rooms)
    found = {}
    for part, of_classes in parts.items():
        found[part] = torch.from_numpy(np.concatenate(list(of_classes.values())))
        counts = torch.tensor([len(each) for each in of_classes.values()])
        found[f"{part}_labels"] = torch.arange(len(CLASSES)).repeat_interleave(counts)
    return found


def _rendered(rooms: Rooms, processes: int) -> dict[str, dict[str, np.ndarray]]:
    """Each image has a scene of its own."""
    return {
        part: {
            name: rendered.rooms(
                objects, (name, part), getattr(rooms, part), size=rooms.size, variety=rooms.variety, processes=processes
            )
            for name, objects in CLASSES.items()
        }
        for part in PARTS
    }


def _collected(rooms: Rooms) -> dict[str, dict[str, np.ndarray]]:
    """The accepted images of each class in an order of chance, dealt to the parts."""
    counts = [getattr(rooms, part) for part in PARTS]
    found: dict[str, dict[str, np.ndarray]] = {part: {} for part in PARTS}
    for name in CLASSES:
        there = accepted_images(name, rooms.size)
        if len(there) < sum(counts):
            raise RecomposeError(
                f"data/rooms/accepted/{name}.csv: {len(there)} images, and {sum(counts)} are asked for by rooms.train,"
                " judging and test; lower these, or raise rooms_collection.images"
            )
        order = numpy_generator("weighted_composition", "rooms", name).permutation(len(there))
        ends = np.cumsum(counts)
        for part, chosen in zip(PARTS, np.split(order[: ends[-1]], ends[:-1]), strict=True):
            found[part][name] = there[chosen]
    return found


def load_rooms(path: Path, part: str) -> LabelledImages:
    """The images of a part. Raises RecomposeError where there are none."""
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; make the images first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of images ({error}); delete it and run again") from error
    return LabelledImages(tensors[part], tensors[f"{part}_labels"])
