"""Figure 3, A to G: what single latents of faces do, which of them the same for all images (appendix A.8)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.metrics.intervals import student_interval
from recompose.papers.sami import settings as configuration
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.faces.judge import Judge, judge_from_file
from recompose.papers.sami.faces.measures import noisy_variances
from recompose.papers.sami.faces.sampling import TrainedFaces, faces_of
from recompose.papers.sami.measuring import unit
from recompose.papers.sami.networks import schedule_of
from recompose.papers.sami.settings import Autoencoder, FacesMeasures
from recompose.randomness import torch_generator
from recompose.storage import Measured
from recompose.sweeps import Row

SHOWN = 6
"""Samples of a condition in A."""
CONDITIONS = 4
"""Conditions in A, and interpolations in B."""
CANDIDATES = 40
"""Images of which E and G take those of most contrast."""
GRID = (-1.5, -0.75, 0.0, 0.75, 1.5)
"""Places along an axis in E and G, in units of how far it is moved to be measured."""
PANELS = {"low": "E", "large": "E", "junk": "G", "global": "G"}
"""Groups of axes, by the panel that is about them."""
NOISY = 0.5
"""The step of the noisy images in F, of T: A.8 argues where there is much noise."""


class Geometry(NamedTuple):
    """Of every latent, (latents,): F and A.8."""

    spread: np.ndarray
    """the variance of its mean over images"""
    clean: np.ndarray
    """its posterior variance at clean images, the mean"""
    noisy: np.ndarray
    """at noisy ones"""
    sensitivity: np.ndarray
    """|d sigma_i^2 / d x_t|, the mean over images"""

    @property
    def coherence(self) -> np.ndarray:
        """C_i = sigma_i^4 / (|d sigma_i^2 / d x_t| sd(mu_i)): large where an axis does the same for all images."""
        found: np.ndarray = self.noisy**2 / (self.sensitivity * self.spread**0.5).clip(1e-12)
        return found


class Moves(NamedTuple):
    """What one axis does to images, and what the judge says of it."""

    change: Tensor
    """of the images, (images, channels, size, size)"""
    logits: np.ndarray
    """of the judge's logits, (images, attributes)"""


def figure3(
    *, folder: Path, device: str, faces_networks: Autoencoder, faces_judge: configuration.Judge,
    faces_measures: FacesMeasures,
) -> Measured:  # fmt: skip
    """The images of A, B, E and G; rows by `panel`, `quantity`, `place` (a latent, or a group of them) and step `t`.

    C: `variance` of latents for one image, from the largest; D: their mean variance at every step; F: `spread`,
    `variance`, `sensitivity` and `coherence` of latents. E and G: means over groups of axes, of what images change in
    where their latents move either way. `consistency`: the share of images in which an attribute's logit moves as it
    does in others; `frequency`: the mean of |f| in the change, in cycles per pixel; `size`: its mean square over that
    along all axes. The groups, E: `low`, the quarter of the axes that are most certain of clean images, and `large`,
    that whose variance grows most with noise; `both`: two of `low` together, over images. G: `junk`, the most coherent
    eighth, and `global`, the others of the most coherent half.
    """
    asked = faces_of(folder, faces_networks, faces_measures, device)
    judge = judge_from_file(folder, "faces_judge", asked.data, faces_judge, device)
    found = geometry(asked, faces_measures)
    deviations = torch.from_numpy(found.spread**0.5).float().to(device) * faces_measures.distance
    conditions = asked.data.test[: faces_measures.moved]
    moves = [_moved(asked, judge, conditions, each) for each in deviations.diag()]
    groups = _groups(found)
    pair = _pair(groups["low"], moves)
    both = _moved(asked, judge, conditions, deviations.diag()[list(pair)].sum(dim=0))
    largest = {name: max(axes, key=lambda axis: _size(moves[axis])) for name, axes in groups.items()}
    rows = [
        *_spectrum_rows(asked, faces_measures),
        *_geometry_rows(found),
        _group_row("E", "consistency", "both", np.mean([_agreeing(moves[axis], both) for axis in pair], axis=0)),
        *_group_rows(groups, moves),
    ]
    shown = replace(asked, moves=faces_measures.shown_steps)
    pictures = _pictures(shown, deviations, pair, largest["large"], largest["global"])
    return Measured(pd.DataFrame(rows), pictures)


