"""Late interaction: each word of a question looks for its own best place in a passage.

One vector has to stand for a whole passage; here the vectors of its tokens are kept, and a
passage counts what its best token gives to each token of the question (MaxSim, Khattab and
Zaharia 2020, "ColBERT", arXiv:2004.12832). The model needs no training for it: the tokens of an
embedder that averages them carry their meaning already.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.contract import Ranking
from index.pipeline import Snapshot
from ingest.contract import BadInput
from retrieve.contract import AnalyzedQuery, Reranked, Scores


@dataclass(frozen=True)
class LateInteraction:
    """Adds `weight` times the mean of the tokens' best cosines to the scores of the first
    `depth`, less what the worst of them has, so that none falls behind those after them."""

    weight: float = 100.0
    depth: int = 30

    def __post_init__(self) -> None:
        if not self.weight > 0:
            raise BadInput(f"the weight of late interaction must be over 0, not {self.weight}")
        if self.depth < 1:
            raise BadInput(f"the depth of late interaction must be 1 or more, not {self.depth}")

    def rerank(self, snapshot: Snapshot, query: AnalyzedQuery, ranking: Ranking) -> Reranked:
        first = ranking.head(self.depth)
        scores = _max_sim(snapshot, query, first)
        held = ~np.isnan(scores)
        if not held.any():
            return Reranked(ranking, Ranking.of([], []))
        worst = float(scores[held].min())
        gained = self.weight * np.nan_to_num(scores - worst)
        best = Ranking.of(first.keys, first.scores + gained)
        rest = slice(self.depth, None)
        merged = Ranking(
            np.concatenate([best.keys, ranking.keys[rest]]),
            np.concatenate([best.scores, ranking.scores[rest]]),
        )
        return Reranked(merged, Ranking.of(first.keys[held], scores[held]))


def _max_sim(snapshot: Snapshot, query: AnalyzedQuery, ranking: Ranking) -> Scores:
    """The mean over the query's tokens of the best cosine to a token of each chunk; nan for a
    chunk without tokens."""
    scores = np.full(len(ranking.keys), np.nan, dtype=np.float32)
    if len(query.tokens):
        tokens = snapshot.tokens(ranking.keys)
        if len(tokens.places):
            scores[tokens.places] = tokens.max_products(query.tokens).mean(axis=1)
    return scores
