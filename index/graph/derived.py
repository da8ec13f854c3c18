"""A graph that has been derived: what it answers, from columns of facts and matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.contract import Keys
from index.graph.clusters import Cuts
from index.graph.contract import (
    Community,
    Entity,
    EntityType,
    GraphStats,
    Incidence,
    Mention,
    Merge,
    Relation,
)
from index.graph.entities import Entities
from index.graph.facts import TYPES, Facts
from index.graph.lookup import NameLookup
from index.graph.merges import Merges
from index.graph.relations import Relations
from ingest.contract import cached_property


@dataclass(frozen=True, eq=False)
class Parts:
    """The matrices of a graph, and the authority of its entities."""

    named: Incidence
    naming: Incidence
    subjects: Incidence
    edges: Incidence
    authority: npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DerivedGraph:
    """A Graph (see the contract). `counts` are how many decisions it was derived with, and how
    many chunks had no facts yet."""

    generation: int
    _facts: Facts
    _entities: Entities
    _parts: Parts
    _lookup: NameLookup
    _merges: Merges
    _counts: tuple[int, int]
    _cuts: Cuts

    @property
    def keys(self) -> Keys:
        return self._facts.keys

    @property
    def ids(self) -> Sequence[str]:
        return self._entities.ids

    @property
    def named(self) -> Incidence:
        return self._parts.named

    @property
    def naming(self) -> Incidence:
        return self._parts.naming

    @property
    def subjects(self) -> Incidence:
        return self._parts.subjects

    @property
    def edges(self) -> Incidence:
        return self._parts.edges

    def entity(self, number: int) -> Entity:
        entities = self._entities
        low, high = entities.name_offsets[number], entities.name_offsets[number + 1]
        names = [self._facts.tables.names.values[n] for n in entities.names[low:high].tolist()]
        return Entity(
            entities.ids[number],
            names[0],
            self.type_of(number),
            tuple(names[1:]),
            int(entities.chunks[number]),
            int(entities.mentions[number]),
            float(self._parts.authority[number]),
            self._description(names),
        )

    def type_of(self, number: int) -> EntityType:
        return TYPES[int(self._entities.types[number])]

    def numbers_of(self, name: str) -> tuple[int, ...]:
        return self._lookup.numbers_of(name)

    def names_in(self, text: str) -> Sequence[tuple[int, int, tuple[int, ...]]]:
        return self._lookup.names_in(text)

    def relations_of(self, number: int) -> Sequence[Relation]:
        return self._relations.of(number)

    def relations_between(self, first: int, second: int) -> Sequence[Relation]:
        return self._relations.between(first, second)

    def mentions_of(self, number: int, limit: int = 100) -> Sequence[tuple[int, Mention]]:
        rows = self._relations.rows_of(number)[:limit]
        chunks = np.searchsorted(self._facts.mentions.offsets, rows, side="right") - 1
        return list(zip(self.keys[chunks].tolist(), self._facts.mentions_at(rows), strict=True))

    def mentions_in(self, key: int) -> Sequence[tuple[int, Mention]]:
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return ()
        rows = self._facts.mentions.of(place)
        entities = self._entities.of_row[rows].tolist()
        mentions = self._facts.mentions_at(rows)
        return [one for one in zip(entities, mentions, strict=True) if one[0] >= 0]

    def merges(self) -> Sequence[Merge]:
        return self._merges.all

    def keywords_of(self, key: int) -> Sequence[str]:
        place = int(np.searchsorted(self.keys, key))
        if place == len(self.keys) or self.keys[place] != key:
            return ()
        return self._facts.tables.keywords.values[int(self._facts.keywords[place])]

    def communities(self) -> Sequence[Community]:
        return self._communities

    def stats(self) -> GraphStats:
        decisions, pending = self._counts
        return GraphStats(
            generation=self.generation,
            chunks=len(self.keys),
            pending=pending,
            entities=len(self.ids),
            mentions=int(self._entities.mentions.sum()),
            relations=len(self.edges.columns) // 2,
            statements=len(self._facts.statements),
            merges=len(self._merges.all),
            decisions=decisions,
            communities=len(self._communities),
        )

    @cached_property
    def _communities(self) -> tuple[Community, ...]:
        from index.graph.communities import communities_of

        return tuple(communities_of(self, self._cuts))

    @cached_property
    def _relations(self) -> Relations:
        return Relations(self._facts, self._entities, self.edges)

    @cached_property
    def _descriptions(self) -> dict[int, tuple[str, ...]]:
        """What a model says of things, by the numbers of their spelled names, the longest first."""
        found: dict[int, set[str]] = {}
        tables = self._facts.tables
        for number in np.unique(self._facts.descriptions).tolist():
            for name, text in tables.descriptions.values[number]:
                spelling = tables.names.number(name)
                found.setdefault(spelling, set()).add(text)
        return {
            name: tuple(sorted(texts, key=lambda text: (-len(text), text)))
            for name, texts in found.items()
        }

    def _description(self, names: Sequence[str]) -> str:
        tables = self._facts.tables
        for name in names:
            if texts := self._descriptions.get(tables.names.find(name)):
                return texts[0]
        return ""
