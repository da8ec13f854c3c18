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
from retrieve.contract import Fused, LegResult, Scores

_BEST = 3
"""Judged chunks whose mean stands for what a silent leg might have said. On XQuAD's paragraphs,
half in Chinese and half in English, questions whose answer is in the other language rise from
nDCG@10 0.32 to 0.70, the rest stay within 0.002 of 0.989; with the best one alone 0.80 and
0.977, with ten 0.59 and 0.989."""


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
                scores += weights[name] * _evidence(leg).astype(np.float64)
        return Fused(Ranking.of(keys, scores), weights)


def _evidence(leg: LegResult) -> Scores:
    """The leg's scores, with what it cannot know filled in: a chunk that it is silent about is
    given the mean of the best few that it could judge (more, where it scores more by itself),
    so that it neither loses nor wins by the silence."""
    known = np.nan_to_num(leg.scores, nan=float(np.nanmin(leg.scores)))
    judged = np.sort(known[~leg.silent])[::-1]
    if leg.silent.any() and len(judged):
        level = judged[:_BEST].mean()
        known = np.where(leg.silent, np.maximum(known, level), known)
    return known
