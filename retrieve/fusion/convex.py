"""Convex combination of normalised scores (Bruch, Gai, Ingber 2023, arXiv:2210.11934)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from ingest.contract import BadInput
from retrieve.contract import Fused, LegResult, Scores


@dataclass(frozen=True)
class ConvexFusion:
    """`dense_weight` times the cosine, min-max normalised over the candidates, and the rest
    times BM25 over its best. A leg that found nothing leaves its weight to the other."""

    dense_weight: float = 0.5

    def __post_init__(self) -> None:
        if not 0.0 <= self.dense_weight <= 1.0:
            raise BadInput(f"dense_weight must be from 0 to 1, not {self.dense_weight}")

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult]) -> Fused:
        asked = {"sparse": 1.0 - self.dense_weight, "dense": self.dense_weight}
        votes = {
            name: asked.get(name, 0.0) if len(leg.ranking.keys) else 0.0
            for name, leg in legs.items()
        }
        total = sum(votes.values()) or 1.0
        weights = {name: vote / total for name, vote in votes.items()}
        scores = np.zeros(len(keys), dtype=np.float64)
        for name, leg in legs.items():
            if weights[name] > 0:
                floor = 0.0 if name == "sparse" else None
                scores += weights[name] * _normalised(leg.scores, floor)
        return Fused(Ranking.of(keys, scores), weights)


def _normalised(scores: Scores, floor: float | None) -> Scores:
    """Scores moved to 0..1: from the floor, or from the least of them, to the greatest."""
    known = np.nan_to_num(scores, nan=float(np.nanmin(scores)))
    low = float(known.min()) if floor is None else floor
    spread = float(known.max()) - low
    return (known - low) / spread if spread > 0 else np.zeros_like(known)
