"""Smoothing by neighbours: what a passage leaves unsaid, those most like it may say.

A passage that answers a question may lack a word of it, because it speaks of the thing by another
name, or because the passage before has said it. What is near it in meaning is about the same thing,
so its words tell of this passage, too. Each term of the question that a passage has less of than
the passages nearest to it have on average is therefore lent to it, in part (cluster-based
smoothing: Liu and Croft 2004, "Cluster-based retrieval using language models", SIGIR; Tao, Wang,
Mei and Zhai 2006, "Language model information retrieval with document expansion", NAACL). A passage
never loses by its neighbours.

It helps where an answer is spread over passages that each say a part of it. A question that one
passage answers in its own words needs no neighbours: they would only come closer to it. Which of
the two it is, is told by coverage: how much of all that the passages say of the question's terms
the best of them says by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.contract import AnyOf, Keys, Vectors
from index.pipeline import Snapshot
from ingest.contract import BadInput
from retrieve.contract import AnalyzedQuery, Fusion, LegResult, Scores

SMOOTHING = "smoothing"
"""The step and the stage."""


@dataclass(frozen=True)
class Smoothing:
    """Lends `share` of what a passage lacks to the mean of the `neighbours` nearest to it by the
    cosine of their vectors. Lent to, and by, the first `depth` of each leg; in full up to a
    coverage of `low`, less and less from there on, and nothing from `high` on; nor where one in
    another script than the query's would be among the `first` without it."""

    share: float = 0.5
    neighbours: int = 4
    depth: int = 70
    low: float = 0.5
    high: float = 0.7
    first: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise BadInput(f"the share that is lent must be over 0 and at most 1, not {self.share}")
        if self.neighbours < 1 or self.depth < 2 or self.first < 0:
            raise BadInput(
                "smoothing needs 1 neighbour or more, a depth of 2 or more and a first of 0 or more"
            )
        if not self.low < self.high:
            raise BadInput("smoothing lends in full below a lower coverage than nothing from")

    def smoothed(
        self,
        snapshot: Snapshot,
        query: AnalyzedQuery,
        keys: Keys,
        legs: Mapping[str, LegResult],
        fusion: Fusion,
    ) -> dict[str, LegResult]:
        """The legs of the candidates `keys`, the sparse one with what passages in the query's own
        script lend each other; those in another have none of its words, and what a dictionary makes
        of those is too vague to be lent. So nothing is lent where `fusion` would place one of them
        among the first: it would fall behind."""
        own = legs.get("sparse")
        if own is None or not len(own.ranking.keys):
            return dict(legs)
        if own.silent.any():
            first = fusion.fuse(keys, legs, len(query.terms)).ranking.keys[: self.first]
            if own.silent[keys.searchsorted(first)].any():
                return dict(legs)
        is_first = np.zeros(len(keys), dtype=bool)
        for leg in legs.values():
            is_first[keys.searchsorted(leg.ranking.keys[: self.depth])] = True
        is_first &= ~own.silent
        lent = np.zeros(len(keys), dtype=np.float32)
        lent[is_first] = self.lent(snapshot, query.terms, keys[is_first])
        return {**legs, "sparse": replace(own, lent=lent)}

    def lent(self, snapshot: Snapshot, terms: Sequence[str | AnyOf], keys: Keys) -> Scores:
        """What is added to the score by words of each of the keys (sorted, unique); nothing where
        the index does not tell one term from another."""
        lent = np.zeros(len(keys), dtype=np.float32)
        if len(keys) < 2:
            return lent
        own = snapshot.sparse.by_term(terms, keys)
        if own is None:
            return lent
        share = self._share(own)
        if not share:
            return lent
        held, vectors = snapshot.vectors(keys)
        count = min(self.neighbours, len(held) - 1)
        if count < 1:
            return lent
        places = keys.searchsorted(held)
        own = own[:, places]
        lacking = np.maximum(own[:, _nearest(vectors, count)].mean(axis=2) - own, 0)
        lent[places] = share * lacking.sum(axis=0)
        return lent

    def _share(self, own: Scores) -> float:
        """What is lent of what is lacking, by what each term adds to each passage."""
        said_of_all = float(own.max(axis=1).sum()) if len(own) else 0.0
        if not said_of_all:
            return 0.0
        coverage = float(own.sum(axis=0).max()) / said_of_all
        return self.share * min(max((self.high - coverage) / (self.high - self.low), 0.0), 1.0)


def _nearest(vectors: Vectors, count: int) -> npt.NDArray[np.int64]:
    """The places of the nearest others of each, the nearest first, shape (vectors, count): a
    seventh of the time of numpy.argpartition, for a few."""
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -np.inf)
    places = np.arange(len(vectors))
    nearest = np.empty((len(vectors), count), dtype=np.int64)
    for column in range(count):
        nearest[:, column] = likeness.argmax(axis=1)
        likeness[places, nearest[:, column]] = -np.inf
    return nearest
