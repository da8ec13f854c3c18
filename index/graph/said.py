"""What a sentence says of two names in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from index.graph.contract import EntityType

ABOUT = -1
"""Stands for the thing that the chunk is about, where a sentence says "he" or "the company"."""

SURE, LIKELY, GUESSED = 1.0, 0.8, 0.6


class Said(NamedTuple):
    """Places among the text's names (or ABOUT), and the kind in the words of the text."""

    head: int
    tail: int
    kind: str
    strength: float


class Part(NamedTuple):
    """A name in a sentence: its place among the text's names, and where it stands."""

    place: int
    start: int
    end: int
    type: EntityType


def said_along(
    text: str,
    parts: Sequence[Part],
    said: Said | None,
    joins: re.Pattern[str],
    related: Callable[[Part, Part], Said | None],
) -> Iterator[Said]:
    """What is said of each name of a sentence and the next, by what `related` makes of the two.
    Where only what `joins` a list stands between them, what was `said` of the first (at the
    beginning: before the first name) is said of the second, too."""
    for one, other in pairwise(parts):
        if not joins.fullmatch(text[one.end : other.start]):
            said = related(one, other)
        elif said is not None and said.tail == one.place:
            said = said._replace(tail=other.place)
        else:
            said = None
        if said is not None and said.head != said.tail:
            yield said
