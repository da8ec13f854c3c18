"""The inner loops of the sparse index, compiled.

The postings of a segment are its `docs` and `codes`. Those of a term are the `ranges`, of shape
(terms, 2), from where to where; their docs ascend, and each adds the term's factor times its code
to the score of its chunk. `scores` are those of all chunks. A mask of no length leaves all of
them, else those where it is true. `best` are the best scores found until now, as a heap: the
first of them is the least.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from index.compiled import compiled
from index.impact_segment import Bytes, Mask, Places, Terms

Counts: TypeAlias = npt.NDArray[np.int32]
Docs: TypeAlias = npt.NDArray[np.uint16]
Ranges: TypeAlias = npt.NDArray[np.int64]
Scores: TypeAlias = npt.NDArray[np.float32]

_NEARLY = np.float32(1 - 1e-5)
"""Scores that differ by less may be equal: they were added up in another order."""
_BLOCK = 64
"""So many scores are passed over at once where none of them is over a bound."""
_LOOK_UP = 10
"""Looking up one chunk among a term's postings costs as much as adding so many of them."""


@compiled("u8[]", "i8[]", "u8[]", "i8[,]=", is_quick=True)
def find(terms: Terms, starts: Places, numbers: Terms, ranges: Ranges) -> None:
    """The range of each number's postings, out of the `starts` of all terms, which ascend; an
    empty one where it is not among them."""
    for column in range(len(numbers)):
        number = numbers[column]
        low, high = 0, len(terms)
        while low < high:
            middle = (low + high) >> 1
            if terms[middle] < number:
                low = middle + 1
            else:
                high = middle
        ranges[column] = 0
        if low < len(terms) and terms[low] == number:
            ranges[column, 0], ranges[column, 1] = starts[low], starts[low + 1]


@compiled("u2[]", "?[]", "i8[]", "i8[,]", "i4[]=", "i8[]=")
def count_alive(
    docs: Docs, alive: Mask, starts: Places, ranges: Ranges, known: Counts, counts: Places
) -> None:
    """In how many chunks alive each of the terms is. What is `known` of a segment's terms (-1:
    nothing) is taken from there, and put there."""
    for column in range(len(ranges)):
        begin, end = ranges[column]
        if begin == end:
            counts[column] = 0
            continue
        term = np.searchsorted(starts, begin, side="left")
        if known[term] < 0:
            count = 0
            for place in range(begin, end):
                count += alive[docs[place]]
            known[term] = count
        counts[column] = known[term]


@compiled("u2[]", "u1[]", "i8[,]", "f4[]", "f4[]=")
def add_up(docs: Docs, codes: Bytes, ranges: Ranges, factors: Scores, scores: Scores) -> None:
    """Adds what all postings of the terms add."""
    for term in range(len(ranges)):
        factor = factors[term]
        for place in range(ranges[term, 0], ranges[term, 1]):
            scores[docs[place]] += factor * np.float32(codes[place])


@compiled("u2[]", "u1[]", "i8[,]", "f4[]", "i8[]", "f4[]=")
def look_up(
    docs: Docs, codes: Bytes, ranges: Ranges, factors: Scores, wanted: Places, found: Scores
) -> None:
    """Adds to `found` what the terms add to the wanted chunks, which ascend."""
    for term in range(len(ranges)):
        low, last = ranges[term]
        for place in range(len(wanted)):
            high, step = low, 1
            while high < last and docs[high] < wanted[place]:
                low = high + 1
                high += step
                step *= 2
            high = min(high, last)
            while low < high:
                middle = (low + high) >> 1
                if docs[middle] < wanted[place]:
                    low = middle + 1
                else:
                    high = middle
            if low == last:
                break
            if docs[low] == wanted[place]:
                found[place] += factors[term] * np.float32(codes[low])


@compiled("u2[]", "u1[]", "i8[,]", "f4[]", "i8[]", "f4[,]=")
def look_up_each(
    docs: Docs, codes: Bytes, ranges: Ranges, factors: Scores, wanted: Places, found: Scores
) -> None:
    """The same, with a row of `found` for each of the terms."""
    for term in range(len(ranges)):
        own = slice(term, term + 1)
        look_up(docs, codes, ranges[own], factors[own], wanted, found[term])


@compiled("u2[]", "f4[]", "f4[]=")
def add_found(docs: Docs, values: Scores, scores: Scores) -> None:
    """Adds to the scores of these chunks, each as often as it is there."""
    for place in range(len(docs)):
        scores[docs[place]] += values[place]


