"""What paper 3 measures on images of faces, as numbers: section 3, and appendices A.4, A.6 and A.8."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recompose.datasets.faces import ATTRIBUTES
from recompose.metrics.intervals import bootstrap, student_interval
from recompose.metrics.variability import squared_distances
from recompose.papers.sami import settings as configuration
from recompose.papers.sami.data import AT_ONCE, SLUG
from recompose.papers.sami.faces.judge import judge_from_file
from recompose.papers.sami.faces.sampling import TrainedFaces, faces_of
from recompose.papers.sami.guidance import Constraints
from recompose.papers.sami.informativeness import RESAMPLES, ratio
from recompose.papers.sami.measuring import posterior_rows, row, row_of_error, unit
from recompose.papers.sami.networks import schedule_of
from recompose.papers.sami.posterior import Posterior
from recompose.papers.sami.settings import Autoencoder, FacesMeasures
from recompose.randomness import numpy_generator, torch_generator
from recompose.sweeps import Row


def faces(
    *, folder: Path, device: str, faces_networks: Autoencoder, faces_judge: configuration.Judge,
    faces_measures: FacesMeasures,
) -> pd.DataFrame:  # fmt: skip
    """Rows: a `quantity` and its `place`, on images that no network was trained on.

    `variability`: per pixel, the mean square deviation from the mean, of images, of samples of one condition, and of
    unconditional samples, with intensities in [0, 1]; of few samples it is the unbiased one. `scatter`: the standard
    deviation of the squared distances behind it (A.6). `relaxed`: variability of samples where constraints are let go,
    over that with all (A.4): `distances` of half of the latents, the `volume`, or `all`. `kept`, by attribute: how much
    more often the judge says of a sample what it says of its own condition than what it says of another one;
    `attributes`: of how many that is above 0. `error`, `divergence` and `active`: as for disks.
    `modes`: (sum sigma^2)^2 / sum sigma^4 of an image's posterior, over the latents. `growing`: latents whose variance
    is larger on the noisiest images than on clean ones; `order`: rank correlation of latents' variances at both ends of
    the noise; `volume`: correlation of log |Sigma| with the log variance of the noise. `jump`: the largest step of an
    interpolation over the mean one.
    """
    asked = faces_of(folder, faces_networks, faces_measures, device)
    judge = judge_from_file(folder, "faces_judge", asked.data, faces_judge, device)
    conditions = asked.data.test[: faces_measures.conditions]
    made = _relaxed(asked, conditions, faces_measures)
    found = {place: _unbiased(images) for place, images in made.items()}
    alone = asked.unconditional(len(conditions) * faces_measures.samples, ("faces", "samples")).flatten(1).numpy()
    with torch.no_grad():
        judged = (unit(conditions), made["none"].flatten(0, 1))
        said = [(judge(2 * each.to(device) - 1) > 0).cpu().numpy() for each in judged]
    of_images = squared_distances(_flat(unit(asked.data.test)))
    return pd.DataFrame(
        [
            row("variability", "images", *student_interval(of_images), len(of_images)),
            row("variability", "samples", *student_interval(found["none"]), len(conditions)),
            row("variability", "unconditional", *student_interval(squared_distances(alone)), len(alone)),
            row("scatter", "images", *_resampled(of_images, np.std, "scatter"), len(of_images)),
            row("scatter", "samples", *student_interval(_scatters(made["none"])), len(conditions)),
            *_relaxed_rows(found | {"all": np.full(len(conditions), squared_distances(alone).mean())}),
            *_kept_rows(said[0], said[1].reshape(len(conditions), faces_measures.samples, -1)),
            row_of_error(asked.pair, asked.data, faces_networks, "faces", device),
            *_latent_rows(asked),
            *_variance_rows(asked, faces_measures),
            _jump_row(asked, faces_measures),
        ]
    )  # fmt: skip


def _flat(images: Tensor) -> np.ndarray:
    flat: np.ndarray = images.flatten(1).double().numpy()
    return flat


def _unbiased(images: Tensor) -> np.ndarray:
    """The variance per pixel of each condition's few samples, (conditions, samples, ...) -> (conditions,)."""
    count = images.shape[1]
    return np.array([squared_distances(_flat(each)).mean() * count / (count - 1) for each in images])


def _scatters(images: Tensor) -> np.ndarray:
    """The deviation of squared distances in each condition, (conditions, samples, ...) -> (conditions,)."""
    return np.array([squared_distances(_flat(each)).std(ddof=1) for each in images])


