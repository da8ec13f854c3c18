"""Convex combination of normalised scores (Bruch, Gai, Ingber 2023, arXiv:2210.11934)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from ingest.contract import BadInput
from retrieve.contract import Fused, LegResult, Scores
from retrieve.ranking import known


@dataclass(frozen=True)
class ConvexFusion:
    """`dense_weight` times the cosine, min-max normalised over the candidates, and the rest
    times BM25 over its best: that of the query's words or, where it is more, of their
    translations. A leg that found nothing leaves its weight to the others."""

    dense_weight: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.dense_weight <= 1.0:
            raise BadInput(f"dense_weight must be from 0 to 1, not {self.dense_weight}")

    @property
    def by_ranks(self) -> bool:
        return False

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult], terms: int) -> Fused:
        voting = {name: leg for name, leg in legs.items() if len(leg.ranking.keys)}
        by_words = [name for name in voting if name != "dense"]
        dense = float("dense" in voting)
        if dense and by_words:
            dense = self.dense_weight
        weights = dict.fromkeys(legs, 0.0)
        weights.update(dict.fromkeys(by_words, 1.0 - dense))
        scores = np.zeros(len(keys), dtype=np.float64)
        if by_words:
            best = np.max([_normalised(known(legs[name]), 0.0) for name in by_words], axis=0)
            scores += (1.0 - dense) * best
        if dense:
            weights["dense"] = dense
            scores += dense * _normalised(known(legs["dense"]), None)
        return Fused(Ranking.of(keys, scores), weights)


def _normalised(scores: Scores, floor: float | None) -> Scores:
    """Scores moved to 0..1: from the floor, or from the least of them, to the greatest."""
    low = float(scores.min()) if floor is None else floor
    spread = float(scores.max()) - low
    return (scores - low) / spread if spread > 0 else np.zeros_like(scores)
