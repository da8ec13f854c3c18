"""The default fusion: the scores of the legs added as what they are, evidence.

BM25 is a sum of log odds over the query's terms: a long or rare match says more than a short
or common one, and a query whose words the collection does not have says nothing. The cosine of
a model trained by contrast, divided by the temperature of its training, is a log odds too. So
the two are added, each in its own unit, with nothing normalised within a query: where the words
carry no evidence (the collection has none of them) the meaning decides by itself, and where they
carry much (names, numbers, a quotation) they decide. Rank fusion and min-max scaling throw away
just this.

The sum assumes that the terms tell of a passage one by one. In a long question they do not: they
repeat each other, and many say how it is asked, not what. So the words of a question of n terms
over 30 count (30/n)² of what they add up to.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from ingest.contract import BadInput
from retrieve.contract import Fused, LegResult, Scores
from retrieve.ranking import known

_BEST = 2
"""Chunks in the query's own script whose mean score is what counts as a good match by words."""

_BACKGROUND = 10
"""Chunks in the other script whose mean score is what counts as a usual one by translated words:
of the best that a dictionary finds, most share with the question what many passages do."""


_FULL_TERMS = 30
"""Index terms up to which each counts in full (about 15 Chinese words, with their bigrams)."""


@dataclass(frozen=True)
class EvidenceFusion:
    """BM25 plus `cosine_weight` times the cosine. BM25 is that of the query's words, or of their
    translations for a chunk in the other script; of a query of n terms over 30, (30/n)² of it.
    `cosine_ratio` is what a collection was tuned to: the cosine's weight is multiplied by it."""

    cosine_weight: float = 200.0
    cosine_ratio: float = 1.0

    def __post_init__(self) -> None:
        if not self.cosine_weight > 0:
            raise BadInput(f"cosine_weight must be over 0, not {self.cosine_weight}")
        if not self.cosine_ratio > 0:
            raise BadInput(f"cosine_ratio must be over 0, not {self.cosine_ratio}")

    @property
    def by_ranks(self) -> bool:
        return False

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult], terms: int) -> Fused:
        words = share_of_words(terms)
        cosine_weight = self.cosine_weight * self.cosine_ratio
        units = dict.fromkeys(legs, words) | {"dense": cosine_weight}
        weights = {
            name: units[name] if len(leg.ranking.keys) else 0.0 for name, leg in legs.items()
        }
        scores = np.zeros(len(keys), dtype=np.float64)
        if any(weight for name, weight in weights.items() if name != "dense"):
            scores += words * by_words(legs)
        if weights["dense"]:
            scores += cosine_weight * known(legs["dense"]).astype(np.float64)
        return Fused(Ranking.of(keys, scores), weights)


def share_of_words(terms: int) -> float:
    """How much the words of a question of so many index terms count."""
    return min(1.0, _FULL_TERMS / max(terms, 1)) ** 2


def by_words(legs: Mapping[str, LegResult]) -> Scores:
    """What the words say for each chunk, by those of the query or their translations.

    The two are BM25 over different terms, so their scores do not compare as they are: a
    dictionary knows few of the words and has several for each. A usual match in the other
    script is therefore set level with a good one in the query's own; from there on, each point
    counts the same. Where nothing is in the query's own script, or the words find little there,
    translated words count as they are.
    """
    own = known(legs["sparse"])
    foreign = legs["sparse"].silent
    if not foreign.any():
        return own
    if "translated" in legs:
        own = np.where(foreign, own + known(legs["translated"]), own)
    if foreign.all():
        return own
    level = _mean_of_best(own[~foreign], _BEST) - _mean_of_best(own[foreign], _BACKGROUND)
    return np.where(foreign, own + max(level, 0.0), own)


def _mean_of_best(scores: Scores, count: int) -> float:
    return float(np.sort(scores)[::-1][:count].mean())
