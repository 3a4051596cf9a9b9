"""SAMI beside its baselines: what single latents say of attributes (Table 2, Figure 3H), and how good samples are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.datasets.faces import ATTRIBUTES
from recompose.metrics.attribute_capture import attribute_capture, aurocs
from recompose.metrics.frechet import frechet_distance
from recompose.metrics.intervals import NORMAL, Interval, bootstrap, wilson_interval
from recompose.metrics.participation import Reading, participation_ratio
from recompose.papers.sami.baselines import BASELINES
from recompose.papers.sami.comparison.generation import conditioned, made_by, unconditional
from recompose.papers.sami.comparison.networks import rival_from_file
from recompose.papers.sami.data import AT_ONCE, SLUG, Images, centred, load_images
from recompose.papers.sami.faces.judge import Judge as Classifier
from recompose.papers.sami.faces.judge import judge_from_file
from recompose.papers.sami.names import BRIEF
from recompose.papers.sami.networks import from_file
from recompose.papers.sami.objective import Pair
from recompose.papers.sami.passes import decoding, passes
from recompose.papers.sami.posterior import means_of
from recompose.papers.sami.settings import Autoencoder, Baselines, Comparison, Judge
from recompose.randomness import numpy_generator
from recompose.sweeps import Row

SET = "faces"
OURS = ("sami", BRIEF)
READINGS: tuple[Reading, ...] = ("norms", "squares")


def comparison(
    *, folder: Path, device: str, faces_networks: Autoencoder, faces_baselines: Baselines, faces_judge: Judge,
    faces_comparison: Comparison,
) -> pd.DataFrame:  # fmt: skip
    """Rows: a `method` and a `metric`, of an attribute where it is `of` one.

    `tad`, `captured`: of posterior means of test images; `attribute`: the share of folds in which one is captured.
    `fid`: to test images by the judge's features, of images without a condition; `fid_conditioned`: of those guided by
    latents of training images. `images`: seen in training; `teraflop`: what that took. The `judge` has its `accuracy`
    on test images, and `training images` stand for the least FID that can be asked for.
    """
    data = load_images(folder, SET)
    judge = judge_from_file(folder, f"{SET}_judge", data, faces_judge, device)
    known = _features(judge, data.test, device)
    rows = [*_judged(judge, data, device), _fid("training images", "fid", _features(judge, data.train, device), known,
                                                faces_comparison)]  # fmt: skip
    for method, pair in _methods(folder, data, faces_networks, device):
        rows += _captured(method, means_of(pair.encoder, data.test, device), data, faces_comparison)
        rows += _costs(method, data, faces_networks, faces_baselines)
        for metric, images in _made(method, pair, data, faces_networks, faces_comparison, device):
            rows.append(_fid(method, metric, _features(judge, images, device), known, faces_comparison))
    return pd.DataFrame(rows)


def participation(*, folder: Path, device: str, faces_networks: Autoencoder) -> pd.DataFrame:
    """Figure 3H: how many latents a linear classifier of each attribute uses, by both readings of the ratio.

    Logistic regressions on posterior means of training images, standardized, so that weights do not depend on the scale
    of a latent. `area`: under the ROC curve of the classifier on test images; `largest`: the root of the latents'
    number, the ratio where all count alike. Attributes that training or test images all have, or none, are left out.
    """
    data = load_images(folder, SET)
    rows = [
        row
        for method, pair in _methods(folder, data, faces_networks, device)
        for row in _participation(
            method, means_of(pair.encoder, data.train, device), means_of(pair.encoder, data.test, device), data
        )
    ]
    return pd.DataFrame(rows)


def _methods(folder: Path, data: Images, settings: Autoencoder, device: str) -> Iterator[tuple[str, Pair]]:
    """SAMI, the brief one, and every baseline that is registered, with their networks."""
    yield "sami", from_file(folder, f"{SET}_networks", data.train, settings, device)
    for method in (BRIEF, *BASELINES):
        yield method, rival_from_file(folder, f"{SET}_{method}", data.train, settings, device)


def _row(method: str, metric: str, mean: float, low: float, high: float, n: int, of: str = "") -> Row:
    return {"method": method, "metric": metric, "of": of, **Interval(mean, low, high).columns(n)}


def _exact(method: str, metric: str, value: float, n: int, of: str = "") -> Row:
    return _row(method, metric, value, value, value, n, of)


@torch.no_grad()
def _features(judge: Classifier, images: Tensor, device: str) -> np.ndarray:
    parts = images.split(AT_ONCE)  # type: ignore[no-untyped-call]
    found = torch.cat([judge.features(centred(part).to(device)) for part in parts])
    features: np.ndarray = found.double().cpu().numpy()
    return features


@torch.no_grad()
def _judged(judge: Classifier, data: Images, device: str) -> list[Row]:
    """How often the judge is right on test images, attribute by attribute."""
    parts = data.test.split(AT_ONCE)  # type: ignore[no-untyped-call]
    says = np.concatenate([(judge(centred(part).to(device)) > 0).cpu().numpy() for part in parts])
    right = says == data.test_factors.numpy().astype(bool)
    return [
        _row("judge", "accuracy", *wilson_interval(right[:, number].astype(float)), len(right), name)
        for number, name in enumerate(ATTRIBUTES)
    ]


def _captured(method: str, codes: np.ndarray, data: Images, asked: Comparison) -> list[Row]:
    attributes = data.test_factors.numpy()
    whole = attribute_capture(codes, attributes, ATTRIBUTES)

    def of(values: np.ndarray) -> np.ndarray:
        found = attribute_capture(values[:, : codes.shape[1]], values[:, codes.shape[1] :], ATTRIBUTES)
        return np.array([found.tad, found.captured])

    generator = numpy_generator(SLUG, "comparison", method, "captured")
    both = np.hstack([codes, attributes])
    values, low, high = bootstrap(both, of, generator=generator, resamples=asked.resamples, holds=True)
    rows = [
        _row(method, metric, float(value), float(least), float(most), len(codes))
        for metric, value, least, most in zip(("tad", "captured"), values, low, high, strict=True)
    ]
    shares = whole.kept.mean(axis=0)
    return [*rows, *(_exact(method, "attribute", float(shares[number]), len(codes), name)
                     for number, name in enumerate(ATTRIBUTES))]  # fmt: skip


def _costs(method: str, data: Images, settings: Autoencoder, asked: Baselines) -> list[Row]:
    """Images that a training has seen, and its operations: 9 passes of SAMI's encoder, 3 of its denoiser, else 3."""
    channels, size = data.train.shape[1:3]
    seen = len(data.train) * (settings.epochs if method == "sami" else asked.epochs)
    encoder, denoiser = passes(size, settings, channels)
    if method in OURS:
        of_image = 9 * encoder + 3 * denoiser
    else:
        by_image = BASELINES[method].decodes == "image"
        of_image = 3 * (encoder + (decoding(size, settings, channels) if by_image else denoiser))
    return [_exact(method, "images", seen, 1), _exact(method, "teraflop", 1e-12 * of_image * seen, 1)]


