"""The dense leg: cosine of the query's vector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from index.pipeline import Snapshot
from retrieve.contract import AnalyzedQuery, Mask, Scores


@dataclass(frozen=True)
class DenseLeg:
    """Asks the collection's dense index."""

    def search(
        self, snapshot: Snapshot, query: AnalyzedQuery, k: int, allowed: Keys | None
    ) -> Ranking:
        return snapshot.dense.search(query.vector, k, allowed)

    def score(self, snapshot: Snapshot, query: AnalyzedQuery, keys: Keys) -> Scores:
        return snapshot.dense.score(query.vector, keys)

    def silent(self, foreign: Mask) -> Mask:
        return np.zeros_like(foreign)
