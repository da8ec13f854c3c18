"""The words of a collection's own dictionary in a text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.contract import UserWord
from index.graph.contract import EntityType
from index.graph.spans import USER, NameSpan
from index.graph.zh_tokens import simplified

_TYPES = {
    "nr": EntityType.PERSON,
    "ns": EntityType.PLACE,
    "nt": EntityType.ORGANIZATION,
    "nz": EntityType.OTHER,
}
_PREFIX = 2


def folded_name(text: str) -> str:
    """In small, simplified characters, each at its place: as words are looked for."""
    plain = simplified(text)
    lower = plain.lower()
    return (
        lower
        if len(lower) == len(plain)
        else "".join(c.lower() if len(c.lower()) == 1 else c for c in plain)
    )


@dataclass(frozen=True, eq=False)
class UserNames:
    """Words by their beginnings, so that a text is gone through once whatever their number."""

    words: tuple[UserWord, ...]
    types: Mapping[str, EntityType]
    lengths: Mapping[str, tuple[int, ...]]

    @classmethod
    def of(cls, words: Sequence[UserWord]) -> UserNames:
        types: dict[str, EntityType] = {}
        lengths: dict[str, set[int]] = {}
        for word in words:
            name = folded_name(word.word)
            types[name] = _TYPES.get(word.tag, EntityType.TERM)
            lengths.setdefault(name[:_PREFIX], set()).add(len(name))
        by_prefix = {p: tuple(sorted(found, reverse=True)) for p, found in lengths.items()}
        return cls(tuple(words), types, by_prefix)

    def find(self, text: str) -> Iterator[NameSpan]:
        """Where they stand, the longest where several begin at one place."""
        folded, place = folded_name(text), 0
        while place < len(folded):
            end = self._longest_at(folded, place)
            if end:
                yield NameSpan(place, end, self.types[folded[place:end]], USER)
            place = end or place + 1

    def _longest_at(self, text: str, place: int) -> int:
        for begin in (text[place : place + _PREFIX], text[place]):
            for length in self.lengths.get(begin, ()):
                end = place + length
                if text[place:end] in self.types and _stands_alone(text, place, end):
                    return end
        return 0


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no word of letters or digits goes on over an edge."""
    return not (
        (start and _is_word(text[start - 1]) and _is_word(text[start]))
        or (end < len(text) and _is_word(text[end - 1]) and _is_word(text[end]))
    )


def _is_word(character: str) -> bool:
    return character.isalnum() and character < "\u2e80"