def _relaxed(asked: TrainedFaces, conditions: Tensor, measures: FacesMeasures) -> dict[str, Tensor]:
    """Samples by each set of constraints (A.4), with the same latents and noise: (conditions, samples, ...) each."""
    generator = torch_generator(SLUG, "faces", "latents")
    of = asked.posterior(conditions).repeat(measures.samples)
    z = of.sample(torch.randn(of.mean.shape, generator=generator).to(asked.device))
    rigid = (torch.randperm(z.shape[1], generator=generator) % 2).to(z)  # half of the latents, by chance
    ways = {
        "none": Constraints(),
        "distances": Constraints(distance=rigid),
        "volume": Constraints(volume=0.0),
    }
    shape = (len(conditions), measures.samples, *conditions.shape[1:])
    return {place: asked.samples(z, ("faces", "samples"), way).view(shape) for place, way in ways.items()}


def _relaxed_rows(found: dict[str, np.ndarray]) -> list[Row]:
    """Variability over that with all constraints, resampled over conditions."""
    rows = []
    for place, values in found.items():
        if place != "none":
            both = np.column_stack([values, found["none"]])
            rows.append(
                row("relaxed", place, *ratio(both, numpy_generator(SLUG, "faces", "relaxed", place)), len(both))
            )
    return rows


def _resampled(values: np.ndarray, statistic: Any, *names: str) -> tuple[float, float, float]:
    """A statistic of rows and its interval, by drawing rows again."""
    generator = numpy_generator(SLUG, "faces", *names)
    value, low, high = bootstrap(values, statistic, generator=generator, resamples=RESAMPLES)
    return float(value), float(low), float(high)


def _kept_rows(conditions: np.ndarray, samples: np.ndarray) -> list[Row]:
    """What the judge says, (conditions, attributes) and (conditions, samples, attributes)."""
    rows, above = [], 0.0
    for number, attribute in enumerate(ATTRIBUTES):
        excess = kept(conditions[:, number], samples[:, :, number])
        interval = student_interval(excess)
        above += interval.low > 0
        rows.append(row("kept", attribute, *interval, len(excess)))
    return [*rows, row("attributes", "", above, above, above, len(samples))]


def kept(conditions: np.ndarray, samples: np.ndarray) -> np.ndarray:
    """How much more often samples are judged as their own condition than as another: the mean of (conditions,).

    conditions: (conditions,) of bool; samples: (conditions, samples). With c and s, the share of a condition's samples
    that has the attribute, that is 2 cov(c, s). 0 where all samples are judged alike, be it as most images are.
    """
    c, s = conditions.astype(float), samples.mean(axis=1)
    excess: np.ndarray = 2 * (c - c.mean()) * (s - s.mean()) * len(c) / (len(c) - 1)
    return excess


def _latent_rows(asked: TrainedFaces) -> list[Row]:
    """The divergence of posteriors of all test images, some at a time, and the active latents."""
    parts = [asked.posterior(part) for part in asked.data.test.split(AT_ONCE)]  # type: ignore[no-untyped-call]
    found = Posterior(*(torch.cat(each).double().cpu() for each in zip(*parts, strict=True)))
    return posterior_rows(found.divergence().numpy(), found.mean.numpy())


def _variance_rows(asked: TrainedFaces, measures: FacesMeasures) -> list[Row]:
    """What is read off the variances of clean and of noisy images."""
    variances = noisy_variances(asked, asked.data.test[: measures.noisy], measures.levels)
    sigmas = schedule_of(asked.settings).sigma[_levels(asked, measures.levels)]
    clean, noisiest = variances[0].numpy(), variances[-1].numpy()
    modes = clean.sum(axis=1) ** 2 / (clean**2).sum(axis=1) / clean.shape[1]
    ends = np.stack([clean, noisiest], axis=1)
    volumes = variances.log().sum(dim=2).numpy()[1:].T  # (images, levels), without the clean ones
    correlated = partial(_correlation, noise=np.log(sigmas[1:] ** 2))
    return [
        row("modes", "", *student_interval(modes), len(modes)),
        row("growing", "", *_resampled(ends, _growing, "growing"), len(ends)),
        row("order", "", *_resampled(ends, _order, "order"), len(ends)),
        row("volume", "", *_resampled(volumes, correlated, "volume"), len(volumes)),
    ]  # fmt: skip


def _growing(ends: np.ndarray) -> np.ndarray:
    """(images, 2, latents) -> the share of latents that are less certain of the noisiest images than of clean ones."""
    return np.asarray((ends[:, 1].mean(axis=0) > ends[:, 0].mean(axis=0)).mean())


