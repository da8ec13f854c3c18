"""Whether a collection has anything to say to a question.

Some passage is always the nearest. How near a nearest one is where nothing answers depends on the
collection, on the model, and on the script of the question; so it is measured: questions about
something else altogether are asked of the collection (`retrieve.tuning.foreign`), and an answerable
one has to come out of the range of theirs, by meaning and by words together. Passages in another
script than the question's are never as near as those in its own: they have a range of theirs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from index.pipeline import Snapshot
from retrieve.contract import AnalyzedQuery, Found

_JUDGE = "late_interaction"
OWN, OTHER = "own", "other"
"""The sides of a collection, as a question sees them: what is in its script, and what is not."""

_WORDS = {OWN: "sparse", OTHER: "translated"}
"""The leg that judges a side by words."""

_FEW_TERMS = 3
"""A query of so few terms names what it wants: where the words are there, so is what it wants."""


@dataclass(frozen=True, slots=True)
class Signals:
    """How near the best passages are: by the late interaction of the best one, and by the best
    score by words for each term (the logarithm: it has no upper bound)."""

    meaning: float
    words: float


@dataclass(frozen=True, slots=True)
class Bar:
    """Mean and standard deviation of the signals of foreign questions, and what the sum of the
    standardised signals has to reach."""

    meaning_mean: float
    meaning_deviation: float
    words_mean: float
    words_deviation: float
    least: float

    def height(self, signals: Signals) -> float:
        """The sum of the standardised signals."""
        return (signals.meaning - self.meaning_mean) / self.meaning_deviation + (
            signals.words - self.words_mean
        ) / self.words_deviation


def signals_of(snapshot: Snapshot, query: AnalyzedQuery, found: Found) -> dict[str, Signals]:
    """Those of what was found, for each side that late interaction has judged something of."""
    judged = found.judged.get(_JUDGE)
    if judged is None or not len(judged.scores):
        return {}
    is_foreign = snapshot.scripts.foreign(query.script, judged.keys)
    signals = {}
    for side, mask in ((OWN, ~is_foreign), (OTHER, is_foreign)):
        if mask.any():
            leg = found.legs.get(_WORDS[side])
            best = float(leg.ranking.scores[0]) if leg and len(leg.ranking.scores) else 0.0
            words = math.log1p(best / math.sqrt(max(len(query.terms), 1)))
            signals[side] = Signals(float(judged.scores[mask][0]), words)
    return signals


def is_relevant(snapshot: Snapshot, query: AnalyzedQuery, found: Found) -> bool:
    """False where nothing was found, or what was found is no nearer than what foreign questions
    find. True where that cannot be told."""
    if not len(found.ranking.keys):
        return False
    signals = signals_of(snapshot, query, found)
    bars = {side: bar_of(snapshot, query.script, side) for side in signals}
    if not signals:
        return True
    if len(query.terms) <= _FEW_TERMS and any(seen.words > 0 for seen in signals.values()):
        return True
    return any(bar is None or bar.height(signals[side]) >= bar.least for side, bar in bars.items())


def bar_of(snapshot: Snapshot, script: str, side: str) -> Bar | None:
    """The bar for what questions in a script find on a side; None where the collection has not
    been tuned to one."""
    values = snapshot.tuning.values.get(name_of(script, side))
    return None if values is None else Bar(*values)


def name_of(script: str, side: str) -> str:
    """What a bar is called in the tuning of a collection."""
    return f"relevance_{script}_{side}"
