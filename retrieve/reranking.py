"""The rerankers of a search, one after the other: how deep each looks, and what its scores count.

How deep follows the scores. Candidates are judged some at a time, and the judging ends where none
of those below could still come among the first places, even if it got the best score of all that
were judged: where the first are far ahead that is soon, where all are alike it is at the reranker's
depth. (The stopping rule is that of the threshold algorithm, Fagin, Lotem, Naor 2001, "Optimal
aggregation algorithms for middleware", with what was seen for what is possible.)

What is judged gains its score, less the worst that was given: so none falls behind what was not
judged. A chunk that another one leads to need not be like the question. So where a reranker tells
that likeness, it counts as the other one does, as far as it is likely to be what is meant. A budget
cuts the depth to what fits, by what candidates have cost before.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass, field, replace

import numpy as np

from index.contract import Ranking
from index.pipeline import Snapshot
from ingest.contract import Json, Unavailable
from retrieve.clock import Clock
from retrieve.contract import AnalyzedQuery, Found, Leads, Reranker, Scores
from retrieve.costs import AFTER, Costs
from retrieve.notes import Fault
from retrieve.ranking import raised, with_first

_REST_S = 30.0
"""For so long a reranker that failed is not asked again: each search would wait for it."""


@dataclass(frozen=True)
class Ordered:
    """What was `found`, in the order that the rerankers leave it in; what each looked at; which
    ones the budget cut; what the searcher should know."""

    found: Found
    reports: Mapping[str, Json]
    cut: tuple[str, ...]
    notes: tuple[str, ...]


@dataclass
class _Judging:
    """What a reranker has said of the first of a ranking."""

    ranking: Ranking
    scores: Scores
    leads: Leads
    was_cut: bool = False
    failure: str = ""

    @property
    def judged(self) -> Ranking:
        """Its own ranking of what it could judge."""
        first = self.ranking.head(len(self.scores))
        held = ~np.isnan(self.scores)
        return Ranking.of(first.keys[held], self.scores[held])


@dataclass(frozen=True)
class Reranking:
    """The rerankers by name, in order. `costs` are those of all steps."""

    rerankers: Mapping[str, Reranker] = field(default_factory=dict)
    costs: Costs = field(default_factory=Costs)
    _resting: dict[str, float] = field(default_factory=dict, init=False, repr=False, compare=False)

    def order(
        self,
        snapshot: Snapshot,
        query: AnalyzedQuery,
        found: Found,
        k: int,
        clock: Clock,
        names: Set[str],
    ) -> Ordered:
        """What was found, ordered by the rerankers of these names; `k` places are what matters."""
        reports: dict[str, Json] = {}
        cut: list[str] = []
        notes: list[str] = []
        for name, reranker in self.rerankers.items():
            most = min(reranker.depth, len(found.ranking.keys))
            if name not in names or not most:
                continue
            if self._resting.get(name, -_REST_S) > clock.now():
                said = f"the reranker {name} was left out: it failed a moment ago"
                notes.append(Fault(said))
                continue
            with clock.stage(name):
                judging = self._judge(name, snapshot, query, found, k, clock)
                found = _merged(found, name, reranker, judging)
            count = len(judging.scores)
            if judging.failure:
                self._resting[name] = clock.now() + _REST_S
                notes.append(Fault(f"the reranker {name} was left out: {judging.failure}"))
            if judging.was_cut:
                cut.append(f"{name}: {count} of {most} candidates")
            if count:
                reports[name] = {"judged": count, "candidates": most}
        return Ordered(found, reports, tuple(cut), tuple(notes))

    def _judge(
        self,
        name: str,
        snapshot: Snapshot,
        query: AnalyzedQuery,
        found: Found,
        k: int,
        clock: Clock,
    ) -> _Judging:
        reranker, costs = self.rerankers[name], self.costs
        guess_ms, ranking = reranker.guess_ms, found.ranking
        judging = _Judging(ranking, np.empty(0, dtype=np.float32), found.leads)
        most = min(reranker.depth, len(ranking.keys))
        wanted = min(most, max(k, reranker.at_once))
        while wanted:
            done = len(judging.scores)
            size = wanted if clock.budget_ms is None else min(reranker.at_once, wanted)
            left_ms = clock.left_ms - costs.expected_ms(AFTER)
            fitting = left_ms / max(costs.expected_ms(name, guess_ms), 1e-6)
            if fitting < (1.0 if reranker.by_call else size):
                size = 0 if reranker.by_call else int(max(fitting, 0.0))
            if not size:
                judging.was_cut = True
                if not done:
                    costs.skip(name, guess_ms)
                break
            keys = ranking.keys[done : done + size]
            begun = clock.now()
            try:
                scores = reranker.judge(snapshot, query, keys, left_ms)
            except Unavailable as error:
                judging.failure = str(error)
                break
            finally:
                took_ms = (clock.now() - begun) * 1000.0
                costs.learn(name, took_ms if reranker.by_call else took_ms / size, guess_ms)
            judging.scores = np.concatenate([judging.scores, scores])
            wanted -= size
            if not wanted:
                wanted = _reaching(reranker, judging, most, k)
        return judging


def _merged(found: Found, name: str, reranker: Reranker, judging: _Judging) -> Found:
    """What was found, with what the reranker said of it."""
    judged = judging.judged
    ranking = found.ranking
    if len(judged.keys):
        count = len(judging.scores)
        best = Ranking.of(ranking.keys[:count], _blended(reranker, judging))
        ranking = with_first(best, ranking)
    weight = reranker.weight if len(judged.keys) else 0.0
    return replace(
        found,
        ranking=ranking,
        weights={**found.weights, name: weight},
        judged={**found.judged, name: judged},
    )


def _unit(reranker: Reranker, judging: _Judging) -> float:
    """What a point of the reranker's is worth in the scores of the ranking."""
    if not reranker.own_unit:
        return reranker.weight
    spread = float(np.nanstd(judging.scores))
    own = float(judging.ranking.scores[: reranker.depth].std()) or 1.0
    return reranker.weight * own / spread if spread > 0 else 0.0


def _blended(reranker: Reranker, judging: _Judging) -> Scores:
    """The scores of the ranking's first, with what each gains."""
    scores, first = judging.scores, judging.ranking.head(len(judging.scores))
    counted = scores if reranker.own_unit else raised(first.keys, scores, judging.leads)
    gains = np.nan_to_num(counted - np.nanmin(scores)) * _unit(reranker, judging)
    blended: Scores = first.scores + gains
    return blended


def _reaching(reranker: Reranker, judging: _Judging, most: int, k: int) -> int:
    """How many are to be judged next: those that could still come among the first k, as many as
    are judged at once."""
    scores, done = judging.scores, len(judging.scores)
    below = judging.ranking.scores[done:most]
    if np.isnan(scores).all() or not len(below):
        return 0
    highest = float(np.nanmax(scores) - np.nanmin(scores)) * _unit(reranker, judging)
    blended = _blended(reranker, judging)
    last = float(np.sort(blended)[-k]) if k <= done else -np.inf
    return min(int((below + highest >= last).sum()), reranker.at_once)
