"""Rankings made of others."""

from __future__ import annotations

import numpy as np

from index.contract import Keys, Ranking
from retrieve.contract import Leads, LegResult, Scores


def known(leg: LegResult) -> Scores:
    """The leg's scores with what is lent to them; a chunk that it does not hold counts as its
    worst."""
    scores = leg.scores
    missing = np.isnan(scores)
    if missing.any():
        scores = np.where(missing, np.nanmin(scores), scores)
    return scores if leg.lent is None else scores + leg.lent


def with_first(first: Ranking, ranking: Ranking) -> Ranking:
    """The ranking with its first places, as many as `first` has, taken by that."""
    count = len(first.keys)
    return Ranking(
        np.concatenate([first.keys, ranking.keys[count:]]),
        np.concatenate([first.scores, ranking.scores[count:]]),
    )


def lifted(ranking: Ranking, keys: Keys) -> Ranking:
    """The ranking with those keys first, in the order that they had."""
    holds = np.isin(ranking.keys, keys)
    if not holds.any():
        return ranking
    scores = ranking.scores.copy()
    scores[holds] += np.float32(ranking.scores[0] - ranking.scores[holds].min() + 1.0)
    return Ranking.of(ranking.keys, scores)


def raised(keys: Keys, scores: Scores, leads: Leads) -> Scores:
    """The scores of the keys, with that of each chunk that another one leads to raised towards the
    other's, as far as it is likely to be meant."""
    found = scores.copy()
    place_of = {key: place for place, key in enumerate(keys.tolist())}
    for key in place_of.keys() & leads.keys():
        lead, likely = leads[key]
        if lead in place_of:
            own, other = scores[place_of[key]], scores[place_of[lead]]
            found[place_of[key]] = np.fmax(own, own + likely * (other - own))
    return found
