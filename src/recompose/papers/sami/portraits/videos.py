"""Videos of faces, and how straight they run in pixels and in latents (section 3, Figure 4B and C)."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch

from recompose.datasets.sequences import Video, drawn_sequences, read_sequences
from recompose.errors import RecomposeError, named
from recompose.metrics.intervals import Interval, bootstrap
from recompose.metrics.straightness import straightness
from recompose.papers.sami.data import SLUG
from recompose.papers.sami.settings import Faces, Videos
from recompose.randomness import numpy_generator
from recompose.sweeps import Row

Code = Callable[[torch.Tensor], np.ndarray]
"""Frames, (frames, channels, size, size) -> a vector of each, (frames, dimension)."""
FOLDER = Path("data", "videos")
NEAR_ONE = 0.9
"""The cosine from which on a video runs nearly straight."""


def videos_of(settings: Videos, portraits: Faces) -> list[Video]:
    """Videos of the size and channels of portraits. Raises RecomposeError where the folder has too few."""
    if settings.source == "drawn":
        return drawn_sequences(
            (SLUG, "videos"), settings.count, settings.frames, size=portraits.size, gray=portraits.channels == 1
        )
    found = read_sequences(FOLDER, size=portraits.size, channels=portraits.channels)
    if len(found) < settings.count:
        raise RecomposeError(f"videos.count = {settings.count}: {FOLDER} has {len(found)}; ask for fewer, or add some")
    return [Video(each.name, each.frames[: settings.frames]) for each in found[: settings.count]]


def pixels(images: torch.Tensor) -> np.ndarray:
    """Images as vectors: (images, channels * size^2)."""
    return images.flatten(1).double().numpy()


def straightness_rows(videos: list[Video], codes: Mapping[str, Code]) -> list[Row]:
    """The rows of Figure 4B and C, by the methods' names.

    `panel` B: the cosines of the first video, by the frame in their middle; `each`: the mean cosine of every video, and
    `share` how many of its cosines are .9 or more; C: the mean over videos, which are resampled.
    """
    rows = []
    for method, code in codes.items():
        of_videos = []
        for number, video in enumerate(videos):
            with named(f"video {video.name}, {method}"):
                found = straightness(code(torch.from_numpy(video.frames)))
            cosines = found.cosines[np.isfinite(found.cosines)]
            if number == 0:
                frames = np.flatnonzero(np.isfinite(found.cosines)) + 1
                rows += [_exact("B", method, video.name, int(at), c) for at, c in zip(frames, cosines, strict=True)]
            rows.append(_exact("each", method, video.name, 0, float(found.mean)))
            rows.append(_exact("share", method, video.name, 0, float((cosines >= NEAR_ONE).mean())))
            of_videos.append(float(found.mean))
        generator = numpy_generator(SLUG, "figure4", method)
        mean, low, high = bootstrap(np.array(of_videos), lambda values: values.mean(), generator=generator)
        rows.append(_row("C", method, "all", 0, float(mean), float(low), float(high), len(videos)))
    return rows


def _row(panel: str, method: str, video: str, frame: int, mean: float, low: float, high: float, n: int) -> Row:
    place = {"panel": panel, "method": method, "video": video, "frame": frame}
    return place | Interval(mean, low, high).columns(n)


def _exact(panel: str, method: str, video: str, frame: int, value: float) -> Row:
    return _row(panel, method, video, frame, value, value, value, 1)
