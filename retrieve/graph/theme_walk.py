"""High-level retrieval: the chunks behind the themes that a question asks for.

The words of the question are looked for among the theme keywords of the chunks, which are those of
the relations said in them, and in the titles, keywords and summaries of the communities; and a
community in which the texts find their best passages has something to say, too. What tells of the
best communities is found, the most telling first.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np

from index.contract import Analyzer, Ranking
from index.graph.contract import Community, Graph
from retrieve.graph.linking import Place, terms_of

Sums = defaultdict[int, float]

_PASSAGES = 20
"""Passages by whose communities the themes are told."""


@dataclass(frozen=True, eq=False)
class Postings:
    """Where terms stand: the numbers of the texts that have each."""

    places: Mapping[str, Sequence[int]]
    count: int

    @classmethod
    def of(cls, texts: Iterable[Iterable[str]]) -> Postings:
        places: dict[str, list[int]] = {}
        count = 0
        for number, terms in enumerate(texts):
            count += 1
            for term in sorted(set(terms)):
                places.setdefault(term, []).append(number)
        return cls(places, count)

    def scores(self, terms: Iterable[str]) -> Sums:
        """The sum of the rarities of the terms that each text has."""
        found: Sums = defaultdict(float)
        for term in sorted(terms):
            held = self.places.get(term, ())
            for number in held:
                found[number] += math.log(1.0 + self.count / len(held))
        return found


@dataclass(frozen=True, eq=False)
class ThemeWords:
    """The words of a graph's themes: of its communities and of its chunks."""

    communities: Sequence[Community]
    of_communities: Postings
    of_chunks: Postings

    @classmethod
    def of(cls, graph: Graph, analyzer: Analyzer) -> ThemeWords:
        """Worked out once for a graph, which takes a moment."""
        found = _KNOWN.get(graph)
        if found is None:
            communities = graph.communities()
            told = (
                terms_of(analyzer, "\n".join((one.title, *one.keywords, one.summary)))
                for one in communities
            )
            terms: dict[str, list[str]] = {}

            def known(words: Sequence[str]) -> Iterable[str]:
                for word in words:
                    if word not in terms:
                        terms[word] = terms_of(analyzer, word)
                    yield from terms[word]

            of_chunks = (known(graph.keywords_of(key)) for key in graph.keys.tolist())
            found = cls(communities, Postings.of(told), Postings.of(of_chunks))
            _KNOWN[graph] = found
        return found


_KNOWN: WeakKeyDictionary[Graph, ThemeWords] = WeakKeyDictionary()


@dataclass(frozen=True)
class ThemeWalk:
    """`unit` is what one of log odds is worth in the scores of the texts; `found` weighs the
    passages that the texts find in a community against the question's words in it."""

    unit: float = 8.0
    found: float = 4.0

    def ranked(
        self, place: Place, text: str, texts: Ranking, depth: int
    ) -> tuple[Ranking, list[str]]:
        """The first chunks, in the unit of the texts' scores (the best has the best score of
        these), and the titles of the communities that they tell of, best first."""
        graph, analyzer = place.graph, place.snapshot.parts.analyzer
        words = ThemeWords.of(graph, analyzer)
        asked = set(terms_of(analyzer, text))
        scores = words.of_communities.scores(asked)
        self._add_found(words.communities, texts, scores)
        best = sorted(scores, key=lambda number: (-scores[number], number))
        of_chunk: Sums = defaultdict(float)
        keys = graph.keys.tolist()
        for row, score in words.of_chunks.scores(asked).items():
            of_chunk[keys[row]] += score
        for number in best[:depth]:
            for order, key in enumerate(words.communities[number].keys):
                of_chunk[key] += scores[number] / (1.0 + order)
        found = np.array(sorted(of_chunk), dtype=np.int64)
        if place.allowed is not None:
            found = found[np.isin(found, place.allowed)]
        titles = [words.communities[number].title for number in best]
        if not len(found):
            return Ranking.of([], []), titles
        said = np.array([of_chunk[key] for key in found.tolist()])
        top = float(texts.scores[0]) if len(texts.scores) else 0.0
        points = top + self.unit * np.log(said / said.max())
        return Ranking.of(found, points).head(depth), titles

    def _add_found(self, communities: Sequence[Community], texts: Ranking, scores: Sums) -> None:
        first = texts.head(_PASSAGES)
        if not len(first.keys):
            return
        shares = np.exp((first.scores - first.scores[0]) / self.unit)
        share = dict(zip(first.keys.tolist(), (shares / shares.sum()).tolist(), strict=True))
        for number, community in enumerate(communities):
            held = sum(share.get(key, 0.0) for key in community.keys)
            if held:
                scores[number] += self.found * held
