"""What the legs find, and what each says of what the others have found."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

import numpy as np

from index.contract import Keys, Ranking
from index.pipeline import Snapshot
from ingest.contract import load_component
from retrieve.clock import Clock
from retrieve.components import LEGS
from retrieve.contract import AnalyzedQuery, Leg, LegResult


@lru_cache
def leg_of(name: str) -> Leg:
    leg: Leg = load_component(LEGS, name)
    return leg


def rankings_of(
    snapshot: Snapshot,
    query: AnalyzedQuery,
    names: tuple[str, ...],
    depth: int,
    allowed: Keys | None,
    clock: Clock,
) -> dict[str, Ranking]:
    """The candidates of each leg."""
    if "dense" in names:
        with clock.stage("embed"):
            _ = query.vector
    rankings = {}
    for name in names:
        with clock.stage(name):
            rankings[name] = leg_of(name).search(snapshot, query, depth, allowed)
    return rankings


def candidates_of(rankings: Mapping[str, Ranking]) -> Keys:
    """The keys of all rankings, ascending. A third of the time of numpy.unique, which is made
    for more of them."""
    keys: Keys = np.concatenate([ranking.keys for ranking in rankings.values()])
    keys.sort()
    is_new = np.ones(len(keys), dtype=bool)
    np.not_equal(keys[1:], keys[:-1], out=is_new[1:])
    return keys[is_new]


def judged_by(
    snapshot: Snapshot,
    query: AnalyzedQuery,
    keys: Keys,
    rankings: Mapping[str, Ranking],
    by_ranks: bool,
) -> dict[str, LegResult]:
    """Each leg's ranking with its scores of all candidates, which ascend; nan, where those are
    not asked for, for what it has not found itself."""
    foreign = snapshot.scripts.foreign(query.script, keys)
    results = {}
    for name, ranking in rankings.items():
        leg = leg_of(name)
        scores = np.zeros(len(keys), dtype=np.float32)
        if len(ranking.keys):
            scores.fill(np.nan)
            scores[keys.searchsorted(ranking.keys)] = ranking.scores
            if not by_ranks:
                others = np.isnan(scores).nonzero()[0]
                scores[others] = leg.score(snapshot, query, keys[others])
        results[name] = LegResult(ranking, scores, leg.silent(foreign))
    return results
