"""The sparse leg: BM25 over the query's terms."""

from __future__ import annotations

from dataclasses import dataclass

from index.contract import Keys, Ranking
from index.pipeline import Snapshot
from retrieve.contract import AnalyzedQuery, Mask, Scores


@dataclass(frozen=True)
class SparseLeg:
    """Asks the collection's sparse index."""

    def search(
        self, snapshot: Snapshot, query: AnalyzedQuery, k: int, allowed: Keys | None
    ) -> Ranking:
        return snapshot.sparse.search(query.terms, k, allowed)

    def score(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys) -> Scores:
        return snapshot.sparse.search(query.terms, len(keys), keys).scores_of(keys)

    def silent(self, foreign: Mask) -> Mask:
        """A chunk in another script than the query's cannot have its words, whatever it says."""
        return foreign
