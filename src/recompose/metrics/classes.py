"""Whether samples are of their class, and differ among themselves as its members do."""

import numpy as np

from recompose.errors import require_finite


def nearest_centroid(
    vectors: np.ndarray, members: np.ndarray, labels: np.ndarray, *, scaled: bool = False
) -> np.ndarray:
    """The class whose members' mean is nearest to each vector, (vectors,).

    members: (members, dimension) with their labels; scaled: every component in units of its standard deviation within
    the classes. Raises NotFinite where a component is not finite: such a vector would be of the first class.
    """
    require_finite(vectors, f"the components of {len(vectors)} vectors are not finite, and of no class")
    require_finite(members, f"the components of {len(members)} members of classes are not finite")
    means = centroids(members, labels)
    scale = deviations(members, labels) if scaled else np.ones(members.shape[1])
    squares = (((vectors[:, None] - means) / scale) ** 2).sum(axis=-1)
    return np.unique(labels)[squares.argmin(axis=1)]


def centroids(members: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean of each class's members, (classes, dimension), by rising label."""
    return np.stack([members[labels == each].mean(axis=0) for each in np.unique(labels)])


def deviations(members: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The standard deviation of every component within the classes, (dimension,)."""
    within = members - centroids(members, labels)[np.searchsorted(np.unique(labels), labels)]
    return np.maximum(within.std(axis=0), 1e-6)


def spread(images: np.ndarray) -> float:
    """The root mean square distance between two different ones of some images, per pixel."""
    require_finite(images, f"{len(images)} images are not finite, and have no distances")
    flat = images.reshape(len(images), -1)
    return float(np.sqrt(2 * flat.var(axis=0, ddof=1).mean()))
