"""Candidate images of rooms: FLUX.1-schnell on prompts whose objects weigh more than the other words (F.3)."""

import json
from collections.abc import Sequence
from typing import Any

import torch
from PIL import Image, PngImagePlugin
from torch import Tensor

from recompose.errors import RecomposeError
from recompose.networks.pretrained import loading
from recompose.papers.weighted_composition.rooms.collection import SLUG
from recompose.papers.weighted_composition.rooms.collection.files import (
    NOTE,
    candidate_file,
    candidate_numbers,
    image,
)
from recompose.papers.weighted_composition.rooms.collection.prompts import chunks, plain, prompt
from recompose.papers.weighted_composition.rooms.collection.settings import RoomsCollection
from recompose.randomness import torch_generator
from recompose.storage import atomic

FILES = (
    "FLUX.1-schnell in diffusers' format (model_index.json, scheduler/, tokenizer/, tokenizer_2/, text_encoder/: CLIP,"
    " 0.25 GB, text_encoder_2/: T5-XXL, 9.5 GB, transformer/: 23.8 GB, vae/: 0.17 GB)"
)
Pipeline = Any
"""Diffusers' FluxPipeline, whose parts have no types."""

TEXT = ("text_encoder", "text_encoder_2", "tokenizer", "tokenizer_2")
PICTURE = ("transformer", "vae")
"""The parts of the pipeline that read the prompt, and those that draw: 10 GB and 24 GB, never in memory together."""


def candidates(name: str, rooms_collection: RoomsCollection, device: str) -> dict[str, Any]:
    """Make the candidates of a class to begin with, and say what they were made with.

    What is there is not made again. Raises RecomposeError where one is damaged, or was made with other settings.
    """
    last = make_candidates(name, rooms_collection.candidates, rooms_collection, device)
    return {"class": name, "candidates": last, **made_with(name, rooms_collection)}


def made_with(name: str, settings: RoomsCollection) -> dict[str, Any]:
    """What the images of a class depend on, besides their numbers."""
    return {"prompt": prompt(name), **settings.model_dump(include={"model", "resolution", "steps", "guidance"})}


def make_candidates(name: str, count: int, settings: RoomsCollection, device: str) -> int:
    """Make so many candidates of a class, in whole batches; returns how many that is.

    Each image begins with noise of its own, keyed by class and number. A batch of which some are missing is generated
    as a whole, and they alone are written: rounding depends on the size of a batch, and a run that was interrupted ends
    in the same bytes.
    """
    require_alike(name, settings)
    size = settings.batch
    batches = [range(first, first + size) for first in range(0, count, size)]
    there = set(candidate_numbers(name))
    todo = [batch for batch in batches if not there.issuperset(batch)]
    if todo:
        text = encoded(prompt(name), settings, device)
        pipeline = flux(settings, device, without=TEXT)
        for batch in todo:
            made = generated(pipeline, text, [_generator(name, number) for number in batch], settings)
            for number, each in zip(batch, made, strict=True):
                if number not in there:
                    _write(each, name, number, settings)
            print(f"{name}: candidates up to {batch[-1] + 1} of {batches[-1][-1] + 1}", flush=True)
    return batches[-1][-1] + 1


def require_alike(name: str, settings: RoomsCollection) -> None:
    """Refuse candidates that are damaged, or say of themselves that they were made with other settings."""
    wanted = made_with(name, settings)
    for number in candidate_numbers(name):
        path = candidate_file(name, number)
        found = image(path)
        try:
            note = json.loads(found.info.get(NOTE, "{}")) | {"resolution": found.width}
        except (TypeError, ValueError):
            raise RecomposeError(f"{path}: its note of what made it is damaged; delete it and run again") from None
        for key, value in note.items():
            if value != wanted.get(key):
                raise RecomposeError(
                    f"{path}: made with {key} = {value}, and now it is {wanted.get(key)}; set that back, or move what"
                    f" data/rooms/ has of {name} away, labels and all"
                )


