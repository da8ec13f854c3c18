"""Low-level retrieval: a walk from what the question names over chunks and the entities they name.

Personalised PageRank (Haveliwala 2002, "Topic-sensitive PageRank"; over entities and passages:
Gutiérrez, Shu, Qi, Zhou, Su 2025, "From RAG to memory", HippoRAG 2). It starts from the entities
that the question names, from the passages that the texts find, each by how near its score is to
the best one's, and from what the nearest of these name; and goes from entities to the chunks that
name them (more to those about them) and to related entities, and from chunks to the entities in
them, the rarer the more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from index.contract import Keys, Ranking
from index.graph.contract import Graph, Incidence
from retrieve.graph.linking import Asked, Place

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float64]

_NEAREST, _PASSAGES = 5, 20
"""Passages whose entities the walk starts from, and passages that it starts from."""


@dataclass(frozen=True)
class Walk:
    """Goes on with probability `damping`, `rounds` times. Of where it starts, `of_names` is for
    the entities that the question names, `of_near` for those of the nearest passages, and the rest
    for passages. A chunk about an entity weighs `about` more than one that names it once, and
    `related` is the share that goes to related entities. `unit` is what one of log odds is worth in
    the scores of the texts."""

    damping: float = 0.5
    rounds: int = 6
    of_names: float = 0.5
    of_near: float = 0.2
    about: float = 4.0
    related: float = 0.3
    unit: float = 8.0

    def ranked(self, place: Place, asked: Asked, texts: Ranking, depth: int) -> Ranking:
        """The first chunks by where the walk comes to, in the unit of the texts' scores: the best
        has the best score of these."""
        entities, chunks = self._starts(place, asked, texts)
        if not entities.any() and not chunks.any():
            return Ranking.of([], [])
        graph = place.graph
        of_chunks = self._walked(graph, entities, chunks)
        if place.allowed is not None:
            of_chunks[~np.isin(graph.keys, place.allowed)] = 0.0
        order = np.lexsort((graph.keys, -of_chunks))[:depth]
        order = order[of_chunks[order] > 0]
        if not len(order):
            return Ranking.of([], [])
        best = float(texts.scores[0]) if len(texts.scores) else 0.0
        points = best + self.unit * np.log(of_chunks[order] / of_chunks[order[0]])
        return Ranking.of(graph.keys[order], points)

    def _starts(self, place: Place, asked: Asked, texts: Ranking) -> tuple[Floats, Floats]:
        graph = place.graph
        entities, chunks = np.zeros(len(graph.ids)), np.zeros(len(graph.keys))
        for _, _, numbers in asked.names:
            for number in numbers:
                entities[number] += place.rarity(number) ** 2 / len(numbers)
        if entities.any():
            entities *= self.of_names / entities.sum()
        rows, shares = self._passages(graph.keys, texts)
        chunks[rows] = shares * (1.0 - self.of_names - self.of_near)
        near = np.zeros(len(graph.ids))
        for row, share in zip(rows[:_NEAREST].tolist(), shares[:_NEAREST].tolist(), strict=True):
            columns, _ = graph.named.row(row)
            rare = np.array([place.rarity(number) for number in columns.tolist()])
            if rare.any():
                near[columns] += share * rare / rare.sum()
        if near.any():
            entities += near * self.of_near / near.sum()
        return entities, chunks

    def _passages(self, keys: Keys, texts: Ranking) -> tuple[npt.NDArray[np.intp], Floats]:
        """The rows of the first passages in the graph, and their shares."""
        first = texts.head(_PASSAGES)
        rows = np.minimum(keys.searchsorted(first.keys), max(len(keys) - 1, 0))
        held = keys[rows] == first.keys if len(keys) else np.zeros(len(rows), dtype=bool)
        if not held.any():
            return rows[:0], np.empty(0)
        scores = first.scores[held].astype(np.float64)
        shares = np.exp((scores - scores.max()) / self.unit)
        return rows[held], shares / shares.sum()

    def _walked(self, graph: Graph, entities: Floats, chunks: Floats) -> Floats:
        """Where the walk is among the chunks."""
        ways = _Ways.of(graph, self.about)
        at_entities, at_chunks = entities.copy(), chunks.copy()
        going = self.damping
        for _ in range(self.rounds):
            leaving = going * at_entities
            on_chunks = (1.0 - self.related) * (ways.to_chunks @ leaving)
            on_entities = self.related * (ways.related @ leaving)
            on_entities += ways.to_entities @ (going * at_chunks)
            at_chunks = (1.0 - going) * chunks + on_chunks
            at_entities = (1.0 - going) * entities + on_entities
        return at_chunks


@dataclass(frozen=True, eq=False)
class _Ways:
    """The steps of a walk, each a matrix whose columns add up to 1: from entities to chunks and to
    related entities, and from chunks to the entities in them."""

    about: float
    to_chunks: csr_matrix
    related: csr_matrix
    to_entities: csr_matrix

    @classmethod
    def of(cls, graph: Graph, about: float) -> _Ways:
        """Worked out once for a graph."""
        found = _KNOWN.get(graph)
        if found is None or found.about != about:
            entities, chunks = len(graph.ids), len(graph.keys)
            told = _matrix(graph.naming, chunks) + about * _matrix(graph.subjects, chunks)
            rare = 1.0 / np.maximum(np.diff(graph.naming.offsets), 1)
            named = graph.named
            named = replace(named, values=named.values * rare[named.columns].astype(np.float32))
            found = cls(
                about,
                _turned(told),
                _turned(_matrix(graph.edges, entities)),
                _turned(_matrix(named, entities)),
            )
            _KNOWN[graph] = found
        return found


_KNOWN: WeakKeyDictionary[Graph, _Ways] = WeakKeyDictionary()


def _matrix(incidence: Incidence, width: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    parts: Any = (incidence.values, incidence.columns, incidence.offsets)
    return csr_matrix(parts, shape=(len(incidence), width))


def _turned(matrix: csr_matrix) -> csr_matrix:
    """Columns for rows, each of which then adds up to 1, but for empty ones."""
    from scipy.sparse import diags_array

    sums = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    parts = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)
    turned: csr_matrix = (diags_array(parts) @ matrix).T.tocsr()
    return turned
