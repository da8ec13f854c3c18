"""The words in Latin letters that a collection's texts have, as written, for spelling."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from index.words import normalize
from ingest.contract import cached_property

_WORD = re.compile(r"[a-z\u00df-\u024f]{3,40}")


@dataclass(frozen=True)
class Vocabulary:
    """Of one generation, with how often each word is written; never changed. Words that went with
    their chunks may still be here: the sparse index tells what is there."""

    generation: int = -1
    _counts: Counter[str] = field(default_factory=Counter)

    def changed(self, generation: int, texts: Iterable[str]) -> Vocabulary:
        """With more texts."""
        counts = Counter(self._counts)
        for text in texts:
            counts.update(_WORD.findall(normalize(text)))
        return Vocabulary(generation, counts)

    def __len__(self) -> int:
        return len(self._counts)

    def like(self, word: str, edits: int) -> list[tuple[str, int, int]]:
        """The words that are at most so many edits away (a letter more, less or another, or two
        that have changed places), each with the edits and how often it is written: fewer edits
        first, then the more frequent."""
        from rapidfuzz.distance import OSA
        from rapidfuzz.process import extract

        found: list[tuple[str, int, int]] = []
        for size in range(len(word) - edits, len(word) + edits + 1):
            known: Sequence[str] = self._by_length.get(size, ())
            near = extract(word, known, scorer=OSA.distance, score_cutoff=edits, limit=None)
            found += [(other, int(away), self._counts[other]) for other, away, _ in near]
        return sorted(found, key=lambda one: (one[1], -one[2], one[0]))

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for word in self._counts:
            found.setdefault(len(word), []).append(word)
        return found
