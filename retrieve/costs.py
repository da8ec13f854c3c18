"""What the steps of a search cost, learned from the searches before.

The estimate is that of a TCP sender for the time of an answer (RFC 6298): a running mean, and so
many running mean deviations on top of it. A budget is kept by what a step may cost, not by what it
costs as a rule.
"""

from __future__ import annotations

from retrieve.clock import Clock
from retrieve.smoothing import SMOOTHING

AFTER = "after"
"""What comes after the rerankers."""

_WORDS, _MEANING = "words", "meaning"
_WORD_STAGES = ("sparse", "translated", "rescore", "fusion")
_MEANING_STAGES = ("embed", "dense", SMOOTHING)
_GUESSES_MS = {AFTER: 2.0, _WORDS: 2.0, _MEANING: 10.0}

_MEAN_SHARE, _DEVIATION_SHARE = 1 / 8, 1 / 4
_DEVIATIONS = 2.0
_MOST = 2.0
"""Times the estimate that one run counts at the most: a model that is being loaded, or a machine
that stood still, says little of the next run."""

_FORGOTTEN = 0.99
"""Of an estimate, what is left when the step was cut: else one that was dear once would never be
tried again."""


class Costs:
    """Milliseconds by the name of the step. Safe to use from many threads: of two runs that end at
    once, one may not count."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, float]] = {}

    def expected_ms(self, name: str, guess_ms: float = 0.0) -> float:
        """Rather too much; before the first run, twice the guess."""
        mean, deviation = self._known_or_guessed(name, guess_ms)
        return mean + _DEVIATIONS * deviation

    def learn(self, name: str, ms: float, guess_ms: float = 0.0) -> None:
        """Takes in one run."""
        mean, deviation = self._known_or_guessed(name, guess_ms)
        if name not in self._known and (ms < mean or not mean):
            self._known[name] = ms, ms / 2
            return
        guess_ms = guess_ms or _GUESSES_MS.get(name, 0.0)
        usual = max(self.expected_ms(name, guess_ms), guess_ms)
        ms = min(ms, _MOST * usual) if usual else ms
        deviation += _DEVIATION_SHARE * (abs(ms - mean) - deviation)
        self._known[name] = mean + _MEAN_SHARE * (ms - mean), deviation

    def skip(self, name: str, guess_ms: float = 0.0) -> None:
        """Takes in that there was no time for it."""
        mean, deviation = self._known_or_guessed(name, guess_ms)
        self._known[name] = _FORGOTTEN * mean, _FORGOTTEN * deviation

    def _known_or_guessed(self, name: str, guess_ms: float) -> tuple[float, float]:
        guess_ms = guess_ms or _GUESSES_MS.get(name, 0.0)
        return self._known.get(name, (guess_ms, guess_ms / 2))

    def time_for_meaning(self, clock: Clock) -> bool:
        """Whether the query can be embedded, and found by meaning, within the budget."""
        if clock.budget_ms is None:
            return True
        needed = sum(map(self.expected_ms, (_WORDS, _MEANING, AFTER)))
        if needed <= clock.left_ms:
            return True
        self.skip(_MEANING)
        return False

    def learn_legs(self, clock: Clock) -> None:
        """Takes in what the legs of a search by words and by meaning have cost."""
        timings = clock.timings_ms
        if "sparse" in timings:
            self.learn(_WORDS, sum(timings.get(name, 0.0) for name in _WORD_STAGES))
        if "dense" in timings:
            self.learn(_MEANING, sum(timings.get(name, 0.0) for name in _MEANING_STAGES))
