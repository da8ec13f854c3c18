"""What a question names counts once, and as much as what else it names.

The words of a name find every passage that has it, and of those about the thing itself they prefer
the ones that repeat the name. Where documents are about it by their title, all their chunks are
given the words of the name alike; what else the question says tells them apart.

And of two things that a question names ("which of A and B …"), the one with the rarer words, or
with more said of it, would take the first places. So the best passages about each are set level.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from retrieve.contract import AnalyzedQuery, Found, Scores
from retrieve.fusion.evidence import share_of_words
from retrieve.graph.linking import TITLED, Asked, Place

_FEW = 12
"""Chunks about a thing up to which all become candidates; else those that the texts find."""

_MARGIN = 1.0


@dataclass(frozen=True, slots=True)
class Named:
    """A thing that the question names, as it is written there, and the chunks of documents whose
    title is its name, ascending."""

    name: str
    entities: tuple[int, ...]
    keys: Keys

    @property
    def candidates(self) -> Keys:
        return self.keys if len(self.keys) <= _FEW else self.keys[:0]


def named_in(place: Place, asked: Asked) -> list[Named]:
    """The things that a question names and documents are about, in order."""
    found = []
    for start, end, entities in asked.names:
        of_name = [place.about(entity, TITLED)[0] for entity in entities]
        keys = np.unique(np.concatenate(of_name)) if of_name else np.empty(0, dtype=np.int64)
        if len(keys):
            found.append(Named(asked.text[start:end], entities, keys))
    return found


@dataclass(frozen=True)
class Levels:
    """Takes `share` of how far the best passage about a thing is behind the best of all, up to
    `most`, which is in the unit of the scores, where a question names `least` things or more."""

    share: float = 0.7
    least: int = 1
    most: float = 60.0

    def credits(
        self, place: Place, query: AnalyzedQuery, named: Sequence[Named], found: Found
    ) -> Scores:
        """What each of the keys found lacks for the words of a name to count alike for all that is
        about it, less what those near it have lent."""
        snapshot, keys = place.snapshot, found.keys
        lacking = np.zeros(len(keys), dtype=np.float32)
        weight = share_of_words(len(query.terms))
        for one in named:
            held = np.isin(keys, one.keys)
            if held.sum() < 2:
                continue
            terms = snapshot.parts.analyzer.query_terms(one.name, snapshot.languages)
            of_name = keys[held]
            scores = snapshot.sparse.search(terms, len(of_name), of_name).scores_of(of_name)
            lacking[held] += weight * (scores.max() - scores)
        sparse = found.legs.get("sparse")
        if sparse is None or sparse.lent is None:
            return lacking
        return np.maximum(lacking - np.float32(weight) * sparse.lent, 0)

    def levelled(self, named: Sequence[Named], ranking: Ranking) -> Ranking:
        """Each of the things that a question names with its best passages about as high as the
        others."""
        if len(named) < self.least or not len(ranking.keys):
            return ranking
        scores: Scores = ranking.scores.copy()
        for one in named:
            held = np.isin(ranking.keys, one.keys)
            if held.any():
                behind = float(ranking.scores[0] - ranking.scores[held].max()) - _MARGIN
                raised = ranking.scores[held] + min(self.share * max(behind, 0.0), self.most)
                scores[held] = np.maximum(scores[held], raised)
        return Ranking.of(ranking.keys, scores)
