"""BM25 of a posting, in 8 bits, worked out before any query asks for it.

What a query does not know of is tf (k1 + 1) / (tf + k1 (1 - b + b length / average)), its
*impact* (Robertson and Zaragoza 2009, "The Probabilistic Relevance Framework"; worked out
beforehand after Lù 2024, "BM25S", arXiv:2407.03618). It is over 0 and at most k1 + 1, and is held
as one of 255 equal steps. The inverse document frequency is left to the query, so that an impact
changes with the average length alone; that is rounded to the next 64th of a power of two, so that
it changes seldom, and is the same however a collection came to be what it is.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from index.array_file import Arrays
from index.contract import SPARSE_FIELDS
from index.impact_segment import Mask, Segment

_STEPS = 255
_AVERAGES_PER_OCTAVE = 64
_BLOCK = 1 << 22


@dataclass(frozen=True)
class Formula:
    """`averages` are the mean lengths of SPARSE_FIELDS, in terms, as they are rounded."""

    k1: float
    b: float
    averages: tuple[float, ...]

    @staticmethod
    def over(k1: float, b: float, parts: Iterable[tuple[Segment, Mask]]) -> Formula:
        """With the averages over what is alive of segments."""
        chunks, totals = 0, np.zeros(len(SPARSE_FIELDS), dtype=np.int64)
        for segment, alive in parts:
            chunks += int(alive.sum())
            totals += segment.lengths.sum(axis=1, dtype=np.int64, where=alive)
        return Formula(k1, b, tuple(_rounded(total / max(chunks, 1)) for total in totals.tolist()))

    @property
    def name(self) -> str:
        """Stands for all that impacts depend on beside the segment."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:12]

    @property
    def step(self) -> float:
        """What one step of a code stands for."""
        return (self.k1 + 1) / _STEPS

    def impacts(self, segment: Segment) -> Arrays:
        """The `codes` of the segment's postings (1 to 255), and the greatest of each term, its
        `ceilings`."""
        counts = segment.counts()
        codes = np.empty(len(counts), dtype=np.uint8)
        for field, average in enumerate(self.averages):
            lengths = segment.lengths[field].astype(np.float32) / np.float32(average or 1.0)
            damping = np.float32(self.k1) * (1 - self.b + self.b * lengths)
            inside = segment.field_range(field)
            for begin in range(inside.start, inside.stop, _BLOCK):
                place = slice(begin, min(begin + _BLOCK, inside.stop))
                count = counts[place].astype(np.float32)
                steps = _STEPS * count / (count + damping[segment.docs[place]])
                codes[place] = np.maximum(np.rint(steps), 1)
        ceilings = np.maximum.reduceat(codes, segment.starts[:-1]) if len(codes) else codes
        return {"codes": codes, "ceilings": ceilings}


def _rounded(average: float) -> float:
    if average <= 0:
        return 0.0
    steps = round(math.log2(average) * _AVERAGES_PER_OCTAVE)
    return float(2.0 ** (steps / _AVERAGES_PER_OCTAVE))
