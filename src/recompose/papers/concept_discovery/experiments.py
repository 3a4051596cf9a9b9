"""What paper 4 measures: images of every method for every query, and what they are compared with."""

from collections.abc import Mapping, Sequence
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.errors import named
from recompose.metrics.frechet import frechet_distance
from recompose.metrics.intervals import student_interval
from recompose.metrics.neighbours import cosine, precision_recall
from recompose.networks.adapters import kept
from recompose.papers.concept_discovery.data import SLUG, Images, centred, load_images
from recompose.papers.concept_discovery.discovery import Names, without_modes
from recompose.papers.concept_discovery.guidance import constant, guided_samples
from recompose.papers.concept_discovery.judge import Judge, trained_judge
from recompose.papers.concept_discovery.methods import ADAPTER, METHODS, Task
from recompose.papers.concept_discovery.names import FACTORS
from recompose.papers.concept_discovery.networks import SCHEDULE, Model, trained_model
from recompose.randomness import torch_generator
from recompose.storage import Measured, write_tensors
from recompose.sweeps import CellStore, Row
from recompose.tensor_cells import kept_tensors

TOGETHER = 64
"""Ascents at a step t that go on together: queries are taken at once, and kept, in groups of so many over `starts`."""
NEIGHBOURS = 3
"""k of precision and recall (section 4.2)."""


def benchmark_of(name: str) -> str:
    """The benchmark that an artifact is of."""
    return name.partition("_")[0]


def name_of(benchmark: str, number: int, query: int) -> Names:
    """The key of a query's random numbers: of a held-out class, by its number, and its own number there."""
    return SLUG, benchmark, "class", number, "query", query


def task_of(queries: Tensor, names: Sequence[Names], model: Model, benchmark: str, blocks: Mapping[str, Any]) -> Task:
    """Some queries, by their names, as methods take them."""
    parts = {part: blocks[f"{benchmark}_{part}"] for part in ("discovery", "sampling", "distillation")}
    return Task(queries, names, model, SCHEDULE, **parts)


