"""What a network predicts of x_t = alpha x_0 + sigma noise, in each other's terms (Salimans & Ho, 2022).

| kind     |                              | E of it given x_t, by the score S          |
|----------|------------------------------|--------------------------------------------|
| noise    | epsilon                      | -sigma S                                   |
| velocity | v = alpha noise - sigma x_0  | for alpha^2 + sigma^2 = 1                  |
| clean    | x_0                          | (x_t + sigma^2 S) / alpha (Tweedie)        |
| score    | S = grad log p_t(x_t)        |                                            |

`predicted` and `x` are of equal shape, alpha and sigma numbers or tensors that broadcast with them. Where the data or
the noise are gone, alpha = 0 or sigma = 0, some say nothing of others: that is a RecomposeError, never an infinity.
"""

from typing import Literal

from torch import Tensor

from recompose.errors import RecomposeError

Kind = Literal["noise", "velocity", "clean", "score"]
Scale = float | Tensor


def target(clean: Tensor, noise: Tensor, alpha: Scale, sigma: Scale, kind: Literal["noise", "velocity"]) -> Tensor:
    """What a network that predicts noise or velocity should say of alpha clean + sigma noise."""
    return noise if kind == "noise" else alpha * noise - sigma * clean


def to_noise(predicted: Tensor, x: Tensor, alpha: Scale, sigma: Scale, kind: Kind) -> Tensor:
    """The noise in x, in units of its standard deviation."""
    match kind:
        case "noise":
            return predicted
        case "velocity":
            return sigma * x + alpha * predicted
        case "clean":
            return (x - alpha * predicted) / _some(sigma, NO_NOISE)
        case "score":
            return -sigma * predicted


def to_clean(predicted: Tensor, x: Tensor, alpha: Scale, sigma: Scale, kind: Kind) -> Tensor:
    """The estimate of the data, E[x_0 | x_t]."""
    match kind:
        case "noise":
            return (x - sigma * predicted) / _some(alpha, NO_DATA)
        case "velocity":
            return alpha * x - sigma * predicted
        case "clean":
            return predicted
        case "score":
            return (x + sigma**2 * predicted) / _some(alpha, NO_DATA)


def to_score(predicted: Tensor, x: Tensor, alpha: Scale, sigma: Scale, kind: Kind) -> Tensor:
    """The gradient of log p_t at x, -noise / sigma."""
    return predicted if kind == "score" else -to_noise(predicted, x, alpha, sigma, kind) / _some(sigma, NO_NOISE)


NO_DATA = (
    "alpha = 0, where the noise says nothing of the data: predict the velocity, or do not start there"
    " (spacing: leading, or a schedule without zero terminal SNR)"
)
NO_NOISE = "sigma = 0, where there is no noise to predict and no score: stop one step earlier"


def _some(scale: Scale, problem: str) -> Scale:
    """A scale to divide by; RecomposeError where it is zero."""
    if bool((scale == 0).any() if isinstance(scale, Tensor) else scale == 0):
        raise RecomposeError(problem)
    return scale
