"""The one exception that is meant for people: a clear line instead of a traceback."""

from collections.abc import Iterable
from difflib import get_close_matches


class RecomposeError(Exception):
    """Something a person can put right: the message names what is wrong and how to fix it.

    The command line prints it as `error: <message>` and exits with status 2. Every other exception is a fault
    of the program and keeps its traceback.
    """


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