def _order(ends: np.ndarray) -> np.ndarray:
    """(images, 2, latents) -> the rank correlation of the latents' mean variances at both ends."""
    ranks = ends.mean(axis=0).argsort(axis=1).argsort(axis=1)
    return np.asarray(np.corrcoef(ranks)[0, 1])


def _correlation(volumes: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Of log |Sigma|, (images, levels), and the log variance of the noise, (levels,), over all of them."""
    return np.asarray(np.corrcoef(volumes.ravel(), np.tile(noise, len(volumes)))[0, 1])


def _levels(asked: TrainedFaces, count: int) -> np.ndarray:
    """Steps from none to T, whose distances are equal."""
    found: np.ndarray = np.linspace(0, asked.settings.steps, count).round().astype(int)
    return found


def noisy_variances(asked: TrainedFaces, images: Tensor, levels: int) -> Tensor:
    """Posterior variances of images at so many steps from 0 to T, with the same noise: (levels, images, latents)."""
    schedule = schedule_of(asked.settings)
    noise = torch.randn(images.shape, generator=torch_generator(SLUG, "faces", "noisy"))
    steps = _levels(asked, levels)
    found: list[Posterior] = [
        asked.posterior((float(schedule.alpha[t]) * images + float(schedule.sigma[t]) * noise).float()) for t in steps
    ]
    return torch.stack([each.variance for each in found]).double().cpu()


def _jump_row(asked: TrainedFaces, measures: FacesMeasures) -> Row:
    """How even the steps of interpolations are: 1 if all are alike, as many as there are for a single jump."""
    between = asked.interpolations(measures.pairs, ("faces", "interpolation")).flatten(2).double()
    steps = between.diff(dim=1).norm(dim=2)
    jumps = (steps.max(dim=1).values / steps.mean(dim=1).clamp_min(1e-12)).numpy()
    return row("jump", "", *student_interval(jumps), len(jumps))


def figure5(*, folder: Path, device: str, faces_networks: Autoencoder, faces_measures: FacesMeasures) -> pd.DataFrame:
    """Squared distances per pixel from the mean (A.6): of `images`, and of `samples` from the mean of their condition.

    Rows: `kind`, `condition` (0 for images), `number`, `distance`.
    """
    asked = faces_of(folder, faces_networks, faces_measures, device)
    of_images = [("images", 0, n, d) for n, d in enumerate(squared_distances(_flat(unit(asked.data.test))))]
    of = asked.posterior(asked.data.test[: faces_measures.spread_conditions]).repeat(faces_measures.spread_samples)
    latent_noise = torch.randn(of.mean.shape, generator=torch_generator(SLUG, "figure5", "latents"))
    made = asked.samples(of.sample(latent_noise.to(device)), ("figure5", "samples"))
    of_samples = [
        ("samples", condition, n, d)
        for condition, samples in enumerate(made.split(faces_measures.spread_samples))  # type: ignore[no-untyped-call]
        for n, d in enumerate(squared_distances(_flat(samples)))
    ]
    return pd.DataFrame([*of_images, *of_samples], columns=["kind", "condition", "number", "distance"])


def figure7(*, folder: Path, device: str, faces_networks: Autoencoder, faces_measures: FacesMeasures) -> pd.DataFrame:
    """|eps_theta| / (sigma |g|) at every step of the sampler, the mean of its log over samples (A.8).

    Rows: the step `t`; `ratio`, a geometric mean, and its interval; `apart`, its distance from one, |log10|.
    """
    asked = faces_of(folder, faces_networks, faces_measures, device)
    rows: list[Row] = []

    def watch(t: int, noise: Tensor, pull: Tensor) -> None:
        logs = (noise.flatten(1).norm(dim=1) / pull.flatten(1).norm(dim=1)).double().log10().cpu().numpy()
        mean, low, high = student_interval(logs)
        ends = sorted(abs(each) for each in (low, high))
        nearest = 0.0 if low < 0 < high else ends[0]
        told = {"ratio": 10**mean, "ratio_ci_low": 10**low, "ratio_ci_high": 10**high, "n": len(logs)}
        rows.append({"t": t, **told, "apart": abs(mean), "apart_ci_low": nearest, "apart_ci_high": ends[1]})

    asked.watched(asked.posterior(asked.data.test[: faces_measures.conditions]).mean, ("figure7", "samples"), watch)
    return pd.DataFrame(rows).sort_values("t", ignore_index=True)