def flux(settings: RoomsCollection, device: str, without: Sequence[str]) -> Pipeline:
    """The generator's pipeline without some of its parts: in bfloat16 on a GPU, in single precision on a CPU."""
    with loading("rooms_collection.model", settings.model, settings.download, FILES):
        from diffusers import FluxPipeline  # in here: it warns of what it does without

        pipeline: Pipeline = FluxPipeline.from_pretrained(  # type: ignore[no-untyped-call]
            settings.model,
            dtype=torch.bfloat16 if device == "cuda" else torch.float32,
            local_files_only=not settings.download,
            use_safetensors=True,
            **dict.fromkeys(without),
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to(device)


def encoded(text: str, settings: RoomsCollection, device: str) -> tuple[Tensor, Tensor]:
    """A weighted prompt as the generator takes it: the embeddings of its tokens, and the pooled one."""
    pipeline = flux(settings, device, without=PICTURE)
    return token_embeddings(pipeline, text), pooled_embedding(pipeline, text)


@torch.no_grad()
def token_embeddings(pipeline: Pipeline, text: str) -> Tensor:
    """T5's embeddings of a weighted prompt, (1, tokens, width), without padding.

    Each chunk of the prompt is tokenized by itself, and so ends with T5's end token. All are encoded together, each in
    the light of the others, and what comes out at the tokens of a chunk is multiplied with its weight.
    """
    tokenized = [(pipeline.tokenizer_2(chunk, verbose=False).input_ids, weight) for chunk, weight in chunks(text)]
    tokens = torch.tensor([token for each, _ in tokenized for token in each])
    weights = torch.tensor([weight for each, weight in tokenized for _ in each])
    encoder = pipeline.text_encoder_2
    embeddings: Tensor = encoder(tokens[None].to(encoder.device))[0]
    return embeddings * weights[None, :, None].to(embeddings)


@torch.no_grad()
def pooled_embedding(pipeline: Pipeline, text: str) -> Tensor:
    """CLIP's pooled embedding of a prompt without its weights, (1, width).

    The prompts of pairs are longer than what CLIP reads at once: the mean over as many pieces as it takes.
    """
    tokenizer, encoder = pipeline.tokenizer, pipeline.text_encoder
    tokens = tokenizer(plain(text), add_special_tokens=False, verbose=False).input_ids
    room = tokenizer.model_max_length - 2
    pieces = [
        [tokenizer.bos_token_id, *tokens[first : first + room], tokenizer.eos_token_id]
        for first in range(0, len(tokens), room)
    ]
    pooled = [encoder(torch.tensor([piece]).to(encoder.device)).pooler_output for piece in pieces]
    return torch.cat(pooled).mean(0, keepdim=True)


def generated(
    pipeline: Pipeline, text: tuple[Tensor, Tensor], generators: list[torch.Generator], settings: RoomsCollection
) -> list[Image.Image]:
    """An image for each generator."""
    tokens, pooled = (embedding.expand(len(generators), *embedding.shape[1:]) for embedding in text)
    try:
        found: list[Image.Image] = pipeline(
            prompt_embeds=tokens,
            pooled_prompt_embeds=pooled,
            height=settings.resolution,
            width=settings.resolution,
            num_inference_steps=settings.steps,
            guidance_scale=settings.guidance,
            generator=generators,
        ).images
    except torch.OutOfMemoryError:
        raise RecomposeError(
            f"rooms_collection.batch = {settings.batch}: more than the GPU's memory holds; make it smaller"
        ) from None
    return found


def _generator(name: str, number: int) -> torch.Generator:
    """On the CPU, whatever the device: the same start on each."""
    return torch_generator(SLUG, "rooms", "candidates", name, number)


def _write(made: Image.Image, name: str, number: int, settings: RoomsCollection) -> None:
    note = PngImagePlugin.PngInfo()
    note.add_text(NOTE, json.dumps(made_with(name, settings)))
    with atomic(candidate_file(name, number)) as temporary:
        made.save(temporary, format="PNG", pnginfo=note)
