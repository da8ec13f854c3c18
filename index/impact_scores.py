"""The scores of one segment's chunks for a query.

A segment scores all its chunks at once, by adding up the postings of the query's terms: a
millisecond for half a million of them. Where there are more, those of the terms that count most
are added first, and the rest only for the chunks that can still come among the best (MaxScore:
Turtle and Flood 1995, "Query Evaluation: Strategies and Optimizations").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.contract import Keys
from index.impact_formula import Formula
from index.impact_kernels import (
    Counts,
    Ranges,
    Scores,
    add_up,
    chosen,
    count_alive,
    find,
    look_up,
    look_up_each,
    pruned,
    take_in,
)
from index.impact_notions import Added, Notions, Weights
from index.impact_segment import Bytes, Mask, Places, Segment, Terms
from ingest.contract import cached_property

_ALL_AT_ONCE = 200_000
"""So many postings of a segment are added up without looking which are needed."""
_EVERYWHERE: Mask = np.empty(0, dtype=bool)


@dataclass(frozen=True)
class Part:
    """A segment, what of it is alive, and the impacts of its postings, as `index.impact_formula`
    has them; one unit of a code counts `step`."""

    segment: Segment
    alive: Mask
    codes: Bytes
    ceilings: Bytes
    step: float

    @classmethod
    def of(cls, segment: Segment, alive: Mask, formula: Formula) -> Part:
        """With impacts that are worked out now."""
        impacts = formula.impacts(segment)
        return cls(segment, alive, impacts["codes"], impacts["ceilings"], formula.step)

    @cached_property
    def count(self) -> int:
        """Chunks alive."""
        return int(self.alive.sum())

    @cached_property
    def is_whole(self) -> bool:
        """Whether nothing is dead."""
        return self.count == len(self.segment)

    def places(self, keys: Keys) -> Places:
        """Where those of the keys (sorted, unique) are that are here and alive."""
        docs = self.segment.places(keys)
        return docs[self.alive[docs]]

    def find(self, numbers: Terms) -> Ranges:
        """Where the postings of these terms are, shape (terms, 2): from where to where; an empty
        range for one that is not here."""
        ranges = np.empty((len(numbers), 2), dtype=np.int64)
        find(self.segment.terms, self.segment.starts, numbers, ranges)
        return ranges

    def spread(self, ranges: Ranges) -> Places:
        """In how many chunks alive each of the terms is."""
        if self.is_whole:
            return ranges[:, 1] - ranges[:, 0]
        counts: Places = np.empty(len(ranges), dtype=np.int64)
        starts, known = self.segment.starts, self._alive_with
        count_alive(self.segment.docs, self.alive, starts, ranges, known, counts)
        return counts

    def spread_in(self, ranges: Ranges, mask: Mask) -> Places:
        """In how many chunks of a mask each of the terms is."""
        docs = self.segment.docs
        return np.array([np.count_nonzero(mask[docs[a:b]]) for a, b in ranges.tolist()], np.int64)

    @cached_property
    def _alive_with(self) -> Counts:
        """In how many chunks alive each of the segment's terms is, as far as it is known."""
        return np.full(len(self.segment.terms), -1, dtype=np.int32)

    def of_notions(self, notions: Notions, ranges: Ranges, rarity: Weights) -> Added:
        """What notions add; a term of theirs counts its rarity for each impact."""
        segment = self.segment
        return notions.over(segment.docs, self.codes, ranges, rarity * self.step, len(segment))


class Evaluation:
    """A query over one part: where the postings of its terms are, what one unit of their codes
    counts, and what notions add beside them."""

    def __init__(self, part: Part, ranges: Ranges, factors: Scores, notions: Added | None) -> None:
        self._part = part
        self._ranges = ranges
        self._factors = factors
        self._notions = notions
        self._is_cheap = int((ranges[:, 1] - ranges[:, 0]).sum()) <= _ALL_AT_ONCE

    @cached_property
    def _all(self) -> Scores:
        """The score of every chunk."""
        scores = self._before()
        add_up(self._part.segment.docs, self._part.codes, self._ranges, self._factors, scores)
        return scores

    def _before(self) -> Scores:
        """The score of every chunk before any term."""
        if self._beside is None:
            return np.zeros(len(self._part.segment), dtype=np.float32)
        return self._beside.copy()

    @cached_property
    def _beside(self) -> Scores | None:
        """What every chunk has from notions, where the query has any."""
        if self._notions is None:
            return None
        scores = np.zeros(len(self._part.segment), dtype=np.float32)
        self._notions.add_to(scores)
        return scores

    def scores(self, docs: Places) -> Scores:
        """Of these chunks, which ascend."""
        if self._is_cheap:
            return self._all[docs]
        beside = self._beside
        found = np.zeros(len(docs), np.float32) if beside is None else beside[docs]
        part = self._part
        look_up(part.segment.docs, part.codes, self._ranges, self._factors, docs, found)
        return found

    def each(self, docs: Places) -> tuple[Scores, Scores]:
        """What each of the terms adds to these chunks, which ascend, and each of the notions; of
        shape (terms, docs) and (notions, docs)."""
        part = self._part
        terms = np.zeros((len(self._factors), len(docs)), dtype=np.float32)
        look_up_each(part.segment.docs, part.codes, self._ranges, self._factors, docs, terms)
        if self._notions is None:
            return terms, np.zeros((0, len(docs)), dtype=np.float32)
        return terms, self._notions.each(docs)

    def best(self, best: Scores, mask: Mask | None) -> tuple[Places, Scores]:
        """The chunks whose scores are among the best, perhaps with others, in no order; with a
        mask, only where it is true. `best` are the best scores until now, of other parts, as a
        heap; they are brought up to date."""
        if not self._is_cheap:
            return self._pruned(best, mask)
        mask = _EVERYWHERE if mask is None else mask
        found = chosen(self._all, mask, best)
        return found, self._all[found]

    def _pruned(self, best: Scores, mask: Mask | None) -> tuple[Places, Scores]:
        part, ranges, scores = self._part, self._ranges, self._before()
        if mask is not None:
            scores[~mask] = -np.inf
        held = np.flatnonzero(ranges[:, 1] > ranges[:, 0])
        places = part.segment.starts.searchsorted(ranges[held, 0])
        ceilings = self._factors[held] * part.ceilings[places]
        order = (-ceilings).argsort(kind="stable")
        held, ceilings = held[order], ceilings[order]
        found = pruned(
            part.segment.docs,
            part.codes,
            ranges[held],
            self._factors[held],
            ceilings,
            scores,
            best,
        )
        own = scores[found]
        take_in(own, _EVERYWHERE, best)
        return found, own
