"""What the graph does in one search, by the mode of the query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from index.contract import Keys, Ranking
from index.graph.contract import Graph
from index.pipeline import Snapshot
from ingest.contract import Json
from retrieve.candidates import judged_by
from retrieve.clock import Clock
from retrieve.contract import (
    GLOBAL,
    HYBRID,
    LOCAL,
    MIX,
    NAIVE,
    AnalyzedQuery,
    Chain,
    Found,
    Fused,
    Fusion,
    Hit,
    LegResult,
    Query,
)
from retrieve.costs import AFTER, Costs
from retrieve.graph.chains import chains_of
from retrieve.graph.hops import Hop
from retrieve.graph.linking import Asked, Place
from retrieve.graph.step import GRAPH, GraphStep, Led
from retrieve.graph.theme_walk import ThemeWalk
from retrieve.graph.walk import Walk
from retrieve.told import Told

_GUESS_MS = 5.0

_SPREAD_PLACE, _SPREAD_POINTS = 50, 40.0
"""In the default fusion, the passage at this place is about so many points behind the first: other
fusions are brought to its unit by that."""

_TITLES_TOLD = 5


@dataclass(frozen=True)
class _InPoints:
    """A fusion whose scores are brought to the unit of the default one's."""

    fusion: Fusion
    scale: float

    @property
    def by_ranks(self) -> bool:
        return self.fusion.by_ranks

    def fuse(self, keys: Keys, legs: Mapping[str, LegResult], terms: int) -> Fused:
        fused = self.fusion.fuse(keys, legs, terms)
        return replace(fused, ranking=_scaled(fused.ranking, 1.0 / self.scale))


@dataclass
class Leading:
    """One search. `mode` is what the query asks for, or NAIVE where the step is off; `fusion` is
    the one that the query names (None for a leg alone)."""

    snapshot: Snapshot
    query: Query
    mode: str
    clock: Clock
    told: Told
    costs: Costs
    step: GraphStep = field(default_factory=GraphStep)
    walk: Walk = field(default_factory=Walk)
    themes: ThemeWalk = field(default_factory=ThemeWalk)
    _asked: tuple[Place, Asked, Sequence[Hop]] | None = None

    def led(
        self, query: AnalyzedQuery, found: Found, allowed: Keys | None, fusion: Fusion | None
    ) -> Found:
        """What was found, and what the graph leads to."""
        graph = self._graph()
        if graph is None:
            return found
        begun_ms = self.clock.elapsed_ms
        with self.clock.stage(GRAPH):
            place = Place(self.snapshot, graph, allowed)
            if self.mode == MIX:
                found = self._mixed(place, query, found, fusion)
            else:
                found = self._walked(place, query, found)
        took_ms = self.clock.elapsed_ms - begun_ms
        self.costs.learn(self._cost, took_ms, _GUESS_MS)
        return found

    def chains(self, hits: Sequence[Hit], found: Found) -> list[Chain]:
        """Chains of evidence for hits, as many as the query asks for."""
        if self._asked is None or not self.query.chains:
            return []
        with self.clock.stage("chains"):
            place, asked, hops = self._asked
            keys = found.ranking.keys[: _SPREAD_PLACE + 2 * len(hits)]
            return chains_of(place, asked, hops, hits, keys, self.query.chains)

    @property
    def _cost(self) -> str:
        return f"{GRAPH} {self.mode}"

    def _graph(self) -> Graph | None:
        """The graph, where the query wants it and there is time."""
        if self.mode == NAIVE:
            return None
        graph = self.snapshot.graph()
        if graph is None or not len(graph.keys):
            if graph is None and self.snapshot.parts.extractor is not None:
                self._note("the entity graph is still being made: the texts are searched alone")
            elif self.mode != MIX:
                self._note("the collection has no entity graph: the texts are searched alone")
            return None
        left_ms = self.clock.left_ms - self.costs.expected_ms(AFTER)
        if left_ms < self.costs.expected_ms(self._cost, _GUESS_MS):
            self.costs.skip(self._cost, _GUESS_MS)
            if GRAPH not in self.told.cut:
                self.told.cut.append(GRAPH)
            return None
        return graph

    def _mixed(
        self, place: Place, query: AnalyzedQuery, found: Found, fusion: Fusion | None
    ) -> Found:
        """The texts' candidates with those that they lead to."""
        if fusion is None or not len(found.ranking.keys):
            return found
        scale = 1.0
        if self.query.fusion != "default":
            scores = found.ranking.scores
            scale = float(scores[0] - scores[:_SPREAD_PLACE][-1]) / _SPREAD_POINTS or 1.0
            in_points: Fusion = _InPoints(fusion, scale)
            fusion = in_points
            found = replace(found, ranking=_scaled(found.ranking, 1.0 / scale))
        before = len(found.keys)
        found, led = self.step.led(place, query, found, fusion)
        self._asked = place, led.asked, led.hops
        self._tell(led.report(len(found.keys) - before), found.weights[GRAPH] > 0)
        return found if scale == 1.0 else replace(found, ranking=_scaled(found.ranking, scale))

    def _walked(self, place: Place, query: AnalyzedQuery, found: Found) -> Found:
        """What the graph finds, in the unit of the texts' scores."""
        snapshot = self.snapshot
        asked = Asked.of(place.graph, snapshot.parts.analyzer, query.text)
        self._asked = place, asked, ()
        depth = max(len(found.ranking.keys), self.query.k)
        report = Led(place, asked, (), (), self.step.levels).report()
        rankings = []
        if self.mode in (LOCAL, HYBRID):
            rankings.append(self.walk.ranked(place, asked, found.ranking, depth))
        if self.mode in (GLOBAL, HYBRID):
            ranking, titles = self.themes.ranked(place, query.text, found.ranking, depth)
            rankings.append(ranking)
            report["themes"] = list(titles[:_TITLES_TOLD])
        ranking = _best_of(rankings)
        self._tell(report, len(ranking.keys) > 0)
        if not len(ranking.keys):
            return replace(found, weights={**found.weights, GRAPH: 0.0})
        keys = np.sort(ranking.keys)
        own = {name: leg.ranking for name, leg in found.legs.items()}
        texts = {
            name: Ranking.of(one.keys[held], one.scores[held])
            for name, one in own.items()
            for held in [np.isin(one.keys, keys)]
        }
        legs = judged_by(snapshot, query, keys, texts, by_ranks=False)
        silent = np.zeros(len(keys), dtype=bool)
        graph = LegResult(ranking, ranking.scores_of(keys), silent)
        weights = {**dict.fromkeys(legs, 0.0), GRAPH: 1.0}
        return replace(
            found, keys=keys, legs={**legs, GRAPH: graph}, ranking=ranking, weights=weights
        )

    def _tell(self, report: dict[str, Json], spoke: bool) -> None:
        if not spoke and self.mode != MIX:
            self._note("the entity graph has nothing to say of this query")
        self.told.reports[GRAPH] = {"mode": self.mode, "speaks": spoke, **report}

    def _note(self, note: str) -> None:
        if note not in self.told.notes:
            self.told.notes.append(note)


def _best_of(rankings: Sequence[Ranking]) -> Ranking:
    """Each chunk by the best of its scores."""
    best: dict[int, float] = {}
    for ranking in rankings:
        for key, score in zip(ranking.keys.tolist(), ranking.scores.tolist(), strict=True):
            best[key] = max(best.get(key, score), score)
    return Ranking.of(list(best), list(best.values()))


def _scaled(ranking: Ranking, factor: float) -> Ranking:
    return Ranking(ranking.keys, (ranking.scores * factor).astype(np.float32))
