"""Text in pictures and pages: as markup, and how much room it takes, without a font at hand: rather
too much."""

from __future__ import annotations

import unicodedata
from html import escape

_NARROW = frozenset("iljtfrI1.,:;'|!()[] ")
_BROAD = frozenset("mwMW@%—…")


def escaped(text: str) -> str:
    """As text of XML and HTML; what neither can hold is a space."""
    kept = "".join(c if c.isprintable() or c in "\t\n" else " " for c in text)
    return escape(kept.encode("utf-8", "replace").decode())


def width(text: str, size: float) -> float:
    """Units that a line of text takes, set in a sans-serif of that size."""
    return size * sum(map(_em, text))


def _em(character: str) -> float:
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.0
    if character in _NARROW:
        return 0.36
    if character in _BROAD:
        return 0.98
    return 0.72 if character.isupper() else 0.59


def shortened(text: str, size: float, room: float) -> str:
    """The text in one line, cut so that it fits the room."""
    line = " ".join(text.split())
    if width(line, size) <= room:
        return line
    while line and width(f"{line}…", size) > room:
        line = line[:-1]
    return f"{line.rstrip()}…"
