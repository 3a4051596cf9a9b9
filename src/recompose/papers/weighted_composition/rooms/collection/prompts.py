"""What the generator is asked for: a prompt for each class, with weights of its objects (F.3)."""

import re

from recompose.papers.weighted_composition.rooms.names import CLASSES

ROOM = (
    "A photograph of an empty living room with plain white walls and wooden floors. "
    "The room has a large window, and it is sunny outside. The room is completely empty"
)
NOTHING = (
    "It contains no{other} furniture, no{other} decorations, no plants, and no other objects. "
    "Completely undecorated. Abandoned but clean. The photo is wide angle, showing the entire room"
)
PHRASES = {"couch": "couch", "table": "coffee table", "painting": "framed painting"}
"""The objects in the prompts' words."""
PLACES = {"painting": " on the wall"}
"""Where an object is that does not stand on the floor."""
WEIGHT = 1.4

_WEIGHTED = re.compile(r"\(([^():]+):(\d+(?:\.\d+)?)\)")


def prompt(name: str) -> str:
    """The prompt of a class; `(couch:1.4)` gives the tokens of an object their weight.

    As the authors' code has it, the last sentence names what is there, and two objects suffer no *other* furniture.

    >>> prompt("couch_painting").split(". ")[2]
    'The room is completely empty, except for a (couch:1.4) and a (framed painting:1.4) on the wall'
    """
    objects = CLASSES[name]
    nothing = NOTHING.format(other=" other" if len(objects) > 1 else "")
    if not objects:
        return f"{ROOM}. {nothing} and how it is empty."
    asked = " and ".join(f"a ({PHRASES[each]}:{WEIGHT}){PLACES.get(each, '')}" for each in objects)
    match objects:
        case (one,):
            shown = f" and the {PHRASES[one]}{PLACES.get(one, '')}"
        case _:
            *others, last = (f"the {PHRASES[each]}" for each in objects)
            shown = f", {', '.join(others)}, and {last}"
    return f"{ROOM}, except for {asked}. {nothing}{shown}."


def chunks(text: str) -> list[tuple[str, float]]:
    """A prompt in the pieces of one weight each, in their order.

    >>> chunks("a (couch:1.4) alone")
    [('a ', 1.0), ('couch', 1.4), (' alone', 1.0)]
    """
    pieces = _WEIGHTED.split(text)  # plain, weighted, its weight, plain, ...
    found = [(pieces[0], 1.0)]
    for weighted, weight, plain in zip(pieces[1::3], pieces[2::3], pieces[3::3], strict=True):
        found += [(weighted, float(weight)), (plain, 1.0)]
    return [(piece, weight) for piece, weight in found if piece]


def plain(text: str) -> str:
    """A prompt without its weights.

    >>> plain("a (couch:1.4) alone")
    'a couch alone'
    """
    return "".join(piece for piece, _ in chunks(text))
