"""Chinese words by how they sound: other characters of the same pinyin, without tones."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

_MOST_READINGS = 3
_TYPED = 2
"""A character is looked for under so many of its readings."""
_INITIALS = "bpmfdtnlgkhjqxrzcsyw"


@dataclass(frozen=True)
class Readings:
    """The readings of each character of GB 2312, the commonest first, and the characters of each
    reading."""

    of: Mapping[str, tuple[str, ...]]
    characters: Mapping[str, str]

    def homophones(self, character: str) -> str:
        """Other characters that may be read as this one."""
        readings = self.of.get(character, ())[:1]
        found = dict.fromkeys("".join(self.characters.get(r, "") for r in readings))
        found.pop(character, None)
        return "".join(found)

    def splits(self, letters: str) -> Iterator[tuple[str, ...]]:
        """The ways to take letters for two to six syllables."""
        if len(letters) < 4 or letters[0] not in _INITIALS + "aeo":
            return
        stack: list[tuple[int, tuple[str, ...]]] = [(0, ())]
        while stack:
            start, syllables = stack.pop()
            if start == len(letters):
                if len(syllables) >= 2:
                    yield syllables
                continue
            if len(syllables) == 6:
                continue
            stack.extend(
                (end, (*syllables, letters[start:end]))
                for end in range(start + 1, min(start + 6, len(letters)) + 1)
                if letters[start:end] in self.characters
            )


@lru_cache(maxsize=1)
def readings() -> Readings:
    """Out of pypinyin's table."""
    from pypinyin.pinyin_dict import pinyin_dict

    of: dict[str, tuple[str, ...]] = {}
    characters: dict[str, list[str]] = {}
    for code, marked in sorted(pinyin_dict.items()):
        character = chr(code)
        try:
            character.encode("gb2312")
        except UnicodeEncodeError:
            continue
        plain = dict.fromkeys(map(_toneless, marked.split(",")[:_MOST_READINGS]))
        of[character] = tuple(reading for reading in plain if reading.isalpha())
        for reading in of[character][:_TYPED]:
            characters.setdefault(reading, []).append(character)
    return Readings(of, {reading: "".join(chars) for reading, chars in characters.items()})


def _toneless(syllable: str) -> str:
    """As it is typed: lǜ is lv."""
    decomposed = unicodedata.normalize("NFD", syllable).replace("u\u0308", "v")
    return "".join(c for c in decomposed if c.isascii())


def alike(written: str, places: Iterable[int], kept: Collection[str]) -> Iterator[str]:
    """What sounds the same as the characters written, with another at one of the places; those in
    `kept` stay."""
    table = readings()
    for place in places:
        if written[place] not in kept:
            for other in table.homophones(written[place]):
                yield written[:place] + other + written[place + 1 :]


def chains(syllables: Sequence[str], pairs: Sequence[Mapping[str, Sequence[str]]]) -> list[str]:
    """The words of these syllables every two neighbours of which are a known pair: `pairs[i]` has,
    by the character at place i, those known to follow."""
    found = list(pairs[0]) if pairs else []
    for following in pairs:
        found = [word + after for word in found for after in following.get(word[-1], ())]
    return [word for word in found if len(word) == len(syllables)]
