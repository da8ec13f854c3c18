"""The user's dictionary: words of a collection that no general dictionary has.

A line is a word, and what else jieba's dictionaries of this kind may say: its frequency and its
part of speech. A word may hold letters, digits and single spaces ("4G网络", "C++").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from index.contract import UserWord
from index.phrase_lines import parsed_lines
from index.words import is_han
from ingest.contract import BadInput

MAX_WORDS = 200_000
MAX_WORD_CHARS = 64

_LINE = re.compile(r"(?P<word>.+?)(?:\s+(?P<frequency>[0-9]+))?(?:\s+(?P<tag>[A-Za-z]+))?")
_SPACE = re.compile(r"\s+")


def parse_words(lines: Iterable[str], place: str) -> list[UserWord]:
    """The words of a dictionary's lines; empty lines and those that begin with # are passed over.
    Raises BadInput, naming the line in `place`."""
    advice = (
        "write a word to a line, with its frequency and part of speech after it if you like: "
        "石墨烯 100 n"
    )
    return parsed_lines(lines, place, _parse, advice)


def _parse(text: str) -> UserWord:
    match = _LINE.fullmatch(text)
    if match is None or not text.replace("\t", " ").isprintable():
        raise ValueError(f"{text[:40]!r} holds characters that cannot be printed")
    word = _SPACE.sub(" ", match["word"])
    if len(word) > MAX_WORD_CHARS:
        raise ValueError(f"{word[:20]!r}… has {len(word)} characters, {MAX_WORD_CHARS} at the most")
    if not any(character.isalnum() for character in word):
        raise ValueError(f"{word!r} has neither a letter nor a digit")
    frequency = None if match["frequency"] is None else int(match["frequency"])
    if frequency is not None and not 1 <= frequency <= 10**9:
        raise ValueError(f"the frequency {frequency} is not from 1 to 1,000,000,000")
    return UserWord(word, frequency, match["tag"] or "")


def line_of(word: UserWord) -> str:
    """The line that `parse_words` makes the word of."""
    parts = (word.word, "" if word.frequency is None else str(word.frequency), word.tag)
    return " ".join(part for part in parts if part)


def merged(words: Iterable[UserWord]) -> tuple[UserWord, ...]:
    """Each word once, as it was given last, in order of the words. Raises BadInput where there
    are too many."""
    by_word = {word.word: word for word in words}
    if len(by_word) > MAX_WORDS:
        raise BadInput(f"{len(by_word):,} words of the user; {MAX_WORDS:,} at the most")
    return tuple(by_word[word] for word in sorted(by_word))


@dataclass(frozen=True)
class Lexicon:
    """Words in normal form: those of Han characters alone with their frequencies (None: as much
    as it takes), which go into the segmenter's dictionary, and the prefixes of the others, which
    are looked for in the text itself (true for one that is a whole word)."""

    han: Mapping[str, int | None]
    prefixes: Mapping[str, bool]
    _begins: re.Pattern[str]

    @classmethod
    def of(cls, words: Sequence[UserWord], normal: Callable[[str], str]) -> Lexicon:
        """`normal` makes the form in which text and words are compared."""
        forms = {normal(word.word): word.frequency for word in words}
        han = {word: frequency for word, frequency in forms.items() if is_han(word)}
        prefixes: dict[str, bool] = {}
        for word in forms.keys() - han.keys():
            for end in range(1, len(word)):
                prefixes.setdefault(word[:end], False)
            prefixes[word] = True
        first = "".join(sorted({re.escape(prefix[0]) for prefix in prefixes if prefix}))
        return cls(han, prefixes, re.compile(f"[{first}]" if first else r"(?!)"))

    def mixed_in(self, normal: str) -> Iterator[str]:
        """The words that are not of Han characters alone, in a text in normal form, the longest
        at each place, as terms: an underscore stands for a space."""
        if not self.prefixes:
            return
        text, done = _SPACE.sub(" ", normal), 0
        for match in self._begins.finditer(text):
            if match.start() < done:
                continue
            start, end, whole = match.start(), match.start() + 1, 0
            while (known := self.prefixes.get(text[start:end])) is not None and end <= len(text):
                if known and not _inside_word(text, start) and not _inside_word(text, end):
                    whole = end
                end += 1
            if whole:
                yield text[start:whole].replace(" ", "_")
                done = whole


def _inside_word(text: str, place: int) -> bool:
    """Whether a word of letters or digits that are not Han goes on over the place."""
    sides = text[max(place - 1, 0) : place + 1]
    return len(sides) == 2 and place > 0 and all(c.isalnum() and not is_han(c) for c in sides)
