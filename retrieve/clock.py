"""Where the time of a search goes."""

from __future__ import annotations

import math
import time
from collections.abc import Callable


class Clock:
    """Milliseconds by stage, of which none lies within another (one that comes again adds up), and
    what is left of a budget. `now` tells the time, in seconds."""

    def __init__(
        self, budget_ms: float | None = None, now: Callable[[], float] = time.perf_counter
    ) -> None:
        self.timings_ms: dict[str, float] = {}
        self.budget_ms, self.now = budget_ms, now
        self._started = now()
        self._stage, self._begun = "", 0.0

    def stage(self, name: str) -> Clock:
        """What is done with it is the stage of that name."""
        self._stage, self._begun = name, self.now()
        return self

    @property
    def elapsed_ms(self) -> float:
        return (self.now() - self._started) * 1000.0

    @property
    def left_ms(self) -> float:
        """What is left of the budget; infinite where there is none."""
        return math.inf if self.budget_ms is None else self.budget_ms - self.elapsed_ms

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        spent = (self.now() - self._begun) * 1000.0
        self.timings_ms[self._stage] = self.timings_ms.get(self._stage, 0.0) + spent
