"""Places in a text that may name something, and which of them stay where they overlap."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from index.graph.contract import EntityType

_MAY_HOLD = frozenset((EntityType.TERM, EntityType.ORGANIZATION))
_BUCKET = 64


class NameSpan(NamedTuple):
    """Characters from `start` to `end` that name a thing of a type; the smaller `rank` is surer."""

    start: int
    end: int
    type: EntityType
    rank: int


USER, QUOTED, NUMBERS, PAIRED, NAMES, TERMS = range(6)
"""Ranks: a user's word, a title in marks, dates and codes, a name with its other name in
parentheses, names, terms."""


def word_set(words: str) -> frozenset[str]:
    """The words of a list that is written as one string."""
    return frozenset(words.split())


def settled(spans: Iterable[NameSpan]) -> list[NameSpan]:
    """Those that stay, by place: the surer before the less sure, then the longer, then the first.
    One lies within another only where the outer is a term or an organization and of another
    type, and the inner is more than a term that nothing but its words speaks for."""
    kept: list[NameSpan] = []
    buckets: dict[int, list[NameSpan]] = {}
    for span in sorted(set(spans), key=lambda s: (s.rank, s.start - s.end, s.start, s.type)):
        if span.end <= span.start:
            continue
        places = range(span.start // _BUCKET, (span.end - 1) // _BUCKET + 1)
        near = [other for place in places for other in buckets.get(place, ())]
        if all(_agree(span, other) for other in near):
            kept.append(span)
            for place in places:
                buckets.setdefault(place, []).append(span)
    kept.sort(key=lambda s: (s.start, -s.end, s.type))
    return kept


def _agree(one: NameSpan, other: NameSpan) -> bool:
    if one.end <= other.start or other.end <= one.start:
        return True
    outer, inner = (one, other) if one.end - one.start > other.end - other.start else (other, one)
    is_within = outer.start <= inner.start and inner.end <= outer.end
    is_smaller = inner.end - inner.start < outer.end - outer.start
    may_lie = outer.type in _MAY_HOLD and (
        inner.rank <= PAIRED or inner.type not in (EntityType.TERM, EntityType.OTHER)
    )
    return is_within and is_smaller and outer.type != inner.type and may_lie