def _group_rows(groups: dict[str, list[int]], moves: list[Moves]) -> list[Row]:
    """What axes of each group do, its mean over them."""
    mean = sum(map(_size, moves)) / len(moves)
    measured: dict[str, Callable[[Moves], float]] = {
        "consistency": lambda each: float(_agreeing(each).mean()),
        "frequency": lambda each: frequency(each.change),
        "size": lambda each: _size(each) / mean,
    }
    return [
        _group_row(PANELS[name], quantity, name, np.array([measure(moves[axis]) for axis in axes]))
        for name, axes in groups.items()
        for quantity, measure in measured.items()
    ]


def _row(panel: str, quantity: str, place: str, t: int, interval: tuple[float, float, float]) -> Row:
    mean, low, high = map(float, interval)
    told = {"panel": panel, "quantity": quantity, "place": place, "t": t}
    return {**told, "mean": mean, "ci_low": low, "ci_high": high}


def _group_row(panel: str, quantity: str, place: str, values: np.ndarray) -> Row:
    return _row(panel, quantity, place, 0, student_interval(values))


def _spectrum_rows(asked: TrainedFaces, measures: FacesMeasures) -> list[Row]:
    """C and D."""
    one = np.sort(asked.posterior(asked.data.test[:1]).variance[0].double().cpu().numpy())[::-1]
    rows = [_row("C", "variance", str(place), 0, (value,) * 3) for place, value in enumerate(one)]
    variances = noisy_variances(asked, asked.data.test[: measures.noisy], measures.levels).numpy()
    steps = np.linspace(0, asked.settings.steps, measures.levels).round().astype(int)
    for t, of_step in zip(steps, variances, strict=True):
        rows += [
            _row("D", "variance", str(latent), int(t), student_interval(values))
            for latent, values in enumerate(of_step.T)
        ]
    return rows


def _geometry_rows(found: Geometry) -> list[Row]:
    """F, sorted by coherence."""
    of = {**found._asdict(), "variance": found.noisy, "coherence": found.coherence}
    order = np.argsort(-found.coherence)
    return [
        _row("F", quantity, str(latent), 0, (of[quantity][latent],) * 3)
        for quantity in ("spread", "variance", "sensitivity", "coherence")
        for latent in order
    ]


def geometry(asked: TrainedFaces, measures: FacesMeasures) -> Geometry:
    """F's three panels, over images of the test; noisy ones are in the middle of the schedule."""
    images = asked.data.test[: measures.noisy].to(asked.device)
    schedule = schedule_of(asked.settings)
    t = round(NOISY * schedule.steps)
    noise = torch.randn(images.shape, generator=torch_generator(SLUG, "figure3", "noisy")).to(asked.device)
    x = (float(schedule.alpha[t]) * images + float(schedule.sigma[t]) * noise).float().requires_grad_()
    variance = asked.pair.encoder(x, None).variance
    norms = []
    for latent in range(variance.shape[1]):
        (slope,) = torch.autograd.grad(variance[:, latent].sum(), x, retain_graph=True)
        norms.append(slope.flatten(1).norm(dim=1).mean())
    clean = asked.posterior(asked.data.test)
    numbers = (clean.mean.var(dim=0), clean.variance.mean(dim=0), variance.detach().mean(dim=0), torch.stack(norms))
    return Geometry(*(each.double().cpu().numpy() for each in numbers))


