"""Where the blocks of a truth lie in what a reader made of the file."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from eval.contract import TruthBlock
from eval.parse_text import letters

_LEAST_SCORE = 78.0
"""Similarity (0 to 100) from which a passage counts as the one looked for."""
_EXACT_BELOW = 8
"""A text of fewer letters is found exactly or not at all: everything resembles it."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a stream, in letters, and how alike it is to what was looked for (0 to 1)."""

    start: int
    end: int
    likeness: float = 1.0


@dataclass
class Stream:
    """Texts joined, as letters alone; knows which text each letter is of."""

    parts: Sequence[str]
    letters: str = ""
    starts: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Stream:
        """The stream of these texts."""
        parts = [letters(text) for text in texts]
        starts = [0, *accumulate(len(part) for part in parts)][: len(parts)]
        return cls(parts, "".join(parts), starts)

    def part_at(self, position: int) -> int:
        """The number of the text that the letter is of."""
        return max(bisect.bisect_right(self.starts, position) - 1, 0)

    def holder(self, place: Place) -> int:
        """The text with the most letters of the place."""
        first, last = self.part_at(place.start), self.part_at(max(place.end - 1, place.start))
        ends = [*self.starts[1:], len(self.letters)]
        return max(
            range(first, last + 1),
            key=lambda n: min(ends[n], place.end) - max(self.starts[n], place.start),
        )

    def find(self, text: str, near: int = 0) -> Place | None:
        """The place of a text (letters alone): exact, after `near` rather than before it; else
        the most similar stretch."""
        if not text:
            return None
        at = self.letters.find(text, near)
        if at < 0:
            at = self.letters.rfind(text, 0, near + len(text))
        if at >= 0:
            return Place(at, at + len(text))
        return similar(text, self.letters)


def similar(text: str, whole: str, least: float = _LEAST_SCORE) -> Place | None:
    """The stretch of `whole` most similar to `text`, if it is similar enough."""
    from rapidfuzz import fuzz

    if len(text) < _EXACT_BELOW or len(whole) < len(text) // 2:
        return None
    found = fuzz.partial_ratio_alignment(text, whole, score_cutoff=least)
    if found is None or found.score < least:
        return None
    if len(text) <= len(whole):
        return Place(found.dest_start, found.dest_end, found.score / 100)
    return Place(0, len(whole), found.score / 100)


def holds(whole: str, text: str, least: float) -> bool:
    """Whether `text` lies in `whole` (letters alone, both), with that likeness at least."""
    if text in whole:
        return True
    if least >= 1 or len(whole) < len(text) * least:
        return False
    place = similar(text, whole, least * 100)
    return place is not None and place.end - place.start >= len(text) * least * 0.9


def locate(blocks: Sequence[TruthBlock], stream: Stream) -> list[Place | None]:
    """The place of each block, found in order: a text that comes several times is looked for
    after the one before it. A table lies where its rows lie."""
    near = 0
    places: list[Place | None] = []
    for block in blocks:
        place = (
            _table(block, stream, near) if block.rows else stream.find(letters(block.text), near)
        )
        if place is not None and block.kind != "footnote" and place.likeness > 0.9:
            near = place.start
        places.append(place)
    return places


def _table(block: TruthBlock, stream: Stream, near: int) -> Place | None:
    whole = stream.find(letters(block.text), near)
    if whole is not None and whole.likeness > 0.95:
        return whole
    found: list[Place] = []
    at = near
    for row in block.rows[block.header_rows :]:
        text = letters("".join(row))
        exact = stream.letters.find(text, at) if text else -1
        if exact >= 0:
            found.append(Place(exact, exact + len(text)))
            at = exact
    if found:
        return Place(found[0].start, max(place.end for place in found))
    return whole
