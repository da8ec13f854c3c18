"""Searches and answers that went without a step, because what it needs did not answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from eval.pipeline import experiments
from ingest.contract import Unavailable
from retrieve.pipeline import Fault

_ENOUGH = 3


@dataclass
class Faults:
    """Keeps count of them. A search goes on where a reranker or a language model is down; but what
    is measured then is not the system that was set."""

    asked: int = 0
    faulty: int = 0
    first: str = ""
    _in_a_row: Counter[str] = field(default_factory=Counter)

    def look(self, what: str, notes: Iterable[str]) -> None:
        """Takes in the notes of one search by `what`. Raises Unavailable where three of its
        searches in a row have gone without a step."""
        fault = next((note for note in notes if isinstance(note, Fault)), "")
        self.asked += 1
        if not fault:
            self._in_a_row[what] = 0
            return
        self.faulty += 1
        self.first = self.first or fault
        self._in_a_row[what] += 1
        if self._in_a_row[what] >= _ENOUGH:
            raise Unavailable(f"{fault} ({_ENOUGH} times in a row, so it is not measured)")

    def settings(self) -> dict[str, str]:
        """What a report says of them; nothing where there was none."""
        if not self.faulty:
            return {}
        return {experiments.FAULTS: f"{self.faulty:,} of {self.asked:,}; the first: {self.first}"}
