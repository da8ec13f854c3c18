"""The default fusion: the scores of the legs added as what they are, evidence.

BM25 is a sum of log odds over the query's terms: a long or rare match says more than a short
or common one, and a query whose words the collection does not have says nothing. The cosine of
a model trained by contrast, divided by the temperature of its training, is a log odds too. So
the two are added, each in its own unit, with nothing normalised within a query: where the words
carry no evidence (a question in another language) the meaning decides by itself, and where they
carry much (names, numbers, a quotation) they decide. Rank fusion and min-max scaling throw away
just this.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from ingest.contract import BadInput
from retrieve.contract import Fused, LegResult


@dataclass(frozen=True)
class EvidenceFusion:
    """BM25 plus `cosine_weight` times the cosine."""

    cosine_weight: float = 200.0

    def __post_init__(self) -> None:
        if not self.cosine_weight > 0:
            raise BadInput(f"cosine_weight must be over 0, not {self.cosine_weight}")

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult]) -> Fused:
        units = {"sparse": 1.0, "dense": self.cosine_weight}
        weights = {
            name: units[name] if name in units and len(leg.ranking.keys) else 0.0
            for name, leg in legs.items()
        }
        scores = np.zeros(len(keys), dtype=np.float64)
        for name, leg in legs.items():
            if weights[name] > 0:
                # A chunk that the leg does not hold yet must not win by silence.
                known = np.nan_to_num(leg.scores, nan=float(np.nanmin(leg.scores)))
                scores += weights[name] * known.astype(np.float64)
        return Fused(Ranking.of(keys, scores), weights)