def _made(
    method: str, pair: Pair, data: Images, settings: Autoencoder, asked: Comparison, device: str
) -> Iterator[tuple[str, Tensor]]:
    """Images that a method makes, by the metric that looks at them."""
    told = (data.train, asked.samples, settings, asked.sampling_steps)
    names = (SLUG, "comparison", method)
    if method not in OURS:
        yield "fid", made_by(method, pair, *told, (*names, "prior"), device)
        return
    yield "fid", unconditional(pair, *told, (*names, "unconditional"), device)
    yield "fid_conditioned", conditioned(pair, *told, (*names, "conditioned"), device)


def _fid(method: str, metric: str, made: np.ndarray, known: np.ndarray, asked: Comparison) -> Row:
    """The Frechet distance; resamples of both sets give its deviation, for their own distances lie all above it."""
    value, generator = frechet_distance(made, known), numpy_generator(SLUG, "comparison", method, metric)
    draws = [
        frechet_distance(*(each[generator.integers(len(each), size=len(each))] for each in (made, known)))
        for _ in range(asked.resamples)
    ]
    half = NORMAL * float(np.std(draws, ddof=1)) if asked.resamples > 1 else 0.0
    return _row(method, metric, value, max(value - half, 0.0), value + half, len(made))


def _participation(method: str, train: np.ndarray, test: np.ndarray, data: Images) -> list[Row]:
    from sklearn.linear_model import LogisticRegression  # takes seconds to import

    centre, spread = train.mean(axis=0), train.std(axis=0)
    train, test = ((each - centre) / np.where(spread > 0, spread, 1.0) for each in (train, test))
    has, known = (each.numpy().astype(bool) for each in (data.train_factors, data.test_factors))
    there = [
        number for number in range(len(ATTRIBUTES)) if all(0 < each[:, number].mean() < 1 for each in (has, known))
    ]
    fitted = [LogisticRegression(solver="newton-cholesky").fit(train, has[:, number]) for number in there]
    weights = np.concatenate([each.coef_ for each in fitted])
    areas = aurocs(test @ weights.T, known[:, there]).diagonal()
    shared = {"method": method, "largest": train.shape[1] ** 0.5}
    return [
        {**shared, "reading": reading, "attribute": ATTRIBUTES[number], "value": float(ratio), "area": float(area)}
        for reading in READINGS
        for number, ratio, area in zip(there, participation_ratio(weights, reading), areas, strict=True)
    ]
