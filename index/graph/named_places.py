"""Where a name that someone writes stands in a chunk: as it is written, or in another form of it.

Width, case, kinds of quotation marks and dashes, white space, and traditional or simplified
characters make no difference. Words of alphabets are found as wholes, with or without an English
plural ending or a leading article.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from index.graph.contract import Field
from index.graph.zh_tokens import simplified
from index.words import is_han
from ingest.contract import Chunk, cached_property

_MOST_PLACES = 50
"""Of one name in one chunk."""
_ACRONYM_CHARS = 5

_ARTICLE = re.compile(r"^(?:the|an?)\s+(?=\S)", re.IGNORECASE)
_ALIKE = str.maketrans(
    {**dict.fromkeys("‘’‛′`´", "'"), **dict.fromkeys("“”„‟″«»", '"'),
     **dict.fromkeys("‐‑‒–—―−﹣", "-"), "·": "・", "•": "・", "‧": "・"}
)  # fmt: skip
_INVISIBLE = frozenset("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")


class Place(NamedTuple):
    """Characters from `start` to `end` of a field."""

    field: Field
    start: int
    end: int


@dataclass(frozen=True)
class NamedPlaces:
    """Finds names in the text of a chunk, its title and its headings."""

    chunk: Chunk

    def written(self, place: Place) -> str:
        """The characters at a place."""
        return self._fields[place.field][place.start : place.end]

    def find(self, name: str) -> list[Place]:
        """Every place of a name in the text; where the text does not have it, in the title, or
        else in the headings."""
        forms = [name]
        if bare := _ARTICLE.sub("", name):
            forms += [bare] if bare != name else []
        for field in Field:
            for form in forms:
                spans = self._exact(field, form) or self._alike(field, form)
                if spans:
                    return [Place(field, start, end) for start, end in spans[:_MOST_PLACES]]
        return []

    @cached_property
    def _fields(self) -> dict[Field, str]:
        chunk = self.chunk
        return {
            Field.TEXT: chunk.text,
            Field.TITLE: chunk.title,
            Field.HEADINGS: "\n".join(chunk.heading_path),
        }

    @cached_property
    def _alike_fields(self) -> dict[Field, tuple[str, list[int]]]:
        return {field: _alike(text) for field, text in self._fields.items()}

    def _exact(self, field: Field, name: str) -> list[tuple[int, int]]:
        text = self._fields[field]
        return [
            (start, end) for start, end in _occurrences(text, name) if _is_whole(text, start, end)
        ]

    def _alike(self, field: Field, name: str) -> list[tuple[int, int]]:
        if name.isascii() and name.isupper() and len(name) <= _ACRONYM_CHARS:
            return []  # US is not us.
        text, origins = self._alike_fields[field]
        wanted = _alike(name)[0].strip()
        found = []
        for start, end in _occurrences(text, wanted):
            last = _with_ending(text, end)
            if _is_whole(text, start, last):
                found.append((origins[start], origins[last - 1] + 1))
        return found


def _occurrences(text: str, wanted: str) -> Iterator[tuple[int, int]]:
    if not wanted:
        return
    start = text.find(wanted)
    while start >= 0:
        yield start, start + len(wanted)
        start = text.find(wanted, start + len(wanted))


def _is_whole(text: str, start: int, end: int) -> bool:
    """Whether no word of an alphabet, and no number, is cut at either end."""
    return not (_joins(text, start) or _joins(text, end))


def _joins(text: str, at: int) -> bool:
    if not 0 < at < len(text):
        return False
    before, after = text[at - 1], text[at]
    if unicodedata.combining(after):
        return True
    both = before.isalnum() and after.isalnum()
    return both and before.isdigit() == after.isdigit() and not (is_han(before) or is_han(after))


def _with_ending(text: str, end: int) -> int:
    """Where the word ends, with an English plural ending."""
    if not (text[end - 1].isascii() and text[end - 1].isalpha()):
        return end
    for ending in ("es", "s"):
        after = end + len(ending)
        if text.startswith(ending, end) and not _joins(text, after):
            return after
    return end


def _alike(text: str) -> tuple[str, list[int]]:
    """The text in the form in which names are compared, and where each of its characters comes
    from."""
    characters: list[str] = []
    origins: list[int] = []
    for place, character in enumerate(text):
        if character in _INVISIBLE:
            continue
        plain = unicodedata.normalize("NFKC", character).translate(_ALIKE).casefold()
        for one in plain:
            is_space = one.isspace()
            if is_space and (not characters or characters[-1] == " "):
                continue
            characters.append(" " if is_space else one)
            origins.append(place)
    return simplified("".join(characters)), origins
