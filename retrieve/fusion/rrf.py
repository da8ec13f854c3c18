"""Reciprocal rank fusion (Cormack, Clarke, Buettcher 2009, SIGIR)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from retrieve.contract import Fused, LegResult


@dataclass(frozen=True)
class ReciprocalRankFusion:
    """The sum over the legs of 1 / (k + rank), over each leg's own candidates. The baseline
    that other systems use; it forgets by how much one passage beat the next."""

    k: float = 60.0

    @property
    def by_ranks(self) -> bool:
        return True

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult], terms: int) -> Fused:
        scores = np.zeros(len(keys), dtype=np.float64)
        for leg in legs.values():
            found = leg.ranking.keys
            if len(found):
                ranks = np.arange(1, len(found) + 1)
                scores[keys.searchsorted(found)] += 1.0 / (self.k + ranks)
        weights = {name: float(len(leg.ranking.keys) > 0) for name, leg in legs.items()}
        return Fused(Ranking.of(keys, scores), weights)
