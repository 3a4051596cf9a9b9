"""What matters most of a paper's results: sentences of its file of claims, whose numbers are filled in."""

import re
from collections.abc import Collection, Iterator
from typing import Literal, get_args

from pydantic import Field, field_validator

from recompose.blocks import Block
from recompose.errors import closest

Verdict = Literal["reproduced", "not reproduced", "undecided", "needs real data"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)

_PLACEHOLDER = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_BY_HAND = re.compile(r"(?<![\w.])\d*\.\d+|\d+ ?%|\d+(?=[- ](?:fold|times|dB|points)\b)")


class Finding(Block):
    """A sentence about results, and the verdicts that it tells of.

    `{id}` stands for the measured number of that claim with its interval, `{id:.2f}` for the number alone in a format
    of Python's; `{name.case:.2f}` for the headline number of that name and case. No number of a result is written out.
    """

    says: str
    given: dict[str, Verdict] = Field(min_length=1)
    """claim: verdict; where one of them comes out otherwise, the sentence is not said of these results"""

    @field_validator("says")
    @classmethod
    def _numbers_are_filled_in(cls, says: str) -> str:
        rest = _PLACEHOLDER.sub("", says)
        if "{" in rest or "}" in rest:
            raise ValueError("a brace that is no part of a placeholder, {claim} or {claim:format}")
        if found := _BY_HAND.search(rest):
            raise ValueError(f"the number {found[0]} is written by hand; name the claim that measures it")
        for _, name, form in pieces(says):
            if name is not None:
                _require_format(name, form)
        return says

    @property
    def names(self) -> list[str]:
        """The claims and headline numbers that its placeholders name, as written."""
        return [name for _, name, _ in pieces(self.says) if name is not None]

    def claims_among(self, ids: Collection[str]) -> set[str]:
        """The claims that it needs, of those with these ids."""
        return {*self.given, *(name for name in self.names if name in ids)}

    def headlines_among(self, ids: Collection[str]) -> set[str]:
        """The headline numbers that it needs: what it names and no claim is called."""
        return {name.partition(".")[0] for name in self.names if name not in ids}

    def require_known(self, ids: Collection[str], headline: Collection[str]) -> None:
        """Raise ValueError where it names what is not in its file, with the nearest name."""
        for name in self.given:
            if name not in ids:
                raise ValueError(f"given: {name}: no claim; {closest(name, ids) or 'expected the id of one'}")
        for name in self.names:
            if name not in ids and name.partition(".")[0] not in headline:
                hint = (
                    closest(name, [*ids, *headline]) or "expected the id of a claim, or name.case of a headline number"
                )
                raise ValueError(f"{{{name}}}: no claim and no headline number; {hint}")


def pieces(says: str) -> Iterator[tuple[str, str | None, str]]:
    """A sentence in pieces: text, None, ""; or "", what a placeholder names, its format."""
    end = 0
    for found in _PLACEHOLDER.finditer(says):
        yield says[end : found.start()], None, ""
        yield "", found[1], found[2] or ""
        end = found.end()
    yield says[end:], None, ""


def _require_format(name: str, form: str) -> None:
    try:
        format(0.5, form)
    except ValueError as error:
        raise ValueError(f"{{{name}:{form}}}: {error}; expected a format of numbers, such as .2f") from error
