"""What the communities of a graph are cut from: its entities without dates, amounts and numbers,
their relations, and what chunks add to these.

A chunk ties the things that it names to what it is about (its title, its headings), or else to
the one of them that has most relations. So things that no sentence puts together stay with their
document, and nothing that shares a chunk falls apart for want of a relation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from index.graph.contract import Entity, EntityType, Graph, Incidence
from ingest.contract import cached_property

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Floats = npt.NDArray[np.float64]

_NOT_TOLD_BY = frozenset({EntityType.DATE, EntityType.AMOUNT, EntityType.IDENTIFIER})
"""Types that stand in all sorts of texts, whatever these are about."""

_TIE, _WEAK_TIE = 1.0, 0.25
"""Of the median weight of relations, what an entity is tied by to the subject of all its chunks,
and to the entity with most relations in a chunk that has no subject."""


_DIGITS = 6


@dataclass(frozen=True, eq=False)
class Ground:
    """A graph as scipy matrices, over the entities that tell what a text is about. These are
    numbered as in the graph, and the others have empty rows and columns."""

    graph: Graph
    entities: tuple[Entity, ...]
    telling: npt.NDArray[np.bool_]

    @staticmethod
    def of(graph: Graph) -> Ground:
        entities = tuple(graph.entity(number) for number in range(len(graph.ids)))
        telling = np.array([entity.type not in _NOT_TOLD_BY for entity in entities], dtype=bool)
        return Ground(graph, entities, telling)

    @cached_property
    def rarity(self) -> Floats:
        """Of each entity: the logarithm of how many chunks there are to one that names it."""
        named = np.diff(self.graph.naming.offsets)
        rarity: Floats = np.log1p(len(self.graph.keys) / np.maximum(named, 1))
        return rarity

    @cached_property
    def named(self) -> csr_matrix:
        """Chunks by entities: how often each is named."""
        return self._among_telling(matrix_of(self.graph.named, len(self.entities)))

    @cached_property
    def subjects(self) -> csr_matrix:
        """Chunks by entities: what each is about."""
        turned = matrix_of(self.graph.subjects, len(self.graph.keys))
        return self._among_telling(turned.T.tocsr())

    @cached_property
    def edges(self) -> csr_matrix:
        """Entities by entities: relations and ties, both ways, in medians of the relations."""
        relations = self._among_telling(matrix_of(self.graph.edges, len(self.entities)))
        relations = _scaled_rows(relations, self.telling.astype(np.float64))
        unit = float(np.median(relations.data)) if relations.nnz else 1.0
        edges: csr_matrix = (relations / unit + self._ties(relations)).tocsr()
        # Sums over chunks have other last digits where chunks came in another order.
        edges.data = np.round(edges.data, _DIGITS)
        edges.setdiag(0)
        edges.eliminate_zeros()
        edges.sort_indices()
        return edges

    def _ties(self, relations: csr_matrix) -> csr_matrix:
        """Of each entity to each subject: the share of its chunks that are about this. A chunk
        that is about several things counts for each by its part."""
        named = self.named.sign()
        chunks_of = np.maximum(np.asarray(named.sum(axis=0)).ravel(), 1.0)
        about = self.subjects
        counts = np.asarray(about.sum(axis=1)).ravel()
        about = _scaled_rows(about, _TIE / np.maximum(counts, 1.0))
        about = about + self._central(relations, counts == 0) * _WEAK_TIE
        ties: csr_matrix = (named.T @ about).tocsr()
        ties = _scaled_rows(ties, 1.0 / chunks_of)
        both: csr_matrix = (ties + ties.T).tocsr()
        return both

    def _central(self, relations: csr_matrix, of_chunks: npt.NDArray[np.bool_]) -> csr_matrix:
        """Chunks by entities: 1 for the entity of each chunk that has most relations."""
        from scipy.sparse import csr_matrix

        named = self.named
        strength = np.asarray(relations.sum(axis=1)).ravel()
        rows = np.repeat(np.arange(named.shape[0]), np.diff(named.indptr))
        order = np.lexsort((named.indices, -strength[named.indices], rows))
        firsts = np.unique(rows[order], return_index=True)[1]
        chosen = order[firsts]
        chosen = chosen[of_chunks[rows[chosen]]]
        values = np.ones(len(chosen))
        return csr_matrix((values, (rows[chosen], named.indices[chosen])), shape=named.shape)

    def _among_telling(self, matrix: csr_matrix) -> csr_matrix:
        kept = matrix.copy()
        kept.data = kept.data * self.telling[kept.indices]
        kept.eliminate_zeros()
        kept.sort_indices()
        return kept


def matrix_of(rows: Incidence, columns: int) -> csr_matrix:
    """As a scipy matrix of float64."""
    from scipy.sparse import csr_matrix

    return csr_matrix(
        (rows.values.astype(np.float64), rows.columns, rows.offsets), shape=(len(rows), columns)
    )


def _scaled_rows(matrix: csr_matrix, factors: Floats) -> csr_matrix:
    scaled = matrix.copy()
    scaled.data = scaled.data * np.repeat(factors, np.diff(scaled.indptr))
    return scaled
