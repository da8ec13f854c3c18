"""Not asking an endpoint that does not answer: a circuit breaker (Nygard 2007, "Release It!").

Closed, calls pass. After so many failures in a row it opens: for a while nobody asks, and whoever
would have waited goes on without at once. Then one caller tries (half open); what comes of that
closes it or opens it anew.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class CircuitBreaker:
    """Opens after `failures` failures in a row, for `rest_s` seconds. Safe between threads."""

    failures: int = 5
    rest_s: float = 30.0
    clock: Callable[[], float] = time.monotonic
    reason: str = field(default="", init=False)
    """What the last failure was."""
    _failed: int = field(default=0, init=False)
    _until: float = field(default=0.0, init=False)
    _probing: bool = field(default=False, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False, repr=False)

    def admits(self) -> bool:
        """Whether the endpoint may be asked. Whoever is admitted has to say what came of it:
        `succeeded`, `failed` or `left`."""
        with self._lock:
            if self._failed < self.failures:
                return True
            if self._probing or self.clock() < self._until:
                return False
            self._probing = True
            return True

    def succeeded(self) -> None:
        """The endpoint answered."""
        with self._lock:
            self._failed, self._probing = 0, False

    def failed(self, reason: str = "") -> None:
        """The endpoint is down, overloaded or too slow."""
        with self._lock:
            self.reason = reason
            self._failed += 1
            self._probing = False
            if self._failed >= self.failures:
                self._until = self.clock() + self.rest_s

    def left(self) -> None:
        """Whoever asked went away before anything could be said of the endpoint."""
        with self._lock:
            self._probing = False

    @property
    def rests_s(self) -> float:
        """Seconds until the endpoint is tried again; 0 where it may be asked."""
        with self._lock:
            if self._failed < self.failures:
                return 0.0
            return max(self._until - self.clock(), 0.0)


_breakers: dict[tuple[str, int, float], CircuitBreaker] = {}
_lock = threading.Lock()


def breaker_of(endpoint: str, failures: int, rest_s: float) -> CircuitBreaker:
    """The one of an endpoint in this process: answers and the steps of searches share it."""
    with _lock:
        return _breakers.setdefault((endpoint, failures, rest_s), CircuitBreaker(failures, rest_s))