@compiled("u2[]", "u1[]", "i8[,]", "f4[]", "i8[]", "i8[]", "i8")
def best_wordings(
    docs: Docs,
    codes: Bytes,
    ranges: Ranges,
    factors: Scores,
    wordings: Places,
    notions: Places,
    chunks: int,
) -> tuple[Docs, Scores, Places]:
    """What notions have in a segment of so many chunks: the sum of a wording's terms, of the
    wording with the most; chunks (ascending) and values of one notion after the other, and where
    those of each end. `wordings` says which term ends each, `notions` which wording."""
    total = 0
    for term in range(len(ranges)):
        total += ranges[term, 1] - ranges[term, 0]
    found = np.empty(total, dtype=np.uint16)
    values = np.empty(total, dtype=np.float32)
    ends = np.empty(len(notions), dtype=np.int64)
    sums = np.zeros(chunks, dtype=np.float32)
    best = np.full(chunks, np.float32(-1))
    count = term = wording = 0
    for notion in range(len(notions)):
        begin = count
        while wording < notions[notion]:
            first = term
            while term < wordings[wording]:
                for place in range(ranges[term, 0], ranges[term, 1]):
                    sums[docs[place]] += factors[term] * np.float32(codes[place])
                term += 1
            for again in range(first, term):
                for place in range(ranges[again, 0], ranges[again, 1]):
                    doc = docs[place]
                    if best[doc] < 0:
                        found[count] = doc
                        count += 1
                    best[doc] = max(best[doc], sums[doc])
                    sums[doc] = 0
            wording += 1
        found[begin:count].sort()
        for place in range(begin, count):
            values[place] = best[found[place]]
            best[found[place]] = -1
        ends[notion] = count
    return found[:count].copy(), values[:count].copy(), ends


@compiled("f4[]", "i8", "f4")
def is_any_over(scores: Scores, start: int, bound: float) -> bool:
    """Whether one of the scores of the block that begins there is over the bound."""
    count = 0
    if start + _BLOCK <= len(scores):
        for doc in range(start, start + _BLOCK):
            count += scores[doc] > bound
    else:
        for doc in range(start, len(scores)):
            count += scores[doc] > bound
    return count > 0


@compiled("f4[]", "?[]", "f4[]=")
def take_in(scores: Scores, mask: Mask, best: Scores) -> None:
    """Takes the scores that are among the best into them."""
    size, least = len(best), best[0]
    for start in range(0, len(scores), _BLOCK):
        if not is_any_over(scores, start, least):
            continue
        for doc in range(start, min(start + _BLOCK, len(scores))):
            score = scores[doc]
            if score > least and (len(mask) == 0 or mask[doc]):
                at, child = 0, 1
                while child < size:
                    if child + 1 < size and best[child + 1] < best[child]:
                        child += 1
                    if best[child] >= score:
                        break
                    best[at] = best[child]
                    at, child = child, 2 * child + 1
                best[at] = score
                least = best[0]


@compiled("f4[]", "?[]", "f4")
def over(scores: Scores, mask: Mask, least: float) -> Places:
    """The chunks with a score over 0 that is not below the least."""
    bound = np.float32(least) * _NEARLY
    below = max(np.nextafter(bound, np.float32(-np.inf)), np.float32(0))
    found = np.empty(len(scores), dtype=np.int64)
    count = 0
    for start in range(0, len(scores), _BLOCK):
        if not is_any_over(scores, start, below):
            continue
        for doc in range(start, min(start + _BLOCK, len(scores))):
            if scores[doc] > below and (len(mask) == 0 or mask[doc]):
                found[count] = doc
                count += 1
    return found[:count].copy()


@compiled("f4[]", "?[]", "f4[]=")
def chosen(scores: Scores, mask: Mask, best: Scores) -> Places:
    """Takes the scores into the best, and gives the chunks whose scores are among those, perhaps
    with others."""
    take_in(scores, mask, best)
    return over(scores, mask, best[0])


@compiled("u2[]", "u1[]", "i8[,]", "f4[]", "f4[]", "f4[]=", "f4[]")
def pruned(
    docs: Docs,
    codes: Bytes,
    ranges: Ranges,
    factors: Scores,
    ceilings: Scores,
    scores: Scores,
    best: Scores,
) -> Places:
    """The chunks that can be among the best, whose scores then are in `scores`. Terms come by what
    they can add at most, the most first: what is left of them can only order the chunks that have
    not fallen behind by more than that (MaxScore). A score of -inf leaves a chunk out."""
    everywhere = np.empty(0, dtype=np.bool_)
    rest = np.zeros(len(ranges) + 1, dtype=np.float32)
    waiting = 0
    for term in range(len(ranges) - 1, -1, -1):
        rest[term] = rest[term + 1] + ceilings[term]
        waiting += ranges[term, 1] - ranges[term, 0]
    least, done = best[0], 0
    while done < len(ranges):
        first, added = done, 0
        while done < len(ranges) and added <= waiting // 8:
            added += ranges[done, 1] - ranges[done, 0]
            done += 1
        waiting -= added
        add_up(docs, codes, ranges[first:done], factors[first:done], scores)
        until_now = best.copy()
        take_in(scores, everywhere, until_now)
        least = until_now[0]
        if least <= rest[done]:
            continue
        found = over(scores, everywhere, least - rest[done])
        if len(found) * (len(ranges) - done) * _LOOK_UP < waiting:
            some = scores[found]
            look_up(docs, codes, ranges[done:], factors[done:], found, some)
            scores[found] = some
            kept: Places = found[some >= least * _NEARLY]
            return kept
    return over(scores, everywhere, least)
