"""The scores of one segment's chunks for a query.

A segment scores all its chunks at once, by adding up the postings of the query's terms: a
millisecond for half a million of them. Where there are more, those of the terms that count most
are added first, and the rest only for the chunks that can still come among the best (MaxScore:
Turtle and Flood 1995, "Query Evaluation: Strategies and Optimizations").
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from index.impact_segment import Bytes, Mask, Places, Segment, Terms

Scores: TypeAlias = npt.NDArray[np.float32]

_ALL_AT_ONCE = 150_000
"""So many postings of a segment are added up without looking which are needed."""
_LOOK_UP = 40
"""Looking up one chunk among a term's postings costs as much as adding so many of them."""
_NEARLY = np.float32(1 - 1e-5)
"""Scores that differ by less may be equal: they were added up in another order."""


class Rows(NamedTuple):
    """Of the terms that were asked for, those that are in a segment: the `columns` that they were
    asked in, their `places` among the segment's, and where the postings of each begin and end."""

    columns: Places
    places: Places
    begins: Places
    ends: Places


class Weighed(NamedTuple):
    """Postings, each of which adds `factor` times its value to its chunk's score, at most
    `ceiling`. Chunks ascend."""

    docs: npt.NDArray[Any]
    values: npt.NDArray[Any]
    factor: float
    ceiling: float


@dataclass(frozen=True)
class Part:
    """A segment, what of it is alive, and the impacts of its postings, as `index.impact_formula`
    has them; one unit of a code counts `step`."""

    segment: Segment
    alive: Mask
    codes: Bytes
    ceilings: Bytes
    step: float
    _alive_with: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def count(self) -> int:
        """Chunks alive."""
        return int(self.alive.sum())

    @cached_property
    def is_whole(self) -> bool:
        """Whether nothing is dead."""
        return self.count == len(self.segment)

    def find(self, numbers: Terms) -> Rows:
        """Terms, by their numbers."""
        known, starts = self.segment.terms, self.segment.starts
        if not len(known):
            return _NOTHING
        at = known.searchsorted(numbers)
        columns = np.flatnonzero(known.take(at, mode="clip") == numbers)
        places = at[columns]
        return Rows(columns, places, starts[places], starts[places + 1])

    def spread(self, rows: Rows) -> Places:
        """In how many chunks alive each of the terms is."""
        if self.is_whole:
            return rows.ends - rows.begins
        known, docs = self._alive_with, self.segment.docs
        places = rows.places.tolist()
        for place, begin, end in zip(places, rows.begins.tolist(), rows.ends.tolist(), strict=True):
            if place not in known:
                known[place] = int(np.count_nonzero(self.alive[docs[begin:end]]))
        return np.array([known[place] for place in places], dtype=np.int64)

    def values(self, place: slice, factor: float) -> tuple[npt.NDArray[Any], Scores]:
        """The chunks of these postings, and what each has from its own."""
        return self.segment.docs[place], self.codes[place] * np.float32(factor)