def _groups(found: Geometry) -> dict[str, list[int]]:
    """Axes: the most certain quarter, that whose variance grows most, the most coherent eighth, others of that half."""
    count = len(found.clean)
    quarter, eighth = max(2, count // 4), max(1, count // 8)
    coherent = np.argsort(-found.coherence)
    groups = {
        "low": np.argsort(found.clean)[:quarter],
        "large": np.argsort(found.clean - found.noisy)[:quarter],
        "junk": coherent[:eighth],
        "global": coherent[eighth : max(eighth + 1, count // 2)],
    }
    return {name: axes.tolist() for name, axes in groups.items()}


def _moved(asked: TrainedFaces, judge: Judge, conditions: Tensor, direction: Tensor) -> Moves:
    """Images by the means of conditions, moved either way with the same noise, and what that changes."""
    means = asked.posterior(conditions).mean
    ends = [asked.samples(means + sign * direction, ("figure3", "moves")) for sign in (1, -1)]
    with torch.no_grad():
        logits = [judge(2 * each.to(asked.device) - 1).double().cpu().numpy() for each in ends]
    return Moves(ends[0] - ends[1], logits[0] - logits[1])


def _attribute(moves: Moves) -> tuple[int, float]:
    """Which attribute an axis moves most evenly in the first half of the images, and which way."""
    first = moves.logits[: len(moves.logits) // 2]
    evenness = first.mean(axis=0) / first.std(axis=0).clip(1e-9)
    attribute = int(np.argmax(np.abs(evenness)))
    return attribute, float(np.sign(evenness[attribute]))


def _agreeing(moves: Moves, of: Moves | None = None) -> np.ndarray:
    """Whether that attribute moves that way in each of the other images, along this axis or `of`: 0 or 1."""
    attribute, sign = _attribute(moves)
    others = (of or moves).logits[len(moves.logits) // 2 :, attribute]
    return (sign * others > 0).astype(float)


def _pair(axes: list[int], moves: list[Moves]) -> tuple[int, int]:
    """Two of the axes that move different attributes most in the first half of the images, if there are such."""

    def strength(axis: int) -> float:
        return float(np.abs(moves[axis].logits[: len(moves[axis].logits) // 2].mean(axis=0)).max())

    first, *others = sorted(axes, key=strength, reverse=True)
    taken = _attribute(moves[first])[0]
    second = next((axis for axis in others if _attribute(moves[axis])[0] != taken), others[0])
    return first, second


def _size(moves: Moves) -> float:
    return float(moves.change.square().mean())


def frequency(change: Tensor) -> float:
    """The mean of |f| in images (..., size, size), weighted by their power, without the mean: cycles per pixel."""
    power = torch.fft.fft2(change.double()).abs().square().flatten(0, -3).sum(dim=0)
    power[0, 0] = 0
    f = torch.fft.fftfreq(change.shape[-1], dtype=torch.float64)
    return float((power * (f[:, None] ** 2 + f**2).sqrt()).sum() / power.sum().clamp_min(1e-30))


def _pictures(
    asked: TrainedFaces, deviations: Tensor, pair: tuple[int, int], fine: int, shared: int
) -> dict[str, Tensor]:
    """A, B, E and G in [0, 1]; E and G of the images of most contrast, with one noise for all places of an image.

    `axes`: along two axes, both together, and a fine one; `global`: two images along one axis. (lines, places, ...)
    """
    shown = asked.data.test[:CONDITIONS]
    of = asked.posterior(shown).repeat(SHOWN)
    latent_noise = torch.randn(of.mean.shape, generator=torch_generator(SLUG, "figure3", "latents"))
    samples = asked.samples(of.sample(latent_noise.to(asked.device)), ("figure3", "samples"))
    axes = deviations.diag()
    strongest = asked.data.test[:CANDIDATES].flatten(1).std(dim=1).argsort(descending=True)[:2]
    mean = asked.posterior(asked.data.test[strongest]).mean

    def along(image: int, direction: Tensor) -> Tensor:
        return asked.samples((mean[image] + direction)[None], ("figure3", "grid"))[0]

    first, second = (axes[axis] for axis in pair)
    return {
        "conditions": unit(shown),
        "samples": samples.view(len(shown), SHOWN, *shown.shape[1:]),
        "ends": unit(asked.data.test[: 2 * CONDITIONS]),
        "between": asked.interpolations(CONDITIONS, ("figure3", "interpolation")),
        "axes": torch.stack(
            [torch.stack([along(0, x * axis) for x in GRID]) for axis in (first, second, first + second, axes[fine])]
        ),
        "global": torch.stack([torch.stack([along(image, x * axes[shared]) for x in GRID]) for image in (0, 1)]),
    }
