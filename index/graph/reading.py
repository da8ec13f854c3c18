"""A text as the rules read it: its sentences, its Chinese words and its other words."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from index.graph.contract import EntityType
from index.graph.en_tokens import Token, en_tokens
from index.graph.spans import PAIRED, NameSpan
from index.graph.zh_lists import LEADS
from index.graph.zh_tokens import Word, has_han, simplified, zh_words
from ingest.contract import cached_property

Span: TypeAlias = tuple[int, int]

_NOUN_RUN = frozenset(
    ("n", "nz", "vn", "v", "an", "a", "ns", "nt", "nr", "nrt", "ng", "b", "l", "j", "eng", "vg", "ad", "d", "m", "i", "x")
)  # fmt: skip
_LONGEST_RUN = 16


@dataclass(frozen=True)
class Reading:
    """`plain` is the text in simplified characters, each at its place."""

    text: str
    plain: str
    sentences: Sequence[Span]
    words: Sequence[Word]
    tokens: Sequence[Token]

    @classmethod
    def of(cls, text: str, sentences: Sequence[Span]) -> Reading:
        plain = simplified(text)
        words = zh_words(plain) if has_han(plain) else []
        return cls(text, plain, sentences, words, en_tokens(text))

    @cached_property
    def word_ends(self) -> dict[int, int]:
        """Chinese words by where they end."""
        return {word.end: place for place, word in enumerate(self.words)}

    @cached_property
    def token_starts(self) -> list[int]:
        """Where the other words begin."""
        return [token.start for token in self.tokens]

    @cached_property
    def sentence_starts(self) -> list[int]:
        """Where the sentences begin."""
        return [start for start, _ in self.sentences]

    @cached_property
    def first_words(self) -> frozenset[int]:
        """Where the first word of each sentence that is not Chinese begins."""
        found = (bisect_left(self.token_starts, start) for start, _ in self.sentences)
        return frozenset(self.tokens[place].start for place in found if place < len(self.tokens))

    def tokens_in(self, start: int, end: int) -> Sequence[Token]:
        """The words that begin between two places."""
        return self.tokens[
            bisect_left(self.token_starts, start) : bisect_left(self.token_starts, end)
        ]

    def sentence_at(self, place: int) -> int:
        """The number of the sentence that a place is in."""
        return bisect_right(self.sentence_starts, place) - 1

    def word_at(self, place: int) -> int:
        """The number of the first Chinese word that begins at a place or after it."""
        return bisect_left(self._word_starts, place)

    @cached_property
    def _word_starts(self) -> list[int]:
        return [word.start for word in self.words]

    def before_spaces(self, place: int) -> int:
        """The end of what stands before the white space before a place."""
        while place > 0 and self.text[place - 1].isspace():
            place -= 1
        return place

    def noun_run(self, end: int) -> NameSpan | None:
        """The Chinese words that end at a place, as far back as they may be one term."""
        place, start = self.word_ends.get(end), end
        if place is None:
            return None
        while place >= 0:
            word = self.words[place]
            if word.tag not in _NOUN_RUN or word.text in LEADS or not word.text.isalnum():
                break
            if end - word.start > _LONGEST_RUN:
                break
            start = word.start
            place -= 1
        return NameSpan(start, end, EntityType.TERM, PAIRED) if end - start > 1 else None
