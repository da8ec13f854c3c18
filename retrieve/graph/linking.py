"""The entities that a question names, and what else it says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from index.contract import IDENTIFIER_MARK, Analyzer, Keys
from index.graph.contract import EntityType, Graph
from index.pipeline import Snapshot, function_terms
from ingest.contract import cached_property
from retrieve.contract import Scores

_POSSESSIVE = re.compile("['\u2019]s\\b")

TITLED, HEADED = 1.0, 0.8
"""How much a chunk is about what its title names, and its nearest heading."""

_MOST_CHUNKS = 40
"""Chunks about an entity that are looked at."""

_LEAST_STEM = 4
"""Letters of a stem that begins another for the two to be taken for one word ("direct" in
"director")."""


@dataclass(frozen=True)
class Place:
    """Where a search goes on: the graph beside the snapshot, of whose chunks some are `allowed`
    (ascending; None for all)."""

    snapshot: Snapshot
    graph: Graph
    allowed: Keys | None

    def about(self, entity: int, least: float = 0.0) -> tuple[Keys, Scores]:
        """The first of the chunks that are about an entity, and how much they are."""
        chunks, about = self.graph.subjects.row(entity)
        if not len(chunks):
            return chunks.astype(np.int64), about
        keys = self.graph.keys[chunks]
        taken = about >= least
        if self.allowed is not None:
            taken &= np.isin(keys, self.allowed)
        return keys[taken][:_MOST_CHUNKS], about[taken][:_MOST_CHUNKS]

    def rarity(self, entity: int) -> float:
        """1 for an entity that is named in a single chunk, 0 for one named in all."""
        total = len(self.graph.keys)
        offsets = self.graph.naming.offsets
        count = int(offsets[entity + 1] - offsets[entity])
        return math.log(total / max(count, 1)) / math.log(max(total, 2))


@dataclass(frozen=True)
class Asked:
    """A question as the graph sees it: the `names` of entities in it (start, end and the entities
    of that name), and the terms of what is left of it without them, function words aside."""

    text: str
    names: Sequence[tuple[int, int, tuple[int, ...]]]
    entities: frozenset[int]
    rest: frozenset[str]

    @classmethod
    def of(cls, graph: Graph, analyzer: Analyzer, text: str) -> Asked:
        plain = _POSSESSIVE.sub("  ", text)
        names = graph.names_in(plain)
        rest = list(plain)
        for start, end, numbers in names:
            written = not plain[start].islower()
            if any(has_own_text(graph, n) or (written and is_name(graph, n)) for n in numbers):
                rest[start:end] = " " * (end - start)
        terms = set(terms_of(analyzer, "".join(rest)))
        entities = frozenset(number for _, _, numbers in names for number in numbers)
        return cls(text, names, entities, frozenset(terms))

    def words_in(self, terms: Iterable[str]) -> int:
        """How many of its words are among the terms, in some form."""
        written = set(terms)
        found = self.rest & written
        for word in self._stems:
            if word not in found and any(_begins(word, term) for term in written):
                found |= {word}
        return len(found)

    @cached_property
    def _stems(self) -> tuple[str, ...]:
        """Its words in Latin letters that may have another form."""
        return tuple(sorted(word for word in self.rest if word.isascii() and word.isalpha()))


def is_name(graph: Graph, number: int) -> bool:
    """Whether an entity is of a kind that has names; not a word of the field."""
    return graph.type_of(number) not in (EntityType.TERM, EntityType.OTHER)


def has_own_text(graph: Graph, number: int) -> bool:
    """Whether some document is about the entity by its title."""
    return bool((graph.subjects.row(number)[1] >= TITLED).any())


def terms_of(analyzer: Analyzer, text: str) -> list[str]:
    """The terms of a text, without function words and identifiers' own."""
    function = function_terms(analyzer)
    return [
        term
        for term in analyzer.terms(text)
        if term not in function and not term.startswith(IDENTIFIER_MARK)
    ]


def _begins(one: str, other: str) -> bool:
    """Whether one of two stems begins the other."""
    if len(one) < _LEAST_STEM or len(other) < _LEAST_STEM:
        return False
    return other.startswith(one) or one.startswith(other)
