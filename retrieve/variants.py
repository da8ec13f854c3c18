"""Other texts searched beside a question, and one ranking out of all that they find.

All are searched alike, and what any of them found is scored by each, so their scores compare: the
default fusion's are evidence in one unit. Then

- other wordings ask for the same: a passage counts what it has in the mean over them, in which the
  question weighs most (RAG-Fusion adds reciprocal ranks instead, which forget by how much one
  passage beat the next). What asks for the same finds the same, so a wording weighs as much as its
  first hits are those of the question: one that misses the question has no say;
- parts of a question ask for different things, each of which is needed: a passage counts how
  little it falls behind the best of the part that it serves best, and to this is added how little
  it does for the whole question. The best of each part stands with the fifth hit at the latest;
- a passage that would answer is no question: its vector is added to that of the question, whose
  words stay (HyDE: Gao et al. 2022, arXiv:2212.10496).

Fusions by ranks, and legs alone, have no scores that compare: there, reciprocal ranks are added.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from index.contract import Embedder, QueryEmbedding, Ranking, Vectors
from index.pipeline import Snapshot
from retrieve.candidates import candidates_of, judged_by
from retrieve.contract import AnalyzedQuery, Found, Fusion
from retrieve.smoothing import Smoothing

_RANK_CONSTANT = 60.0
"""Of reciprocal rank fusion, where scores do not compare."""

_SURE = 5
"""Place that the best of each part shares, or a better one."""

_FIRST = 10
"""Hits by which it is told whether two texts ask for the same."""

Totals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Variant:
    """A text searched beside the question. `kind` is the step that made it; `weight` what it
    counts, where the question counts 1. `is_part`: it asks for a part of what the question asks
    for."""

    kind: str
    text: str
    weight: float
    is_part: bool = False


@dataclass(frozen=True, slots=True)
class Searched:
    """A text that was searched, and what was found."""

    query: AnalyzedQuery
    found: Found
    variant: Variant | None = None


def variants_of(texts: Mapping[str, Sequence[str]]) -> list[Variant]:
    """The texts that steps had written, as variants; texts of one step share its weight."""
    return [
        Variant(kind, text, weight / len(texts[kind]), is_part=kind == "decompose")
        for kind, weight in _WEIGHTS.items()
        for text in texts.get(kind, ())
    ]


_WEIGHTS = {"rewrite": 0.5, "step_back": 0.25, "decompose": 1.0}
"""Of all texts of a step together; parts have none but their places."""


def merged(
    snapshot: Snapshot,
    question: Searched,
    others: Sequence[Searched],
    fusion: Fusion | None,
    smoothing: Smoothing | None = None,
) -> Found:
    """What the question and its variants found, in one ranking. What each leg says of a hit is
    what it says for the question itself."""
    all_of_them = [question, *others]
    keys = candidates_of({str(n): one.found.ranking for n, one in enumerate(all_of_them)})
    if not len(keys):
        return question.found
    by_ranks = fusion is None or fusion.by_ranks
    judged = [
        judged_by(
            snapshot,
            one.query,
            keys,
            {name: leg.ranking for name, leg in one.found.legs.items()},
            by_ranks and one is not question,
        )
        for one in all_of_them
    ]
    if smoothing is not None and fusion is not None and not by_ranks:
        judged = [
            smoothing.smoothed(snapshot, one.query, keys, legs, fusion)
            for one, legs in zip(all_of_them, judged, strict=True)
        ]
    totals: list[Totals]
    if by_ranks or fusion is None:
        totals = [_reciprocal(keys, one.found.ranking) for one in all_of_them]
    else:
        totals = [
            fusion.fuse(keys, legs, len(one.query.terms)).ranking.scores_of(keys).astype(np.float64)
            for one, legs in zip(all_of_them, judged, strict=True)
        ]
    own, rest = totals[0], list(zip(others, totals[1:], strict=True))
    weights = [
        (one.variant.weight * _agreement(question.found.ranking, one.found.ranking), total)
        for one, total in rest
        if one.variant is not None and not one.variant.is_part
    ]
    parts = [total for one, total in rest if one.variant is not None and one.variant.is_part]
    scores = _with_parts(_mean(own, weights), parts)
    return replace(question.found, keys=keys, legs=judged[0], ranking=Ranking.of(keys, scores))


def _agreement(one: Ranking, other: Ranking) -> float:
    """The share of the first hits of the one that are among those of the other."""
    first = min(_FIRST, len(one.keys))
    if not first:
        return 0.0
    return len(set(one.keys[:_FIRST].tolist()) & set(other.keys[:_FIRST].tolist())) / first


def _mean(own: Totals, others: Sequence[tuple[float, Totals]]) -> Totals:
    """The weighted mean, in which the own scores weigh 1."""
    mean = own.copy()
    for weight, total in others:
        mean += weight * total
    mean /= 1.0 + sum(weight for weight, _ in others)
    return mean


def _with_parts(whole: Totals, parts: Sequence[Totals]) -> Totals:
    """The scores for the whole and for its parts together, each less what its best has."""
    if not parts:
        return whole
    behind = whole - whole.max()
    best: Totals = np.max([behind, *(part - part.max() for part in parts)], axis=0)
    score: Totals = (behind + best) / 2.0
    sure = np.sort(score)[::-1][:_SURE][-1]
    for part in parts:
        at = int(np.argmax(part))
        score[at] = max(score[at], sure)
    return score


def _reciprocal(keys: npt.NDArray[np.int64], ranking: Ranking) -> Totals:
    scores = np.zeros(len(keys), dtype=np.float64)
    places = np.arange(1, len(ranking.keys) + 1)
    scores[keys.searchsorted(ranking.keys)] = 1.0 / (_RANK_CONSTANT + places)
    return scores


def with_passages(
    query: AnalyzedQuery, passages: Sequence[str], embedder: Embedder
) -> AnalyzedQuery:
    """The query with the mean of its own vector and those of passages that would answer it. Its
    words and the vectors of its tokens stay."""

    def embed(text: str) -> QueryEmbedding:
        asked = query.embed(text)
        total: Vectors = asked.vector + embedder.embed_passages(list(passages)).sum(axis=0)
        return QueryEmbedding((total / np.linalg.norm(total)).astype(np.float32), asked.tokens)

    return replace(query, embed=embed)
