"""The images of rooms: rendered, or those collected from FLUX.1-schnell."""

from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor

from recompose.datasets.labelled_images import LabelledImages
from recompose.datasets import rooms as rendered
from recompose.errors import RecomposeError
from recompose.papers.weighted_composition.rooms.names import CLASSES, PARTS
from recompose.papers.weighted_composition.rooms.settings import Rooms


def images(name: str, *, rooms: Rooms, processes: int = 1) -> dict[str, Tensor]:
    """All images: of each part the bytes, (classes * n, 3, size, size), class by class, and `<part>_labels`."""
    parts = _rendered(rooms, processes)
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


def load_rooms(path: Path, part: str) -> LabelledImages:
    """The images of a part. Raises RecomposeError where there are none."""
    try:
        tensors = load_file(path)
    except FileNotFoundError:
        raise RecomposeError(f"{path}: no such file; make the images first") from None
    except Exception as error:
        raise RecomposeError(f"{path}: not a readable file of images ({error}); delete it and run again") from error
    return LabelledImages(tensors[part], tensors[f"{part}_labels"])