def samples(name: str, *, folder: Path, device: str, cells: CellStore | None = None, **blocks: Any) -> Measured:
    """Images by every method for every query of every held-out class, and the prototypes that they come from.

    Numbers: of each query what its teachers are made of. Images: `<method>`, (classes, queries, samples, 3, size,
    size), `<method>_prototypes` and `<method>_mean`.
    """
    benchmark = benchmark_of(name)
    data = load_images(folder, benchmark)
    model = trained_model(folder, benchmark, data, blocks[f"{benchmark}_backbone"], device)
    together = max(1, TOGETHER // blocks[f"{benchmark}_discovery"].starts)
    found: dict[str, list[Tensor]] = {}
    rows: list[Row] = []
    for number, first in product(range(len(data.queries)), range(0, data.queries.shape[1], together)):
        queries = centred(data.queries[number, first : first + together], device)
        names = [name_of(benchmark, number, first + each) for each in range(len(queries))]
        task = task_of(queries, names, model, benchmark, blocks)
        for method, function in METHODS.items():

            def make(task: Task = task, function: Any = function) -> dict[str, Tensor]:
                before = model.evaluations[0]
                made = function(task)
                asked = (model.evaluations[0] - before) / len(task.queries)
                return _kept(made, len(task.queries)) | {"evaluations": torch.tensor(asked)}

            place = f"class {number} from {first} {method}"
            with torch.no_grad(), named(place):
                made = kept_tensors(cells, place, make)
            print(f"{name}: {place}", flush=True)
            for query, of_query in enumerate(made.get("modes", ()), start=first):
                if missing := without_modes(of_query, task.discovery):
                    print(f"{name}: {place}: query {query} has no mode at t = {missing}", flush=True)
            rank = blocks[f"{benchmark}_distillation"].rank
            _keep_adapters(folder / "adapters", f"{benchmark} class {number}", first, made, model.network, rank)
            for part, tensor in made.items():
                if tensor.dtype == torch.uint8:
                    key = method if part == "samples" else f"{method}_{part}"
                    found.setdefault(key, []).append(tensor)
            rows += _told(made, method, number, first)
    classes = len(data.queries)
    of_all = {key: torch.cat(each) for key, each in found.items()}
    images = {key: each.view(classes, -1, *each.shape[1:]).float() / 255 for key, each in of_all.items()}
    return Measured(pd.DataFrame(rows), images)


def _keep_adapters(folder: Path, place: str, first: int, made: Mapping[str, Tensor], base: Any, rank: int) -> None:
    """Adapters of some queries, if they are to be kept: one file each, which `networks.adapters.from_file` reads."""
    found = {key.removeprefix(ADAPTER): each for key, each in made.items() if key.startswith(ADAPTER)}
    for query in range(len(made["samples"]) if found else 0):
        adapter = kept({key: each[query] for key, each in found.items()}, base, rank)
        write_tensors(adapter, folder / f"{place} query {first + query}.safetensors")


IMAGES = ("samples", "prototypes", "mean")


def _kept(made: Mapping[str, Tensor], queries: int) -> dict[str, Tensor]:
    """What a method has made, as it is kept: images as bytes, those of each query together."""
    found = {}
    for part, tensor in made.items():
        if part in IMAGES:
            found[part] = (127.5 * (tensor.clamp(-1, 1) + 1)).round().byte().cpu()
        else:
            found[part] = tensor.cpu()
    found["samples"] = found["samples"].view(queries, -1, *found["samples"].shape[1:])
    return {part: tensor.contiguous() for part, tensor in found.items()}


def _told(made: Mapping[str, Tensor], method: str, number: int, first: int) -> list[Row]:
    """The numbers of a method, query by query."""
    rows = []
    for query in range(len(made["samples"])):
        place = {"class": number, "query": first + query, "method": method}
        rows.append(place | {"quantity": "evaluations", "place": 0, "value": float(made["evaluations"])})
        for part in ("level", "share", "modes", "nearest", "weights", "drift", "sharpness", "bounded"):
            if part in made:
                values = np.atleast_1d(made[part][query].numpy())
                rows += [
                    place | {"quantity": part, "place": at, "value": float(value)} for at, value in enumerate(values)
                ]
        if "deviation" in made:
            deviation = made["deviation"][query]
            rows.append(place | {"quantity": "deviation", "place": 0, "value": float(deviation.square().mean().sqrt())})
    return rows


# ---------------------------------------------------------------------------------------------------------------
# Measuring


@torch.inference_mode()
def scores(name: str, images: Mapping[str, np.ndarray], *, folder: Path, **blocks: Any) -> pd.DataFrame:
    """FID, cosine, precision, recall and F1 of every method for every held-out class, against both references.

    images: those of `samples`. Features are those by which the judge decides. `faithfulness` compares with the queries
    of the class, `generalization` with others of it. Of every query as many images are compared as there are queries
    and images of each. `test`: other images of the class in the place of generated ones, which is what can be reached.
    """
    benchmark = benchmark_of(name)
    data = load_images(folder, benchmark)
    judge = trained_judge(folder, benchmark, data, blocks[f"{benchmark}_judge"])
    rows = []
    for number in range(len(data.queries)):
        half = len(data.others[number]) // 2
        others = _features(judge, centred(data.others[number]))
        references = {"faithfulness": _features(judge, centred(data.queries[number])), "generalization": others[half:]}
        generated = {method: torch.from_numpy(images[method][number]).flatten(0, 1) for method in METHODS}
        features = {method: _features(judge, centred(each)) for method, each in generated.items()}
        for method, of_method in [*features.items(), ("test", others[:half])]:
            for reference, of_reference in references.items():
                found = _compared(of_method, of_reference)
                place = {"class": number, "method": method, "reference": reference}
                rows += [place | {"metric": metric, "value": value} for metric, value in found.items()]
    return pd.DataFrame(rows)


def _features(judge: Judge, x: Tensor) -> np.ndarray:
    return judge.features(x).double().numpy()


def _compared(generated: np.ndarray, reference: np.ndarray) -> dict[str, float]:
    """Shares and cosines in percent, as the tables have them."""
    precision, recall, f1 = precision_recall(generated, reference, k=NEIGHBOURS)
    return {
        "fid": frechet_distance(generated, reference),
        "cosine": 100 * cosine(generated, reference),
        "precision": 100 * precision,
        "recall": 100 * recall,
        "f1": 100 * f1,
    }


@torch.inference_mode()
def attributes(name: str, images: Mapping[str, np.ndarray], *, folder: Path, **blocks: Any) -> pd.DataFrame:
    """What the judge sees in the images of every method: of each query the share that shows each factor of its class.

    `mean`: of the factors; `all`: all of them at once; `distance`: root mean square distance to the query, of images in
    [-1, 1]: near copies have a small one. Also of the prototypes of each method that has some, of the queries
    themselves, and of `test`, other images of the class.
    """
    benchmark = benchmark_of(name)
    data = load_images(folder, benchmark)
    judge = trained_judge(folder, benchmark, data, blocks[f"{benchmark}_judge"])
    groups = {key: torch.from_numpy(each) for key, each in images.items() if not key.endswith("_mean")}
    groups |= {
        "queries": data.queries[:, :, None],
        "test": data.others[:, None].expand(-1, data.queries.shape[1], *[-1] * 4),
    }
    rows = []
    for number, queries in enumerate(data.queries):
        factors = data.factors[data.seen + number]
        for group, of_group in groups.items():
            for query, shown in enumerate(of_group[number]):
                x = centred(shown)
                right = (judge.says(x) == factors).double()
                place = {"class": number, "query": query, "method": group}
                shares = {key: float(each.mean()) for key, each in shown_right(right, data, benchmark).items()}
                away = (x - centred(queries[query])).flatten(1).square().mean(dim=1).sqrt()
                rows += [place | {"quantity": key, "value": value} for key, value in shares.items()]
                rows.append(place | {"quantity": "distance", "value": float(away.mean())})
    return pd.DataFrame(rows)


def shown_right(right: Tensor, data: Images, benchmark: str) -> dict[str, Tensor]:
    """Whether images show each factor that classes differ in, their mean, and all: (images, factors) -> (images,)."""
    differs = data.judging_factors.amin(dim=0) < data.judging_factors.amax(dim=0)
    names = [name for name, each in zip(FACTORS[benchmark], differs.tolist(), strict=True) if each]
    of_names = right[:, differs]
    return {
        **dict(zip(names, of_names.T, strict=True)),
        "mean": of_names.mean(dim=1),
        "all": of_names.prod(dim=1),
    }


@torch.no_grad()
def trained_combination(name: str, *, folder: Path, device: str, **blocks: Any) -> pd.DataFrame:
    """How well the diffusion model knows the classes that it was trained on: what its samples of each show.

    By the weight of classifier-free guidance, with intervals over the classes; `judge`: what the judge says of images
    of the seen classes that no network was trained on.
    """
    benchmark = benchmark_of(name)
    data = load_images(folder, benchmark)
    model = trained_model(folder, benchmark, data, blocks[f"{benchmark}_backbone"], device)
    judge = trained_judge(folder, benchmark, data, blocks[f"{benchmark}_judge"])
    sampling = blocks[f"{benchmark}_sampling"]
    labels = torch.arange(data.seen, device=device).repeat_interleave(OF_EACH)
    drawn = torch.randn((len(labels), *data.train.shape[1:]), generator=torch_generator(SLUG, name))
    shown = {"judge": centred(data.test.flatten(0, 1))}
    of_shown = {"judge": torch.arange(data.seen).repeat_interleave(data.test.shape[1])}
    for weight in WEIGHTS:
        made = guided_samples(
            model.noise, partial(model.of_class, labels=labels), constant(weight), drawn.to(device), SCHEDULE,
            steps=sampling.steps, clip=sampling.clip,
        )  # fmt: skip
        shown[f"w = {weight:g}"], of_shown[f"w = {weight:g}"] = made.cpu(), labels.cpu()
    rows = []
    for group, x in shown.items():
        right = (judge.says(x) == data.factors[of_shown[group]]).double()
        for quantity, each in shown_right(right, data, benchmark).items():
            of_classes = each.view(data.seen, -1).mean(dim=1).numpy()
            numbers = student_interval(of_classes).columns(len(of_classes))
            rows.append({"group": group, "quantity": quantity, **numbers})
    return pd.DataFrame(rows)


WEIGHTS = (1.0, 2.0)
OF_EACH = 2
"""Samples of each seen class."""


@torch.inference_mode()
def examples(name: str, images: Mapping[str, np.ndarray], *, folder: Path, **blocks: Any) -> Measured:
    """What Figures 3 and 5 show: of the first query of each class its prototypes and the first samples, unpicked."""
    benchmark = benchmark_of(name)
    data = load_images(folder, benchmark)
    judge = trained_judge(folder, benchmark, data, blocks[f"{benchmark}_judge"])
    shown = {"query": data.queries[:, 0, None], "prototypes": torch.from_numpy(images["poe_prototypes"][:, 0])}
    shown["mean"] = torch.from_numpy(images["poe_mean"][:, 0, None])
    shown |= {method: torch.from_numpy(images[method][:, 0, :SHOWN]) for method in METHODS}
    rows = []
    for kind, of_kind in shown.items():
        for number, some in enumerate(of_kind):
            right = (judge.says(centred(some)) == data.factors[data.seen + number]).all(dim=1)
            rows += [
                {"class": number, "method": kind, "number": at, "right": float(each)}
                for at, each in enumerate(right.tolist())
            ]
    return Measured(pd.DataFrame(rows), {kind: each.float() / 255 for kind, each in shown.items()})


SHOWN = 4
"""Samples of each method in a row."""
