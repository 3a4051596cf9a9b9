"""Whether samples are of their class, and differ among themselves as its members do."""

import numpy as np


def nearest_centroid(
    vectors: np.ndarray, members: np.ndarray, labels: np.ndarray, *, scaled: bool = False
) -> np.ndarray:
    """The class whose members' mean is nearest to each vector, (vectors,).

    members: (members, dimension) with their labels; scaled: every component in units of its standard deviation within
    the classes.
    """
    classes = np.unique(labels)
    centroids = np.stack([members[labels == each].mean(axis=0) for each in classes])
    scale = np.ones(members.shape[1])
    if scaled:
        within = members - centroids[np.searchsorted(classes, labels)]
        scale = np.maximum(within.std(axis=0), 1e-6)
    squares = (((vectors[:, None] - centroids) / scale) ** 2).sum(axis=-1)
    return classes[squares.argmin(axis=1)]


def spread(images: np.ndarray) -> float:
    """The root mean square distance between two different ones of some images, per pixel."""
    flat = images.reshape(len(images), -1)
    return float(np.sqrt(2 * flat.var(axis=0, ddof=1).mean()))
