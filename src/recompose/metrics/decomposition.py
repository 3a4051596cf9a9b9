"""How well a bound vector was decomposed."""

import numpy as np


def decomposition_accuracy(found: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """c/K, the share of the factors that are right.

    found, chosen: (sets, factors, trials) indices into the codebooks -> (sets, trials)
    """
    return (found == chosen).mean(axis=1)
