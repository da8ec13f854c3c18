"""At most so many hits of one document."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Quota:
    """Counts the hits of each document, up to `limit` (None: any number); `left_out` is how many
    were too many."""

    limit: int | None
    left_out: int = 0
    _taken: Counter[str] = field(default_factory=Counter)

    def takes(self, document_id: str) -> bool:
        """Whether there is room for one more of the document, which is then taken."""
        if self.limit is not None and self._taken[document_id] >= self.limit:
            self.left_out += 1
            return False
        self._taken[document_id] += 1
        return True
