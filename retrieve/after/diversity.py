"""Hits that do not repeat those before them, by maximal marginal relevance.

J. Carbonell and J. Goldstein, "The use of MMR, diversity-based reranking for reordering documents
and producing summaries" (1998), with lambda = 1 - diversity: the next hit is the one whose
relevance, less its similarity to the hit before it that is most like it, is the greatest. Relevance
is the merged score and similarity the cosine of the stored vectors, both from 0 to 1 among the
candidates: of many embedders all cosines lie close together.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from index.contract import Keys, Ranking, Vectors
from index.pipeline import Snapshot

CANDIDATES_PER_HIT, LEAST_CANDIDATES = 5, 50


def diversified(snapshot: Snapshot, ranking: Ranking, k: int, diversity: float) -> Ranking:
    """The ranking with its first max(5k, 50) in the order of maximal marginal relevance; scores
    stay with their keys, so they do not descend any more. The same ranking for a diversity of
    0."""
    count = min(max(CANDIDATES_PER_HIT * k, LEAST_CANDIDATES), len(ranking.keys))
    if not diversity or count < 2:
        return ranking
    vectors = _vectors_of(snapshot, ranking.keys[:count])
    order = mmr_order(ranking.scores[:count], vectors @ vectors.T, diversity)
    return Ranking(
        np.concatenate([ranking.keys[:count][order], ranking.keys[count:]]),
        np.concatenate([ranking.scores[:count][order], ranking.scores[count:]]),
    )


def mmr_order(
    scores: npt.NDArray[np.float32], similarities: npt.NDArray[np.float32], diversity: float
) -> npt.NDArray[np.int64]:
    """Places in the order in which they are taken. `scores` descend, shape (n,);
    `similarities` are of each pair, shape (n, n). What is equal is taken in the order given."""
    count = len(scores)
    relevance = (1.0 - diversity) * _scaled(scores, scores)
    pairs = similarities[~np.eye(count, dtype=bool)]
    penalties = diversity * _scaled(similarities, pairs)
    most = np.zeros(count)
    order = np.empty(count, dtype=np.int64)
    left = np.ones(count, dtype=bool)
    for place in range(count):
        gains = np.where(left, relevance - most, -np.inf)
        taken = int(gains.argmax())
        order[place], left[taken] = taken, False
        np.maximum(most, penalties[taken], out=most)
    return order


def _scaled(
    values: npt.NDArray[np.float32], among: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """From 0 to 1 by the least and the greatest of some; all 0 where these are equal."""
    if not len(among):
        return np.zeros(values.shape)
    least, most = float(among.min()), float(among.max())
    if least == most:
        return np.zeros(values.shape)
    scaled: npt.NDArray[np.float64] = (values.astype(np.float64) - least) / (most - least)
    return scaled


def _vectors_of(snapshot: Snapshot, keys: Keys) -> Vectors:
    """Row by row; zeros for a chunk that has gone meanwhile."""
    held, stored = snapshot.vectors(keys)
    vectors = np.zeros((len(keys), snapshot.parts.embedder.dimension), dtype=np.float32)
    order = keys.argsort()
    vectors[order[keys[order].searchsorted(held)]] = stored
    return vectors
