"""One more hop: a passage that the best passages lead to.

"When did the director of X die?" shares no word with the passage about the director; but the
passage about X, which the question does find, names him. So of each of the best passages (a
*seed*) the entities that it names are looked at, and of each such entity the chunks that are about
it. Which of them the question means is told by how rare the name is, by whether the words of the
question stand beside it ("directed by"), by how early it comes, and by how near the chunk itself is
to the question.

The odds of these, with those of *none of them* among them, make the share of each (a softmax), and
what a chunk gets is the score of its seed and the logarithm of the share, in the unit of the
evidence fusion. So a chunk never comes before the passage that led to it, a seed that names many
things shares its evidence among them, and one that is no good leads nowhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from index.contract import Keys, Ranking
from index.graph.contract import Field, Graph, Mention
from retrieve.contract import AnalyzedQuery, Scores
from retrieve.graph.linking import HEADED, TITLED, Asked, Place, is_name, terms_of

_BEFORE, _BEHIND = 40, 25
"""Characters before and behind a name in which the words that say what it is to the question are
looked for."""

_MOST_WORDS = 2
"""Words of the question beside a name that count."""


@dataclass(frozen=True, slots=True)
class Hop:
    """From the seed to the chunk `key`, by the entity that the one names (in `mention`) and the
    other is about. `words` of the question stand beside the name. Its share of the seed's evidence
    is how `likely` it is meant, and the logarithm of that, in the unit of the scores, `share`."""

    seed: int
    entity: int
    key: int
    mention: Mention
    words: int
    share: float
    likely: float


@dataclass(frozen=True, slots=True)
class _Way:
    """An entity that a seed names, with the chunks about it and the logarithms of how much they
    are."""

    entity: int
    mention: Mention
    words: int
    odds: float
    keys: Keys
    about: Scores


@dataclass(frozen=True)
class NextHops:
    """Looks at the first `seeds` of a ranking. The logarithm of the odds of an entity is `rarity`
    (1 for one named in a single chunk, 0 for one named in all) and `word` for each word of the
    question beside it, less the logarithm of its place among those named; `likeness` weighs how
    near the chunk is, a cosine counting `cosine_weight`. `none` are the log odds that no more hop
    is needed. `unit` is what one of log odds is worth in the scores, and `behind` what a chunk
    stays behind its seed at least."""

    seeds: int = 8
    rarity: float = 6.0
    word: float = 1.5
    likeness: float = 0.5
    none: float = 5.0
    unit: float = 8.0
    behind: float = 0.5
    cosine_weight: float = 200.0

    def find(
        self,
        place: Place,
        query: AnalyzedQuery,
        asked: Asked,
        ranking: Ranking,
        *,
        also: Sequence[int] = (),
        by_meaning: bool = True,
    ) -> list[Hop]:
        """The best hop to each chunk, best first. Those of the keys `also` are seeds wherever they
        stand. How near a chunk is counts where the question is searched `by_meaning`."""
        is_seed = np.isin(ranking.keys, np.array(also, dtype=np.int64))
        is_seed[: self.seeds] = True
        best = Ranking(ranking.keys[is_seed], ranking.scores[is_seed])
        stored = place.snapshot.chunks(best.keys.tolist())
        ways = [
            list(self._ways(place, asked, key, stored[key].chunk.text)) if key in stored else []
            for key in best.keys.tolist()
        ]
        found = [way.keys for of_seed in ways for way in of_seed]
        if not found:
            return []
        keys = np.unique(np.concatenate(found))
        cosines = (
            place.snapshot.dense.score(query.vector, keys)
            if by_meaning
            else np.zeros(len(keys), dtype=np.float32)
        )
        held = ~np.isnan(cosines)
        if not held.any():
            return []
        nearness = self.likeness * self.cosine_weight / self.unit * cosines
        nearness -= np.median(nearness[held])
        scored: dict[int, tuple[float, Hop]] = {}
        for seed, score, of_seed in zip(
            best.keys.tolist(), best.scores.tolist(), ways, strict=True
        ):
            for hop in self._shared(seed, of_seed, keys, nearness):
                if hop.key not in scored or score + hop.share > scored[hop.key][0]:
                    scored[hop.key] = score + hop.share, hop
        return [hop for _, hop in sorted(scored.values(), key=lambda one: (-one[0], one[1].key))]

    def _ways(self, place: Place, asked: Asked, seed: int, text: str) -> Iterator[_Way]:
        """Where a seed of that text may lead."""
        graph, analyzer = place.graph, place.snapshot.parts.analyzer
        mentions = _named(graph, asked, seed)
        for order, (entity, of_it) in enumerate(mentions.items()):
            # What a word of the field means is said in many places: one of them is no next step,
            # unless a document is about it.
            keys, about = place.about(entity, 0.0 if is_name(graph, entity) else TITLED)
            is_other = keys != seed
            if not is_other.any():
                continue
            words = [
                asked.words_in(
                    terms_of(analyzer, text[max(0, m.start - _BEFORE) : m.end + _BEHIND])
                )
                for m in of_it
            ]
            most = int(np.argmax(words))
            odds = (
                self.rarity * place.rarity(entity)
                + self.word * min(words[most], _MOST_WORDS)
                - math.log1p(order)
            )
            yield _Way(
                entity, of_it[most], words[most], odds, keys[is_other], np.log(about[is_other])
            )

    def _shared(
        self, seed: int, ways: Sequence[_Way], keys: Keys, nearness: Scores
    ) -> Iterator[Hop]:
        """The hops from a seed: what is near the question says how likely the entity is, and which
        of the chunks about it is meant."""
        odds = []
        for way in ways:
            near = nearness[keys.searchsorted(way.keys)] + way.about
            near = np.where(np.isnan(near), -np.inf, near)
            most = float(near.max(initial=-np.inf))
            if most == -np.inf:
                odds.append(near)
                continue
            shares = np.exp(near - most)
            with np.errstate(divide="ignore"):
                odds.append(way.odds + most + np.log(shares / shares.sum()))
        of_all = np.concatenate([*odds, [self.none]])
        highest = float(of_all.max())
        total = highest + math.log(float(np.exp(of_all - highest).sum()))
        for way, of_way in zip(ways, odds, strict=True):
            for key, own in zip(way.keys.tolist(), of_way.tolist(), strict=True):
                if own > -math.inf:
                    share = self.unit * (own - total) - self.behind
                    likely = math.exp(own - total)
                    yield Hop(seed, way.entity, key, way.mention, way.words, share, likely)


def _named(graph: Graph, asked: Asked, seed: int) -> dict[int, list[Mention]]:
    """The entities that the text of a chunk names, in the order in which they come, with their
    mentions: those that neither the question names nor the chunk is about."""
    found: dict[int, list[Mention]] = {}
    for entity, mention in graph.mentions_in(seed):
        if mention.field == Field.TEXT and entity not in asked.entities:
            found.setdefault(entity, []).append(mention)
    chunk = graph.keys.searchsorted(seed)
    for entity in list(found):
        chunks, about = graph.subjects.row(entity)
        if (about[chunks == chunk] >= HEADED).any():
            del found[entity]
    return found
