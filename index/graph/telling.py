"""Which chunks tell of a community, and by which of its entities it can be told from the others.

The words of a community are weighed as those of a class of texts are (c-TF-IDF, Grootendorst
2022, "BERTopic", arXiv:2203.05794): how often its chunks name the entity, against how often all
chunks do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from index.graph.clusters import Members
from index.graph.ground import Floats, Ground

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Numbers = npt.NDArray[np.int64]

NOWHERE = -1
_SUBJECT = 2.0
"""What a chunk is about counts so many times more than what it names."""


@dataclass(frozen=True, eq=False)
class Votes:
    """What each chunk says for each entity that it names, chunks by entities: how often it names
    it, dampened, times its rarity, and more where it is about it."""

    ground: Ground
    values: csr_matrix

    @staticmethod
    def of(ground: Ground) -> Votes:
        from scipy.sparse import diags

        counts = ground.named.copy()
        counts.data = np.log1p(counts.data)
        about = ground.subjects
        values = (counts + about * _SUBJECT) @ diags(ground.rarity)
        return Votes(ground, values.tocsr())

    def assigned(self, groups: Sequence[Members], within: Numbers, parents: Numbers) -> Numbers:
        """The group that each chunk tells of most, NOWHERE for one that tells of none. A chunk
        belongs to a group whose parent it belongs to (`within`: of each chunk, `parents`: of each
        group)."""
        from scipy.sparse import csr_matrix

        members = membership(groups, len(self.ground.entities))
        votes = (self.values @ members).tocsr()
        rows = np.repeat(np.arange(votes.shape[0]), np.diff(votes.indptr))
        fits = (votes.data > 0) & (parents[votes.indices] == within[rows])
        votes = csr_matrix((votes.data[fits], (rows[fits], votes.indices[fits])), votes.shape)
        assigned = np.full(votes.shape[0], NOWHERE, dtype=np.int64)
        rows = np.repeat(np.arange(votes.shape[0]), np.diff(votes.indptr))
        order = np.lexsort((votes.indices, -votes.data, rows))
        chunks, firsts = np.unique(rows[order], return_index=True)
        assigned[chunks] = votes.indices[order[firsts]]
        return assigned


def membership(groups: Sequence[Members], entities: int) -> csr_matrix:
    """Entities by groups: 1 where it belongs to it."""
    from scipy.sparse import csr_matrix

    rows = np.concatenate([*groups, np.empty(0, dtype=np.int64)])
    columns = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    return csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(entities, len(groups)))


def centrality_of(ground: Ground, groups: Sequence[Members]) -> Floats:
    """Of each entity: the weight of its edges within its group, 1 for the most of the group; 0
    for one that is in none."""
    edges = ground.edges
    label = np.full(len(ground.entities), NOWHERE, dtype=np.int64)
    for number, members in enumerate(groups):
        label[members] = number
    rows = np.repeat(np.arange(edges.shape[0]), np.diff(edges.indptr))
    inside = (label[rows] == label[edges.indices]) & (label[rows] != NOWHERE)
    strength = np.zeros(len(label))
    np.add.at(strength, rows[inside], edges.data[inside])
    for members in groups:
        most = strength[members].max()
        strength[members] = strength[members] / most if most > 0 else 1.0
    return strength


def distinctive(ground: Ground, assigned: Numbers, groups: int) -> csr_matrix:
    """Groups by entities: c-TF-IDF of each entity among the chunks of the group."""
    from scipy.sparse import csr_matrix, diags

    chunks = np.flatnonzero(assigned != NOWHERE)
    shape = (groups, len(assigned))
    of_group = csr_matrix((np.ones(len(chunks)), (assigned[chunks], chunks)), shape=shape)
    counts = (of_group @ ground.named.sign()).tocsr()
    sizes = np.maximum(np.asarray(counts.sum(axis=1)).ravel(), 1.0)
    everywhere = np.maximum(np.asarray(counts.sum(axis=0)).ravel(), 1.0)
    against = np.log1p(sizes.mean() / everywhere)
    weighed: csr_matrix = (diags(1.0 / sizes) @ counts @ diags(against)).tocsr()
    return weighed
