"""Theme keywords of a chunk: what it names most, first, and in its headings."""

from __future__ import annotations

from collections.abc import Sequence

from index.graph.contract import EntityType, Field, Mention

_NO_THEME = frozenset(
    (EntityType.DATE, EntityType.AMOUNT, EntityType.SECTION, EntityType.IDENTIFIER)
)
_MOST = 8
_FIELD_WEIGHT = {Field.TEXT: 1.0, Field.HEADINGS: 1.5, Field.TITLE: 1.5}


def theme_keywords(mentions: Sequence[Mention]) -> tuple[str, ...]:
    """The names of the chunk by weight: how often they stand, more for headings, for where
    something is defined and for the beginning; the first of those that differ in case only."""
    weights: dict[str, float] = {}
    shown: dict[str, str] = {}
    for place, mention in enumerate(mentions):
        if mention.type in _NO_THEME:
            continue
        key = " ".join(mention.name.casefold().split())
        shown.setdefault(key, " ".join(mention.name.split()))
        weight = _FIELD_WEIGHT[mention.field] + mention.is_defined + 1 / (place + 2)
        weights[key] = weights.get(key, 0.0) + weight
    best = sorted(weights, key=lambda key: (-weights[key], key))
    return tuple(shown[key] for key in best[:_MOST])