class Evaluation:
    """A query over one part: its terms, each with what one unit of its codes counts, and its
    notions."""

    def __init__(
        self,
        part: Part,
        rows: Rows,
        factors: npt.NDArray[np.float64],
        notions: Sequence[Weighed],
    ) -> None:
        self._part = part
        self._rows = rows
        self._factors = factors
        self._notions = notions
        self._total = int((rows.ends - rows.begins).sum())
        self._total += sum(len(one.docs) for one in notions)
        self._is_cheap = self._total <= _ALL_AT_ONCE

    @cached_property
    def _all(self) -> Scores:
        """The score of every chunk."""
        docs, codes, notions = self._part.segment.docs, self._part.codes, self._notions
        ranges = list(map(slice, self._rows.begins.tolist(), self._rows.ends.tolist()))
        return _added_up(
            [docs[one] for one in ranges] + [one.docs for one in notions],
            [codes[one] for one in ranges] + [one.values for one in notions],
            [*self._factors.tolist(), *(one.factor for one in notions)],
            len(self._part.segment),
        )

    @cached_property
    def _each(self) -> list[Weighed]:
        """The postings, those that can count most first."""
        docs, codes = self._part.segment.docs, self._part.codes
        ranges = map(slice, self._rows.begins.tolist(), self._rows.ends.tolist())
        ceilings = (self._factors * self._part.ceilings[self._rows.places]).tolist()
        found = [
            Weighed(docs[one], codes[one], factor, ceiling)
            for one, factor, ceiling in zip(ranges, self._factors.tolist(), ceilings, strict=True)
        ]
        return sorted([*found, *self._notions], key=lambda one: -one.ceiling)

    def scores(self, docs: Places) -> Scores:
        """Of these chunks, which ascend."""
        if self._is_cheap:
            found: Scores = self._all[docs]
            return found
        scores = np.zeros(len(docs), dtype=np.float32)
        wanted = docs.astype(np.uint16)
        for one in self._each:
            _look_up(one, wanted, scores)
        return scores

    def best(self, k: int, floor: float, mask: Mask | None) -> tuple[Places, Scores]:
        """The best k, perhaps with others, in no order; those under the floor may be missing.
        With a mask, only where it is true."""
        if not self._is_cheap:
            return self._pruned(k, floor, mask)
        scores = self._all if mask is None else np.where(mask, self._all, np.float32(0))
        at = _over(scores, max(_least(scores, k), floor))
        return at, scores[at]

    def _pruned(self, k: int, floor: float, mask: Mask | None) -> tuple[Places, Scores]:
        """Terms are added by what they can count at most. What is left of them can only order
        the chunks that have not fallen behind by more than that."""
        order, size = self._each, len(self._part.segment)
        rest = np.cumsum([0.0, *(one.ceiling for one in reversed(order))])[::-1].tolist()
        waiting = self._total
        scores = np.zeros(size, dtype=np.float32)
        done = 0
        while done < len(order):
            added, first = 0, done
            while done < len(order) and added <= waiting // 8:
                added += len(order[done].docs)
                done += 1
            waiting -= added
            docs, values, factors, _ = zip(*order[first:done], strict=True)
            scores += _added_up(docs, values, factors, size)
            if mask is not None:
                scores *= mask
            floor = _raised(floor, scores, k)
            if floor <= rest[done]:
                continue
            at = _over(scores, floor - rest[done])
            if len(at) * (len(order) - done) * _LOOK_UP < waiting:
                return self._finished(at, scores[at], order[done:], floor)
        at = _over(scores, floor)
        return at, scores[at]

    def _finished(
        self, docs: Places, scores: Scores, rest: Sequence[Weighed], floor: float
    ) -> tuple[Places, Scores]:
        """With what the rest of the terms adds to the chunks that are left."""
        left = sum(one.ceiling for one in rest)
        for one in rest:
            _look_up(one, docs.astype(np.uint16), scores)
            left -= one.ceiling
            keep = scores >= (floor - left) * _NEARLY
            docs, scores = docs[keep], scores[keep]
        return docs, scores


_NOTHING = Rows(*(np.empty(0, dtype=np.int64) for _ in Rows._fields))


def _added_up(
    docs: Sequence[npt.NDArray[Any]],
    values: Sequence[npt.NDArray[Any]],
    factors: Sequence[float],
    size: int,
) -> Scores:
    """The score of each of `size` chunks: a sparse matrix, a column for each term, times the
    factors."""
    from scipy.sparse import csc_array

    if not docs:
        return np.zeros(size, dtype=np.float32)
    starts = np.array([0, *accumulate(map(len, docs))], dtype=np.int32)
    held = (
        np.concatenate(values).astype(np.float32, copy=False),
        np.concatenate(docs).astype(np.int32),
        starts,
    )
    scores: Scores = csc_array(held, shape=(size, len(docs))) @ np.array(factors, dtype=np.float32)
    return scores


def _look_up(one: Weighed, docs: npt.NDArray[np.uint16], scores: Scores) -> None:
    """Adds what a term adds to the scores of some chunks."""
    at = np.searchsorted(one.docs, docs)
    at[at == len(one.docs)] = 0
    hit = one.docs[at] == docs
    scores[hit] += np.float32(one.factor) * one.values[at[hit]]


def _least(scores: Scores, k: int) -> float:
    """The k-th best score; 0 where there are not so many."""
    if k >= len(scores):
        return 0.0
    return float(np.partition(scores, len(scores) - k)[len(scores) - k])


def _raised(floor: float, scores: Scores, k: int) -> float:
    """The k-th best score where that is over the floor."""
    above = scores[scores > np.float32(floor)]
    return max(floor, _least(above, k))


def _over(scores: Scores, least: float) -> Places:
    """Where scores are over 0, and not below the least one."""
    if least > 0:
        found: Places = np.flatnonzero(scores >= np.float32(least) * _NEARLY)
        return found
    return np.flatnonzero(scores > 0)
