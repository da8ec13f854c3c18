"""What a query's notions (`AnyOf`) add to chunks: from the best of their wordings, each the mean of
its terms, field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.contract import AnyOf
from index.impact_kernels import Docs, Ranges, Scores, add_found, best_wordings
from index.impact_segment import Bytes, Places

Weights: TypeAlias = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Added:
    """What notions add to the chunks of one segment: one notion after the other, field by field,
    the `docs` (ascending), and the `values` of each. `ends`, of shape (notions, fields), says where
    those of a notion in a field end."""

    docs: Docs
    values: Scores
    ends: Places

    def add_to(self, scores: Scores) -> None:
        """Adds it to the scores of all chunks."""
        add_found(self.docs, self.values, scores)

    def each(self, docs: Places) -> Scores:
        """What each notion adds to these chunks, of shape (notions, docs)."""
        found = np.zeros((len(self.ends), len(docs)), dtype=np.float32)
        begin = 0
        for row, ends in zip(found, self.ends.tolist(), strict=True):
            for end in ends:
                if begin < end:
                    held, values = self.docs[begin:end], self.values[begin:end]
                    at = np.minimum(held.searchsorted(docs), len(held) - 1)
                    row += np.where(held[at] == docs, values[at], 0)
                begin = end
        return found


class Notions:
    """The notions of a query, each with how often it is asked for, over a row of terms: these
    words in so many fields, one field after the other."""

    def __init__(
        self, notions: Sequence[tuple[AnyOf, int]], words: Iterable[str], fields: int
    ) -> None:
        place_of = {word: place for place, word in enumerate(words)}
        terms: list[int] = []
        shares: list[float] = []
        wordings: list[int] = []
        ends: list[int] = []
        for notion, _ in notions:
            counted = [Counter(wording) for wording in notion.wordings]
            for first in range(0, fields * len(place_of), len(place_of) or 1):
                for wording in counted:
                    terms += [first + place_of[word] for word in wording]
                    shares += [count / wording.total() for count in wording.values()]
                    wordings.append(len(terms))
                ends.append(len(wordings))
        self._shape = len(notions), fields
        self._terms = np.array(terms, dtype=np.int64)
        self._shares = np.array(shares, dtype=np.float64)
        self._wordings = np.array(wordings, dtype=np.int64)
        self._ends = np.array(ends, dtype=np.int64)
        weights = [count * notion.weight for notion, count in notions]
        self._weights = np.array(weights, dtype=np.float32).repeat(fields)

    def __bool__(self) -> bool:
        return self._shape[0] > 0

    def over(
        self, docs: Docs, codes: Bytes, ranges: Ranges, factors: Weights, chunks: int
    ) -> Added:
        """Over a segment of so many chunks; `ranges` and `factors` are those of the terms."""
        own = ranges[self._terms]
        shared = (factors[self._terms] * self._shares).astype(np.float32)
        found, values, ends = best_wordings(
            docs, codes, own, shared, self._wordings, self._ends, chunks
        )
        values *= self._weights.repeat(np.diff(ends, prepend=0))
        return Added(found, values, ends.reshape(self._shape))
