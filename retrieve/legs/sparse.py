"""The sparse leg: BM25 over the query's terms."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
        found = snapshot.sparse.search(query.terms, len(keys), keys)
        scores = np.zeros(len(keys), dtype=np.float32)
        scores[np.searchsorted(keys, found.keys)] = found.scores
        return scores

    def silent(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys) -> Mask:
        """A chunk in another script than the query's cannot have its words, whatever it says."""
        scripts = snapshot.scripts(keys)
        return np.array([bool(s) and bool(query.script) and s != query.script for s in scripts])
