"""How well a bound vector was decomposed."""

import numpy as np


def decomposition_accuracy(found: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """c/K, the share of the factors that are right.

    found, chosen: (sets, factors, trials) indices into the codebooks -> (sets, trials)
    """
    return (found == chosen).mean(axis=1)


def accuracy_interval(accuracies: np.ndarray) -> tuple[float, float, float]:
    """The mean accuracy with its 95 % Wilson interval over the trials.

    Wilson's interval is meant for trials that are 0 or 1; of all distributions on [0, 1] with that mean these vary
    most, so for shares of right factors it is a little too wide, never too narrow, and it holds at 0 and 1.

    >>> mean, low, high = accuracy_interval(np.ones(200))
    >>> mean, round(low, 3), high
    (1.0, 0.981, 1.0)
    """
    from statsmodels.stats.proportion import proportion_confint  # takes as long to import as torch

    mean = float(np.mean(accuracies))
    low, high = proportion_confint(mean * accuracies.size, accuracies.size, method="wilson")
    return mean, float(min(low, mean)), float(max(high, mean))
