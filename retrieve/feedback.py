"""Pseudo-relevance feedback: what is like the best passages moves up.

A question has few words; the passages that answer it best say what else is said of its subject. The
mean of their vectors, each weighted by how near its score is to the first one's, is therefore asked
for beside the question (Rocchio 1971, "Relevance feedback in information retrieval"; for dense
vectors: Li, Mourad, Zhuang, Koopman, Zuccon 2023, "Pseudo relevance feedback with deep language
models and dense retrievers", ACM TOIS 41). Where the first passage is far ahead, it is its own
likeness alone that counts, and little moves.

Passages in one language are more alike than those in two, whatever they say. So each is measured by
how much nearer to that mean it is than the others in its script.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from index.contract import Ranking
from index.pipeline import Snapshot
from ingest.contract import BadInput
from retrieve.ranking import with_first


@dataclass(frozen=True)
class Feedback:
    """Adds `weight` times the cosine to the mean of the first `passages`. One whose score is
    `falloff` below the first one's counts 1/e of it in that mean. The first `depth` are ordered
    anew."""

    weight: float = 40.0
    passages: int = 10
    falloff: float = 8.0
    depth: int = 50

    def __post_init__(self) -> None:
        if not (self.weight > 0 and self.falloff > 0):
            raise BadInput("the weight and the falloff of feedback must be over 0")
        if self.passages < 1 or self.depth < 1:
            raise BadInput("the passages and the depth of feedback must be 1 or more")

    def reorder(self, snapshot: Snapshot, ranking: Ranking, script: str) -> Ranking:
        """The same keys; those beyond the depth stay where they are, below all others. `ranking`
        is one whose scores have the unit of the default fusion's; `script` is the query's."""
        first = ranking.head(self.depth)
        best = ranking.head(self.passages)
        kept, vectors = snapshot.vectors(best.keys)
        if len(kept) == 0:
            return ranking
        order = np.argsort(best.keys)
        scores = best.scores[order]
        if len(kept) < len(order):
            scores = scores[np.isin(best.keys[order], kept)]
        shares = np.exp((scores - scores.max()) / self.falloff)
        centre = (shares @ vectors / shares.sum()).astype(np.float32)
        cosines = snapshot.dense.score(centre, first.keys)
        is_foreign = snapshot.scripts.foreign(script, first.keys)
        missing = np.isnan(cosines)
        for side in (is_foreign, ~is_foreign):
            held = side & ~missing
            if held.any():
                cosines[side] -= cosines[held].mean()
        least = np.float32(0.0) if missing.all() else np.nanmin(cosines)
        gained = self.weight * (np.where(missing, least, cosines) - least)
        moved = Ranking.of(first.keys, first.scores + gained)
        return with_first(moved, ranking)
