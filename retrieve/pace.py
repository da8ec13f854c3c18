"""How long things took before, so that what would not fit is not begun."""

from __future__ import annotations

_WEIGHT = 0.3
"""Of the newest measurement in the running mean."""

_FORGOTTEN = 0.1
"""Of what is known goes with each time that it kept something from being tried: one slow answer
is not held against a server for ever."""


class Pace:
    """Running means of milliseconds, by name."""

    def __init__(self) -> None:
        self._ms: dict[str, float] = {}

    def took(self, name: str, ms: float) -> None:
        known = self._ms.get(name, ms)
        self._ms[name] = known + _WEIGHT * (ms - known)

    def fits(self, name: str, left_ms: float) -> bool:
        """Whether it will be done in so many milliseconds, for all that is known."""
        return self.times(name, left_ms) >= 1

    def times(self, name: str, left_ms: float) -> float:
        """How often it can be done; without end where nothing is known of it."""
        known = self._ms.get(name)
        if not known:
            return float("inf") if left_ms > 0 else 0.0
        if known > left_ms:
            self._ms[name] = known * (1.0 - _FORGOTTEN)
        return max(left_ms, 0.0) / known
