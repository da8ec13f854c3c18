"""What the graph adds to what the texts have found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from index.contract import Keys, Ranking
from ingest.contract import Json
from retrieve.candidates import leg_of
from retrieve.contract import AnalyzedQuery, Found, Fusion, Leads, LegResult
from retrieve.graph.hops import Hop, NextHops
from retrieve.graph.levels import Levels, Named, named_in
from retrieve.graph.linking import Asked, Place

GRAPH = "graph"
"""The leg, the step and the stage."""

_MOST_TOLD = 10
"""Entities, and hops, that a report tells of."""


@dataclass(frozen=True)
class Led:
    """Where the graph has led a search: the question as it sees it, the things that documents are
    about among those it names, and the next hops."""

    place: Place
    asked: Asked
    named: Sequence[Named]
    hops: Sequence[Hop]
    levels: Levels

    def placed(self, ranking: Ranking) -> tuple[Ranking, Leads]:
        """The ranking with each of them where it belongs, by the scores that it has now, and the
        hops that put a chunk there."""
        levelled = self.levels.levelled(self.named, ranking)
        if not self.hops:
            return levelled, {}
        leads: dict[int, tuple[int, float]] = {}
        keys, scores = levelled.keys.tolist(), levelled.scores.tolist()
        score_of = dict(zip(keys, scores, strict=True))
        reached = dict(score_of)
        for hop in self.hops:
            if hop.seed in score_of and hop.key in score_of:
                score = score_of[hop.seed] + hop.share
                if score > reached[hop.key]:
                    reached[hop.key] = score
                    leads[hop.key] = hop.seed, hop.likely
        return Ranking.of(list(reached), list(reached.values())), leads

    def report(self, added: int = 0) -> dict[str, Json]:
        """What it comes to, to be told; `added` are candidates that the texts had not found."""
        entity = self.place.graph.entity
        linked = sorted(self.asked.entities)[:_MOST_TOLD]
        told: dict[str, Json] = {"entities": [entity(number).name for number in linked]}
        if self.named:
            told["about"] = [one.name for one in self.named]
        if self.hops:
            told["hops"] = [entity(hop.entity).name for hop in self.hops[:_MOST_TOLD]]
            told["seeds"] = len({hop.seed for hop in self.hops})
        return told if not added else {**told, "added": added}


@dataclass(frozen=True)
class GraphStep:
    """Works from what the legs have found and merged by the default fusion."""

    hops: NextHops = field(default_factory=NextHops)
    levels: Levels = field(default_factory=Levels)

    def led(
        self, place: Place, query: AnalyzedQuery, found: Found, fusion: Fusion
    ) -> tuple[Found, Led]:
        """What was found with what the graph leads to among the candidates, each in its place."""
        asked = Asked.of(place.graph, place.snapshot.parts.analyzer, query.text)
        named = named_in(place, asked)
        with_named = with_candidates(place, query, found, [n.candidates for n in named], fusion)
        levels = self.levels
        known = with_named.keys
        lacking = levels.credits(place, query, named, with_named)
        base = Ranking.of(known, with_named.ranking.scores_of(known) + lacking)
        dense = found.legs.get("dense")
        level = levels.levelled(named, base)
        hops = self.hops.find(
            place,
            query,
            asked,
            level,
            also=_best_of_each(named, level),
            by_meaning=dense is not None and len(dense.ranking.keys) > 0,
        )
        led = Led(place, asked, named, hops, levels)
        reached = [np.array([hop.key for hop in hops], dtype=np.int64)]
        whole = with_candidates(place, query, with_named, reached, fusion)
        keys = whole.keys
        scores = whole.ranking.scores_of(keys)
        scores[keys.searchsorted(known)] += lacking
        ranking, leads = led.placed(Ranking.of(keys, scores))
        gained = ranking.scores_of(keys) - whole.ranking.scores_of(keys)
        gains = np.maximum(gained, 0.0)
        is_raised = gains > 0
        own = LegResult(
            Ranking.of(keys[is_raised], gains[is_raised]), gains, np.zeros(len(keys), dtype=bool)
        )
        return replace(
            whole,
            ranking=ranking,
            legs={**whole.legs, GRAPH: own},
            weights={**whole.weights, GRAPH: float(is_raised.any())},
            leads=leads,
        ), led


def _best_of_each(named: Sequence[Named], ranking: Ranking) -> list[int]:
    """The best passage about each thing that a question names."""
    firsts = [ranking.keys[np.isin(ranking.keys, one.keys)][:1] for one in named]
    return [int(key) for first in firsts for key in first]


def with_candidates(
    place: Place,
    query: AnalyzedQuery,
    found: Found,
    more: Sequence[Keys],
    fusion: Fusion,
) -> Found:
    """What was found with more candidates, scored by every leg and merged anew."""
    new = np.setdiff1d(np.concatenate([found.keys[:0], *more]), found.keys)
    if not len(new):
        return found
    keys = np.sort(np.concatenate([found.keys, new]))
    foreign = place.snapshot.scripts.foreign(query.script, keys)
    legs = {}
    for name, one in found.legs.items():
        leg = leg_of(name)
        scores = np.full(len(keys), np.nan if fusion.by_ranks else 0.0, dtype=np.float32)
        scores[keys.searchsorted(found.keys)] = one.scores
        if len(one.ranking.keys) and not fusion.by_ranks:
            scores[keys.searchsorted(new)] = leg.score(place.snapshot, query, new)
        lent = None
        if one.lent is not None:
            lent = np.zeros(len(keys), dtype=np.float32)
            lent[keys.searchsorted(found.keys)] = one.lent
        legs[name] = LegResult(one.ranking, scores, leg.silent(foreign), lent)
    fused = fusion.fuse(keys, legs, len(query.terms))
    return replace(found, keys=keys, legs=legs, ranking=fused.ranking, weights=fused.weights)
