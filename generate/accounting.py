"""What language models have been used in this process: calls, tokens, cost."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace

from generate.contract import Usage


@dataclass(frozen=True, slots=True)
class Totals:
    """Of one model: `calls` that gave an answer, with the tokens that they read and wrote and their
    `cost` by the prices set; of `estimated` calls the server did not say the tokens. `failed` calls
    gave none."""

    calls: int = 0
    failed: int = 0
    estimated: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0


@dataclass
class Accounts:
    """Sums up calls by model. Safe between threads."""

    _totals: dict[str, Totals] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def spent(self, model: str, usage: Usage) -> None:
        """A call has been answered."""
        with self._lock:
            known = self._totals.get(model, Totals())
            self._totals[model] = replace(
                known,
                calls=known.calls + usage.calls,
                estimated=known.estimated + (usage.calls if usage.is_estimate else 0),
                prompt_tokens=known.prompt_tokens + usage.prompt_tokens,
                completion_tokens=known.completion_tokens + usage.completion_tokens,
                cost=known.cost + (usage.cost or 0.0),
            )

    def failed(self, model: str) -> None:
        """A call has come to nothing."""
        with self._lock:
            known = self._totals.get(model, Totals())
            self._totals[model] = replace(known, failed=known.failed + 1)

    def totals(self) -> dict[str, Totals]:
        """What has been used so far, by model, in order of their names."""
        with self._lock:
            return {name: self._totals[name] for name in sorted(self._totals)}


ACCOUNTS = Accounts()
"""Those of this process."""


def totals() -> dict[str, Totals]:
    """What language models have been used in this process, by their names."""
    return ACCOUNTS.totals()
