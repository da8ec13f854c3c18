"""Every pair of names that a graph takes for one thing's, with the reason; listed when asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

from index.graph.contract import Merge
from index.graph.entities import Entities
from index.graph.facts import Facts
from index.graph.names import ARTICLES, TITLES, spelled
from index.graph.unions import LEGAL_FORM, RULES, SPELLING, Link
from ingest.contract import cached_property

_BEFORE = ARTICLES | TITLES
MOST_EVIDENCE = 5
"""Chunks of a merge."""


@dataclass(frozen=True, eq=False)
class Merges:
    """Of the entities of one graph: by the links of resolution (`rows` has a mention of each end),
    and by normal forms."""

    facts: Facts
    entities: Entities
    links: Sequence[Link]
    rows: npt.NDArray[np.int64]

    @cached_property
    def all(self) -> tuple[Merge, ...]:
        """By id."""
        found = {merge.id: merge for merge in self._by_forms()}
        for merge in self._by_links():
            found.setdefault(merge.id, merge)
        return tuple(found[id] for id in sorted(found))

    def _by_links(self) -> Iterator[Merge]:
        places = self.facts.canonical_chunks()
        for link in self.links:
            rows = self.rows[[link.first, link.second]]
            if (rows < 0).any() or (self.entities.of_row[rows] < 0).any():
                continue
            chunks = sorted(link.chunks, key=lambda chunk: int(places[chunk]))[:MOST_EVIDENCE]
            keys = tuple(sorted(int(self.facts.keys[chunk]) for chunk in chunks))
            names = (*link.names, link.reason)
            start = "rule" if link.by == RULES else f"decision-{link.number}"
            yield Merge(f"{start}-{_short(names)}", *names, link.by, keys)

    def _by_forms(self) -> Iterator[Merge]:
        """The other ways of writing a form that an entity has, each with the commonest."""
        names = self.facts.tables.names
        form, spelling = names.form_of(), names.spelling_of()
        qualifier = names.qualifier_of()
        held = self.entities.names
        entity = np.repeat(np.arange(len(self.entities)), np.diff(self.entities.name_offsets))
        _, first, group = np.unique(
            entity * (len(names.forms) + 1) + form[held], return_index=True, return_inverse=True
        )
        others = np.flatnonzero(first[group] != np.arange(len(held)))
        apart = {frozenset(link.names) for link in self.links}
        earliest = self._earliest(entity[others], held[others])
        for place, key in zip(others.tolist(), earliest, strict=True):
            one, other = int(held[first[group[place]]]), int(held[place])
            written = names.values[one], names.values[other]
            if frozenset(written) in apart:
                continue
            reason = LEGAL_FORM
            if spelling[one] == spelling[other]:
                reason = SPELLING
            elif qualifier[one] != qualifier[other]:
                reason = "qualifier"
            elif begins := {spelled(name).split(" ")[0] for name in written} & _BEFORE:
                reason = "article" if begins <= ARTICLES else "title"
            yield Merge(f"rule-{_short((*written, reason))}", *written, reason, RULES, (key,))

    def _earliest(self, entity: npt.NDArray[np.int64], name: npt.NDArray[np.int32]) -> list[int]:
        """A chunk in which each of the entities has the name, the same whatever the keys are."""
        if not len(entity):
            return []
        facts = self.facts
        width = len(facts.tables.names) + 1
        codes = entity * width + name
        order = np.argsort(codes)
        of_row = self.entities.of_row.astype(np.int64) * width + facts.mentions["name"]
        places = np.minimum(np.searchsorted(codes[order], of_row), len(codes) - 1)
        rows = np.flatnonzero(codes[order][places] == of_row)
        canonical = facts.canonical_chunks()
        earliest = np.full(len(codes), len(facts.keys), dtype=np.int64)
        np.minimum.at(earliest, order[places[rows]], canonical[facts.mentions.chunks()[rows]])
        by_place = np.argsort(canonical)
        keys: list[int] = facts.keys[by_place[earliest]].tolist()
        return keys


def _short(parts: Sequence[str]) -> str:
    return blake2b("\x1f".join(parts).encode(), digest_size=6).hexdigest()
