"""Embeddings of the candidates, which the classifiers see in their place: the class token of DINOv2 (F.3)."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from recompose.errors import RecomposeError, require_finite
from recompose.networks.pretrained import loading
from recompose.papers.weighted_composition.rooms.collection.candidates import made_with, require_alike
from recompose.papers.weighted_composition.rooms.collection.files import (
    NOTE,
    ROOMS,
    candidate_file,
    candidate_numbers,
    image,
)
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection
from recompose.storage import write_tensors

if TYPE_CHECKING:
    from PIL.Image import Image

FILES = "DINOv2-large (config.json, preprocessor_config.json, model.safetensors: 1.2 GB)"
KEPT_EVERY = 30.0
"""Seconds of work that an interruption may cost."""


class Embeddings(NamedTuple):
    """The candidates of a class by their numbers, (images,), and their embeddings, (images, width)."""

    numbers: NDArray[np.int64]
    rows: NDArray[np.float32]


def embeddings(name: str, rooms_collection: RoomsCollection, device: str) -> dict[str, Any]:
    """Embed all candidates of a class that are there, and say with what.

    Those that are embedded are not embedded again. Raises RecomposeError without candidates, where one is damaged, and
    where embeddings are there of another model or of other candidates.
    """
    found = embed(name, rooms_collection, device)
    width = found.rows.shape[1]
    return {"class": name, "images": len(found.numbers), "width": width, "model": rooms_collection.embedding_model}


def embeddings_file(name: str) -> Path:
    """Where the embeddings of a class are kept."""
    return ROOMS / "embeddings" / f"{name}.safetensors"


def embed(name: str, settings: RoomsCollection, device: str) -> Embeddings:
    """The embeddings of all candidates of a class that are there, as kept and, where they are not, made.

    In the batches that the candidates were made in, each whole: as these, for the same bytes after an interruption.
    """
    numbers = candidate_numbers(name)
    if not numbers:
        raise RecomposeError(
            f"{candidate_file(name, 0).parent}: no candidates; recompose rooms candidates --class {name} makes them"
        )
    require_alike(name, settings)
    kept = _kept(name, settings)
    batches: dict[int, list[int]] = {}
    for number in numbers:
        batches.setdefault(number // settings.batch, []).append(number)
    todo = [batch for batch in batches.values() if not kept.keys() >= set(batch)]
    if todo:
        saved = time.monotonic()
        for batch, rows in zip(todo, _embedded(name, todo, settings, device), strict=True):
            require_finite(rows, f"{embeddings_file(name)}: an embedding is not finite")
            kept = dict(zip(batch, rows, strict=True)) | kept
            if batch is todo[-1] or time.monotonic() - saved > KEPT_EVERY:
                _keep(kept, name, settings)
                saved = time.monotonic()
                print(f"{name}: {len(kept)} of {len(numbers)} candidates embedded", flush=True)
    return Embeddings(np.array(numbers), np.stack([kept[number] for number in numbers]))


def _embedded(
    name: str, batches: list[list[int]], settings: RoomsCollection, device: str
) -> Iterator[NDArray[np.float32]]:
    """The class token of the last hidden state, raw, of the images of each batch: (images, width)."""
    name_or_path, offline = settings.embedding_model, not settings.download
    with loading("rooms_collection.embedding_model", settings.embedding_model, settings.download, FILES):
        from transformers import AutoImageProcessor, AutoModel  # in here: it warns of what it does without

        processor = AutoImageProcessor.from_pretrained(
            name_or_path,
            local_files_only=offline,
            backend="pil",  # the other one needs torchvision
        )
        model: Any = AutoModel.from_pretrained(
            name_or_path, local_files_only=offline, dtype=torch.float32, use_safetensors=True
        )
    model = model.to(device).eval()
    for batch in batches:
        images: list[Image] = [image(candidate_file(name, number)) for number in batch]
        with torch.no_grad():
            hidden = model(**processor(images=images, return_tensors="pt").to(device)).last_hidden_state
        yield hidden[:, 0].cpu().numpy()


def _identity(name: str, settings: RoomsCollection) -> dict[str, Any]:
    """What the embeddings of a class depend on."""
    return {"model": settings.embedding_model, "candidates": made_with(name, settings)}


def _kept(name: str, settings: RoomsCollection) -> dict[int, NDArray[np.float32]]:
    """The embeddings that are there, by the numbers of their images. Refuses those of another model or other images."""
    path, wanted = embeddings_file(name), _identity(name, settings)
    if not path.exists():
        return {}
    try:
        with safe_open(path, framework="np") as file:
            found = json.loads((file.metadata() or {}).get(NOTE, "{}"))
            numbers, rows = file.get_tensor("numbers"), file.get_tensor("embeddings")
    except (SafetensorError, OSError, ValueError) as error:
        raise RecomposeError(f"{path}: not a readable file of embeddings ({error}); delete it and run again") from error
    if found.get("model") != wanted["model"]:
        raise RecomposeError(
            f"{path}: made with {found.get('model')}, and rooms_collection.embedding_model = {wanted['model']}; set"
            " that back, or delete the file and run again"
        )
    if found.get("candidates") != wanted["candidates"]:
        raise RecomposeError(f"{path}: embeddings of other candidates; delete it and run again")
    return dict(zip(numbers.tolist(), rows, strict=True))


def _keep(kept: dict[int, NDArray[np.float32]], name: str, settings: RoomsCollection) -> None:
    numbers = sorted(kept)
    tensors = {
        "numbers": torch.tensor(numbers),
        "embeddings": torch.from_numpy(np.stack([kept[number] for number in numbers])),
    }
    note = {NOTE: json.dumps(_identity(name, settings))}  # one entry: safetensors writes several in any order
    write_tensors((tensors, note), embeddings_file(name))
