"""Whether each latent of a code follows one factor: DCI (Eastwood and Williams, 2018), modularity (Ridgeway and Mozer).

A factor is a column of values, of which each distinct one is a class; a constant factor (the colour of dSprites) counts
as a factor, so that six of them give the base of the entropies, but nothing is predicted of it.
"""

from typing import NamedTuple

import numpy as np

from recompose.errors import RecomposeError, require_finite

BINS = 20
"""Of equal width between a latent's extremes, for its mutual information with a factor."""
FLOOR = 1e-11
"""Added to every importance before its entropy, as in disentanglement_lib."""


class Dci(NamedTuple):
    """Numbers in [0, 1], and the importance of every code for every factor, (codes, factors).

    informativeness: the share of the test images of which a factor is predicted right, over the factors that vary.
    """

    disentanglement: float
    completeness: float
    informativeness: float
    importance: np.ndarray


def dci(
    codes: np.ndarray,
    factors: np.ndarray,
    test_codes: np.ndarray,
    test_factors: np.ndarray,
    *,
    generator: np.random.Generator,
    rounds: int = 100,
) -> Dci:
    """DCI by gradient boosted trees, one classifier a factor, scikit-learn's defaults but for the number of rounds.

    codes: (images, codes), factors: (images, factors); the other two the same of test images. A round grows a tree for
    each value of a factor, so that 2000 images of dSprites take a minute and fewer rounds less, but more rounds spread
    the importance: compare only numbers of equal rounds and images. Raises NotFinite where a number is not finite,
    RecomposeError where there is one factor or code only, or no factor varies.
    """
    _require_pairs(codes, factors)
    _require_pairs(test_codes, test_factors)
    from sklearn.ensemble import GradientBoostingClassifier  # takes seconds to import

    importance = np.zeros((codes.shape[1], factors.shape[1]))
    right = []
    for factor in np.flatnonzero(_varies(factors)):
        _, values = np.unique(np.concatenate([factors, test_factors])[:, factor], return_inverse=True)
        seed = int(generator.integers(2**31))
        trees = GradientBoostingClassifier(n_estimators=rounds, random_state=seed).fit(codes, values[: len(codes)])
        importance[:, factor] = trees.feature_importances_
        right.append(trees.score(test_codes, values[len(codes) :]))
    return Dci(disentanglement(importance), completeness(importance), float(np.mean(right)), importance)


def disentanglement(importance: np.ndarray) -> float:
    """1 - the entropy of each code's importances (codes, factors) in base factors, codes weighted by their importance.

    0 where nothing is important.
    """
    return _concentration(importance)


def completeness(importance: np.ndarray) -> float:
    """1 - the entropy of each factor's importances (codes, factors) in base codes, factors weighted by theirs."""
    return _concentration(importance.T)


def _concentration(importance: np.ndarray) -> float:
    from scipy.stats import entropy  # scipy.stats takes seconds to import

    each = 1 - entropy(importance + FLOOR, base=importance.shape[1], axis=1)
    weights = importance.sum(axis=1)
    return float(each @ weights / weights.sum()) if weights.any() else 0.0


def modularity(codes: np.ndarray, factors: np.ndarray) -> float:
    """The mean over codes of 1 - (sum m^2 - max m^2) / (max m^2 (F - 1)), m the mutual information with each factor.

    codes: (images, codes), each in 20 bins; factors: (images, factors), F of them. A code that tells nothing of any
    counts 0. Raises as `dci` does.
    """
    _require_pairs(codes, factors)
    return mean_modularity(mutual_information(codes, factors))


def mean_modularity(information: np.ndarray) -> float:
    """The modularity of mutual information (codes, factors)."""
    squares = information**2
    largest = squares.max(axis=1)
    rest = (squares.sum(axis=1) - largest) / (information.shape[1] - 1)
    return float((1 - np.divide(rest, largest, where=largest > 0, out=np.ones_like(largest))).mean())


def mutual_information(codes: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """The mutual information of every code, in 20 bins, and every factor, in nats: (codes, factors)."""
    from sklearn.metrics import mutual_info_score  # takes seconds to import

    bins = [np.digitize(code, np.histogram_bin_edges(code, BINS)[1:-1]) for code in codes.T]
    return np.array([[mutual_info_score(factor, code) for factor in factors.T] for code in bins])


def _varies(factors: np.ndarray) -> np.ndarray:
    return np.asarray((factors != factors[:1]).any(axis=0))


def _require_pairs(codes: np.ndarray, factors: np.ndarray) -> None:
    if len(codes) != len(factors):
        raise ValueError(f"{len(codes)} codes and {len(factors)} rows of factors; expected as many")
    for numbers, name in ((codes, "codes"), (factors, "factors")):
        require_finite(numbers, f"the {name} of {len(numbers)} images are not finite, and share no information")
        if numbers.shape[1] < 2:
            raise RecomposeError(f"{numbers.shape[1]} {name} cannot be told apart; take two or more")
    if not _varies(factors).any():
        raise RecomposeError(f"none of {factors.shape[1]} factors varies among {len(factors)} images; draw others")
