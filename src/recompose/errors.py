"""The one exception that is meant for people: a clear line instead of a traceback."""

import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor


class RecomposeError(Exception):
    """Something a person can put right: the message names what is wrong and how to fix it.

    The command line prints it as `error: <message>` and exits with status 2. Every other exception is a fault
    of the program and keeps its traceback.
    """


class NotFinite(RecomposeError):
    """A number came out as NaN or infinite: what was computed has run away."""


def require_finite(numbers: "Tensor | np.ndarray", what: str) -> None:
    """Raise NotFinite where one of the numbers is NaN or infinite.

    Their sum tells, which is cheap enough for every step of a sampler; only where it is not finite itself, which
    numbers that are merely large can do as well, each of them is looked at.
    """
    if not math.isfinite(float(numbers.sum())) and not ((numbers > -math.inf) & (numbers < math.inf)).all():
        raise NotFinite(what)


@contextmanager
def named(name: str) -> Iterator[None]:
    """Whatever goes wrong inside the block, the name of what was under way is told.

    >>> with named("table1"), named("K = 3"):
    ...     raise RecomposeError("step 7: not finite")
    Traceback (most recent call last):
    recompose.errors.RecomposeError: table1: K = 3: step 7: not finite
    """
    try:
        yield
    except RecomposeError as error:
        error.args = (f"{name}: {error}",)
        raise
    except Exception as error:
        error.add_note(f"in {name}")
        raise


def as_lines(error: Exception) -> str:
    """Every mistake that an error tells of, in a line.

    >>> as_lines(ValueError("one"))
    'error: one'
    """
    return "\n".join(f"error: {mistake}" for mistake in str(error).splitlines())


def closest(word: str, options: Iterable[str]) -> str | None:
    """Ask after the right name that is most like a wrong one, if any is.

    >>> closest("trails", ["trials", "dimension"])
    'did you mean "trials"?'
    """
    close = get_close_matches(word.lower(), list(options), n=1, cutoff=0.7)
    return f'did you mean "{close[0]}"?' if close else None


def nearest(word: str, options: Iterable[str]) -> str:
    """The hint that ends a message about an unknown name: the closest right name, or else all of them.

    >>> nearest("x", ["trials", "dimension"])
    'known are dimension, trials'
    """
    known = sorted(options)
    return closest(word, known) or f"known are {', '.join(known)}"
